from __future__ import annotations

from collections.abc import Callable, Coroutine

from moothall.core.commands import CloseSession, OpenSession, SetHubPresence
from moothall.core.events import hubs as he
from moothall.core.events.codec import decode_event
from moothall.core.hubs.presence import HubNow
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.rules.making import MOST_HUBS, MOST_PEOPLE
from moothall.services.hubs import presence as hub_presence
from moothall.services.hubs.presence import COUNTS, CUT_MS, HubPresence
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from support.memory.hall import SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

KISUMU = ("kisumu", "Kisumu")


class PresenceMeeting(MemoryMeeting):
    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        super().__init__(hall, live)
        self.machines = {"kisumu", "north"}
        self.begin()

    def begin(self) -> None:
        self.presence = HubPresence(
            self.hall.sessions,
            clock=self.hall.clock,
            randomness=SeededRandomness(self.hall.clock.monotonic()),
            has_machine=self.machines.__contains__,
        )
        assert self.hall.group is not None
        self.running = self.hall.group.create_task(self.presence.run())

    @property
    def now(self) -> int:
        return self.hall.clock.wall()

    def link(self, *, up: bool, hub: tuple[str, str] = KISUMU) -> int:
        self.presence.connected(*hub, up, self.now)
        return self.now

    def comes(self, hub: tuple[str, str] = KISUMU, session: SessionId = SESSION) -> int:
        since = self.link(up=True, hub=hub)
        self.presence.follows(*hub, session, True)
        return since

    async def later(self, ms: int = 1_500) -> None:
        await self.hall.clock.sleep(ms)

    def stands(self, hub: str = "kisumu") -> HubNow:
        return self.live.state.hubs[hub]

    async def count(self, people: int, at: int, hub: tuple[str, str] = KISUMU, act: str = "") -> None:
        assert (await self.presence.counted(SESSION, *hub, people, at, act=CommandId(act) if act else None)) is None

    async def told(self) -> list[he.HubPresenceChanged]:
        records = await self.hall.log.read(SESSION, 0, 1_000)
        events = [None if record.body is None else decode_event(record.body) for record in records]
        return [event for event in events if isinstance(event, he.HubPresenceChanged)]


def in_a_house(act: Callable[[PresenceMeeting], Coroutine[None, None, None]]) -> Callable[[], None]:
    """A test with a house in which a session is on, on a loop that jumps."""

    async def within() -> None:
        async with memory_hall() as hall:
            house = PresenceMeeting(hall, await hall.session())
            await house.do(OpenSession())
            await act(house)
            house.running.cancel()

    return lambda: run(within())


@in_a_house
async def test_a_hub_that_follows_is_here_and_gone_once_its_link_was_down_for_long(house: PresenceMeeting) -> None:
    since = house.comes()
    await house.later()
    assert house.stands() == HubNow(title="Kisumu", people=None, most=0, here=True, since=since)
    await house.count(23, house.now)
    cut = house.link(up=False)
    await house.later(CUT_MS - 1_500)
    assert house.stands().here
    await house.later(3_000)
    assert (house.stands().here, house.stands().since, house.stands().people) == (False, cut, 23)
    back = house.comes()
    await house.later()
    assert (house.stands().here, house.stands().since, house.stands().people) == (True, back, 23)
    assert len(await house.told()) == 4


@in_a_house
async def test_a_link_that_stumbles_is_not_told_of(house: PresenceMeeting) -> None:
    since = house.comes()
    await house.later()
    for _ in range(5):
        house.link(up=False)
        await house.later(CUT_MS - 2_000)
        house.comes()
        house.comes()
        await house.later()
    assert house.stands().since == since
    assert len(await house.told()) == 1


@in_a_house
async def test_only_the_sessions_that_it_follows_know_of_it(house: PresenceMeeting) -> None:
    other = await house.hall.session(SessionId("other"))
    house.link(up=True)
    house.presence.follows(*KISUMU, SessionId("other"), False)  # It never wanted that.
    await house.later()
    assert not house.live.state.hubs
    house.comes(session=SessionId("other"))
    await house.later()
    assert set(other.state.hubs) == {"kisumu"}
    assert not house.live.state.hubs
    # One that hasn't begun is told when a hub comes, and not when it goes.
    house.link(up=False)
    await house.later(CUT_MS * 2)
    assert other.state.hubs["kisumu"].here


