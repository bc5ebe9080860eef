from __future__ import annotations

from collections.abc import Callable, Coroutine

import msgspec

from moothall.core.commands import (
    CloseSession,
    LimitAsking,
    MoveSegmentsAway,
    OpenSession,
    SetStatus,
    TypeSegment,
)
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import InterventionId, SegmentId, SessionId
from moothall.core.questions.blocked_words import BlockedWords
from moothall.core.questions.limits import MOST_OPEN
from moothall.core.rules.questions import MAX_NAME, MAX_TEXT
from moothall.services.questions.asking import LONGEST_AGE_MS, NAMESPACE, Asking, AskRequest, RejectedQuestion
from moothall.services.questions.asking_addresses import ROUNDS, AskingAddresses
from moothall.services.questions.author_view import Own, OwnAct
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

MODERATOR = Actor(Role.MODERATOR, "m1")
WHY = AskRequest(kind=InterventionKind.QUESTION, text="Why?", language="en", form="f1")


class AskingMeeting(MemoryMeeting):
    by = MODERATOR

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        super().__init__(hall, live)
        self.book = MemoryBook()
        self.asking = self.again()

    def again(self, seed: int = 1) -> Asking:
        return Asking(self.hall.sessions, book=self.book, clock=self.hall.clock, randomness=SeededRandomness(seed))

    async def ask(self, form: str = "f1", visitor: str = "v1", **changed: object) -> InterventionId:
        answer = await self.asking.ask(SESSION, msgspec.structs.replace(WHY, form=form, **changed), visitor)
        assert answer not in set(RejectedQuestion), answer
        return InterventionId(answer)

    async def refused(self, form: str = "f1", visitor: str = "v1", **changed: object) -> RejectedQuestion:
        answer = await self.asking.ask(SESSION, msgspec.structs.replace(WHY, form=form, **changed), visitor)
        return RejectedQuestion(answer)

    async def own(self, name: InterventionId) -> Own:
        found = await self.asking.own(SESSION, self.asking.token(SESSION, name))
        assert found is not None
        return found

    async def stand(self, name: InterventionId, status: InterventionStatus, reason: str = "") -> None:
        await self.do(SetStatus(interventions=(name,), status=status, reason=reason))


def in_a_house(act: Callable[[AskingMeeting], Coroutine[None, None, None]]) -> Callable[[], None]:
    """A test with a house, on a loop that jumps."""

    async def within() -> None:
        async with memory_hall() as hall:
            house = AskingMeeting(hall, await hall.session())
            await house.asking.load()
            await house.do(OpenSession(), by=SYSTEM)
            await act(house)

    return lambda: run(within())


@in_a_house
async def test_what_is_asked_is_in_the_log_with_a_hash_for_whoever_asks(house: AskingMeeting) -> None:
    name = await house.ask(name="Ana", age=500)
    each = (await house.own(name)).intervention
    assert (each.number, each.kind, each.received, each.name, each.language) == (
        1,
        InterventionKind.QUESTION,
        "Why?",
        "Ana",
        "en",
    )
    assert each.status is InterventionStatus.CHECKED
    records = await house.hall.log.read(SESSION, 0, 100)
    assert not any(b"v1" in (record.body or b"") for record in records)
    assert {record.header.actor for record in records if record.header.role is Role.PARTICIPANT} == {name}


@in_a_house
async def test_what_has_a_blocked_word_arrives_marked_and_is_held(house: AskingMeeting) -> None:
    house.asking = Asking(
        house.hall.sessions,
        book=house.book,
        clock=house.hall.clock,
        randomness=SeededRandomness(1),
        blocked=BlockedWords(["en:darn"]),
    )
    await house.asking.load()
    for form, changed in {"f1": {"text": "DARN it."}, "f2": {"name": "Darn"}}.items():
        each = (await house.own(await house.ask(form, **changed))).intervention
        assert each.flags == ("blocked-word",)
        assert each.status is InterventionStatus.CHECKED
    assert (await house.own(await house.ask("f3", text="Darned"))).intervention.flags == ()


