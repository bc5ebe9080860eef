"""The private links with which named speakers propose corrections of their own words, and what becomes of these.

All of it is in the book, one entry for each speaker of a session, since undecided proposals are no facts of the record.
They contain words, so a removal is applied to them before it is applied to the log.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import CommandId, SegmentId, SessionId, SpeakerId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.proposals.own_words import (
    DAY_MS,
    KEPT_MS,
    MOST_BYTES,
    MOST_MORE,
    MOST_WAITING,
    OwnFate,
    OwnProposal,
    ProposalWindow,
    SpeakerLink,
    correction,
    is_own,
    lines_near,
    may_have_link,
    publication,
    window,
    without_words,
)
from moothall.core.rules.corrections import MAX_REASON, MAX_TEXT
from moothall.core.sessions.state import State
from moothall.services.log.session_writer import SessionWriter
from moothall.services.sessions.browsers import digest_of, new_secret
from moothall.services.sessions.sessions import Sessions

logger = logging.getLogger(__name__)

NAMESPACE = "own-words"
MOST_LINKS = 10_000
"""Most links, revoked ones included. Overflow: the next one is refused."""
SWEEP_MS = 3_600_000
REMOVING_MS = 60_000
"""How long nothing is proposed while words of the session are being removed, in ms, unless the removal ends before."""
_SHORT_ID_BYTES = 5

ClosedAt = Callable[[SessionId], Awaitable[int | None]]
"""Returns when a session was closed, Unix ms; None where it isn't. May raise StorageUnavailable."""


async def _never_closed(_: SessionId) -> int | None:
    return None