@in_a_house
async def test_a_hub_that_leaves_is_not_waited_for_and_counted_anew_when_it_comes_back(house: PresenceMeeting) -> None:
    house.comes()
    await house.later()
    await house.count(5, house.now)
    house.presence.follows(*KISUMU, SESSION, False)
    await house.later()
    assert (house.stands().here, house.stands().people, house.stands().most) == (False, 0, 5)
    house.link(up=False)
    await house.later(CUT_MS * 2)
    assert len(await house.told()) == 3
    house.comes()
    await house.later()
    assert (house.stands().here, house.stands().people) == (True, None)


@in_a_house
async def test_whoever_comes_back_without_the_session_has_left_it(house: PresenceMeeting) -> None:
    house.comes()
    await house.later()
    house.link(up=False)
    house.link(up=True)
    await house.later(CUT_MS // 2)
    assert house.stands().here
    await house.later(CUT_MS)
    assert (house.stands().here, house.stands().people) == (False, 0)


@in_a_house
async def test_the_newest_count_holds_and_the_same_act_counts_once(house: PresenceMeeting) -> None:
    house.comes()
    await house.later()
    early, late = house.now, house.now + 1_000
    await house.count(24, late, act="b")
    await house.count(23, early, act="a")
    assert (house.stands().people, house.stands().counted) == (24, late)
    await house.count(20, late + 1, act="c")
    await house.count(20, late + 1)
    await house.count(99, late + 2, act="c")
    assert (house.stands().people, house.stands().most) == (20, 24)
    assert len(await house.told()) == 3
    refused = await house.presence.counted(SESSION, *KISUMU, MOST_PEOPLE + 1, late + 9)
    assert refused is not None
    assert refused.code is RefusalCode.INVALID


@in_a_house
async def test_what_was_counted_before_the_close_is_taken_after_it(house: PresenceMeeting) -> None:
    await house.later(5_000)
    before = house.now
    await house.later(5_000)
    await house.do(CloseSession())
    await house.later(60_000)
    await house.count(23, before)
    assert house.stands().people == 23
    late = await house.presence.counted(SESSION, *KISUMU, 24, house.now)
    assert late is not None
    assert late.code is RefusalCode.CONFLICT
    unknown = await house.presence.counted(SessionId("nothing"), *KISUMU, 1, house.now)
    assert unknown is not None
    assert unknown.code is RefusalCode.UNKNOWN


@in_a_house
async def test_a_hub_without_a_machine_has_no_link_that_could_be_down(house: PresenceMeeting) -> None:
    lima = ("lima", "Lima")
    await house.count(4, house.now, hub=lima)
    await house.later(CUT_MS * 3)
    assert house.stands("lima").here
    house.link(up=True, hub=lima)  # Its page is open, and closed again.
    house.link(up=False, hub=lima)
    await house.later(CUT_MS * 3)
    assert house.stands("lima").here


@in_a_house
async def test_a_hub_below_comes_and_goes_with_the_one_above_it(house: PresenceMeeting) -> None:
    north, below = ("north", "North"), ("north.kisumu", "Kisumu")
    house.comes(north)
    await house.later()
    await house.count(12, house.now, hub=below)
    house.link(up=False, hub=north)
    await house.later(CUT_MS + 1_500)
    assert (house.stands("north").here, house.stands("north.kisumu").here) == (False, False)
    house.comes(north)
    await house.later()
    assert (house.stands("north").here, house.stands("north.kisumu").here) == (True, True)
    assert house.stands("north.kisumu").title == "Kisumu"
    house.presence.connected("north", "The North", True, house.now)
    await house.later()
    assert house.stands("north").title == "The North"


@in_a_house
async def test_a_count_over_the_link_says_that_it_takes_part(house: PresenceMeeting) -> None:
    house.link(up=True)
    await house.count(3, house.now)
    cut = house.link(up=False)
    await house.later(CUT_MS + 1_500)
    assert (house.stands().here, house.stands().since) == (False, cut)
    # Its coordinator counts on a page here: its machine is away all the same.
    await house.count(4, house.now)
    assert (house.stands().here, house.stands().people, house.stands().since) == (False, 4, cut)


@in_a_house
async def test_a_count_alone_is_no_link(house: PresenceMeeting) -> None:
    await house.count(3, house.now)
    house.link(up=True)
    await house.later()
    assert len(await house.told()) == 1


@in_a_house
async def test_after_a_restart_a_hub_has_its_time_to_come_back(house: PresenceMeeting) -> None:
    house.comes()
    await house.count(4, house.now, hub=("lima", "Lima"))
    await house.later()
    house.running.cancel()
    began = house.now
    house.begin()
    await house.later(CUT_MS - 2_000)
    assert house.stands().here
    await house.later(4_000)
    assert (house.stands().here, house.stands().since) == (False, began)
    assert house.stands("lima").here


@in_a_house
async def test_what_the_disk_refuses_is_written_later(house: PresenceMeeting) -> None:
    assert isinstance(house.hall.log, FailingLog)
    house.hall.log.full = True
    house.comes()
    await house.later(5_000)
    assert not house.live.state.hubs
    house.hall.log.full = False
    await house.later(3_000)
    assert house.stands().here


@in_a_house
async def test_a_hub_is_called_otherwise_while_it_takes_part(house: PresenceMeeting) -> None:
    house.comes()
    await house.count(4, house.now, ("lima", "Lima"))  # By its page, without a machine.
    await house.later()
    house.presence.retitled("kisumu", "Town library")
    house.presence.retitled("lima", "Lima school")
    await house.later()
    assert [each.title for each in house.live.state.hubs.values()] == ["Lima school", "Town library"]
    house.presence.follows(*KISUMU, SESSION, True)  # As its link has it from before.
    await house.count(23, house.now)
    await house.later()
    assert (house.stands().title, house.stands().people) == ("Town library", 23)


@in_a_house
async def test_a_hub_that_is_taken_out_has_left_until_it_comes_anew(house: PresenceMeeting) -> None:
    house.comes()
    await house.count(23, house.now)
    await house.count(4, house.now, ("kisumu.ward", "Ward"))
    house.machines.discard("kisumu")
    house.presence.removed("kisumu")
    await house.later()
    assert [(house.stands(hub).here, house.stands(hub).people) for hub in ("kisumu", "kisumu.ward")] == [(False, 0)] * 2
    await house.count(9, house.now)  # Its page, made anew.
    house.machines.add("kisumu")
    house.comes()
    await house.later()
    assert (house.stands().here, house.stands().people) == (True, 9)


@in_a_house
async def test_heads_are_counted_as_often_as_people_can_count(house: PresenceMeeting) -> None:
    for n in range(COUNTS.burst):
        await house.count(n, house.now, (KISUMU, ("kisumu.ward", "Ward"))[n % 2])
    refused = await house.presence.counted(SESSION, *KISUMU, 100_000, house.now)
    assert refused is not None
    assert refused.code is RefusalCode.BUSY
    await house.count(7, house.now, ("lima", "Lima"))
    await house.later()
    await house.count(8, house.now)


@in_a_house
async def test_there_is_an_end_to_hubs(house: PresenceMeeting) -> None:
    hubs = [SetHubPresence(hub=f"h{n}", title="H", people=1, here=True, since=0) for n in range(MOST_HUBS)]
    await house.do(*hubs)
    house.comes()
    await house.later()
    assert "kisumu" not in house.live.state.hubs
    full = await house.presence.counted(SESSION, *KISUMU, 5, house.now)
    assert full is not None
    assert full.code is RefusalCode.CONFLICT
    for n in range(hub_presence.MOST_LINKS + 1):
        house.link(up=False, hub=(f"l{n}", "L"))
    await house.later()


@in_a_house
async def test_over_another_link_what_isnt_followed_any_more_has_been_left(house: PresenceMeeting) -> None:
    house.presence.relinked("kisumu")  # Nobody knows it.
    house.comes()
    await house.later()
    house.presence.relinked("kisumu")
    await house.later()
    house.presence.follows(*KISUMU, SESSION, True)
    await house.later(CUT_MS + 2_000)
    assert house.stands().here
    assert len(await house.told()) == 1
    house.presence.relinked("kisumu")
    await house.later(CUT_MS - 2_000)
    assert house.stands().here
    await house.later(4_000)
    assert (house.stands().here, house.stands().people) == (False, 0)
