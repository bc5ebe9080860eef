from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import msgspec

from moothall.core import commands as do
from moothall.core.commands import (
    AddChannel,
    AnyCommand,
    AttachEngine,
    AttachSource,
    BeginNotRecorded,
    CloseSession,
    CommitWords,
    EndSegment,
    OpenSession,
    PauseSession,
    ResumeSession,
    SegmentStart,
    SetSpeaker,
    SetTranslation,
    TypeSegment,
)
from moothall.core.events.lines import AirSource, EndReason, SourceSegment, Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, SegmentId, SessionId
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.core.sessions.state import Status
from moothall.core.signals import ChannelState, Sound, Unsaved
from moothall.core.views.quality import Delay
from moothall.services.control.control_room import BreakSpeech, ControlRoom, RoomCard, gauges
from moothall.services.log.act_queue import Receipt
from moothall.services.programme.programme import Programme
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.reports import ReportKind, Tally
from moothall.services.sound.loudness import Loudness
from moothall.services.supervision.pulses import Stalls
from moothall.services.supervision.supervising import BACKOFF, MOST_TIMES
from moothall.testing.book import MemoryBook
from moothall.testing.clock import LoopClock, SeededRandomness
from moothall.testing.loop import run
from support.memory.hall import FLOOR, MIC, MemoryHall, memory_hall

ONE, TWO = RoomId("one"), RoomId("two")


