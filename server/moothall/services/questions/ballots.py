"""*I'd ask this too* and the show of hands: takes readers' ballots, and counts them into the log.

A ballot is accepted once it is on the disk (`moothall.services.questions.ballot_box`). At most once a second the counts
that have changed are appended to the log, as absolute numbers; after a crash everything is counted once more.
"""

from __future__ import annotations

import asyncio

from moothall.core.commands import AnyCommand, CountPoll, CountSupport
from moothall.core.events.question_parts import SUPPORTED
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import NO_QUESTION, RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import CommandId, InterventionId, PollId, SessionId
from moothall.core.ports import Book, Clock, Randomness
from moothall.core.questions.floods import MOST_NEW
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.polls import Choice, Poll
from moothall.core.rules.polls import MOST_HANDS, NO_POLL, poll_to_vote, refused_hands
from moothall.core.sessions.state import State, Status
from moothall.services.questions.ballot_box import BallotBox, Before, Box
from moothall.services.questions.hub_ballots import Counts
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions

COUNT_MS = 1_000
TOO, NO_MORE = 0, 1
"""The choices of a browser that supports a question, and of one that has withdrawn its support."""
_POLL = ":poll:"
"""Prefix of a poll's id in the subject of its ballots: no intervention's id begins like this."""


class Ballots:
    """Takes ballots and counts them into the log. Call `load` first; without a running `run` no ballot is accepted."""

    def __init__(
        self, sessions: Sessions, *, book: Book, clock: Clock, randomness: Randomness, most_new: int = MOST_NEW
    ) -> None:
        """`most_new`: how many new browsers of one address count within five minutes."""
        self._sessions = sessions
        self._clock = clock
        self._randomness = randomness
        self.box = BallotBox(book=book, clock=clock, randomness=randomness, most_new=most_new)

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        await self.box.load()
        self._sessions.tell_loaded(self._loaded)

    async def support(
        self, session: SessionId, number: int, visitor: str, address: str, *, too: bool = True, hasty: bool = False
    ) -> Refusal | None:
        """Store that a browser would ask question `number` too; repeating it counts once. None: it is on the disk.

        With `too` False the browser withdraws its support.

        `visitor` is the browser's token or empty; `address` the client's network; `hasty`: the choice was faster than
        anybody can read. Refused when the question isn't waiting any more, when the meeting is closed, and when there
        are too many ballots. Raises StorageUnavailable when the session can't be loaded or the ballot can't be written.
        """
        live = await self._sessions.find(session)
        each = None if live is None else live.state.questions.numbered(number)
        if live is None or each is None:
            return NO_QUESTION
        if (refused := _refused_support(live.state, each)) is not None:
            return refused
        questions = live.state.questions
        return await self.box.give(
            session,
            each.id,
            TOO if too else NO_MORE,
            visitor=visitor,
            address=address,
            before=lambda: before(questions),
            hasty=hasty,
        )

    async def support_in_hub(
        self, live: LiveSession, name: InterventionId, count: int, *, hub: str, node: str
    ) -> Refusal | None:
        """Store how many in a hub's room would ask this too, as counted by one of its machines; None: it is on the
        disk.

        Refused as in `support`. Raises StorageUnavailable when it can't be written.
        """
        each = live.state.questions.get(name)
        refused = NO_QUESTION if each is None else _refused_support(live.state, each)
        if not 0 <= count <= MOST_HANDS:
            refused = refuse(RefusalCode.INVALID, f"A hub counts 0 to {MOST_HANDS} people.")
        return await self._in_hub(live, name, (count,), refused, hub=hub, node=node)

    async def hands_in_hub(
        self, live: LiveSession, poll: PollId, counts: Counts, *, hub: str, node: str
    ) -> Refusal | None:
        """Store how many in a hub's room chose each option of a poll, as counted by one of its machines. Else as
        `support_in_hub`.
        """
        refused = refused_hands(live.state, poll, counts)
        return await self._in_hub(live, about(poll), counts, refused, hub=hub, node=node)

    async def _in_hub(
        self, live: LiveSession, what: str, counts: Counts, refused: Refusal | None, *, hub: str, node: str
    ) -> Refusal | None:
        box = self.box.boxes.get(live.id)
        if box is not None and box.of_hubs.get(what, hub, node) == counts:
            return None  # A repetition, since the answer was lost: it is accepted even if the poll has closed since.
        questions = live.state.questions
        return refused or await self.box.count_in_hub(
            live.id, {what: counts}, hub=hub, node=node, before=lambda: before(questions)
        )

    async def vote(
        self, session: SessionId, number: int, option: int, visitor: str, address: str, *, hasty: bool = False
    ) -> Refusal | None:
        """Store a browser's vote for an option (from 0) of the show of hands `number`; its newest choice counts.

        Else as `support`; refused when the poll isn't open, or has no such option.
        """
        live = await self._sessions.find(session)
        if live is None:
            return NO_POLL
        poll = poll_to_vote(live.state, number, option)
        if isinstance(poll, Refusal):
            return poll
        questions = live.state.questions
        return await self.box.give(
            session,
            about(poll.id),
            option,
            visitor=visitor,
            address=address,
            before=lambda: before(questions),
            hasty=hasty,
        )

    def supported(self, session: SessionId, visitor: str) -> frozenset[InterventionId]:
        """The interventions that a browser supports."""
        box = self.box.boxes.get(session)
        chosen = {} if box is None else box.chosen(visitor)
        return frozenset(InterventionId(what) for what, choice in chosen.items() if choice == TOO and _is_support(what))

    def voted(self, session: SessionId, visitor: str) -> dict[PollId, Choice]:
        """A browser's choices in shows of hands."""
        box = self.box.boxes.get(session)
        chosen = {} if box is None else box.chosen(visitor)
        return {poll_about(what): Choice(option=option) for what, option in chosen.items() if is_hands(what)}

    def set_aside(self, session: SessionId) -> dict[str, dict[str, int]] | None:
        """The number of ballots of a flood, which don't count, by question and by show of hands; None where there are
        none.
        """
        box = self.box.boxes.get(session)
        found = {} if box is None else box.set_aside()
        hands = {what.removeprefix(_POLL): count for what, count in found.items() if is_hands(what)}
        support = {what: count for what, count in found.items() if _is_support(what)}
        return {"support": support, "hands": hands} if support or hands else None

    def lately(self, session: SessionId) -> dict[str, dict[str, list[int]]] | None:
        """The numbers of ballots and of addresses within the last minute, arranged as in `set_aside`; None without
        ballots.
        """
        found = self.box.addresses.lately(session)
        hands = {what.removeprefix(_POLL): [*counts] for what, counts in found.items() if is_hands(what)}
        support = {what: [*counts] for what, counts in found.items() if _is_support(what)}
        return {"support": support, "hands": hands} if support or hands else None

    def observe(self, live: LiveSession) -> None:
        """Process a change of a session: its close sets the time when ballots are destroyed, reopening cancels it."""
        self.box.close(live.id, closed=live.state.status is Status.CLOSED)

    async def forget(self, session: SessionId) -> None:
        """Destroy everything about a session. Raises StorageUnavailable."""
        await self.box.forget(session)

    async def run(self) -> None:
        """Write and count new ballots, and destroy old ones, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.box.run())
            group.create_task(self._count_all())

    async def _count_all(self) -> None:
        while True:
            await self.box.news.wait()
            self.box.news.clear()
            for session, box in list(self.box.boxes.items()):
                if box.uncounted:
                    await self._count(session, box)
            await self._clock.sleep(COUNT_MS)

    async def _count(self, session: SessionId, box: Box) -> None:
        due, box.uncounted = box.uncounted, set()
        try:
            live = await self._sessions.find(session)
            commands = [] if live is None else _counted(live.state.questions, box, due)
            if live is None or not commands:
                return
            command_id = CommandId(f"support:{self._randomness.bytes(8).hex()}")
            again = isinstance(await live.writer.send(SYSTEM, command_id, commands), Refusal)
        except (StorageUnavailable, RecordBroken):
            again = True
        if again:
            box.uncounted |= due
            self.box.news.set()

    def _loaded(self, live: LiveSession) -> None:
        """Have everything counted once more when a session is loaded: a crash may have prevented the last count."""
        box = self.box.boxes.get(live.id)
        if box is not None:
            self.observe(live)
            box.uncounted |= box.given.keys() | set(box.of_hubs.counted)
            self.box.news.set()


def _counted(questions: Questions, box: Box, due: set[str]) -> list[AnyCommand]:
    """The commands that bring the log up to date; empty where it is."""
    counts: dict[InterventionId, int] = {}
    for what in due:
        each = questions.get(InterventionId(what))
        if each is not None:
            count = box.kept.before.get(each.id, 0) + box.tally(what)[TOO] + box.of_hubs.total(what)[0]
            if count != each.support:
                counts[each.id] = count
    commands: list[AnyCommand] = [CountSupport(counts=counts)] if counts else []
    for poll in questions.polls:
        if about(poll.id) in due:
            remote = _remote(poll, box)
            if remote != poll.remote:
                commands.append(CountPoll(poll=poll.id, remote=remote))
    return commands


def _remote(poll: Poll, box: Box) -> tuple[int, ...]:
    what, options = about(poll.id), len(poll.options)
    tally, in_hubs = box.tally(what), box.of_hubs.total(what, options)
    before = box.kept.polls.get(poll.id, (0,) * options)
    return tuple(min(MOST_HANDS, before[each] + tally[each] + in_hubs[each]) for each in range(options))


def about(poll: PollId) -> str:
    """The subject under which ballots of a show of hands are stored."""
    return f"{_POLL}{poll}"


def poll_about(what: str) -> PollId:
    """The show of hands of a ballot's subject."""
    return PollId(what.removeprefix(_POLL))


def is_hands(what: str) -> bool:
    """Whether ballots with this subject are hands in a show of hands."""
    return what.startswith(_POLL)


def _is_support(what: str) -> bool:
    """Whether ballots with this subject are support for an intervention: no intervention's id begins with a colon."""
    return not what.startswith(":")


def _refused_support(state: State, each: Intervention) -> Refusal | None:
    if not each.published:
        return NO_QUESTION
    if state.cancelled is not None:
        return refuse(RefusalCode.CONFLICT, "The meeting is cancelled and takes no questions.")
    if state.status is Status.CLOSED or each.status not in SUPPORTED:
        return refuse(RefusalCode.CONFLICT, "This question has had its turn, or will have none.")
    return None


def before(questions: Questions) -> Before:
    """What the log has of ballots, for a box with a new key."""
    return Before(
        support={name: each.support for name, each in questions.interventions.items() if each.support},
        polls={poll.id: poll.remote for poll in questions.polls if any(poll.remote)},
        opinions=bool(questions.voting.counted.voters),
    )