@dataclass(eq=False, repr=False)
class OwnWords:
    """All links of speakers. Call `load` first; `run` must be running: it deletes what is kept no longer."""

    sessions: Sessions
    _: KW_ONLY
    book: Book
    clock: Clock
    randomness: Randomness

    def __post_init__(self) -> None:
        # Bound: MOST_LINKS, each with MOST_BYTES of texts.
        self._links: dict[tuple[SessionId, SpeakerId], SpeakerLink] = {}
        self._closed_at: ClosedAt = _never_closed
        # Bound: sessions of which words were removed, one entry each.
        self._removing: dict[SessionId, tuple[int, int]] = {}
        """The end of a log when a removal of words began, and until when that counts (monotonic ms)."""
        # Serialises changes. Bound: the requests that wait for an answer.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        decode = msgspec.json.Decoder(SpeakerLink).decode
        links = [decode(body) for body in (await self.book.read(NAMESPACE)).values()]
        self._links = {(link.session, link.speaker): link for link in links}

    def end_with(self, closed_at: ClosedAt) -> None:
        """Use `closed_at` to find when sessions were closed."""
        self._closed_at = closed_at

    async def run(self) -> None:
        """Delete links that are kept no longer, with their proposals, until cancelled."""
        while True:
            await self.sweep()
            await self.clock.sleep(SWEEP_MS)

    async def sweep(self) -> None:
        """Delete links that are kept no longer, with their proposals."""
        for link in list(self._links.values()):
            try:
                if self.clock.wall() < link.ends(await self._closed_at(link.session)):
                    continue
                async with self._changing:
                    await self._drop([link])
            except StorageUnavailable:
                return  # The next sweep finds them again.
            logger.info("session %s: an old link of a speaker is deleted", link.session)

    def of(self, session: SessionId) -> list[SpeakerLink]:
        """The links of a session, revoked ones included."""
        return [link for link in self._links.values() if link.session == session]

    def waiting(self, session: SessionId) -> list[tuple[SpeakerLink, OwnProposal]]:
        """The proposals of a session that nobody has decided on, oldest first."""
        found = [(link, each) for link in self.of(session) for each in link.proposals if each.fate is OwnFate.WAITING]
        return sorted(found, key=lambda pair: (pair[1].at, pair[1].id))

    def opened(self, session: SessionId, secret: str) -> str | None:
        """The proof that a browser keeps for the secret of a link; None for a wrong one."""
        digest = digest_of(secret)
        for link in self.of(session):
            if link.digest and hmac.compare_digest(link.digest, digest):
                return link.proof
        return None

    def of_proof(self, session: SessionId, proof: str) -> SpeakerLink | None:
        """The link of a browser's proof, while it is valid."""
        given = proof.encode("utf-8", "replace")
        for link in self.of(session):
            if link.digest and hmac.compare_digest(link.proof.encode(), given):
                return link
        return None

    async def make(self, state: State, speaker: SpeakerId, until: int) -> str | Refusal:
        """Make a link for a speaker, in place of an earlier one, whose proposals stay. Return its secret.

        `until`: when the window ends, Unix ms. Raises StorageUnavailable.
        """
        now = self.clock.wall()
        if not may_have_link(state, speaker):
            return refuse(RefusalCode.FORBIDDEN, "Speakers without a name, and meetings of young people, get no links.")
        if not now < until <= now + KEPT_MS + DAY_MS:
            return refuse(RefusalCode.INVALID, f"The window ends within {KEPT_MS // DAY_MS} days.")
        async with self._changing:
            known = self._links.get((state.id, speaker))
            if known is None and len(self._links) >= MOST_LINKS:
                return refuse(RefusalCode.BUSY, f"There are {MOST_LINKS} links of speakers already.")
            secret = new_secret(self.randomness)
            link = SpeakerLink(
                id=self.randomness.bytes(_SHORT_ID_BYTES).hex() if known is None else known.id,
                session=state.id,
                speaker=speaker,
                digest=digest_of(secret),
                made=now,
                until=until,
                proposals=() if known is None else known.proposals,
            )
            await self._keep(link)
        logger.info("session %s: link %s of a speaker was made", state.id, link.id)
        return secret

    async def revoke(self, session: SessionId, speaker: SpeakerId) -> None:
        """Make a link invalid; its proposals stay to be decided on. Raises StorageUnavailable."""
        async with self._changing:
            link = self._links.get((session, speaker))
            if link is not None:
                await self._keep(msgspec.structs.replace(link, digest=""))

    async def propose(self, given: SpeakerLink, segment: SegmentId, revision: int, text: str) -> Refusal | None:
        """Propose that a line of the speaker's should read `text`, in place of what waits for it. `revision`: how many
        corrections the line had on the page; with another number it is refused as stale.

        Raises StorageUnavailable, and RecordBroken when the log can't be read, as all methods below.
        """
        now = self.clock.wall()
        async with self._changing:
            link, live = self._current(given), await self.sessions.find(given.session)
            if link is None or live is None or not may_have_link(live.state, given.speaker):
                return _NO_LINK
            state = live.state
            offset, until = self._removing.get(live.id, (-1, 0))
            if offset == live.writer.offset and self.clock.monotonic() < until:
                return refuse(RefusalCode.UNAVAILABLE, "Words of the meeting are being removed. Try again in a minute.")
            if window(link, state, now) is not ProposalWindow.OPEN:
                return refuse(RefusalCode.CONFLICT, "Nothing can be proposed now.")
            line = state.segments.get(segment)
            if line is None or not is_own(state, line, link.speaker, now):
                return refuse(RefusalCode.UNKNOWN, "This line is not in the text any more, or not the speaker's.")
            if line.revision != revision:
                return refuse(RefusalCode.STALE, "The line was mended meanwhile.")
            reads = " ".join(line.whole.split())
            if not text or text == reads or len(text) > min(MAX_TEXT, len(reads) + MOST_MORE):
                message = f"A proposal differs from its line, and has at most {MOST_MORE} characters more."
                return refuse(RefusalCode.INVALID, message)
            before = link.newest(segment)
            if before is not None and before.fate is OwnFate.WAITING:
                link = link.without(before.id)
            proposal = OwnProposal(
                id=self.randomness.bytes(_SHORT_ID_BYTES).hex(),
                channel=line.channel,
                segment=segment,
                revision=revision,
                was=line.whole.strip(),
                text=text,
                at=now,
            )
            link = link.with_(proposal)
            size = sum(len(f"{each.was}{each.text}{each.reason}".encode()) for each in link.proposals)
            if len(link.proposals) > MOST_WAITING or size > MOST_BYTES:
                return refuse(
                    RefusalCode.FORBIDDEN, f"One speaker can propose {MOST_WAITING} corrections of a meeting."
                )
            await self._keep(link)
            return None

    async def take_back(self, given: SpeakerLink, proposal: str) -> Refusal | None:
        """Delete a proposal that waits, as its speaker wishes."""
        async with self._changing:
            link = self._current(given)
            known = None if link is None else link.find(proposal)
            if link is None or known is None or known.fate is not OwnFate.WAITING:
                return _DECIDED
            await self._keep(link.without(proposal))
            return None

    async def publish(self, given: SpeakerLink, proposal: str) -> Refusal | None:
        """Make public that a proposal was declined, as its speaker wishes."""
        async with self._changing:
            link = self._current(given)
            known = None if link is None else link.find(proposal)
            if link is None or known is None or known.fate is not OwnFate.DECLINED or known.role is None:
                return _DECIDED
            live = await self.sessions.find(link.session)
            if live is None or not may_have_link(live.state, link.speaker):
                return _NO_LINK
            name = CommandId(f"own-words:{link.id}:{known.id}:public")
            answer = await live.writer.send(Actor(Role.PARTICIPANT, link.id), name, publication(known, known.role))
            if isinstance(answer, Refusal):
                return answer
            await self._keep(link.with_(msgspec.structs.replace(known, public=True)))
            return None

    async def accept(
        self, session: SessionId, actor: Actor, link_id: str, proposal: str, revision: int
    ) -> OwnProposal | Refusal:
        """Correct a line as its speaker proposes, as an act of `actor`. `revision` is as in `propose`: how many
        corrections the line had where somebody looked at both.
        """
        async with self._changing:
            link, known = self._undecided(session, link_id, proposal)
            live = await self.sessions.find(session)
            if link is None or known is None or live is None:
                return _DECIDED
            line = live.state.segments.get(known.segment)
            if line is None or not is_own(live.state, line, link.speaker, self.clock.wall()):
                return refuse(RefusalCode.CONFLICT, "The line is not in the text any more, or not this speaker's.")
            if line.revision != revision:
                return refuse(RefusalCode.STALE, "The line was mended meanwhile.")
            # A line that reads so already was corrected by hand, or the server ended before the book said so.
            if " ".join(line.whole.split()) != known.text:
                name = CommandId(f"own-words:{link.id}:{known.id}:{revision}")
                answer = await live.writer.send(actor, name, correction(known, line))
                if isinstance(answer, Refusal):
                    return answer
            return await self._decide(link, known, OwnFate.ACCEPTED, actor.role)

    async def decline(
        self, session: SessionId, actor: Actor, link_id: str, proposal: str, reason: str
    ) -> OwnProposal | Refusal:
        """Decline what a speaker proposes, with a reason, which they read."""
        if not reason or len(reason) > MAX_REASON:
            return refuse(RefusalCode.INVALID, f"A reason of 1 to {MAX_REASON} characters is needed.")
        async with self._changing:
            link, known = self._undecided(session, link_id, proposal)
            if link is None or known is None:
                return _DECIDED
            return await self._decide(link, known, OwnFate.DECLINED, actor.role, reason)

    async def forget_lines(self, writer: SessionWriter, segments: Sequence[SegmentId]) -> None:
        """Erase the words of proposals for these lines and those beside them, since the lines' words are removed.

        Returns when nothing holds the words any more, and nothing new is proposed until the log has gone on. Raises
        StorageUnavailable, and has to be called again then.
        """
        session = writer.session
        async with self._changing:
            self._removing[session] = writer.offset, self.clock.monotonic() + REMOVING_MS
            for link in self.of(session):
                near = lines_near(writer.state, {each.segment for each in link.proposals}, segments)
                left = without_words(link.proposals, near)
                if left != link.proposals:
                    await self._keep(msgspec.structs.replace(link, proposals=left))

    async def forget(self, session: SessionId) -> None:
        """Delete all links of a session with their proposals. Raises StorageUnavailable."""
        async with self._changing:
            await self._drop(self.of(session))

    def _current(self, given: SpeakerLink) -> SpeakerLink | None:
        """A link as it is now; None once it was revoked, replaced or deleted."""
        link = self._links.get((given.session, given.speaker))
        return link if link is not None and link.digest and link.digest == given.digest else None

    def _undecided(
        self, session: SessionId, link_id: str, proposal: str
    ) -> tuple[SpeakerLink, OwnProposal] | tuple[None, None]:
        found = ((link, each) for link, each in self.waiting(session) if (link.id, each.id) == (link_id, proposal))
        return next(found, (None, None))

    async def _decide(
        self, link: SpeakerLink, known: OwnProposal, fate: OwnFate, role: Role, reason: str = ""
    ) -> OwnProposal:
        decided = msgspec.structs.replace(known, fate=fate, role=role, decided=self.clock.wall(), reason=reason)
        await self._keep(link.with_(decided))
        logger.info("session %s: proposal %s of link %s is %s", link.session, known.id, link.id, fate)
        return decided

    async def _keep(self, link: SpeakerLink) -> None:
        await self.book.write([BookEntry(NAMESPACE, _key(link), msgspec.json.encode(link))])
        self._links[link.session, link.speaker] = link

    async def _drop(self, links: Sequence[SpeakerLink]) -> None:
        await self.book.write([BookEntry(NAMESPACE, _key(link), None) for link in links])
        for link in links:
            self._links.pop((link.session, link.speaker), None)


def _key(link: SpeakerLink) -> str:
    return f"{link.session}/{link.speaker}"


_NO_LINK = refuse(RefusalCode.FORBIDDEN, "This link is not valid any more.")
_DECIDED = refuse(RefusalCode.STALE, "This proposal is not waiting any more: look again.")
