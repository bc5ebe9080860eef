from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import CommandId, Lane, SessionId
from moothall.core.kernel.lanes import QUESTIONS, SESSION, channel_lane
from moothall.core.sessions.state import Status
from moothall.services.hubs.links import HELLO_MS, LOOK_MS, Connected, HubFollowed
from moothall.services.hubs.serving import MESSAGES, UNKNOWN_ACT
from moothall.testing import loop
from moothall.testing.book import MemoryBook
from moothall.testing.clock import ManualClock
from moothall.testing.hub_link import hub_link
from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs import messages as wire
from moothall.wire.kinds import passed_over
from moothall_hub.mirror.offers import Offers
from support.hubs.side import (
    ALL,
    BELOW,
    HALL,
    HELLO,
    MINE,
    ROOM,
    Centre,
    LogSource,
    Model,
    centre,
    ended,
    listen,
    next_of,
)


def told(story: Callable[[Centre], Awaitable[None]], made: Centre | None = None) -> None:
    async def whole() -> None:
        async with centre(made) as running:
            await story(running)

    loop.run(whole())


def test_a_hub_is_welcomed_and_told_of_the_programme() -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial()
        welcome = await hub.receive()
        assert isinstance(welcome, wire.Welcome)
        assert (welcome.hub, welcome.title, welcome.above) == ("kisumu", "Kisumu", ("centre",))
        assert (welcome.keys, welcome.zone) == (b"{}", "Africa/Nairobi")
        programme = await hub.receive()
        assert programme == wire.HubProgramme(sessions=tuple(it.source.offers))
        (connected,) = it.links.connected
        assert (connected.hub, connected.node, connected.release) == ("kisumu", HELLO.node, "0.2")
        assert connected.bytes_sent > connected.bytes_received > 0
        assert it.registry.sightings == [("kisumu", HELLO.node, True)]
        hub.cut()
        await asyncio.sleep(0.1)
        assert it.registry.sightings[1:] == [("kisumu", HELLO.node, False)]
        assert it.links.connected == ()

    told(story)


def test_the_programme_is_said_again_only_when_it_changed() -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial()
        await next_of(hub, wire.HubProgramme)
        await asyncio.sleep(10)
        it.source.offers = []
        changed = await next_of(hub, wire.HubProgramme)
        assert changed == wire.HubProgramme(sessions=(), changes=True, gone=(HALL,))
        assert 10_000 <= it.clock.monotonic() <= 12_100

    told(story)


def test_once_a_hub_knows_the_programme_it_is_told_of_changes_alone() -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial(HELLO)
        (open_hall,) = it.source.offers
        assert await next_of(hub, wire.HubProgramme) == wire.HubProgramme(sessions=(open_hall,))
        later = wire.Offered(session=SessionId("t"), title="Later", status=Status.CREATED)
        it.source.offers = [open_hall, later]
        assert await next_of(hub, wire.HubProgramme) == wire.HubProgramme(sessions=(later,), changes=True)
        it.source.offers = [later]
        assert await next_of(hub, wire.HubProgramme) == wire.HubProgramme(sessions=(), changes=True, gone=(HALL,))

    told(story)


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        (wire.Leave(session=HALL), CloseCode.PROTOCOL_ERROR),
        (msgspec.structs.replace(HELLO, node=""), CloseCode.PROTOCOL_ERROR),
        (msgspec.structs.replace(HELLO, release="1\n2"), CloseCode.PROTOCOL_ERROR),
        (msgspec.structs.replace(HELLO, release="1" * 101), CloseCode.PROTOCOL_ERROR),
        (msgspec.structs.replace(HELLO, protocol=2), CloseCode.BAD_REQUEST),
        (msgspec.structs.replace(HELLO, node="centre"), CloseCode.LOOP),
        (None, CloseCode.PROTOCOL_ERROR),
    ],
)
def test_who_begins_otherwise_is_refused(hello: wire.FromHub | None, code: CloseCode) -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial(hello)
        assert await ended(hub) == code
        assert it.clock.monotonic() == (HELLO_MS if hello is None else 0)
        assert it.registry.sightings == []

    told(story)


