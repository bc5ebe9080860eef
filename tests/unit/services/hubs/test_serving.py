from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import pytest

from moothall.core.chain import LogRecord
from moothall.core.events.types import LaneHead
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, Lane, SessionId
from moothall.core.kernel.lanes import SESSION, channel_lane
from moothall.core.sessions.state import Status
from moothall.core.signals import ChannelState, Sound, StandIn
from moothall.services.hubs.feeding import CLOSED
from moothall.services.hubs.serving import (
    FOLLOWED_ANEW,
    MEASURE_MS,
    MESSAGES,
    MOST_ANSWERS,
    MOST_FOLLOWED,
    MOST_LANES,
)
from moothall.services.hubs.signals import usual
from moothall.testing import loop
from moothall.testing.hub_link import HubEnd, plain_pack, plain_unpack
from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.acts import SupportAct
from moothall.wire.hubs.messages import FeedPart
from support.hubs.side import FRENCH, HALL, HELLO, LANES, ROOM, Centre, LogSource, Model, centre, ended, listen, next_of

TEXT = channel_lane(ROOM)
PULSE_MS = wire.PULSE_MS


def told(story: Callable[[Centre], Awaitable[None]], made: Centre | None = None) -> None:
    async def whole() -> None:
        async with centre(made) as running:
            await story(running)

    loop.run(whole())


async def linked(it: Centre, room: int = 4) -> HubEnd:
    hub = await it.dial(room=room)
    await next_of(hub, wire.HubProgramme)
    return hub


def act(name: str, hub: str = "") -> wire.Act:
    support = SupportAct(intervention=InterventionId("q"), count=3)
    return wire.Act(id=CommandId(name), session=HALL, at=1, hub=hub, act=support)


# How the texts are doing

LATE = ChannelState(channel=ROOM, sound=Sound.SPEECH, lag=60_000, t=0)
NEW = msgspec.structs.replace(HELLO, signals=wire.SIGNALS)


def test_a_hub_is_told_how_its_texts_are_doing_behind_live_and_when_that_changes() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(SESSION, TEXT)
        hub = await it.dial(NEW)
        it.signals.put(HALL, LATE)
        it.signals.put(HALL, ChannelState(channel=ChannelId("nobody-follows"), sound=Sound.NONE, lag=0, t=0))
        await hub.send(Model(ROOM).follow())
        await next_of(hub, wire.Live)
        assert await next_of(hub, wire.Signalled) == wire.Signalled(session=HALL, signal=LATE)
        it.signals.forget(HALL)
        it.signals.put(HALL, LATE)
        it.signals.forget(HALL)
        assert await next_of(hub, wire.Signalled) == wire.Signalled(session=HALL, signal=usual(LATE))
        await asyncio.sleep(5)
        # On the next link all of it is told anew.
        it.signals.put(HALL, LATE)
        again = await it.dial(NEW)
        await again.send(Model(ROOM).follow())
        await next_of(again, wire.Live)
        assert await next_of(again, wire.Signalled) == wire.Signalled(session=HALL, signal=LATE)

    told(story)


def test_who_follows_a_translation_is_told_of_what_is_spoken() -> None:
    async def story(it: Centre) -> None:
        it.source.spoken = (ROOM,)
        await it.source.write(SESSION, channel_lane(FRENCH))
        hub = await it.dial(NEW)
        await hub.send(Model(FRENCH).follow())
        await next_of(hub, wire.Live)
        it.signals.put(HALL, LATE)
        assert await next_of(hub, wire.Signalled) == wire.Signalled(session=HALL, signal=LATE)

    told(story)