@in_a_house
async def test_the_same_form_with_the_same_words_is_one(house: AskingMeeting) -> None:
    first = await house.ask()
    assert await house.ask() == first
    assert await house.ask(text="When?") != first
    assert await house.ask(form="f2") != first
    assert house.live.state.questions.last == 3


@in_a_house
async def test_without_a_cookie_it_is_one_as_well_and_each_form_is_somebody_else(house: AskingMeeting) -> None:
    first = await house.ask(visitor="")
    assert await house.ask(visitor="") == first
    second = await house.ask(form="f2", visitor="")
    one, other = (await house.own(first)).intervention, (await house.own(second)).intervention
    assert one.asker != other.asker


@in_a_house
async def test_a_browser_is_the_same_in_a_session_and_another_in_the_next(house: AskingMeeting) -> None:
    next_one = SessionId("next")
    await house.hall.session(next_one)
    names = [await house.ask(), await house.ask(form="f2")]
    askers = {(await house.own(name)).intervention.asker for name in names}
    there = await house.asking.ask(next_one, WHY, "v1")
    assert not isinstance(there, RejectedQuestion)
    found = await house.asking.own(next_one, house.asking.token(next_one, there))
    assert found is not None
    assert len(askers) == 1
    assert found.intervention.asker not in askers


@in_a_house
async def test_a_coordinator_asks_for_the_hub_and_each_name_is_somebody(house: AskingMeeting) -> None:
    async def asker(form: str, name: str, hub: str = "kisumu", visitor: str = "v1") -> str:
        each = (await house.own(await house.ask(form, visitor, name=name, hub=hub))).intervention
        assert each.origin == f"hub:{hub}"
        return each.asker

    ana = await asker("f1", "Ana")
    assert await asker("f2", "ANA", visitor="v2") == ana
    others = {await asker("f3", "Bo"), await asker("f4", ""), await asker("f5", "Ana", hub="lima")}
    assert len({ana, *others}) == 4
    own = (await house.own(await house.ask("f6", name="Ana"))).intervention
    assert own.origin == "remote"
    assert own.asker != ana
    roles = {record.header.role for record in await house.hall.log.read(SESSION, 0, 100)}
    assert {Role.HUB, Role.PARTICIPANT} <= roles


@in_a_house
async def test_the_same_form_for_a_hub_and_for_oneself_are_two(house: AskingMeeting) -> None:
    first = await house.ask(hub="kisumu")
    assert await house.ask(hub="kisumu") == first
    assert await house.ask() != first
    token = house.asking.token(SESSION, first)
    assert await house.asking.bring(SESSION, token, OwnAct.BACK) is None
    assert (await house.own(first)).intervention.status is InterventionStatus.WITHDRAWN


@in_a_house
async def test_why_it_is_not_taken(house: AskingMeeting) -> None:
    assert await house.refused(text="") is RejectedQuestion.TEXT
    assert await house.refused(text="x" * (MAX_TEXT + 1)) is RejectedQuestion.TEXT
    assert await house.refused(name="x" * (MAX_NAME + 1)) is RejectedQuestion.NAME
    await house.ask(form="speak", text="", kind=InterventionKind.REQUEST)
    assert await house.refused(form="again", text="", kind=InterventionKind.REQUEST) is RejectedQuestion.REQUESTED
    for number in range(MOST_OPEN - 1):
        await house.ask(form=f"n{number}")
    assert await house.refused(form="more") is RejectedQuestion.MANY
    await house.do(CloseSession(), by=SYSTEM)
    await house.hall.clock.sleep(1)
    assert await house.refused(form="late", visitor="v2") is RejectedQuestion.OVER
    assert await house.asking.ask(SessionId("none"), WHY, "v1") is RejectedQuestion.UNAVAILABLE


@in_a_house
async def test_what_was_written_before_the_close_is_still_taken(house: AskingMeeting) -> None:
    await house.hall.clock.sleep(60_000)
    await house.do(CloseSession(), by=SYSTEM)
    await house.hall.clock.sleep(10_000)
    assert await house.refused(form="late") is RejectedQuestion.OVER
    name = await house.ask(form="cut-off", age=20_000)
    late = await house.own(name)
    assert late.intervention.after_close
    assert (late.intervention.status, late.may_go, late.undecided) == (InterventionStatus.TO_WRITE, True, False)
    long_ago = await house.ask(form="older", age=LONGEST_AGE_MS * 9)
    assert (await house.own(long_ago)).intervention.t == 0