def test_a_newer_pairing_ends_the_older_ones_link() -> None:
    async def story(it: Centre) -> None:
        old = await it.dial()
        await next_of(old, wire.HubProgramme)
        it.registry.pair("nairobi", "key-n")
        newer = it.registry.pair("kisumu", "key-2")
        assert await ended(old) == CloseCode.FENCED
        # One that was let in just before hears it as well.
        hub, ours = hub_link()
        await hub.send(HELLO)
        await it.links.serve(ours, it.identity)
        assert await ended(hub) == CloseCode.FENCED
        new = await it.dial(msgspec.structs.replace(HELLO, node="other"), key="key-2")
        await next_of(new, wire.Welcome)
        assert [each.node for each in it.links.connected] == ["other"]
        assert newer.generation == 2

    told(story)


def test_hubs_are_told_whether_the_way_up_stands() -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial()
        welcome = await next_of(hub, wire.Welcome)
        assert isinstance(welcome, wire.Welcome)
        assert (welcome.up, it.links.up) == (True, True)
        for up in (False, False, True):
            it.links.set_up(up)
        assert [await next_of(hub, wire.Above) for _ in range(2)] == [
            wire.Above(above=("centre",), up=False), wire.Above(above=("centre",), up=True),
        ]  # fmt: skip
        await asyncio.sleep(0)
        assert hub.down.empty() or not isinstance(await hub.receive(), wire.Above)

    told(story)


def test_a_long_programme_comes_in_parts_and_is_one() -> None:
    async def story(it: Centre) -> None:
        (hall,) = it.source.offers
        long = [msgspec.structs.replace(hall, session=SessionId(f"s-{n:03}"), title="Ω" * 200) for n in range(300)]
        it.source.offers = long
        hub = await it.dial(HELLO)
        offers, parts = await Offers.load(MemoryBook()), 0
        told = wire.HubProgramme(sessions=(), more=True)
        while told.more:
            said = await next_of(hub, wire.HubProgramme)
            assert isinstance(said, wire.HubProgramme)
            assert len(wire.encode(said)) < wire.MAX_FRAME_BYTES / 8
            told, parts = said, parts + 1
            assert offers.sessions == ()  # Half of a programme is none: nothing is left that it doesn't name yet.
            await offers.take(told)
        assert (parts > 5, offers.sessions) == (True, tuple(long))
        it.source.offers = long[1:]
        assert await next_of(hub, wire.HubProgramme) == wire.HubProgramme(
            sessions=(), changes=True, gone=(SessionId("s-000"),)
        )

    told(story)


def test_a_hub_has_one_link_and_the_newest_stays() -> None:
    async def story(it: Centre) -> None:
        first = await it.dial()
        await next_of(first, wire.HubProgramme)
        second = await it.dial()
        third = await it.dial()
        assert await ended(first) == CloseCode.REPLACED
        assert await ended(second) == CloseCode.REPLACED
        await next_of(third, wire.Welcome)
        assert len(it.links.connected) == 1
        # The older one's end is no end of the hub's.
        assert ("kisumu", HELLO.node, False) not in it.registry.sightings

    told(story)


def test_there_is_room_for_so_many_and_for_who_is_there() -> None:
    async def story(it: Centre) -> None:
        it.links.most = 1
        nairobi = it.registry.pair("nairobi", "key-n")
        assert not it.links.full_for(nairobi)
        hub = await it.dial()
        await next_of(hub, wire.Welcome)
        assert it.links.full_for(nairobi)
        assert not it.links.full_for(it.identity)
        late = await it.dial(key="key-n")
        assert await ended(late) == CloseCode.TRY_LATER

    told(story)


