from __future__ import annotations

from collections.abc import Callable, Coroutine

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.services.questions.abuse_reports import AbuseReports, tell_desks
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reader_access import ReaderAccess
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from support.memory.hall import SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

MODERATOR = Actor(Role.MODERATOR, "m1")
Q = InterventionId("q")


class AbuseMeeting(MemoryMeeting):
    by = MODERATOR

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        super().__init__(hall, live)
        self.reports = AbuseReports(
            ReaderAccess(hall.sessions).questions, tell_desks(hall.sessions), randomness=SeededRandomness(1), most=3
        )

    async def ask(self, name: str) -> None:
        asked = do.Ask(
            intervention=InterventionId(name), kind=InterventionKind.QUESTION, text="Why?", language="en", asker=name
        )
        await self.do(asked, do.SetStatus(interventions=(asked.intervention,), status=InterventionStatus.QUEUED))

    def flags(self, name: InterventionId = Q) -> tuple[str, ...]:
        each = self.live.state.questions.get(name)
        assert each is not None
        return each.flags


def in_a_house(act: Callable[[AbuseMeeting], Coroutine[None, None, None]]) -> Callable[[], None]:
    """A test with a house, on a loop that jumps."""

    async def within() -> None:
        async with memory_hall() as hall:
            house = AbuseMeeting(hall, await hall.session())
            await house.do(do.OpenSession(), by=SYSTEM)
            await act(house)

    return lambda: run(within())


@in_a_house
async def test_a_browser_reports_once(house: AbuseMeeting) -> None:
    await house.ask("q")
    assert await house.reports.report(SESSION, 1, "v1") is None
    assert house.flags() == ("reported",)
    assert house.reports.reported(SESSION, "v1") == {Q}
    assert house.reports.reported(SESSION, "v2") == frozenset()
    # A person has looked: the same browser raises it no more, another one does.
    await house.do(do.Flag(intervention=Q, flags=()))
    assert await house.reports.report(SESSION, 1, "v1") is None
    assert house.flags() == ()
    assert await house.reports.report(SESSION, 1, "v2") is None
    assert house.flags() == ("reported",)
    assert await house.reports.report(SESSION, 1, "") is None
    assert house.reports.reported(SESSION, "") == {Q}


@in_a_house
async def test_nobody_reports_what_is_not_there_or_not_published(house: AbuseMeeting) -> None:
    await house.ask("q")
    await house.do(
        do.Ask(intervention=InterventionId("r"), kind=InterventionKind.QUESTION, text="?", language="en", asker="r")
    )
    for session, number in ((SESSION, 2), (SESSION, 3), (SessionId("nowhere"), 1)):
        answer = await house.reports.report(session, number, "v1")
        assert isinstance(answer, Refusal)
        assert answer.code is RefusalCode.UNKNOWN
    assert house.reports.reported(SESSION, "v1") == frozenset()


@in_a_house
async def test_so_many_browsers_are_remembered_and_no_more(house: AbuseMeeting) -> None:
    await house.ask("q")
    for visitor in ("v1", "v2", "v3", "v4"):
        assert await house.reports.report(SESSION, 1, visitor) is None
    assert [bool(house.reports.reported(SESSION, visitor)) for visitor in ("v1", "v2", "v4")] == [False, True, True]


@in_a_house
async def test_what_can_not_be_stored_was_not_reported(house: AbuseMeeting) -> None:
    await house.ask("q")
    log = house.hall.log
    assert isinstance(log, FailingLog)
    log.full = True
    answer = await house.reports.report(SESSION, 1, "v1")
    assert isinstance(answer, Refusal)
    assert house.reports.reported(SESSION, "v1") == frozenset()
