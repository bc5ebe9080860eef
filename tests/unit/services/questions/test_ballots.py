from __future__ import annotations

from collections.abc import Callable, Coroutine

import pytest

from moothall.core.commands import (
    Ask,
    CancelSession,
    ClosePoll,
    CloseSession,
    CountRoom,
    OpenPoll,
    OpenSession,
    ReopenSession,
    SetStatus,
)
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import InterventionId, PollId, SessionId
from moothall.core.ports import BookEntry
from moothall.core.questions.floods import KEPT_OF_FLOOD, MOST_NEW
from moothall.core.questions.polls import Choice
from moothall.services.questions import ballot_box
from moothall.services.questions.ballot_addresses import LATELY_MS
from moothall.services.questions.ballot_box import KEPT_MS, NAMESPACE
from moothall.services.questions.ballots import Ballots
from moothall.services.questions.hub_ballots import MOST_OF_HUBS, key_of
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from support.memory.hall import SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

P = PollId("p")
ASKED = OpenPoll(poll=P, question="Shall we?", language="en", options=("Yes", "No", "Later"))
LEADS = Actor(Role.MODERATOR, "m1")
WHY, WHEN = InterventionId("why"), InterventionId("when")


class BallotsMeeting(MemoryMeeting):
    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        super().__init__(hall, live)
        self.book = MemoryBook()
        self.ballots = self.again()

    def again(self, seed: int = 1) -> Ballots:
        return Ballots(self.hall.sessions, book=self.book, clock=self.hall.clock, randomness=SeededRandomness(seed))

    async def support(
        self, visitor: str, number: int = 1, address: str = "192.0.2.1", *, too: bool = True, hasty: bool = False
    ) -> Refusal | None:
        return await self.ballots.support(SESSION, number, visitor, address, too=too, hasty=hasty)

    async def counted(self, name: InterventionId = WHY) -> int:
        await self.hall.clock.sleep(2_500)
        self.live = await self.hall.sessions.open(SESSION)
        each = self.live.state.questions.get(name)
        assert each is not None
        return each.support

    async def vote(self, visitor: str, option: int, number: int = 1, address: str = "") -> Refusal | None:
        return await self.ballots.vote(SESSION, number, option, visitor, address or visitor)

    async def hands(self) -> tuple[int, ...]:
        await self.hall.clock.sleep(2_500)
        self.live = await self.hall.sessions.open(SESSION)
        return self.live.state.questions.polls[-1].remote

    async def stand(self, status: InterventionStatus, *names: InterventionId) -> None:
        await self.do(SetStatus(interventions=names, status=status), by=Actor(Role.MODERATOR, "m1"))

    async def times_counted(self) -> int:
        records = await self.hall.log.read(SESSION, 0, 1_000)
        return sum(record.header.type == "support.counted" for record in records)

    async def stored(self) -> int:
        return len(await self.book.read(f"{NAMESPACE}:{SESSION}")) + len(await self.book.read(NAMESPACE))


def in_a_house(act: Callable[[BallotsMeeting], Coroutine[None, None, None]]) -> Callable[[], None]:
    """A test with a house in which two questions wait, on a loop that jumps."""

    async def within() -> None:
        async with memory_hall() as hall:
            house = BallotsMeeting(hall, await hall.session())
            await house.do(OpenSession())
            for name in (WHY, WHEN):
                asked = Ask(
                    intervention=name, kind=InterventionKind.QUESTION, text=f"{name}?", language="en", asker=name
                )
                await house.do(asked, by=Actor(Role.PARTICIPANT, name))
            await house.stand(InterventionStatus.QUEUED, WHY, WHEN)
            await house.ballots.load()
            hall.sessions.observe(lambda live, _: house.ballots.observe(live))
            assert hall.group is not None
            running = hall.group.create_task(house.ballots.run())
            await act(house)
            running.cancel()

    return lambda: run(within())


@in_a_house
async def test_each_browser_counts_once_for_each(house: BallotsMeeting) -> None:
    for visitor in ("a", "b", "a", "a"):
        assert await house.support(visitor) is None
    assert await house.support("a", 2) is None
    assert await house.counted() == 2
    assert await house.counted(WHEN) == 1
    assert house.ballots.supported(SESSION, "a") == {WHY, WHEN}
    assert house.ballots.supported(SESSION, "b") == {WHY}
    assert house.ballots.supported(SESSION, "c") == house.ballots.supported(SESSION, "") == frozenset()