def test_who_finds_itself_above_is_a_loop_and_the_others_are_told() -> None:
    async def story(it: Centre) -> None:
        it.registry.pair("nairobi", "key-n")
        one = await it.dial()
        other = await it.dial(msgspec.structs.replace(HELLO, node="n2"), key="key-n")
        for hub in (one, other):
            await next_of(hub, wire.HubProgramme)
        assert it.links.above == ("centre",)
        it.links.set_above(("centre",))
        it.links.set_above(("centre", "n2", "here"))
        assert await next_of(one, wire.Above) == wire.Above(above=("centre", "n2", "here"))
        assert await ended(other) == CloseCode.LOOP

    told(story)


def test_the_server_says_that_it_goes() -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial()
        await next_of(hub, wire.Welcome)
        it.links.close()
        assert await ended(hub) == CloseCode.GOING_AWAY

    told(story)


def test_what_is_no_message_ends_the_link_before_and_after_hello() -> None:
    async def story(it: Centre) -> None:
        for hello in (None, HELLO):
            hub = await it.dial(hello)
            await hub.send_frame(b"\xc1")
            assert await ended(hub) == CloseCode.PROTOCOL_ERROR
            assert hub.closed is not None
            assert "1 bytes" in hub.closed[1]

    told(story)


def test_a_hub_below_a_hub_has_its_whole_path() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(Lane("hub:north.kisumu"), Lane("hub:north.kisumu.x"), *ALL)
        hub = await it.dial()
        welcome = await next_of(hub, wire.Welcome)
        assert isinstance(welcome, wire.Welcome)
        assert welcome.hub == "north.kisumu"
        model = Model(ROOM)
        await hub.send(model.follow())
        await listen(hub, model)
        assert [record.header.lane for record in model.own] == ["hub:north.kisumu", "hub:north.kisumu.x"]

    told(story, Centre(path="north"))


def test_a_hub_whose_path_is_no_name_is_refused() -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial()
        assert await ended(hub) == CloseCode.BAD_REQUEST

    told(story, Centre(path=f"north.{'x' * 55}"))


def test_a_server_with_another_name_has_its_hubs_come_back() -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial()
        await next_of(hub, wire.Welcome)
        it.links.set_path("")
        it.links.set_path("south")
        assert it.links.path == "south"
        assert await ended(hub) == CloseCode.GOING_AWAY
        welcome = await next_of(await it.dial(), wire.Welcome)
        assert isinstance(welcome, wire.Welcome)
        assert welcome.hub == "south.kisumu"

    told(story)


def test_a_hub_gets_the_lanes_of_what_it_follows_and_its_own() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(*ALL)
        hub = await it.dial()
        model = Model(ROOM)
        await hub.send(model.follow())
        await listen(hub, model)
        await it.source.write(*ALL)
        await listen(hub, model)
        lanes = frozenset({SESSION, QUESTIONS, channel_lane(ROOM)})
        assert model.known == await it.source.records(lanes)
        assert model.own == await it.source.records(frozenset({MINE, BELOW}))
        assert it.links.connected[0].sessions == (HALL,)
        assert it.links.reads(HALL) == {ROOM}
        assert it.links.reads(SessionId("other")) == frozenset()

    told(story, Centre(LogSource()))


def test_a_machine_is_told_what_it_has_to_erase_as_its_link_begins_and_when_it_follows_the_session_no_more() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(*ALL)
        hub = await it.dial()
        model = Model(ROOM)
        await hub.send(model.follow())
        await listen(hub, model)
        it.removals.removed(HALL, it.source.epoch, 20, 1)
        await hub.send(wire.Leave(session=HALL))
        await asyncio.sleep(0.1)
        it.removals.removed(HALL, it.source.epoch, 21, 1)
        recall = wire.Recall(session=HALL, epoch=it.source.epoch, offset=21)
        assert await next_of(hub, wire.Recall) == recall, "the one before it has with the session"
        hub.gone.set()
        again = await it.dial()
        assert await next_of(again, wire.Recall) == msgspec.structs.replace(recall, offset=20)
        assert await next_of(again, wire.Recall) == recall
        await again.send(wire.Erased(session=HALL, offset=20))
        await again.send(wire.Erased(session=HALL, offset=21))
        await asyncio.sleep(0.1)
        assert it.removals.due(HELLO.node) == []

    told(story)