@in_a_house
async def test_a_store_that_is_away_refuses_and_loses_nothing(house: AskingMeeting) -> None:
    log = house.hall.log
    assert isinstance(log, FailingLog)
    log.full = True
    assert await house.refused() is RejectedQuestion.UNAVAILABLE
    log.full = False
    assert (await house.own(await house.ask())).intervention.number == 1


@in_a_house
async def test_only_its_own_code_leads_to_it_after_a_restart_too(house: AskingMeeting) -> None:
    name = await house.ask()
    token = house.asking.token(SESSION, name)
    later = house.again(seed=2)
    await later.load()
    assert await later.own(SESSION, token) is not None
    assert await later.own(SessionId("other"), token) is None
    for wrong in ("", ".", name, f".{name}", f"{'A' * 22}.{name}", token + "x", token.partition(".")[0], "é.\ud800"):
        assert await later.own(SESSION, wrong) is None
    other_house = Asking(house.hall.sessions, book=MemoryBook(), clock=house.hall.clock, randomness=SeededRandomness(3))
    await other_house.load()
    assert await other_house.own(SESSION, token) is None
    assert len(await house.book.read(NAMESPACE)) == 1


@in_a_house
async def test_where_it_stands_in_the_queue(house: AskingMeeting) -> None:
    first, second, third = [await house.ask(form=f"f{n}", visitor=f"v{n}") for n in range(3)]
    assert ((await house.own(first)).ahead, (await house.own(first)).wait) == (None, None)
    for name in (first, second, third):
        await house.stand(name, InterventionStatus.QUEUED)
    assert ((await house.own(third)).ahead, (await house.own(third)).wait) == (2, None)
    await house.stand(first, InterventionStatus.CALLED)
    await house.hall.clock.sleep(30_000)
    assert ((await house.own(second)).ahead, (await house.own(second)).wait) == (0, 90_000)
    await house.do(CloseSession(), by=SYSTEM)
    assert (await house.own(third)).wait is None
    assert (await house.own(third)).undecided


@in_a_house
async def test_the_author_of_what_was_joined_sees_how_the_other_one_goes_on(house: AskingMeeting) -> None:
    first, second = await house.ask(), await house.ask(form="f2")
    await house.do(SetStatus(interventions=(second,), status=InterventionStatus.JOINED, into=first))
    await house.stand(first, InterventionStatus.QUEUED)
    joined = await house.own(second)
    assert joined.goes_on is not None
    assert (joined.into, joined.goes_on.ahead, joined.goes_on.intervention.status) == (1, 0, InterventionStatus.QUEUED)
    assert (await house.own(first)).goes_on is None


@in_a_house
async def test_its_answer_is_found_as_long_as_the_line_stands_in_the_session(house: AskingMeeting) -> None:
    name, line = await house.ask(), SegmentId("because")
    typed = TypeSegment(channel=FLOOR, segment=line, text="Because.", language="en")
    await house.do(typed, by=Actor(Role.CAPTIONER, "c1"))
    for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED):
        await house.stand(name, status)
    await house.do(SetStatus(interventions=(name,), status=InterventionStatus.ANSWERED, segment=line))
    assert (await house.own(name)).channel == FLOOR
    await house.hall.clock.sleep(60_000)
    away = MoveSegmentsAway(channel=FLOOR, segments=(line,), session=SessionId("next"))
    await house.do(away, by=Actor(Role.TECHNICIAN, "t1"))
    assert not (await house.own(name)).channel


