from __future__ import annotations

import asyncio

from moothall.core.commands import AddChannel
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, SourceId
from moothall.core.kernel.lanes import Feed
from moothall.core.sessions.state import Status
from moothall.core.signals import ChannelState, Sound
from moothall.testing import loop
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.audio import Piece, TakeEndReason
from moothall.wire.frames import Format
from support.memory.hall import FLOOR, shown
from support.memory.microphone import RATE, Ears, begun, close, greeting, live_hall, sound, speak

FRENCH = ChannelId("fr")


def sources(events: list[object]) -> list[object]:
    kinds = (ev.SessionOpened, ev.SourceAttached, ev.SourceEnded, ev.GapNoted)
    return [event for event in events if isinstance(event, kinds)]


def test_a_microphone_opens_the_session_and_is_heard_sample_for_sample() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            assert live.state.status is Status.OPEN
            await speak(hall, take, 5 * RATE)
            await take.finish(TakeEndReason.STOPPED)
            while not take.whole:
                await hall.clock.sleep(100)
            assert take.safe == 5 * RATE
            await hall.clock.sleep(500)
            assert ears.heard == [(FLOOR, 0, sound(0, 5 * RATE))]
            assert sources(list(await hall.events())) == [
                ev.SessionOpened(wall=hall.clock.wall() - hall.clock.monotonic()),
                ev.SourceAttached(source=SourceId("live-takeone1-0"), channel=FLOOR, t=0, rate=RATE),
                ev.SourceEnded(source=SourceId("live-takeone1-0"), t=5_000),
            ]
            assert list(await hall.spools.kept()) == []

    loop.run(story())


def test_what_comes_late_comes_at_its_own_time_and_media_time_runs_on() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 10 * RATE)
            await hall.clock.sleep(60_000)  # the line is cut; the microphone keeps a minute
            again = await begun(hall, live.id, greeting())
            assert again is take
            assert again.received == 10 * RATE
            while take.received < 69 * RATE:  # faster than it was spoken, and everything is older than it will be
                await speak(hall, take, take.received + RATE, age=70_000 - take.received // 16 - 1_000, pace=False)
            await speak(hall, take, 75 * RATE, pace=True)
            await take.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(3_000)
            assert ears.heard == [(FLOOR, 0, sound(0, 75 * RATE))]
            mapped = [event for event in await hall.events() if isinstance(event, ev.ClockMapped)]
            assert all(abs(event.wall - mapped[0].wall - event.t) <= 300 for event in mapped)

    loop.run(story())


def test_a_hole_in_the_sound_is_a_gap_and_what_follows_keeps_its_time() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 2 * RATE)
            await hall.clock.sleep(20_000)
            after = await begun(hall, live.id, greeting(first=12 * RATE, age=10_000))  # it kept ten seconds
            assert take.finished
            assert after.received == 12 * RATE
            await speak(hall, after, 14 * RATE)
            await after.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(3_000)
            assert ears.heard == [(FLOOR, 0, sound(0, 2 * RATE)), (FLOOR, 12_000, sound(12 * RATE, 2 * RATE))]
            assert sources(list(await hall.events()))[1:] == [
                ev.SourceAttached(source=SourceId("live-takeone1-0"), channel=FLOOR, t=0, rate=RATE),
                ev.SourceAttached(source=SourceId("live-takeone1-192000"), channel=FLOOR, t=12_000, rate=RATE),
                ev.SourceEnded(source=SourceId("live-takeone1-0"), t=2_000),
                ev.GapNoted(channel=FLOOR, t0=2_000, t1=12_000, reason=ev.GapReason.SOURCE_LOST),
                ev.SourceEnded(source=SourceId("live-takeone1-192000"), t=14_000),
            ]

    loop.run(story())


def test_another_microphone_takes_the_place_and_only_a_lost_one_leaves_a_gap() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            first = await begun(hall, live.id, greeting())
            await speak(hall, first, 2 * RATE)
            second = await begun(hall, live.id, greeting("taketwo2"))
            assert (first.over, first.finished) == (True, True)
            await speak(hall, second, 2 * RATE, mark=3)
            await second.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(30_000)
            third = await begun(hall, live.id, greeting("takethre"))
            await speak(hall, third, RATE, mark=5)
            await third.finish(TakeEndReason.STOPPED)
            await hall.clock.sleep(2_000)
            assert [t for _, t, _ in ears.heard] == [0, 2_000, 34_000]
            assert [pcm for _, _, pcm in ears.heard] == [sound(0, 2 * RATE), sound(0, 2 * RATE, 3), sound(0, RATE, 5)]
            assert not any(isinstance(event, ev.GapNoted) for event in await hall.events())

    loop.run(story())


def test_a_take_that_is_over_stays_over_whoever_comes_back_with_it() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, RATE)
            await take.finish(TakeEndReason.STOPPED)
            assert await hall.live.begin(live.id, greeting()) is take  # the end was sent, its answer got lost
            assert await hall.live.begin(live.id, greeting(first=2 * RATE)) is None
            await hall.clock.sleep(5_000)
            assert await hall.live.begin(live.id, greeting(first=RATE)) is None

    loop.run(story())


def test_closing_the_session_ends_its_microphones_and_takes_no_others() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 2 * RATE)
            await close(hall, live.id)
            await hall.clock.sleep(2_000)
            assert (take.over, take.finished) == (True, True)
            assert list(await hall.spools.kept()) == []
            refusal = await hall.live.begin(live.id, greeting("taketwo2"))
            assert isinstance(refusal, Refusal)
            assert refusal.code is RefusalCode.CONFLICT

    loop.run(story())