def test_a_machine_that_another_one_has_replaced_isnt_there_any_more() -> None:
    async def story(it: Centre) -> None:
        await next_of(await it.dial(), wire.Welcome)
        await next_of(await it.dial(msgspec.structs.replace(HELLO, node="fedcba9876543210")), wire.Welcome)
        await asyncio.sleep(0.1)
        other = [("kisumu", "fedcba9876543210", True), ("kisumu", HELLO.node, False)]
        assert it.registry.sightings == [("kisumu", HELLO.node, True), *other]

    told(story)


ONE, TWO = SessionId("one"), SessionId("two")


def link(hub: str, *sessions: SessionId, since: int = 1) -> Connected:
    return Connected(
        hub=hub,
        title=hub.title(),
        node="n",
        release="0.1",
        since=since,
        sessions=sessions,
        behind=0,
        round_trip=None,
        bytes_sent=0,
        bytes_received=0,
    )


async def test_what_a_hub_follows_is_told_when_it_changes_and_again_on_a_new_link() -> None:
    links: list[Connected] = []
    told: list[tuple[str, str, SessionId, bool]] = []
    clock = ManualClock()
    again: list[str] = []
    followed = HubFollowed(lambda: tuple(links), lambda *each: told.append(each), clock, relinked=again.append)
    running = asyncio.ensure_future(followed.run())
    links[:] = [link("kisumu", ONE), link("north")]
    await clock.advance(LOOK_MS)
    links[:] = [link("kisumu", TWO), link("north")]
    await clock.advance(LOOK_MS)
    links.clear()
    await clock.advance(LOOK_MS)
    links[:] = [link("kisumu", TWO, since=2)]
    await clock.advance(LOOK_MS)
    links[:] = [link("kisumu", TWO, since=3)]
    await clock.advance(LOOK_MS)
    running.cancel()
    assert told == [
        ("kisumu", "Kisumu", ONE, True),
        ("kisumu", "Kisumu", ONE, False),
        ("kisumu", "Kisumu", TWO, True),
        ("kisumu", "Kisumu", TWO, True),
        ("kisumu", "Kisumu", TWO, True),
    ]
    assert again == ["kisumu"], "its third link came without a moment between"


def test_kinds_of_a_later_release_are_passed_over_and_their_acts_refused(caplog: pytest.LogCaptureFixture) -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial()
        await next_of(hub, wire.Welcome)
        for told in ({"m": "mood", "of": "Hedgerow"}, [9, "Hedgerow"], APPLAUSE, {"m": "mood"}):
            await hub.send_frame(msgspec.msgpack.encode(told))
        refused = await next_of(hub, wire.ActNotDone)
        assert refused == wire.ActNotDone(id=CommandId("clap:1"), code=RefusalCode.INVALID, message=UNKNOWN_ACT)
        await hub.send(wire.HubPulse(sent=5, wall=1))
        assert isinstance(await next_of(hub, wire.HubPulse), wire.HubPulse)
        hub.cut()
        await asyncio.sleep(0.1)
        assert it.links.connected == ()

    with caplog.at_level(logging.INFO):
        told(story)
    assert [each.getMessage() for each in caplog.records if "passed over" in each.getMessage()] == [
        f"hub kisumu: {passed_over(4)}"
    ]
    assert "Hedgerow" not in caplog.text


def test_what_nobody_knows_has_no_more_room_than_what_is_known() -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial()
        for _ in range(MESSAGES.burst + 20):
            await hub.send_frame(msgspec.msgpack.encode({"m": "mood"}))
        await hub.send(wire.HubPulse(sent=5, wall=1))
        while not isinstance(message := await next_of(hub, wire.HubPulse), wire.HubPulse) or message.echo != 5:
            pass
        assert it.clock.monotonic() >= 1_000

    told(story)


APPLAUSE = {"m": "act", "id": "clap:1", "session": "plenary", "at": 1, "act": {"type": "applause", "hands": 3}}
