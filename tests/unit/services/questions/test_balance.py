from __future__ import annotations

from collections.abc import Callable, Coroutine

import msgspec

from moothall.core.commands import Ask, CloseSession, OpenSession, ReopenSession, SetStatus
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.questions.balance import LONG_QUIET_MS
from moothall.core.questions.statements import AboutQuestions, Dimension, Statement
from moothall.services.questions.balance import LOOK_MS, NAMESPACE, SUMS, BalanceFigures
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.loop import run
from support.memory.hall import SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

MEDIA: Statement = {Dimension.GROUP: "media", Dimension.YOUNG: "yes"}
BUSINESS: Statement = {Dimension.GROUP: "business"}


SHORT_MS = 7_200_000
"""How long what was said is kept here. Each minute of seven days would be looked at."""


class BalanceMeeting(MemoryMeeting):
    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        super().__init__(hall, live)
        self.book = MemoryBook()
        self.balance = self.again()

    def again(self, seed: int = 1) -> BalanceFigures:
        return self._balance(seed, kept_ms=SHORT_MS)

    def as_in_a_server(self) -> BalanceFigures:
        return self._balance(2)

    def _balance(self, seed: int, **times: int) -> BalanceFigures:
        return BalanceFigures(
            self.hall.sessions,
            book=self.book,
            clock=self.hall.clock,
            randomness=SeededRandomness(seed),
            questions=AboutQuestions(),
            **times,
        )

    async def ask(self, *numbers: int, said: Statement | None = None) -> None:
        for number in numbers:
            name = InterventionId(f"q{number}")
            asked = Ask(
                intervention=name, kind=InterventionKind.QUESTION, text="Why?", language="en", asker=f"by-{number}"
            )
            await self.do(asked, by=Actor(Role.PARTICIPANT, name))
            if said is not None:
                assert await self.say(number, said) is None

    async def say(self, number: int, said: Statement) -> Refusal | None:
        return await self.balance.say(SESSION, InterventionId(f"q{number}"), said)

    def has_said(self, number: int) -> bool:
        return self.balance.has_said(SESSION, InterventionId(f"q{number}"))

    async def look(self) -> None:
        await self.hall.clock.sleep(LOOK_MS + 1)

    def people(self, dimension: str = "group") -> dict[str, int | None]:
        told = self.balance.for_desks(SESSION)
        assert told is not None
        groups = told["groups"]
        assert isinstance(groups, list)
        (rows,) = [each["rows"] for each in groups if each["dimension"] == dimension]
        return {row["cell"]: row["people"] for row in rows}

    async def stored(self) -> int:
        return len(await self.book.read(f"{NAMESPACE}:{SESSION}")) + len(await self.book.read(NAMESPACE))


def in_a_house(act: Callable[[BalanceMeeting], Coroutine[None, None, None]]) -> Callable[[], None]:
    """A test with a house whose meeting is on, on a loop that jumps."""

    async def within() -> None:
        async with memory_hall() as hall:
            house = BalanceMeeting(hall, await hall.session())
            await house.do(OpenSession())
            await house.balance.load()
            hall.sessions.observe(lambda live, _: house.balance.observe(live))
            assert hall.group is not None
            running = hall.group.create_task(house.balance.run())
            await act(house)
            running.cancel()

    return lambda: run(within())


@in_a_house
async def test_what_is_said_becomes_sums_and_nothing_else(house: BalanceMeeting) -> None:
    await house.ask(*range(6), said=MEDIA)
    await house.ask(*range(6, 13))
    await house.look()
    assert house.people() == {
        "government": None, "parliament": None, "intergovernmental": None, "civil-society": None, "business": None,
        "technical": None, "academia": None, "media": 6, "not-said": 7,
    }  # fmt: skip
    assert house.people("young") == {"yes": 6, "not-said": 7}
    assert house.people("region")["not-said"] == 13
    records = await house.hall.log.read(SESSION, 0, 1_000)
    assert not any(b"media" in (record.body or b"") for record in records)


@in_a_house
async def test_nothing_leads_from_what_is_kept_to_who_said_it(house: BalanceMeeting) -> None:
    await house.ask(1, said=MEDIA)
    await house.look()
    for key, body in [
        *(await house.book.read(f"{NAMESPACE}:{SESSION}")).items(),
        *(await house.book.read(NAMESPACE)).items(),
    ]:
        assert not any(trace in key.encode() + body for trace in (b"by-1", b"q1"))