def test_readers_are_sent_from_a_silent_interpreter_to_no_text_that_the_hub_does_not_have() -> None:
    async def story(it: Centre) -> None:
        machine = ChannelId("mt-fr")
        await it.source.write(SESSION, channel_lane(FRENCH))
        for texts, expected in (((FRENCH,), None), ((FRENCH, machine), machine)):
            it.source.channels = texts
            it.signals.forget(HALL)
            hub = await it.dial(NEW)
            await hub.send(msgspec.structs.replace(Model(FRENCH).follow(), channels=texts))
            await next_of(hub, wire.Live)
            it.signals.put(HALL, StandIn(channel=FRENCH, instead=machine))
            it.signals.put(HALL, ChannelState(channel=FRENCH, sound=Sound.NONE, lag=0, t=0))
            told = await next_of(hub, wire.Signalled)
            assert isinstance(told, wire.Signalled)
            assert getattr(told.signal, "instead", None) == expected

    told(story)


def test_a_hub_of_before_is_told_nothing_that_it_doesnt_know() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(SESSION, TEXT)
        it.signals.put(HALL, LATE)
        hub, model = await linked(it), Model(ROOM)
        await hub.send(model.follow())
        await listen(hub, model)
        it.signals.forget(HALL)
        await it.source.write(TEXT)
        while not isinstance(message := await hub.receive(), wire.HubPulse):
            assert not isinstance(message, wire.Signalled)

    told(story)


# Time


def test_pulses_go_both_ways_and_measure_the_link() -> None:
    async def story(it: Centre) -> None:
        hub = await linked(it)
        await hub.send(wire.HubPulse(sent=77, wall=5))
        answer = await next_of(hub, wire.HubPulse)
        assert isinstance(answer, wire.HubPulse)
        assert (answer.echo, answer.wall) == (77, it.clock.wall())
        asked = await next_of(hub, wire.HubPulse)
        assert isinstance(asked, wire.HubPulse)
        assert (asked.echo, it.clock.monotonic()) == (0, PULSE_MS)
        assert it.links.connected[0].round_trip is None
        await asyncio.sleep(0.6)
        await hub.send(wire.HubPulse(sent=78, echo=asked.sent, wall=5))
        await asyncio.sleep(0.1)
        assert it.links.connected[0].round_trip == 600

    told(story)


def test_a_server_that_has_answered_needs_no_pulse_of_its_own() -> None:
    async def story(it: Centre) -> None:
        hub = await linked(it)
        asked = []
        for second in range(20, 20 + 600, 20):
            await hub.send(wire.HubPulse(sent=second, wall=5))
            while not isinstance(message := await hub.receive(), wire.HubPulse) or message.echo != second:
                if isinstance(message, wire.HubPulse):
                    asked.append(it.clock.monotonic())
                    await hub.send(wire.HubPulse(sent=second, echo=message.sent, wall=5))
            await asyncio.sleep(PULSE_MS / 1_000)
        assert asked == [PULSE_MS, PULSE_MS + MEASURE_MS]

    told(story)


def test_a_hub_of_which_nothing_is_heard_for_two_and_a_half_pulses_is_gone_since_it_was_heard() -> None:
    async def story(it: Centre) -> None:
        hub = await linked(it)
        await asyncio.sleep(PULSE_MS / 1_000 - 1)
        heard = it.clock.monotonic()
        await hub.send(wire.Leave(session=HALL))
        assert await ended(hub) == CloseCode.TRY_LATER
        assert it.clock.monotonic() == heard + wire.SILENT_MS
        await asyncio.sleep(0.1)
        assert it.registry.sightings[-1][2] is False
        assert it.clock.wall() - it.registry.last_seen == wire.SILENT_MS + 100

    told(story)


def test_a_hub_that_doesnt_read_is_given_up_and_costs_nothing() -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial(room=1)
        await hub.send(Model(ROOM).follow())
        for _ in range(50):
            await it.source.write(*[TEXT] * 20, size=1_000)
            await asyncio.sleep(1)
        assert it.links.connected[0].bytes_sent < 100_000
        await asyncio.sleep(20)
        assert hub.closed is not None
        assert hub.closed[0] == CloseCode.TRY_LATER

    told(story)


def test_who_asks_and_doesnt_read_the_answers_is_sent_away() -> None:
    async def story(it: Centre) -> None:
        hub = await it.dial(room=1)
        for _ in range(MOST_ANSWERS + 10):
            await hub.send(wire.HubPulse(sent=1, wall=5))
        await asyncio.sleep(1)
        assert hub.closed is not None
        assert hub.closed[0] == CloseCode.TRY_LATER

    told(story)


