"""The right of a named speaker to have corrected what was misheard: their private link, their lines, and what they
propose for these.

Nothing here is an event. What is accepted becomes a correction, and what is declined an event only if the speaker
wishes (`ProposalDeclined`).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from moothall.core.commands import CorrectSegment, PublishDeclined
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State, Status

MOST_WAITING = 300
"""Proposals of one link, decided ones included. Overflow: the next one is refused."""
MOST_MORE = 1_000
"""How many characters more than its line a proposal may have: it corrects words, and adds no others."""
MOST_BYTES = 512 << 10
"""Most bytes of the texts of one link's proposals. Overflow: the next one is refused."""
DAY_MS = 86_400_000
KEPT_MS = 90 * DAY_MS
"""How long a link and its proposals are kept after the close of the session, or after the link was made if that was
later. No window lasts longer."""
SETTLED_MS = 30_000
"""How old a line has to be before anything is proposed for it, in ms of wall time: until then it may be taken off the
record, and nothing but the log may hold its words."""

BESIDE_MS = 4_500
"""How far apart two lines may be for a proposal for one to hold words of the other, in ms, as for a second pass."""


class OwnFate(StrEnum):
    """What became of a proposal."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ERASED = "erased"
    """Its texts were erased, since words were removed where they stood."""


class OwnProposal(msgspec.Struct, frozen=True, kw_only=True):
    """What a speaker proposes that a line of theirs should read."""

    id: str
    """Unique within the link."""
    channel: ChannelId
    segment: SegmentId
    revision: int
    """How many corrections the line had when it was proposed."""
    was: str
    """What the line read then."""
    text: str
    at: int
    """When it was proposed, Unix ms."""
    fate: OwnFate = OwnFate.WAITING
    reason: str = ""
    """Why it was declined."""
    role: Role | None = None
    """The role of whoever decided on it; None while it waits."""
    decided: int = 0
    """When that was, Unix ms."""
    public: bool = False
    """Whether the speaker has made public that it was declined."""


class SpeakerLink(msgspec.Struct, frozen=True, kw_only=True):
    """A speaker's private link to their own words in one session, with what they have proposed."""

    id: str
    """The pseudonym under which the log names the speaker's own acts."""
    session: SessionId
    speaker: SpeakerId
    digest: str
    """Hexadecimal SHA-256 of the link's secret; empty once it was revoked."""
    made: int
    """When it was made, Unix ms."""
    until: int
    """When the window for proposals ends, Unix ms."""
    proposals: tuple[OwnProposal, ...] = ()

    @property
    def proof(self) -> str:
        """What a browser keeps in place of the secret; empty once the link was revoked."""
        return hmac.digest(bytes.fromhex(self.digest), b"own words", "sha256").hex() if self.digest else ""

    def find(self, proposal: str) -> OwnProposal | None:
        """A proposal by its id."""
        return next((each for each in self.proposals if each.id == proposal), None)

    def newest(self, segment: SegmentId) -> OwnProposal | None:
        """The last proposal for a line."""
        return next((each for each in reversed(self.proposals) if each.segment == segment), None)

    def with_(self, proposal: OwnProposal) -> SpeakerLink:
        """The link with a proposal in place of the one with its id, else behind all others."""
        if self.find(proposal.id) is None:
            return msgspec.structs.replace(self, proposals=(*self.proposals, proposal))
        changed = tuple(proposal if each.id == proposal.id else each for each in self.proposals)
        return msgspec.structs.replace(self, proposals=changed)

    def without(self, proposal: str) -> SpeakerLink:
        """The link without a proposal."""
        return msgspec.structs.replace(self, proposals=tuple(each for each in self.proposals if each.id != proposal))

    def ends(self, closed: int | None) -> int:
        """When link and proposals are deleted, Unix ms; `closed`: when the session was closed, None where it isn't."""
        return max(self.made, self.until if closed is None else closed) + KEPT_MS


class ProposalWindow(StrEnum):
    """Whether proposals can be made."""

    EARLY = "early"
    """The session isn't closed."""
    OPEN = "open"
    OVER = "over"


def window(link: SpeakerLink, state: State, wall: int) -> ProposalWindow:
    """Whether proposals can be made with a link at `wall` (Unix ms)."""
    if wall >= link.until:
        return ProposalWindow.OVER
    return ProposalWindow.OPEN if state.status is Status.CLOSED else ProposalWindow.EARLY


def may_have_link(state: State, speaker: SpeakerId) -> bool:
    """Whether a speaker may have a link: they have a name, and no young people take part in the session."""
    return not state.young_people and bool(state.speakers.get(speaker, "").strip())


def is_own(state: State, line: Segment | None, speaker: SpeakerId, wall: int) -> bool:
    """Whether a line is a speaker's own and can be shown to them: finished and recorded, in the language in which they
    spoke; neither an interpreter's nor a translation.
    """
    return (
        line is not None
        and line.speaker == speaker
        and line.ended
        and not line.gone
        and line.made_from is None
        and bool(line.whole.strip())
        and wall - line.ended_at >= SETTLED_MS
        and state.channels[line.channel].kind is ChannelKind.FLOOR
        and state.kept_through(line.t0, _end(line))
    )


def own_lines(state: State, speaker: SpeakerId, wall: int) -> list[Segment]:
    """A speaker's own lines at `wall` (Unix ms), by time."""
    lines = [line for _, line in state.segments.items() if is_own(state, line, speaker, wall)]
    return sorted(lines, key=lambda line: (line.t0, line.id))


def correction(proposal: OwnProposal, line: Segment) -> CorrectSegment:
    """The command that carries out a proposal for its line as it is now."""
    return CorrectSegment(
        channel=line.channel,
        segment=line.id,
        base_revision=line.revision,
        base_words=len(line.words),
        text=proposal.text,
        proposed=True,
    )


def publication(proposal: OwnProposal, role: Role) -> PublishDeclined:
    """The command that makes public that `role` declined a proposal."""
    return PublishDeclined(
        channel=proposal.channel,
        segment=proposal.segment,
        text=proposal.text,
        reason=proposal.reason,
        by=role,
        at=proposal.decided,
    )


def lines_near(state: State, of: Iterable[SegmentId], segments: Iterable[SegmentId]) -> set[SegmentId]:
    """Those of the lines `of` that are among `segments`, so near to one of them that a proposal may hold the same
    words, or not in the session any more.
    """
    named = set(segments)
    lines = [line for name in named if (line := state.segments.get(name)) is not None]
    spans = [(line.channel, line.t0 - BESIDE_MS, _end(line) + BESIDE_MS) for line in lines]

    def near(name: SegmentId) -> bool:
        line = state.segments.get(name)
        if line is None or name in named:
            return True
        return any(channel == line.channel and t0 <= _end(line) and line.t0 <= t1 for channel, t0, t1 in spans)

    return {name for name in of if near(name)}


def _end(line: Segment) -> int:
    return max(line.t0, line.t1)


def without_words(proposals: Iterable[OwnProposal], lines: Iterable[SegmentId]) -> tuple[OwnProposal, ...]:
    """The proposals without the words of those for these lines."""
    gone = set(lines)
    return tuple(
        msgspec.structs.replace(each, was="", text="", reason="", fate=OwnFate.ERASED) if each.segment in gone else each
        for each in proposals
    )