@in_a_house
async def test_its_author_takes_it_back_until_it_had_its_turn(house: AskingMeeting) -> None:
    first, second = await house.ask(), await house.ask(form="f2")
    token = house.asking.token(SESSION, first)
    assert (await house.own(first)).may_go
    assert await house.asking.bring(SESSION, token, OwnAct.BACK) is None
    assert (await house.own(first)).intervention.status is InterventionStatus.WITHDRAWN
    assert not (await house.own(first)).may_go
    assert await house.asking.bring(SESSION, token, OwnAct.BACK) is None, "pressed twice"
    for _ in range(2):
        assert (await house.own(first)).may_ask_again
        assert await house.asking.bring(SESSION, token, OwnAct.AGAIN) is None
        assert (await house.own(first)).intervention.status is InterventionStatus.CHECKED
        assert await house.asking.bring(SESSION, token, OwnAct.BACK) is None
        assert (await house.own(first)).intervention.status is InterventionStatus.WITHDRAWN
    for status in (InterventionStatus.QUEUED, InterventionStatus.CALLED, InterventionStatus.ANSWERED):
        await house.stand(second, status)
    answer = await house.asking.bring(SESSION, house.asking.token(SESSION, second), OwnAct.BACK)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.CONFLICT
    answer = await house.asking.bring(SESSION, f"x.{second}", OwnAct.BACK)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.UNKNOWN


@in_a_house
async def test_an_address_has_its_share_and_a_form_that_is_sent_again_is_the_one_that_was_taken(
    house: AskingMeeting,
) -> None:
    house.asking.addresses = AskingAddresses(SeededRandomness(2), 1)
    first = msgspec.structs.replace(WHY, form="f1")
    name = await house.asking.ask(SESSION, first, "v1", "192.0.2.1")
    other = msgspec.structs.replace(WHY, form="f2")
    assert await house.asking.ask(SESSION, other, "v2", "192.0.2.1") is RejectedQuestion.ADDRESS
    assert await house.asking.ask(SESSION, first, "v1", "192.0.2.1") == name
    assert await house.asking.ask(SESSION, other, "v2", "192.0.2.2") not in set(RejectedQuestion)
    for _ in range(ROUNDS - 1):
        await house.asking.bring(SESSION, house.asking.token(SESSION, InterventionId(name)), OwnAct.BACK)
        again = msgspec.structs.replace(WHY, form=f"again {name}")
        name = await house.asking.ask(SESSION, again, "v1", "192.0.2.1")
        assert name not in set(RejectedQuestion)
    await house.asking.bring(SESSION, house.asking.token(SESSION, InterventionId(name)), OwnAct.BACK)
    assert (
        await house.asking.ask(SESSION, msgspec.structs.replace(WHY, form="f5"), "v1", "192.0.2.1")
        is RejectedQuestion.FULL
    )
    of_hub = msgspec.structs.replace(WHY, form="f3", hub="kisumu")
    assert await house.asking.ask(SESSION, of_hub, "v3", "192.0.2.1") not in set(RejectedQuestion), (
        "a hub has a share of its own"
    )


@in_a_house
async def test_what_was_taken_back_comes_back_within_the_share_of_its_address(house: AskingMeeting) -> None:
    house.asking.addresses = AskingAddresses(SeededRandomness(2), 1)
    made: list[InterventionId] = []
    for form in ("f1", "f2"):
        name = await house.asking.ask(SESSION, msgspec.structs.replace(WHY, form=form), "", "192.0.2.1")
        made.append(InterventionId(name))
        assert await house.asking.bring(SESSION, house.asking.token(SESSION, made[-1]), OwnAct.BACK) is None
    first, second = (house.asking.token(SESSION, name) for name in made)
    assert await house.asking.bring(SESSION, first, OwnAct.AGAIN) is None
    answer = await house.asking.bring(SESSION, second, OwnAct.AGAIN)
    assert isinstance(answer, Refusal)
    assert answer.code is RefusalCode.CONFLICT
    assert await house.asking.bring(SESSION, first, OwnAct.BACK) is None
    assert await house.asking.bring(SESSION, second, OwnAct.AGAIN) is None


@in_a_house
async def test_a_meeting_may_take_nothing_of_browsers_that_keep_no_cookie(house: AskingMeeting) -> None:
    await house.do(LimitAsking(known=True))
    assert await house.refused(visitor="") is RejectedQuestion.COOKIE
    assert await house.ask()
    of_hub = msgspec.structs.replace(WHY, form="f3", hub="kisumu")
    assert await house.asking.ask(SESSION, of_hub, "") not in set(RejectedQuestion)
    await house.do(LimitAsking(known=False))
    assert await house.ask("f4", visitor="")