def test_who_says_too_much_is_listened_to_more_slowly() -> None:
    async def story(it: Centre) -> None:
        hub = await linked(it)
        for _ in range(MESSAGES.burst + 60):
            await hub.send(wire.Leave(session=HALL))
        await hub.send(act("a"))
        await next_of(hub, wire.ActDone)
        assert 2_900 < it.clock.monotonic() < 3_200

    told(story)


# What goes down


def test_what_is_said_now_goes_before_what_was_missed() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(SESSION, *[TEXT] * 200, size=1_000)
        hub, model = await it.dial(room=1), Model(ROOM)
        await hub.send(model.follow())
        live = await next_of(hub, wire.Live)
        assert isinstance(live, wire.Live)
        assert live.missed
        model.take(live)
        parts: list[FeedPart] = []
        while not model.caught:
            message = await next_of(hub, wire.Batch, wire.Caught)
            if isinstance(message, wire.Batch):
                parts.append(message.part)
                if len(parts) in (2, 10):
                    await it.source.write(TEXT)
                    await asyncio.sleep(1)
            if (answer := model.take(message)) is not None:
                await hub.send(answer)
        # Each waits for what is on the line, and for nothing else.
        assert FeedPart.LIVE in parts[2:5]
        assert FeedPart.LIVE in parts[10:13]
        assert len(model.known) == 203

    told(story)


def test_the_window_is_one_for_all_sessions_of_a_link() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(SESSION, *[TEXT] * 200, size=1_000)
        hub = await it.dial(room=1_000)
        await hub.send(Model(ROOM).follow())
        await asyncio.sleep(5)
        sent = 0
        while not hub.down.empty():
            message = await hub.receive()
            if isinstance(message, wire.Batch):
                assert message.part is FeedPart.MISSED
                sent += len(message.data)
        assert wire.WINDOW_BYTES // 2 < sent <= wire.WINDOW_BYTES

    told(story)


def test_what_a_hub_left_comes_no_more_and_what_it_follows_anew_begins_anew() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(SESSION, TEXT)
        hub, model = await linked(it), Model(ROOM)
        await hub.send(model.follow())
        await listen(hub, model)
        await hub.send(model.follow())
        await hub.send(wire.Taken(session=HALL, number=3))
        await hub.send(wire.Taken(session=SessionId("other"), number=3))
        await listen(hub, model)
        assert len(model.known) == 2
        await hub.send(wire.Leave(session=HALL))
        await asyncio.sleep(0.1)
        await it.source.write(TEXT)
        await listen(hub, model)
        assert len(model.known) == 2
        assert it.links.connected[0].sessions == ()

    told(story)


def test_each_follow_is_answered_once() -> None:
    async def story(it: Centre) -> None:
        hub, model = await linked(it), Model(ROOM)
        for _ in range(3):
            await hub.send(model.follow())  # The session isn't there yet.
            await asyncio.sleep(0.1)
        anew = wire.Stopped(session=HALL, message=FOLLOWED_ANEW)
        assert [await next_of(hub, wire.Stopped, wire.Live) for _ in range(2)] == [anew, anew]
        await it.source.write(SESSION)
        assert isinstance(await next_of(hub, wire.Stopped, wire.Live), wire.Live)
        await hub.send(model.follow())
        assert isinstance(await next_of(hub, wire.Stopped, wire.Live), wire.Live)

    told(story)