@in_a_house
async def test_nothing_is_told_where_nobody_asks_and_not_whether_anybody_says_anything(house: BalanceMeeting) -> None:
    assert house.balance.for_desks(SESSION) is None
    assert house.balance.for_desks(SessionId("none")) is None
    await house.ask(1, 2)
    told = house.balance.for_desks(SESSION)
    assert told is not None
    assert set(house.people().values()) == {None}
    assert told["unheard"] == []
    assert told["origins"] == [
        {"origin": "remote", "received": 2, "taken": 0, "answered": 0, "turns": 0, "spoken": 0, "wait": None}
    ]
    await house.say(1, {})
    await house.say(1, {Dimension.GROUP: "nobility"})
    assert await house.stored() == 0
    assert not house.has_said(1)
    await house.look()
    assert await house.stored() == 1, "a key, whether anybody has said anything or not"
    before = house.balance.for_desks(SESSION)
    await house.say(1, MEDIA)
    await house.look()
    assert house.balance.for_desks(SESSION) == before


@in_a_house
async def test_the_chair_is_reminded_each_minute(house: BalanceMeeting) -> None:
    await house.ask(1, 2, 3)
    names = tuple(InterventionId(f"q{number}") for number in (1, 2, 3))
    await house.do(SetStatus(interventions=names, status=InterventionStatus.QUEUED), by=Actor(Role.MODERATOR, "m1"))
    await house.hall.clock.sleep(LONG_QUIET_MS + LOOK_MS)
    told = house.balance.for_desks(SESSION)
    assert told is not None
    assert isinstance(told["unheard"], list)
    (found,) = told["unheard"]
    assert (found["origin"], found["waiting"]) == ("remote", 3)
    await house.do(CloseSession())
    await house.look()
    told = house.balance.for_desks(SESSION)
    assert told is not None
    assert told["unheard"] == []


@in_a_house
async def test_it_is_said_once_for_all_that_somebody_asks_and_may_be_changed_and_taken_back(
    house: BalanceMeeting,
) -> None:
    await house.ask(1, said=MEDIA)
    same = Ask(
        intervention=InterventionId("q2"), kind=InterventionKind.COMMENT, text="So.", language="en", asker="by-1"
    )
    await house.do(same, by=Actor(Role.PARTICIPANT, "q2"))
    assert house.has_said(2)
    await house.say(2, BUSINESS)
    namespace = await house.book.read(f"{NAMESPACE}:{SESSION}")
    assert [b"business" in body and b"media" not in body for body in namespace.values()] == [True]
    await house.balance.take_back(SESSION, InterventionId("q1"))
    assert await house.book.read(f"{NAMESPACE}:{SESSION}") == {}
    assert not house.has_said(1)
    await house.balance.take_back(SESSION, InterventionId("none"))
    await house.balance.take_back(SessionId("none"), InterventionId("none"))


@in_a_house
async def test_what_is_refused(house: BalanceMeeting) -> None:
    await house.ask(1)
    for session, name in ((SessionId("none"), "q1"), (SESSION, "q9")):
        refused = await house.balance.say(session, InterventionId(name), MEDIA)
        assert isinstance(refused, Refusal)
        assert refused.code is RefusalCode.UNKNOWN
    assert not house.balance.has_said(SessionId("none"), InterventionId("q1"))
    assert house.balance.may_say(SESSION)
    await house.do(CloseSession())
    assert not house.balance.may_say(SESSION)
    refused = await house.say(1, MEDIA)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.CONFLICT


@in_a_house
async def test_after_a_restart_no_second_look_shows_anybody(house: BalanceMeeting) -> None:
    await house.ask(*range(10), said=MEDIA)
    await house.ask(*range(10, 20))
    await house.look()
    assert house.people()["media"] == 10
    house.balance = house.again(2)
    await house.balance.load()
    assert house.people()["media"] == 10
    assert house.hall.group is not None
    running = house.hall.group.create_task(house.balance.run())
    await house.ask(20, said=MEDIA)
    await house.ask(21, 22, 23, 24)
    await house.look()
    assert house.people() | {"media": 10, "not-said": 10} == house.people()
    await house.ask(25, 26, 27, 28, said=MEDIA)
    await house.ask(29)
    await house.look()
    assert (house.people()["media"], house.people()["not-said"]) == (15, 15)
    running.cancel()