def test_finishing_waits_for_the_last_words() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 2 * RATE)
            finishing = asyncio.ensure_future(hall.live.finish(live.id, 15_000))
            await hall.clock.sleep(4_000)
            assert (finishing.done(), take.over) == (False, True)
            assert hall.group is not None
            hall.group.create_task(Ears().listen(hall.connect()))
            assert await finishing
            assert hall.clock.monotonic() < 8_000
            assert live.state.sources[take.audio.source].ended
            assert await hall.live.finish(SessionId("another"), 15_000)

    loop.run(story())


def test_what_was_said_before_and_is_on_its_way_still_comes_and_no_more() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 2 * RATE, age=500)  # Half a second of it is under way.
            finishing = asyncio.ensure_future(hall.live.finish(live.id, 15_000))
            await speak(hall, take, 5 * RATE // 2)
            assert not take.over
            assert await finishing
            assert (take.over, take.received) == (True, 5 * RATE // 2)
            assert ears.heard == [(FLOOR, 0, sound(0, 5 * RATE // 2))]

    loop.run(story())


def test_of_a_link_that_is_cut_no_more_is_awaited_than_two_seconds() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, RATE, age=700)
            began = hall.clock.monotonic()
            assert await hall.live.finish(live.id, 15_000)
            assert 2_000 <= hall.clock.monotonic() - began < 4_000
            assert take.received == RATE

    loop.run(story())


def test_a_microphone_that_comes_while_it_closes_is_ended_too() -> None:
    async def story() -> None:
        async with live_hall(ears=Ears()) as hall:
            live = await hall.session()
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, RATE)
            finishing = asyncio.ensure_future(hall.live.finish(live.id, 15_000))
            late = await begun(hall, live.id, greeting("taketwo2"))
            assert await finishing
            assert (take.over, late.over) == (True, True)

    loop.run(story())


def test_no_engine_no_longer_than_said() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            live = await hall.session()
            await speak(hall, await begun(hall, live.id, greeting()), RATE)
            assert not await hall.live.finish(live.id, 2_000)
            assert 3_000 <= hall.clock.monotonic() <= 3_200

    loop.run(story())


def test_unknown_sessions_and_channels_are_refused() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            live = await hall.session()
            for session, channel in ((SessionId("nowhere"), FLOOR), (live.id, ChannelId("xx"))):
                refusal = await hall.live.begin(session, greeting(channel=channel))
                assert isinstance(refusal, Refusal)
                assert refusal.code is RefusalCode.UNKNOWN
            assert hall.live.growing(live.id) == frozenset()

    loop.run(story())


def test_each_channel_has_its_microphone_and_its_own_news_of_the_sound() -> None:
    async def story() -> None:
        ears = Ears()
        async with live_hall(ears=ears) as hall:
            live = await hall.session()
            added = AddChannel(channel=FRENCH, kind=ev.ChannelKind.INTERPRETATION, languages=("fr",))
            await live.writer.send(SYSTEM, CommandId("add"), added)
            outlets = {name: MemoryOutlet() for name in (FLOOR, FRENCH)}
            for name, outlet in outlets.items():
                await live.fanout.subscribe(outlet, Feed(name), Format.SSE, None)
            floor = await begun(hall, live.id, greeting())
            french = await begun(hall, live.id, greeting("takefren", channel=FRENCH))
            assert hall.live.growing(live.id) == {FLOOR, FRENCH}
            await asyncio.gather(speak(hall, floor, 2 * RATE), speak(hall, french, 2 * RATE, mark=9))
            await speak(hall, floor, 12 * RATE)  # the interpreter's line is cut
            sounds = {
                name: [signal.sound for signal in shown(outlet) if isinstance(signal, ChannelState)]
                for name, outlet in outlets.items()
            }
            assert Sound.NONE in sounds[FRENCH]
            assert Sound.NONE not in sounds[FLOOR]
            await french.finish(TakeEndReason.STOPPED)
            before = len(sounds[FRENCH])
            await hall.clock.sleep(20_000)  # stopped: nobody is awaited, and readers are told all the same
            states = [signal for signal in shown(outlets[FRENCH]) if isinstance(signal, ChannelState)][before:]
            assert len(states) >= 3
            assert {state.sound for state in states} == {Sound.NONE}
            assert [(channel, t) for channel, t, _ in ears.heard] == [(FLOOR, 0), (FRENCH, 0)]

    loop.run(story())


def test_how_loud_a_microphone_is_is_known_while_it_sends_also_where_no_engine_is() -> None:
    async def story() -> None:
        async with live_hall() as hall:
            live = await hall.session()
            assert hall.live.loudness(live.id) == {}
            take = await begun(hall, live.id, greeting())
            await speak(hall, take, 2 * RATE)
            loudness = hall.live.loudness(live.id)[FLOOR]
            assert (loudness.level(hall.clock.monotonic()), loudness.dead_ms) == (0, 0)
            assert hall.recognising.loudness(live.id) == {FLOOR: loudness}
            assert await take.feed(Piece(first=take.received, age=0, pcm=bytes(2 * RATE)), hall.clock.monotonic())
            await hall.clock.sleep(100)
            assert (loudness.level(hall.clock.monotonic()), loudness.dead_ms) == (-100, 1_000)
            await take.finish(TakeEndReason.STOPPED)
            assert hall.live.loudness(live.id) == {}

    loop.run(story())