class Stopped(LoopClock):
    """A clock that went on while this process was stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.missed = 0

    def monotonic(self) -> int:
        return super().monotonic() + self.missed


class Watching:
    """A control room over sessions in memory, in two rooms."""

    def __init__(self, hall: MemoryHall) -> None:
        self.hall = hall
        self.clock = Stopped()
        self.engines = 1
        self.loudness: dict[SessionId, dict[ChannelId, Loudness]] = {}
        self.unheard: set[SessionId] = set()
        self.unlike: dict[SessionId, tuple[tuple[str, ...], str]] = {}
        self.crowd: dict[SessionId, tuple[bool, int | None]] = {}
        self.queue: tuple[int, tuple[SessionId, ...], tuple[int, ...]] = (0, (), ())
        self.disk: tuple[int, int] | None = (50_000_000_000, 100_000_000_000)
        self.sound: dict[SessionId, tuple[int, bool]] = {}
        self.full: set[SessionId] = set()
        self.zoom_away: set[SessionId] = set()
        self.reports: dict[ReportKind, int] = {}
        self.programme = Programme(
            book=MemoryBook(),
            sessions=hall.sessions,
            closing=hall.closing,
            clock=hall.clock,
            randomness=SeededRandomness(),
        )
        self.room = ControlRoom(
            hall.sessions,
            rooms=self.programme,
            clock=self.clock,
            engines=lambda: self.engines,
            unheard=lambda session: session in self.unheard,
            unlike=lambda session: self.unlike.get(session, None),
            crowd=lambda session: self.crowd.get(session, (False, None)),
            queue=lambda session: self.queue,
            sound=lambda session: self.sound.get(session, (0, False)),
            full=lambda session: session in self.full,
            zoom_away=lambda session: session in self.zoom_away,
            disk=lambda: self.disk,
            loudness=lambda session: self.loudness.get(session, {}),
            tally=lambda _: Tally(readers=10, counts=self.reports, unseen=frozenset(), channels={}),
            presence=lambda _: [{"desk": "1", "role": "technician", "label": "Ann", "name": ""}],
        )
        self._done = 0

    async def begin(self, name: str, room: RoomId | None = None) -> LiveSession:
        live = await self.hall.session(SessionId(name))
        if room is not None:
            now = self.hall.clock.wall()
            await self.programme.keep(planned=[Planned(session=live.id, room=room, title=name, starts=now)])
        await self.do(live, OpenSession())
        return live

    async def do(self, live: LiveSession, *commands: AnyCommand, by: Actor = SYSTEM) -> None:
        self._done += 1
        answer = await live.writer.send(by, CommandId(f"t{self._done}"), commands)
        assert isinstance(answer, Receipt), answer

    async def speech_in_both_rooms(self) -> None:
        """In sessions that are called as their rooms are."""
        for room in (ONE, TWO):
            live = await self.begin(room, room)
            await self.do(live, AttachSource(source=MIC, channel=FLOOR, t=0, rate=16_000))
            live.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=0, t=0))

    async def after(self, seconds: float) -> tuple[RoomCard, ...]:
        await self.hall.clock.sleep(round(seconds * 1000))
        self.room.look()
        return self.room.cards


@asynccontextmanager
async def watching() -> AsyncIterator[Watching]:
    async with memory_hall() as hall:
        made = Watching(hall)
        await made.programme.keep(rooms=[Room(id=ONE, title="Room 1"), Room(id=TWO, title="Room 2")])
        yield made


def kinds(card: RoomCard) -> list[str]:
    return [alarm.kind for alarm in card.alarms]


def test_there_is_a_card_for_each_room_and_each_session_without_one() -> None:
    async def story() -> None:
        async with watching() as on:
            await on.begin("opening", TWO)
            await on.begin("aside")
            planned, soon = await on.hall.session(SessionId("later")), on.hall.clock.wall() + 60_000
            await on.programme.keep(planned=[Planned(session=planned.id, room=TWO, title="Later", starts=soon)])
            cards = await on.after(1)
            assert [(card.place, card.session, card.following) for card in cards] == [
                ("", "aside", ""),
                ("Room 2", "opening", "Later"),
                ("Room 1", None, ""),
            ]
            assert on.room.overview.engines == 1
            assert on.room.overview.disk_free == 50_000_000_000

    run(story())


def test_the_figures_come_from_what_is_published() -> None:
    async def story() -> None:
        async with watching() as on:
            live = await on.begin("s", ONE)
            await on.do(live, AttachSource(source=MIC, channel=FLOOR, t=0, rate=16_000))
            await on.do(live, AttachEngine(channel=FLOOR, model="scripted"))
            live.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=2_600, t=0))
            words = (Word("Good", 0, 1), Word(" day", 1, 2))
            start = SegmentStart(t0=0, language="en")
            commit = CommitWords(channel=FLOOR, generation=1, segment=SegmentId("a"), first=0, words=words, start=start)
            await on.do(live, commit, by=Actor(Role.ENGINE, "scripted"))
            card = (await on.after(4))[0]
            assert (card.sound, card.words, card.rate, card.lag) == (4, 4, 2, 2)
            assert (card.heard, card.expected, card.readers) == ("en", "en", {"floor": 0})
            assert card.here[0]["label"] == "Ann"
            assert (card.alarms, card.stands, card.delays, card.rates) == ((), "live", (2,), (2,))
            card = (await on.after(60))[0]
            assert (card.rate, card.stands, card.delays, card.rates) == (0, "cut", (2, None), (2, 0))

    run(story())


def test_a_room_in_which_nobody_speaks_says_since_when() -> None:
    async def story() -> None:
        async with watching() as on:
            live = await on.begin("s", ONE)
            await on.do(live, AttachSource(source=MIC, channel=FLOOR, t=0, rate=16_000))
            opened = on.hall.clock.wall()
            for seconds in range(0, 40, 10):
                live.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SILENCE, lag=0, t=seconds * 1000))
                card = (await on.after(10))[0]
                assert card.stands == ("live" if seconds < 20 else "silence")
            assert card.alarms == ()
            assert card.silent_since is not None
            assert opened - 1000 <= card.silent_since <= opened
            await on.do(live, CloseSession())
            assert all(card.silent_since is None for card in await on.after(1))

    run(story())


def test_a_zoom_meeting_that_takes_no_captions_is_told_of_where_it_belongs() -> None:
    async def story() -> None:
        async with watching() as on:
            await on.speech_in_both_rooms()
            on.zoom_away.add(SessionId(TWO))
            told = {card.session: "zoom-away" in kinds(card) for card in await on.after(1)}
            assert told == {SessionId(ONE): False, SessionId(TWO): True}
            on.zoom_away.clear()
            assert not any("zoom-away" in kinds(card) for card in await on.after(1))

    run(story())


def test_speech_in_a_break_is_told_of_after_ten_seconds() -> None:
    async def story() -> None:
        async with watching() as on:
            live = await on.begin("s", ONE)

            async def after(seconds: int, sound: Sound) -> list[str]:
                for _ in range(seconds):
                    t = live.state.media_now(on.hall.clock.wall())
                    live.writer.signal(ChannelState(channel=FLOOR, sound=sound, lag=0, t=t))
                    (card, *_) = await on.after(1)
                return kinds(card)

            assert await after(30, Sound.SPEECH) == []
            await on.do(live, PauseSession())
            await on.after(1)
            assert await after(9, Sound.SPEECH) == [], "what was said before it doesn't count"
            assert await after(1, Sound.SPEECH) == ["break-speech"]
            assert await after(1, Sound.SILENCE) == []
            assert await after(5, Sound.SPEECH) == []
            await on.do(live, ResumeSession())
            assert await after(30, Sound.SPEECH) == []

    run(story())


def test_how_good_the_texts_are_is_told_once_there_are_enough_words() -> None:
    async def story() -> None:
        async with watching() as on:
            live = await on.begin("s", ONE)
            await on.do(live, AttachEngine(channel=FLOOR, model="scripted"))
            for n, name in enumerate(("a", "b")):
                words = tuple(Word(" word", t, t + 100) for t in range(n * 4_000, n * 4_000 + 3_000, 100))
                start = SegmentStart(t0=words[0].t0, language="en")
                line = SegmentId(name)
                commit = CommitWords(channel=FLOOR, generation=1, segment=line, first=0, words=words, start=start)
                end = EndSegment(channel=FLOOR, generation=1, segment=line, t1=words[-1].t1, reason=EndReason.PAUSE)
                card = (await on.after(4))[0]
                assert card.quality is None
                await on.do(live, commit, end, by=Actor(Role.ENGINE, "scripted"))
            quality = (await on.after(1))[0].quality
            assert quality is not None
            assert (quality.words, quality.lines, quality.words_a_minute) == (60, 2, 600)
            assert quality.delay == Delay(p50=2_400, p95=3_800)

    run(story())


def test_a_stall_of_the_server_itself_raises_no_alarm_and_ends_none() -> None:
    async def story() -> None:
        async with watching() as on, asyncio.TaskGroup() as group:
            good, bad, rest = await on.begin("good"), await on.begin("bad"), await on.begin("rest")
            for live in (good, bad, rest):
                await on.do(live, AttachSource(source=MIC, channel=FLOOR, t=0, rate=16_000))
            await on.do(rest, PauseSession())
            looks: list[dict[SessionId | None, list[str]]] = []
            on.room.listen(lambda: looks.append({card.session: kinds(card) for card in on.room.cards if card.session}))
            looking = group.create_task(on.room.run())
            for _ in range(25):
                good.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=0, t=0))
                await on.hall.clock.sleep(1_000)
            rest.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=0, t=0))
            on.clock.missed += 90_000
            await on.hall.clock.sleep(2_000)
            looking.cancel()
            assert looks[-2:] == [{"good": [], "bad": ["no-sound"], "rest": []}] * 2
            assert on.room.alarms_of(bad.id)[0].values == {"n": 26}

    run(story())


def test_the_worst_is_first_and_goes_back_when_somebody_sees_to_it() -> None:
    async def story() -> None:
        async with watching() as on:
            good, bad = await on.begin("good", ONE), await on.begin("bad", TWO)
            for live in (good, bad):
                await on.do(live, AttachSource(source=MIC, channel=FLOOR, t=0, rate=16_000))
            for _ in range(40):
                good.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SILENCE, lag=0, t=0))
                await on.after(1)
            assert [(card.session, kinds(card)) for card in on.room.cards] == [
                ("bad", ["no-sound"]),
                ("good", []),
            ]
            assert on.room.cards[0].alarms[0].values == {"n": 40}
            on.room.see_to(bad.id, "no-sound", "  Ann  ")
            assert on.room.alarms_of(bad.id)[0].by == "Ann"
            bad.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SILENCE, lag=0, t=0))
            assert (await on.after(1))[0].alarms == ()
            assert [kinds(card) for card in await on.after(30)] == [["no-sound"], ["no-sound"]]
            assert on.room.alarms_of(bad.id)[0].by is None  # it is a new one
            assert on.room.alarms_of(SessionId("none")) == ()

    run(story())


def test_what_readers_say_and_what_the_house_lacks_is_raised() -> None:
    async def story() -> None:
        async with watching() as on:
            live = await on.begin("s")
            await on.do(live, AttachSource(source=MIC, channel=FLOOR, t=0, rate=16_000))
            on.engines, on.reports, on.disk = 0, {ReportKind.LANGUAGE: 4}, (1_000_000_000, 10_000_000_000)
            live.writer.signal(Unsaved(channel=FLOOR, text="words"))
            await on.after(1)
            live.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=0, t=0))
            card = (await on.after(12))[0]
            assert kinds(card) == ["unsaved", "reports"]
            shared = {each.kind: each.by for each in on.room.overview.alarms}
            assert shared == {"disk": None, "no-machine": None}, "what all meetings lack is on no card"
            assert {each.kind for each in on.room.alarms_of(live.id)} == {"unsaved", "disk", "no-machine", "reports"}
            on.room.see_to(SessionId(""), "disk", "Ann")
            assert {each.kind: each.by for each in on.room.overview.alarms}["disk"] == "Ann"
            assert {each.kind: each.by for each in on.room.alarms_of(live.id)}["disk"] == "Ann"
            assert card.reports == {"language": 4}
            on.engines, on.disk = 1, None
            live.writer.signal(Unsaved(channel=FLOOR, text=""))
            assert kinds((await on.after(1))[0]) == ["reports"]

    run(story())


def test_written_lines_count_as_words_and_a_long_time_not_recorded_is_asked_about() -> None:
    async def story() -> None:
        async with watching() as on:
            live = await on.begin("s")
            line = TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="Three plain words", language="en")
            await on.do(live, line, by=Actor(Role.CAPTIONER, "c"))
            card = (await on.after(2))[0]
            assert (card.rate, card.words, card.sound) == (3, 2, None)
            await on.do(live, BeginNotRecorded())
            assert (await on.after(1))[0].off
            assert "off-long" in kinds((await on.after(1_800))[0])
            await on.do(live, CloseSession())
            assert all(card.session is None for card in await on.after(1))

    run(story())


def test_what_is_translated_is_not_what_was_heard() -> None:
    async def story() -> None:
        async with watching() as on:
            live = await on.begin("a")
            spanish = ChannelId("mt-es")
            line = TypeSegment(channel=FLOOR, segment=SegmentId("s"), text="Three words here.", language="en")
            await on.do(live, line, by=Actor(Role.CAPTIONER, "c"))
            into = AddChannel(channel=spanish, kind=ChannelKind.TRANSLATION, languages=("es",), of_record=True)
            await on.do(live, into)
            await on.after(5)
            source = SourceSegment(SegmentId("s"), 0)
            made = SetTranslation(channel=spanish, source=source, text="Tres.", route="echo 1 en>es")
            await on.do(live, made, by=Actor(Role.TRANSLATOR, "mt"))
            card = (await on.after(0))[0]
            assert (card.heard, card.rate, card.words) == ("en", 3, 5)

    run(story())


def test_the_webhooks_are_gone_through_once_for_all_sessions() -> None:
    async def story() -> None:
        async with watching() as on:
            looks = list[int]()

            def untaken() -> list[str]:
                looks.append(on.hall.clock.wall())
                return ["site"]

            on.room.webhooks = untaken
            await on.begin("opening", TWO)
            await on.begin("aside")
            await on.after(1)
            assert len(looks) == 1
            assert "news-untaken" in [each.kind for each in on.room.overview.alarms]

    run(story())


def test_it_looks_once_a_second_and_tells() -> None:
    async def story() -> None:
        async with watching() as on:
            told: list[int] = []
            on.room.listen(lambda: told.append(on.room.overview.at))
            assert on.hall.group is not None
            running = on.hall.group.create_task(on.room.run())
            await on.hall.clock.sleep(3_500)
            running.cancel()
            assert len(told) == 4

    run(story())


def test_sound_in_a_language_that_no_engine_knows_is_an_alarm_where_it_is() -> None:
    async def story() -> None:
        async with watching() as on:
            await on.speech_in_both_rooms()
            on.unheard.add(SessionId("two"))
            assert {card.session: kinds(card) for card in await on.after(1)} == {"two": ["no-language"], "one": []}
            on.unheard, on.unlike = set(), {SessionId("one"): (("es",), "en")}
            assert {card.session: kinds(card) for card in await on.after(1)} == {"one": ["wrong-language"], "two": []}

    run(story())


def test_sound_for_which_no_engine_has_room_is_an_alarm_where_it_is_and_a_warning_elsewhere() -> None:
    async def story() -> None:
        async with watching() as on:
            await on.speech_in_both_rooms()
            on.crowd = {SessionId("one"): (False, 0), SessionId("two"): (True, 0)}
            assert {card.session: kinds(card) for card in await on.after(1)} == {"two": ["no-room"], "one": []}
            assert [each.kind for each in on.room.overview.alarms] == ["nearly-full"]

    run(story())


def test_a_room_without_an_engine_is_told_when_there_is_room_by_what_is_known_or_that_nobody_knows() -> None:
    async def story() -> None:
        async with watching() as on:
            await on.speech_in_both_rooms()
            first, second = SessionId("one"), SessionId("two")
            on.crowd, on.queue = {second: (True, 0)}, (0, (first, SessionId("unplanned"), second), ())
            assert {card.session: kinds(card) for card in await on.after(1)}[second] == ["no-room"]
            plan = on.programme.plan_of(first)
            assert plan is not None
            await on.programme.keep(planned=[msgspec.structs.replace(plan, ends=on.hall.clock.wall() + 10 * 60_000)])
            told = {card.session: card.alarms for card in await on.after(1)}[second]
            assert [(each.kind, each.values) for each in told] == [("no-room-until", {"n": 10})]
            on.queue = (1, (first,), ())
            assert {card.session: kinds(card) for card in await on.after(1)}[second] == ["no-room"], "one waits before"
            on.queue = (1, (first,), (on.hall.clock.wall() + 4 * 60_000,))
            told = {card.session: card.alarms for card in await on.after(1)}[second]
            assert [each.values for each in told] == [{"n": 10}], "the one before gets the place that a break keeps"

    run(story())


def test_sound_that_has_no_more_room_is_on_its_card_alone() -> None:
    async def story() -> None:
        async with watching() as on:
            for name in ("one", "two"):
                await on.begin(name)
            on.full = {SessionId("two")}
            found = {card.session: kinds(card) for card in await on.after(1) if card.session is not None}
            assert found == {"two": ["sound-full"], "one": []}
            assert on.room.cards[0].alarms[0].urgent

    run(story())


def test_a_session_or_a_sound_that_failed_is_on_its_card_alone_and_first() -> None:
    async def story() -> None:
        async with watching() as on:
            for name in ("again", "sound", "whole"):
                await on.begin(name)
            on.sound = {SessionId("again"): (2, False), SessionId("sound"): (5, True)}
            cards = {card.session: card for card in await on.after(1) if card.session is not None}
            assert {name: kinds(card) for name, card in cards.items()} == {
                "sound": ["sound-stopped"],
                "again": ["begun-again"],
                "whole": [],
            }
            assert [card.session for card in on.room.cards][:2] == ["sound", "again"]
            assert cards[SessionId("sound")].alarms[0].urgent
            assert (cards[SessionId("again")].alarms[0].urgent, cards[SessionId("again")].alarms[0].values) == (
                False,
                {"n": 2},
            )
            on.sound = {}
            assert all(not card.alarms for card in await on.after(1))

    run(story())


def test_a_session_that_is_begun_again_and_one_that_stopped_are_on_their_cards() -> None:
    async def story() -> None:
        async with watching() as on:
            live, beside = await on.begin("s", ONE), await on.begin("beside", TWO)
            for number in range(MOST_TIMES + 1):
                await on.hall.log.acquire(live.id, Epoch("x"))
                taken = SetSpeaker(channel=FLOOR, speaker=None)
                assert isinstance(await live.writer.send(SYSTEM, CommandId(f"x{number}"), taken), Refusal)
                cards = {card.session: card for card in await on.after(BACKOFF.wait_ms(number) / 1_000 + 1)}
                if number == 0:
                    assert kinds(cards[live.id]) == ["begun-again"]
            assert live.stopped
            assert kinds(cards[live.id])[0] == "stopped"
            assert cards[live.id].alarms[0].urgent
            assert on.room.cards[0].session == live.id
            assert "stopped" not in kinds(cards[beside.id])

    run(story())


def test_a_room_whose_microphone_is_dead_is_an_alarm_while_a_respeaker_is_heard_too() -> None:
    async def story() -> None:
        async with watching() as on:
            live = await on.begin("one", ONE)
            await on.do(live, AttachSource(source=MIC, channel=FLOOR, t=0, rate=16_000))
            put = do.PutOnAir(channel=FLOOR, source=AirSource.RESPEAKER)
            await on.do(live, put, by=Actor(Role.CAPTIONER, "ann"))

            async def half_a_minute() -> list[str]:
                for _ in range(30):
                    live.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=0, t=0))
                    (card, *_) = await on.after(1)
                return [kind for kind in kinds(card) if kind == "no-sound"]

            assert await half_a_minute() == [], "there is no microphone but the respeaker's"
            room = Loudness()
            on.loudness[live.id] = {FLOOR: room}
            assert await half_a_minute() == [], "none of its sound has come yet"
            room.heard(b"\x00\x10" * 8_000, on.hall.clock.monotonic())
            assert await half_a_minute() == ["no-sound"]
            room.heard(b"\x00\x10" * 8_000, on.hall.clock.monotonic())
            (card, *_) = await on.after(1)
            assert "no-sound" not in kinds(card)

    run(story())


def test_a_room_whose_microphone_is_dead_is_an_alarm_while_an_interpreter_sends() -> None:
    async def story() -> None:
        async with watching() as on:
            live, loud = await on.begin("one", ONE), b"\x00\x10" * 8_000
            await on.do(live, AddChannel(channel=FRENCH, kind=ChannelKind.INTERPRETATION, languages=("fr",)))
            await on.do(live, AttachSource(source=MIC, channel=FLOOR, t=0, rate=16_000))
            room, french = Loudness(), Loudness()

            async def half_a_minute() -> list[str]:
                for _ in range(30):
                    french.heard(loud, on.hall.clock.monotonic())
                    live.writer.signal(ChannelState(channel=FRENCH, sound=Sound.SPEECH, lag=0, t=0))
                    (card, *_) = await on.after(1)
                return [kind for kind in kinds(card) if kind == "no-sound"]

            on.loudness[live.id] = {FRENCH: french}
            assert await half_a_minute() == [], "the room has no microphone"
            on.loudness[live.id] = {FLOOR: room, FRENCH: french}
            room.heard(loud, on.hall.clock.monotonic())
            assert await half_a_minute() == ["no-sound"]
            on.loudness[live.id] = {FRENCH: french}
            assert "no-sound" not in kinds((await on.after(1))[0])
            on.loudness[live.id] = {FLOOR: Loudness(), FRENCH: french}
            assert "no-sound" not in kinds((await on.after(1))[0]), "it has just begun again"
            assert await half_a_minute() == ["no-sound"], "an input that was unplugged sends nothing"

    run(story())


def test_an_interpreter_who_is_muted_is_no_alarm_of_the_room() -> None:
    async def story() -> None:
        async with watching() as on:
            live, french = await on.begin("one", ONE), Loudness()
            on.loudness[live.id] = {FRENCH: french}
            await on.after(20)
            french.heard(bytes(20_000 * 32), on.hall.clock.monotonic())
            live.writer.signal(ChannelState(channel=FRENCH, sound=Sound.SILENCE, lag=0, t=0))
            card = (await on.after(1))[0]
            assert (card.level, card.dead, "muted" in kinds(card)) == (-100, 0, False)

    run(story())


def test_a_muted_microphone_is_an_alarm_after_20_seconds_and_none_during_a_break() -> None:
    async def story() -> None:
        async with watching() as on:
            await on.speech_in_both_rooms()
            loud, french, one = Loudness(), Loudness(), SessionId("one")
            on.loudness[one] = {ChannelId("fr"): french, FLOOR: loud}
            french.heard(bytes(64_000), on.hall.clock.monotonic())  # an interpreter may be silent
            loud.heard(b"\x00\x10" * 8_000, on.hall.clock.monotonic())
            card = next(card for card in await on.after(1) if card.session == one)
            assert (card.level, card.dead, kinds(card)) == (-18, 0, [])
            assert (on.room.level(one), on.room.level(SessionId("two")), on.room.level(SessionId("none"))) == (
                *(-18, None),
                None,
            )
            await on.after(19)
            loud.heard(bytes(20_000 * 32), on.hall.clock.monotonic())
            live = await on.hall.sessions.open(one)
            live.writer.signal(ChannelState(channel=FLOOR, sound=Sound.SILENCE, lag=0, t=0))
            card = next(card for card in await on.after(1) if card.session == one)
            assert (card.level, card.dead, kinds(card)) == (-100, 20, ["muted"])
            await on.do(live, PauseSession())
            assert not any(kinds(card) for card in await on.after(1) if card.session == one)
            await on.do(live, ResumeSession())
            assert "muted" not in kinds(next(card for card in await on.after(1) if card.session == one))

    run(story())


def test_the_levels_are_told_four_times_a_second() -> None:
    async def story() -> None:
        async with watching() as on:
            told: list[int] = []
            on.room.listen_levels(lambda: told.append(on.hall.clock.monotonic()))
            assert on.hall.group is not None
            running = on.hall.group.create_task(on.room.run())
            await on.hall.clock.sleep(1_100)
            running.cancel()
            assert [later - sooner for sooner, later in pairwise(told)] == [250] * 4

    run(story())


FRENCH = ChannelId("fr")


def test_it_counts_from_the_first_sound_of_speech_in_a_break_to_the_next_silence() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            speech = BreakSpeech(hall.sessions, hall.clock, Stalls())

            async def act(*commands: do.AnyCommand) -> None:
                name = CommandId(f"c{live.writer.offset}")
                assert isinstance(await live.writer.send(SYSTEM, name, commands), Receipt)

            async def heard(sound: Sound, channel: ChannelId = FLOOR, late: int = 0) -> int:
                t = live.state.media_now(hall.clock.wall()) - late
                live.writer.signal(ChannelState(channel=channel, sound=sound, lag=late, t=t))
                await hall.clock.sleep(1_000)
                return speech.lasts(live.id)

            await act(
                do.OpenSession(),
                do.AddChannel(channel=FRENCH, kind=ChannelKind.INTERPRETATION, languages=("fr",)),
            )
            assert await heard(Sound.SPEECH) == 0, "before it that is what a meeting is for"
            await act(do.PauseSession())
            assert [await heard(Sound.SPEECH, late=60_000) for _ in range(3)] == [0] * 3, "what was said before it"
            assert await heard(Sound.SILENCE) == 0
            assert [await heard(Sound.SPEECH), await heard(Sound.SILENCE, late=60_000)] == [1_000, 2_000]
            assert await heard(Sound.SPEECH, FRENCH) == 3_000
            assert await heard(Sound.SILENCE) == 2_000, "the other text"
            assert await heard(Sound.NONE, FRENCH) == 0
            assert await heard(Sound.SPEECH) == 1_000
            await act(do.ResumeSession())
            assert speech.lasts(live.id) == speech.lasts(SessionId("other")) == 0

    run(story())


def test_the_frame_of_staff_pages_shows_a_level_in_steps_how_late_the_text_is_and_who_reads() -> None:
    readers = {ChannelId("floor"): 3, ChannelId("mt-es"): 4}
    card = RoomCard(key="a", place="", status=Status.OPEN, lag=6, readers=readers)
    assert gauges(card) == {"level": None, "late": 6, "readers": 7}
    levels = [gauges(msgspec.structs.replace(card, level=level)) for level in (-100, -60, -45, -20, -3)]
    assert [each and each["level"] for each in levels] == [0, 1, 2, 3, 4]
    assert gauges(msgspec.structs.replace(card, status=Status.CLOSED)) is None