@in_a_house
async def test_what_cannot_be_kept_is_not_shown(house: BalanceMeeting) -> None:
    await house.ask(*range(10), said=MEDIA)
    await house.ask(*range(10, 20))
    house.book.full = True
    await house.look()
    assert house.people()["media"] is None
    house.book.full = False
    await house.balance.renew(SESSION)
    assert house.people()["media"] == 10
    await house.balance.renew(SessionId("none"))


@in_a_house
async def test_what_is_said_is_kept_for_seven_days_after_the_close(house: BalanceMeeting) -> None:
    house.balance = house.as_in_a_server()
    await house.ask(*range(6), said=MEDIA)
    await house.do(CloseSession())
    closed = house.hall.clock.wall()
    house.balance.observe(house.live)
    await house.balance.renew(SESSION)
    kept = msgspec.msgpack.decode((await house.book.read(NAMESPACE))[SESSION])
    assert kept["until"] == closed + 7 * 86_400_000


@in_a_house
async def test_some_time_after_the_close_the_sums_are_left(house: BalanceMeeting) -> None:
    await house.ask(*range(6), said=MEDIA)
    await house.ask(*range(6, 12))
    await house.look()
    await house.do(CloseSession())
    await house.hall.clock.sleep(SHORT_MS // 2)
    assert await house.stored() == 7
    await house.do(ReopenSession())
    await house.hall.clock.sleep(SHORT_MS)
    assert await house.stored() == 7
    assert house.balance.may_say(SESSION)
    await house.do(CloseSession())
    closed = house.hall.clock.wall()
    assert await house.balance.sums() == {}
    house.book.full = True
    await house.hall.clock.sleep(SHORT_MS + LOOK_MS)
    assert await house.stored() == 7
    house.book.full = False
    await house.look()
    assert await house.stored() == 0
    (sums,) = (await house.balance.sums()).values()
    assert sums.closed == closed
    assert sums.groups[Dimension.GROUP]["media"].people == 6
    assert sums.origins["remote"].received == 12
    live = await house.hall.sessions.open(SESSION)
    assert live.state.status.value == "closed"
    assert not house.balance.may_say(SESSION)


@in_a_house
async def test_once_the_sums_are_made_nothing_is_asked_and_no_other_sums_are_made(house: BalanceMeeting) -> None:
    await house.ask(*range(6), said=MEDIA)
    await house.ask(*range(6, 12))
    await house.do(CloseSession())
    await house.hall.clock.sleep(SHORT_MS + 2 * LOOK_MS)
    made = await house.balance.sums()
    await house.do(ReopenSession())
    for again in (False, True):
        if again:
            house.balance = house.again(2)
            await house.balance.load()
        assert not house.balance.may_say(SESSION)
        assert isinstance(await house.say(1, MEDIA), Refusal)
        await house.balance.renew(SESSION)
        assert await house.stored() == 0
        assert set(house.people().values()) == {None}
    assert await house.balance.sums() == made
    await house.balance.forget(SESSION)
    assert house.balance.may_say(SESSION)


@in_a_house
async def test_one_that_was_closed_before_the_server_went_is_destroyed_in_time(house: BalanceMeeting) -> None:
    await house.ask(*range(6), said=MEDIA)
    await house.ask(*range(6, 12))
    await house.do(CloseSession())
    house.balance = house.again(2)
    await house.hall.clock.sleep(3_600_000)
    assert house.hall.sessions.loaded(SESSION) is None
    await house.balance.load()
    assert house.hall.group is not None
    running = house.hall.group.create_task(house.balance.run())
    await house.hall.clock.sleep(SHORT_MS + 2 * LOOK_MS)
    assert await house.stored() == 0
    (sums,) = (await house.balance.sums()).values()
    assert sums.groups[Dimension.GROUP]["media"].people == 6, "what came last is in them"
    running.cancel()


@in_a_house
async def test_a_rehearsals_is_destroyed_at_once(house: BalanceMeeting) -> None:
    await house.ask(1, said=MEDIA)
    await house.balance.forget(SESSION)
    await house.balance.forget(SESSION)
    assert await house.stored() == 0
    assert await house.book.read(SUMS) == {}
