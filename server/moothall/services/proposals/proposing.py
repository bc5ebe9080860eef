"""Corrections that a second pass proposed for closed sessions, stored until somebody decides on them, some weeks at
most.

Proposals are no events: the log has only what was accepted. They contain words, so a removal is applied to them before
it is applied to the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.commands import CorrectSegment
from moothall.core.events.codec import decode_event
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.errors import ProposalsRefused, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.kernel.lanes import SESSION
from moothall.core.ports import Book, BookEntry, Clock, EventLog, Randomness
from moothall.core.proposals.proposing import APPLICABLE, WAITING, Fate, fate
from moothall.core.proposals.refining import BAND, NEAR, Proposal
from moothall.core.rules.making import MAX_TEXT
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State, Status
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sessions.sessions import Sessions

logger = logging.getLogger(__name__)

PROPOSED, LEFT = "proposals", "proposals-left"
"""Namespaces of the book, by session: the proposals, and the lines whose proposals were rejected."""
MOST = 10_000
"""Most proposals of a session: a correction of every line in some eight hours of speech."""
MOST_BYTES = 8 << 20
"""Most bytes of a session's proposals."""
MOST_IN_ALL = 64 << 20
"""Most bytes of all sessions' proposals, which are kept in memory too."""
SWEEP_MS = 3_600_000
DAY_MS = 86_400_000
_PAGE = 500


class ProposeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a second pass."""

    session: SessionId
    model: str
    """The name of the recogniser's model."""
    through: int
    """The offset up to which the pass has read the session's log."""
    proposals: tuple[Proposal, ...]


class KeptProposals(msgspec.Struct, frozen=True, kw_only=True):
    """The stored proposals of a session."""

    session: SessionId
    run: str
    """A random id of the second pass."""
    model: str
    at: int
    """When it was handed over, Unix ms."""
    proposals: tuple[Proposal, ...]
    """In order of time, at most one per line."""