def test_a_hub_follows_so_many_sessions() -> None:
    async def story(it: Centre) -> None:
        hub = await linked(it)
        it.source.offers = [
            wire.Offered(session=SessionId(f"s{n}"), title="", status=Status.OPEN) for n in range(MOST_FOLLOWED)
        ]
        await next_of(hub, wire.HubProgramme)
        for n in range(MOST_FOLLOWED):
            await hub.send(wire.Follow(session=SessionId(f"s{n}"), channels=()))
        await hub.send(wire.Follow(session=HALL, channels=()))
        refused = await next_of(hub, wire.Stopped)
        assert isinstance(refused, wire.Stopped)
        assert refused.session == HALL
        assert "64" in refused.message
        await hub.send(wire.Follow(session=SessionId("s1"), channels=()))
        anew = wire.Stopped(session=SessionId("s1"), message=FOLLOWED_ANEW)
        assert await next_of(hub, wire.Stopped) == anew
        await hub.send(wire.Follow(session=SessionId("No name"), channels=()))
        assert await next_of(hub, wire.Stopped) == wire.Stopped(session=SessionId("No name"), message=CLOSED)

    told(story)


def test_a_hub_names_so_many_lanes() -> None:
    async def story(it: Centre) -> None:
        hub = await linked(it)
        own = {Lane(f"hub:kisumu.h{n}"): LaneHead(offset=1, digest="") for n in range(MOST_LANES)}
        await hub.send(wire.Follow(session=HALL, channels=(ROOM,), own=own))
        assert await ended(hub) == CloseCode.PROTOCOL_ERROR

    told(story)


def test_what_is_planned_is_waited_for_and_what_is_gone_is_stopped() -> None:
    async def story(it: Centre) -> None:
        hub, model = await linked(it), Model(ROOM)
        await hub.send(model.follow())
        await hub.send(wire.Follow(session=SessionId("other"), channels=()))
        assert await next_of(hub, wire.Stopped) == wire.Stopped(session=SessionId("other"), message=CLOSED)
        await asyncio.sleep(0.1)
        await it.source.write(SESSION, TEXT)
        await listen(hub, model)
        assert len(model.known) == 2
        it.source.offers = []
        await listen(hub, model)
        assert model.stopped is None  # It isn't offered any more, and goes on for who follows it.
        it.source.public = False
        it.source.offers = [wire.Offered(session=SessionId("x"), title="", status=Status.OPEN)]
        await listen(hub, model)
        assert model.stopped == wire.Stopped(session=HALL, message=CLOSED)
        assert it.links.connected[0].sessions == ()

    told(story)


def test_what_is_gone_from_a_hub_is_told() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(*LANES)
        hub = await linked(it)
        model = Model()
        await hub.send(model.follow())
        await listen(hub, model)
        it.removals.removed(HALL, it.source.epoch, 9, 1)
        await hub.send(wire.Erased(session=HALL, offset=9))
        await asyncio.sleep(0.1)
        (removal,) = it.removals.list()
        assert [(each.hub, each.node, removal.done(each) is None) for each in removal.holders] == [
            ("kisumu", HELLO.node, False)
        ]

    told(story)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (StorageUnavailable("The disk is away."), CloseCode.TRY_LATER),
        (LookupError(), CloseCode.INTERNAL_ERROR),
    ],
)
def test_a_failure_ends_one_link(failure: Exception, code: CloseCode) -> None:
    async def story(it: Centre) -> None:
        await it.source.write(SESSION)
        hub = await linked(it)
        it.source.fails = [failure]
        await hub.send(Model(ROOM).follow())
        assert await ended(hub) == code

    told(story)


def test_a_log_that_is_broken_stops_its_session() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(SESSION, *[TEXT] * 100, size=1_000)
        hub, model = await linked(it), Model(ROOM)
        it.source.fails = [RecordBroken("Event 3 can't be read.")]
        await hub.send(model.follow())
        stopped = await next_of(hub, wire.Stopped)
        assert isinstance(stopped, wire.Stopped)
        assert stopped.offset is None
        await hub.send(model.follow())
        await next_of(hub, wire.Live)
        await asyncio.sleep(0.5)
        it.source.fails = [RecordBroken("Event 3 can't be read.")]
        await hub.send(wire.Taken(session=HALL, number=100))
        await next_of(hub, wire.Stopped)

    told(story)


def test_a_programme_that_cant_be_read_is_looked_for_again() -> None:
    async def story(it: Centre) -> None:
        it.source.fails = [StorageUnavailable("Away."), RecordBroken("Broken.")]
        hub = await it.dial()
        await next_of(hub, wire.HubProgramme)
        assert it.clock.monotonic() == 4_000

    told(story)