@in_a_house
async def test_whoever_would_ask_it_no_more_is_not_counted_any_more(house: BallotsMeeting) -> None:
    for too, expected in ((True, 2), (False, 1), (False, 1), (True, 2)):
        assert await house.support("a", too=too) is None
        await house.support("b")
        assert await house.counted() == expected
        assert (WHY in house.ballots.supported(SESSION, "a")) is too
    await house.support("a", too=False)
    later = house.again(2)
    await later.load()
    assert later.supported(SESSION, "a") == frozenset()


@in_a_house
async def test_without_a_cookie_all_together_count_once(house: BallotsMeeting) -> None:
    for number in range(5):
        await house.support("", address=f"192.0.2.{number}")
    assert await house.counted() == 1


@in_a_house
async def test_a_hall_counts_and_a_flood_does_not(house: BallotsMeeting) -> None:
    for number in range(MOST_NEW):
        await house.support(f"hall-{number}", address="hall")
    assert await house.counted() == MOST_NEW
    assert house.ballots.set_aside(SESSION) is None
    for number in range(1_000):
        await house.support(f"flood-{number}", address="flood")
        await house.hall.clock.sleep(60)
    assert await house.counted() == MOST_NEW + KEPT_OF_FLOOD
    assert house.ballots.set_aside(SESSION) == {"support": {WHY: 1_000 - KEPT_OF_FLOOD}, "hands": {}}
    # Who was set aside stays so, wherever they come from next, after a restart too.
    house.ballots = house.again(2)
    await house.ballots.load()
    assert house.hall.group is not None
    running = house.hall.group.create_task(house.ballots.run())
    for number in range(KEPT_OF_FLOOD, KEPT_OF_FLOOD + 20):
        await house.support(f"flood-{number}", 2, address=f"198.51.100.{number}")
    assert await house.counted(WHEN) == 0
    running.cancel()


@in_a_house
async def test_it_is_written_at_most_once_a_second(house: BallotsMeeting) -> None:
    for number in range(40):
        await house.support(f"v{number}")
        await house.hall.clock.sleep(100)
    assert await house.counted() == 40
    assert await house.times_counted() <= 6


@in_a_house
async def test_what_was_not_counted_before_a_crash_is_counted_after_it(house: BallotsMeeting) -> None:
    log = house.hall.log
    assert isinstance(log, FailingLog)
    log.full = True
    await house.support("a")
    assert await house.counted() == 0
    later = house.again(2)
    await later.load()
    log.full = False
    assert house.hall.group is not None
    running = house.hall.group.create_task(later.run())
    assert await house.counted() == 1
    running.cancel()


@in_a_house
async def test_what_a_full_disk_refuses_is_not_there_and_may_be_sent_again(house: BallotsMeeting) -> None:
    house.book.full = True
    for visitor in ("a", "b"):
        with pytest.raises(StorageUnavailable):
            await house.support(visitor)
        assert house.ballots.supported(SESSION, visitor) == frozenset()
    assert await house.counted() == 0
    house.book.full = False
    for visitor in ("a", "b", "b"):
        assert await house.support(visitor) is None
    assert await house.counted() == 2
    assert len(await house.book.read(f"{NAMESPACE}:{SESSION}")) == 2


@in_a_house
async def test_what_is_asked_now_can_be_asked_too_and_what_had_its_turn_cannot(house: BallotsMeeting) -> None:
    await house.stand(InterventionStatus.CALLED, WHY)
    assert await house.support("a", 1) is None
    assert await house.support("a", 1, too=False) is None
    stored = await house.stored()
    await house.stand(InterventionStatus.ANSWERED, WHY)
    for number, code in ((1, RefusalCode.CONFLICT), (3, RefusalCode.UNKNOWN), (-1, RefusalCode.UNKNOWN)):
        refused = await house.support("a", number)
        assert isinstance(refused, Refusal)
        assert refused.code is code
    refused = await house.ballots.support(SessionId("none"), 1, "a", "b")
    assert isinstance(refused, Refusal)
    await house.do(CloseSession())
    assert isinstance(await house.support("a", 2), Refusal)
    assert await house.stored() == stored