@dataclass(eq=False, repr=False)
class Proposals:
    """Proposals that wait for a decision. Call `load` first; `run` must be running: it deletes expired proposals."""

    sessions: Sessions
    _: KW_ONLY
    log: EventLog
    book: Book
    clock: Clock
    randomness: Randomness
    keep_days: int
    """After how many days proposals are deleted."""
    most_bytes: int = MOST_BYTES
    """Most bytes of a session's proposals."""
    most_in_all: int = MOST_IN_ALL
    """Most bytes of all proposals."""

    def __post_init__(self) -> None:
        self._keep_ms = self.keep_days * DAY_MS
        self._most_bytes, self._most_in_all = self.most_bytes, self.most_in_all
        # Bounds: the limits above; more is refused.
        self._kept: dict[SessionId, KeptProposals] = {}
        self._left: dict[SessionId, frozenset[SegmentId]] = {}
        self._bytes: dict[SessionId, int] = {}
        self._fates: dict[SessionId, tuple[int, KeptProposals, frozenset[SegmentId], str]] = {}
        """The fates of a session's proposals as of an offset of the log."""
        self._removed: dict[SessionId, int] = {}
        """The end of each log when words were last removed from its proposals."""
        # Serialises changes. Bound: the commands and desks that wait for an answer.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        for session, body in (await self.book.read(PROPOSED)).items():
            self._kept[SessionId(session)] = msgspec.json.decode(body, type=KeptProposals)
            self._bytes[SessionId(session)] = len(body)
        for session, body in (await self.book.read(LEFT)).items():
            self._left[SessionId(session)] = frozenset(msgspec.json.decode(body, type=list[SegmentId]))

    async def run(self) -> None:
        """Delete expired proposals, until cancelled."""
        while True:
            now = self.clock.wall()
            for session in [name for name, kept in self._kept.items() if now - kept.at > self._keep_ms]:
                logger.info("session %s: old proposals are deleted", session)
                await self.forget(session)
            await self.clock.sleep(SWEEP_MS)

    async def keep(self, order: ProposeOrder) -> int:
        """Store the proposals of a second pass in place of earlier ones. Return the number stored.

        A proposal that was rejected before stays rejected. Raises ProposalsRefused with a sentence, StorageUnavailable,
        and RecordBroken when the log can't be read.
        """
        live = await self.sessions.find(order.session)
        if live is None:
            raise ProposalsRefused(f"There is no session '{order.session}'.")
        async with self._changing:
            if live.state.status is not Status.CLOSED:
                msg = f"The session '{order.session}' is {live.state.status}: proposals wait until it is closed."
                raise ProposalsRefused(msg)
            await self.check(live.writer, order.through)
            kept = self._as_kept(order, live.state)
            if not kept.proposals:
                await self._forget(order.session)
                return 0
            before = self._kept.get(order.session)
            left = self._left.get(order.session, frozenset())
            stay = {(each.segment, each.new) for each in before.proposals if each.segment in left} if before else set()
            await self._store(kept, frozenset(each.segment for each in kept.proposals if _which(each) in stay))
            return len(kept.proposals)

    def kept(self, session: SessionId) -> KeptProposals | None:
        """The stored proposals of a session; None where there are none."""
        return self._kept.get(session)

    def holds(self, session: SessionId, proposal: Proposal) -> bool:
        """Whether exactly this proposal is stored here: then its text is the machine's, unedited."""
        kept = self._kept.get(session)
        return kept is not None and any(_which(each) == _which(proposal) for each in kept.proposals)

    def fates(self, writer: SessionWriter) -> str:
        """The fate of each proposal of a session, one letter each; empty where there are none."""
        kept, left = self._kept.get(writer.session), self._left.get(writer.session, frozenset())
        if kept is None:
            return ""
        known = self._fates.get(writer.session)
        if known is None or known[0] != writer.offset or known[1] is not kept or known[2] is not left:
            letters = "".join(self._fate(writer.state, each, left) for each in kept.proposals)
            known = self._fates[writer.session] = (writer.offset, kept, left, letters)
        return known[3]

    def untouched(self, writer: SessionWriter) -> tuple[SegmentId, ...]:
        """The lines whose proposals may be accepted in bulk: no person has edited them, and most words stay."""
        kept = self._kept.get(writer.session)
        numbered = enumerate(() if kept is None else kept.proposals)
        return tuple(each.segment for number, each in numbered if self.fates(writer)[number] == Fate.WAITS)

    def accepting(
        self, writer: SessionWriter, run: str, segments: Sequence[SegmentId]
    ) -> tuple[CorrectSegment, ...] | Refusal:
        """The commands that carry out the proposals for these lines, as far as they still apply; refused where none
        does.
        """
        found = []
        for proposal in self._of(writer.session, run, segments):
            line = writer.state.segments.get(proposal.segment)
            if line is not None and fate(proposal, line, left=False) in APPLICABLE:
                found.append(_correction(proposal, line))
        return tuple(found) or _STALE

    async def leave(
        self, writer: SessionWriter, run: str, segments: Sequence[SegmentId], *, left: bool
    ) -> tuple[SegmentId, ...] | Refusal:
        """Reject the proposals for these lines, or with `left` False restore them. Return the lines for which this was
        a change.

        Raises StorageUnavailable.
        """
        async with self._changing:
            had = self._left.get(writer.session, frozenset())
            named = self._of(writer.session, run, segments)
            if left:  # Only a proposal that waits can be rejected.
                named = [each for each in named if self._fate(writer.state, each, had) in WAITING]
            names = tuple(each.segment for each in named if (each.segment in had) is not left)
            if not names:
                return _STALE
            now = had | set(names) if left else had - set(names)
            await self.book.write([_left_entry(writer.session, now)])
            self._left[writer.session] = now
            return names

    async def forget_spoken(self, session: SessionId, spoken: Sequence[tuple[ChannelId, int, int]]) -> None:
        """Delete proposals that may contain words said in these spans (channel, from, to, in media ms), since they are
        removed.

        A second pass may have assigned a word to a line nearby. Returns when nothing holds the words any more; raises
        StorageUnavailable, and has to be called again then.
        """
        async with self._changing:
            live = self.sessions.loaded(session)
            if live is not None:
                self._removed[session] = live.writer.offset
            kept = self._kept.get(session)
            if kept is None:
                return
            state = State(id=session) if live is None else live.state

            def near(proposal: Proposal) -> bool:
                line = state.segments.get(proposal.segment)
                if line is None or line.gone:
                    return True
                t0, t1 = line.t0 - BAND - NEAR, max(line.t0, line.t1) + BAND + NEAR
                return any(channel == line.channel and since <= t1 and t0 <= to for channel, since, to in spoken)

            stay = tuple(each for each in kept.proposals if not near(each))
            if not stay:
                await self._forget(session)
            elif len(stay) < len(kept.proposals):
                left = self._left.get(session, frozenset()) & {each.segment for each in stay}
                await self._store(msgspec.structs.replace(kept, proposals=stay), left)

    async def forget(self, session: SessionId) -> None:
        """Delete all proposals of a session. Raises StorageUnavailable."""
        async with self._changing:
            await self._forget(session)

    async def _forget(self, session: SessionId) -> None:
        if session in self._kept:
            await self.book.write([BookEntry(PROPOSED, session, None), BookEntry(LEFT, session, None)])
            for known in (self._kept, self._left, self._bytes, self._fates):
                known.pop(session, None)

    async def _store(self, kept: KeptProposals, left: frozenset[SegmentId]) -> None:
        body = msgspec.json.encode(kept)
        others = sum(self._bytes.values()) - self._bytes.get(kept.session, 0)
        if len(body) > self._most_bytes or others + len(body) > self._most_in_all:
            msg = (
                f"The proposals for '{kept.session}' have {len(body)} bytes. A session may have {self._most_bytes} "
                f"and all sessions together {self._most_in_all}; those of other sessions go by age."
            )
            raise ProposalsRefused(msg)
        await self.book.write([BookEntry(PROPOSED, kept.session, body), _left_entry(kept.session, left)])
        self._kept[kept.session], self._left[kept.session] = kept, left
        self._bytes[kept.session] = len(body)

    def _as_kept(self, order: ProposeOrder, state: State) -> KeptProposals:
        if len(order.proposals) > MOST or any(len(each.new) > MAX_TEXT for each in order.proposals):
            raise ProposalsRefused(f"A session has at most {MOST} proposals, of {MAX_TEXT} characters each.")
        of_lines: dict[SegmentId, Proposal] = {}
        for each in sorted(order.proposals, key=lambda each: (each.t0, each.segment)):
            if self._fate(state, each, frozenset()) in WAITING:
                of_lines.setdefault(each.segment, each)
        return KeptProposals(
            session=order.session,
            run=self.randomness.bytes(6).hex(),
            model=order.model,
            at=self.clock.wall(),
            proposals=tuple(of_lines.values()),
        )

    async def check(self, writer: SessionWriter, through: int) -> None:
        """Raises ProposalsRefused where words were removed after offset `through`, from which proposals were made: they
        may have some of these. Raises as `keep` besides.
        """
        if await self._removed_since(writer, through):
            msg = "Words were removed from the session meanwhile, and they may be among these. Run it once more."
            raise ProposalsRefused(msg)

    async def _removed_since(self, writer: SessionWriter, offset: int) -> bool:
        """Whether words were removed, or are being removed, that a reader of the log up to `offset` may still hold."""
        if self._removed.get(writer.session, -1) >= offset:
            return True
        while page := await self.log.read(writer.session, offset, _PAGE, frozenset({SESSION})):
            offset = page[-1].header.offset
            bodies = [record.body for record in page if record.body is not None]
            if any(isinstance(decode_event(body), BodyRemoved) for body in bodies):
                return True
        return False

    def _of(self, session: SessionId, run: str, segments: Sequence[SegmentId]) -> list[Proposal]:
        """The proposals for these lines from the second pass `run`."""
        kept, wanted = self._kept.get(session), set(segments)
        if kept is None or kept.run != run:
            return []
        return [each for each in kept.proposals if each.segment in wanted]

    @staticmethod
    def _fate(state: State, proposal: Proposal, left: frozenset[SegmentId]) -> Fate:
        return fate(proposal, state.segments.get(proposal.segment), left=proposal.segment in left)


def _which(proposal: Proposal) -> tuple[SegmentId, str]:
    return proposal.segment, proposal.new


def _left_entry(session: SessionId, left: frozenset[SegmentId]) -> BookEntry:
    return BookEntry(LEFT, session, msgspec.json.encode(sorted(left)) if left else None)


def _correction(proposal: Proposal, line: Segment) -> CorrectSegment:
    return CorrectSegment(
        channel=line.channel,
        segment=line.id,
        base_revision=line.revision,
        base_words=len(line.words),
        text=proposal.new.strip(),
        accepted=True,
    )


_STALE = refuse(RefusalCode.STALE, "This proposal is no longer waiting: look again.")