def test_a_log_that_doesnt_go_on_sends_the_hub_to_follow_anew() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(SESSION)
        hub, model = await linked(it), Model(ROOM)
        await hub.send(model.follow())
        await listen(hub, model)
        it.source.hole = (1, 2)
        await it.source.write(TEXT, TEXT)
        assert await ended(hub) == CloseCode.GOING_AWAY

    told(story)


def test_what_is_followed_anew_while_it_is_read_is_not_sent_for_the_old() -> None:
    """The log answers late; meanwhile the hub has changed its mind."""
    gate = asyncio.Event()

    class SlowSource(LogSource):
        slow = False

        async def read(self, *args: object, **more: object) -> Sequence[LogRecord]:
            if self.slow:
                await gate.wait()
            return await super().read(*args, **more)  # type: ignore[arg-type]

    source = SlowSource()

    async def story(it: Centre) -> None:
        await source.write(SESSION, *[TEXT] * 3)
        hub, model = await linked(it), Model(ROOM)
        source.slow = True
        await hub.send(model.follow())
        await asyncio.sleep(0.1)
        await hub.send(wire.Leave(session=HALL))
        await asyncio.sleep(0.1)
        gate.set()
        await listen(hub, model)
        assert model.began is None
        await hub.send(model.follow())
        await listen(hub, model)
        assert len(model.known) == 4

    told(story, Centre(source))


def test_sessions_take_turns_with_what_was_missed() -> None:
    class Two(LogSource):
        """The same log under two names."""

        async def log_status(self, session: SessionId) -> object:  # type: ignore[override]
            return await super().log_status(HALL)

        async def read(self, session: SessionId, *args: object, **more: object) -> Sequence[LogRecord]:
            return await super().read(HALL, *args, **more)  # type: ignore[arg-type]

    async def story(it: Centre) -> None:
        await it.source.write(SESSION, *[TEXT] * 100, size=1_000)
        hub = await linked(it)
        for name in ("s", "t"):
            await hub.send(wire.Follow(session=SessionId(name), channels=(ROOM,)))
        order = []
        for _ in range(8):
            batch = await next_of(hub, wire.Batch)
            assert isinstance(batch, wire.Batch)
            order.append(batch.session)
            await hub.send(wire.Taken(session=batch.session, number=batch.number))
        assert "sss" not in "".join(order)
        assert "ttt" not in "".join(order)
        assert plain_unpack(plain_pack([], session=HALL, epoch=it.source.epoch, heads={})) == []

    told(story, Centre(Two()))


def test_it_is_known_for_how_long_a_hub_has_lacked_something() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(SESSION, TEXT)
        hub, model = await linked(it, room=1), Model(ROOM)
        assert [each.behind for each in it.links.connected] == [0]
        await hub.send(model.follow())
        await listen(hub, model)
        await asyncio.sleep(1)
        assert [each.behind for each in it.links.connected] == [0]
        for _ in range(4):  # It reads nothing, and the line takes no more.
            await it.source.write(TEXT)
            await asyncio.sleep(3)
        assert it.links.connected[0].behind > 5_000
        await listen(hub, model)
        await asyncio.sleep(2)
        await listen(hub, model)
        await asyncio.sleep(2)
        assert [each.behind for each in it.links.connected] == [0]

    told(story)


def test_a_batch_is_traced_by_hub_session_part_and_size() -> None:
    async def story(it: Centre) -> None:
        await it.source.write(SESSION, TEXT)
        hub, model = await linked(it), Model(ROOM)
        await hub.send(model.follow())
        await listen(hub, model)
        assert it.spans.spans
        for name, said in it.spans.spans:
            size = said.pop("bytes")
            assert isinstance(size, int)
            assert size > 0
            assert said.pop("part") in {"live", "missed", "own"}
            assert (name, said) == ("hub batch", {"hub": "kisumu", "session": HALL})

    told(story)