@in_a_house
async def test_seven_days_after_the_close_only_the_number_is_left(house: BallotsMeeting) -> None:
    await house.support("a")
    await house.support("b")
    assert await house.counted() == 2
    await house.do(CloseSession())
    await house.hall.clock.sleep(KEPT_MS // 2)
    assert await house.stored() == 3
    await house.do(ReopenSession())
    await house.hall.clock.sleep(KEPT_MS)
    assert await house.stored() == 3
    await house.do(CloseSession())
    await house.hall.clock.sleep(KEPT_MS + 2 * ballot_box.LOOK_MS)
    assert await house.stored() == 0
    assert await house.counted() == 2
    await house.do(ReopenSession())
    await house.support("a")  # Nobody can tell any more that it was counted.
    assert await house.counted() == 3


@in_a_house
async def test_no_token_and_no_address_is_kept(house: BallotsMeeting) -> None:
    await house.support("a-visitors-token", address="203.0.113.9")
    await house.counted()
    namespace = dict(await house.book.read(f"{NAMESPACE}:{SESSION}"))
    assert namespace
    assert not any("visitor" in key or "203" in key for key in namespace)


@in_a_house
async def test_a_bound_holds(house: BallotsMeeting) -> None:
    most, ballot_box.MOST_BALLOTS = ballot_box.MOST_BALLOTS, 2
    try:
        await house.support("a")
        await house.support("b")
        refused = await house.support("c")
    finally:
        ballot_box.MOST_BALLOTS = most
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.BUSY
    assert await house.counted() == 2


def test_a_cancelled_meeting_takes_no_support() -> None:
    async def within() -> None:
        async with memory_hall() as hall:
            house = BallotsMeeting(hall, await hall.session())
            asked = Ask(intervention=WHY, kind=InterventionKind.QUESTION, text="Why?", language="en", asker="a")
            await house.do(asked, by=Actor(Role.PARTICIPANT, WHY))
            await house.stand(InterventionStatus.QUEUED, WHY)
            await house.do(CancelSession(reason="Storm"))
            refused = await house.support("a")
            assert isinstance(refused, Refusal)
            assert "cancelled" in refused.message

    run(within())


@in_a_house
async def test_a_rehearsals_are_destroyed_at_once(house: BallotsMeeting) -> None:
    await house.support("a")
    await house.counted()
    await house.ballots.forget(SESSION)
    await house.ballots.forget(SESSION)
    assert await house.stored() == 0


@in_a_house
async def test_the_newest_choice_of_a_browser_counts_until_the_end(house: BallotsMeeting) -> None:
    await house.do(ASKED, by=LEADS)
    for visitor, option in (("a", 0), ("b", 0), ("c", 2), ("a", 1)):
        assert await house.vote(visitor, option) is None
    await house.support("a")
    assert await house.hands() == (1, 1, 1)
    assert house.ballots.voted(SESSION, "a") == {P: Choice(option=1)}
    assert house.ballots.supported(SESSION, "a") == {WHY}
    assert house.ballots.voted(SESSION, "d") == house.ballots.voted(SessionId("none"), "a") == {}
    await house.do(CountRoom(poll=P, room=(9, 0, 0)), by=LEADS)
    await house.vote("d", 2)
    await house.do(ClosePoll(poll=P), by=LEADS)  # Before it was counted.
    assert await house.hands() == (1, 1, 2)
    assert house.live.state.questions.polls[-1].room == (9, 0, 0)
    refused = await house.vote("e", 0)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.CONFLICT


@in_a_house
async def test_what_nobody_can_choose(house: BallotsMeeting) -> None:
    await house.do(ASKED, by=LEADS)
    for number, option in ((2, 0), (1, 3), (1, -1)):
        refused = await house.vote("a", option, number)
        assert isinstance(refused, Refusal)
        assert refused.code is RefusalCode.UNKNOWN
    assert isinstance(await house.ballots.vote(SessionId("none"), 1, 0, "a", "a"), Refusal)
    await house.do(CloseSession())
    assert isinstance(await house.vote("a", 0), Refusal)
    await house.do(ReopenSession())
    await house.do(ClosePoll(poll=P, void=True), by=LEADS)
    refused = await house.vote("a", 0)
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.UNKNOWN


@in_a_house
async def test_hands_that_are_remote_keep_the_rules_of_tokens(house: BallotsMeeting) -> None:
    await house.do(ASKED, by=LEADS)
    for number in range(5):
        await house.vote("", number % 3, address=f"192.0.2.{number}")
    assert sum(await house.hands()) == 1
    for number in range(MOST_NEW + 1):
        await house.vote(f"flood-{number}", 0, address="flood")
    assert sum(await house.hands()) == 1 + KEPT_OF_FLOOD


@in_a_house
async def test_hands_are_counted_again_after_a_crash_and_stay_when_ballots_are_destroyed(house: BallotsMeeting) -> None:
    log = house.hall.log
    assert isinstance(log, FailingLog)
    await house.do(ASKED, by=LEADS)
    log.full = True
    await house.vote("a", 1)
    assert await house.hands() == (0, 0, 0)
    house.ballots = house.again(2)
    await house.ballots.load()
    log.full = False
    assert house.hall.group is not None
    running = house.hall.group.create_task(house.ballots.run())
    assert await house.hands() == (0, 1, 0)
    await house.ballots.forget(SESSION)
    await house.vote("a", 1)  # Nobody can tell any more that it was counted.
    assert await house.hands() == (0, 2, 0)
    running.cancel()


@in_a_house
async def test_what_hubs_have_counted_is_there_after_a_restart_and_destroyed_with_the_ballots(
    house: BallotsMeeting,
) -> None:
    async def hub(count: int) -> Refusal | None:
        return await house.ballots.support_in_hub(house.live, WHY, count, hub="kisumu", node="0a1b")

    assert await house.support("a") is None
    assert await hub(4) is None
    assert await house.counted() == 5
    again = house.again(2)
    await again.load()
    assert house.hall.group is not None
    running = house.hall.group.create_task(again.run())
    before = await house.times_counted()
    # Nothing of it is counted twice, and the browser is known still.
    assert await again.support(SESSION, 1, "a", "192.0.2.1") is None
    assert await house.counted() == 5
    assert await house.times_counted() == before
    house.ballots = again
    assert await hub(3) is None
    assert await house.counted() == 4
    await house.do(CloseSession())
    refused = await hub(5)
    assert refused is not None
    assert refused.code is RefusalCode.CONFLICT
    await again.forget(SESSION)
    assert await house.stored() == 0
    running.cancel()


@in_a_house
async def test_the_first_ballot_of_a_session_may_be_a_hubs(house: BallotsMeeting) -> None:
    house.book.full = True
    with pytest.raises(StorageUnavailable):
        await house.ballots.support_in_hub(house.live, WHY, 4, hub="kisumu", node="0a1b")
    house.book.full = False
    assert await house.ballots.support_in_hub(house.live, WHY, 4, hub="kisumu", node="0a1b") is None
    # Its key came with it: after a crash at once nothing passes for counted before.
    again = house.again(2)
    await again.load()
    assert await house.counted() == 4
    assert await again.support_in_hub(house.live, WHY, 4, hub="kisumu", node="0a1b") is None
    assert await house.support("a") is None
    assert await house.counted() == 5


@in_a_house
async def test_there_is_an_end_to_what_hubs_count(house: BallotsMeeting) -> None:
    assert await house.ballots.support_in_hub(house.live, WHY, 4, hub="kisumu", node="0a1b") is None
    namespace = f"{NAMESPACE}:{SESSION}"
    await house.book.write([BookEntry(namespace, key_of(WHEN, "lima", f"n{n}"), b"1") for n in range(MOST_OF_HUBS)])
    again = house.again(2)
    await again.load()
    refused = await again.support_in_hub(house.live, WHY, 4, hub="lima", node="9f9f")
    assert refused is not None
    assert refused.code is RefusalCode.CONFLICT
    # What is known already is counted on.
    assert await again.support_in_hub(house.live, WHY, 5, hub="kisumu", node="0a1b") is None


@in_a_house
async def test_it_is_told_how_many_came_in_the_last_minute_and_from_how_many_addresses(house: BallotsMeeting) -> None:
    await house.do(ASKED, by=LEADS)
    assert house.ballots.lately(SESSION) is None
    for number in range(6):
        await house.vote(f"v{number}", 0, address=f"2001:db8:{number % 2}:{number}::/64")
    await house.support("a", address="192.0.2.1")
    await house.support("a", address="192.0.2.1")  # The same again is none.
    assert house.ballots.lately(SESSION) == {"support": {WHY: [1, 1]}, "hands": {P: [6, 2]}}
    await house.hall.clock.sleep(LATELY_MS)
    assert house.ballots.lately(SESSION) is None
    await house.vote("v9", 0)
    await house.ballots.forget(SESSION)
    assert house.ballots.lately(SESSION) is None


@in_a_house
async def test_the_many_networks_of_one_ipv6_customer_are_one_flood(house: BallotsMeeting) -> None:
    await house.do(ASKED, by=LEADS)
    for number in range(MOST_NEW + 1):
        await house.vote(f"v{number}", 0, address=f"2001:db8:1:{number:x}::/64")
    assert sum(await house.hands()) == KEPT_OF_FLOOD


@in_a_house
async def test_of_those_that_choose_faster_than_anybody_reads_ten_count(house: BallotsMeeting) -> None:
    for number in range(30):
        await house.support(f"v{number}", address="192.0.2.1", hasty=True)
    assert await house.counted() == KEPT_OF_FLOOD
    assert house.ballots.set_aside(SESSION) == {"support": {WHY: 30 - KEPT_OF_FLOOD}, "hands": {}}
