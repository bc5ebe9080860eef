"""The holder goes silent: the control room and the desks are informed, and the machine goes on air or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.captioning.silence import FIRST_MS, GONE_MS, Silence
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.signals import ChannelState, Partial, Sound, Typing
from moothall.services.captioning.on_air import OFFERED, OnAir
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from support.memory.gated_log import GatedLog
from support.memory.hall import FLOOR, MemoryHall, memory_hall

CAPTIONER = Actor(Role.CAPTIONER, "c1")
OTHER = Actor(Role.CAPTIONER, "c2")
TOOL = Actor(Role.TOOL, "x1", tool="StenoCo")


class Meeting:
    def __init__(self, hall: MemoryHall, live: LiveSession, *, by_itself: bool) -> None:
        self.hall, self.live = hall, live
        self.present = {"c1"}
        self.level: dict[ChannelId, Sound] = {}
        """What the own sound is by its level, while a respeaker is heard."""
        self.on_air = OnAir(
            hall.sessions,
            clock=hall.clock,
            here=lambda _, actor: actor in self.present,
            by_level=lambda _: self.level,
            label=lambda link: f"Link {link}",
            machine_by_itself=by_itself,
        )
        self.acts = 0

    async def act(self, actor: Actor, command: do.AnyCommand) -> None:
        self.acts += 1
        answer = await self.live.writer.send(actor, CommandId(f"act{self.acts}"), command)
        assert isinstance(answer, Receipt), answer

    async def put(self, actor: Actor = CAPTIONER, source: le.AirSource = le.AirSource.PERSON) -> None:
        await self.act(actor, do.PutOnAir(channel=FLOOR, source=source))

    async def speak(self, seconds: int, sound: Sound = Sound.SPEECH) -> None:
        for _ in range(seconds):
            self.live.writer.signal(ChannelState(channel=FLOOR, sound=sound, lag=0, t=0))
            await self.hall.clock.sleep(1_000)

    @property
    def silent(self) -> Silence | None:
        return self.on_air.silent(self.live.id).get(FLOOR)

    @property
    def shown(self) -> dict[str, Any]:
        shown = self.on_air.shown(self.live.id)
        assert isinstance(shown, dict)
        found: dict[str, Any] = shown[FLOOR]
        return found


@asynccontextmanager
async def meeting(*, by_itself: bool = False, hall: MemoryHall | None = None) -> AsyncIterator[Meeting]:
    async with memory_hall(hall) as there:
        made = Meeting(there, await there.session(), by_itself=by_itself)
        task = asyncio.ensure_future(made.on_air.run())
        await made.act(SYSTEM, do.OpenSession())
        try:
            yield made
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def test_while_the_machine_is_on_air_nobody_is_silent() -> None:
    async def story() -> None:
        async with meeting() as on:
            on.present.clear()
            await on.speak(30)
            assert on.silent is None
            assert (on.shown["source"], on.shown["holder"], on.shown["silent"]) == ("machine", "", "")
            assert on.on_air.shown(on.live.id.__class__("nowhere")) is None

    run(story())


async def hears(on: Meeting, text: str, language: str = "en") -> None:
    """The machine has heard, and not committed, behind one word that stands."""
    if not on.live.state.channels[FLOOR].generation:
        await on.act(SYSTEM, do.AttachEngine(channel=FLOOR, model="m"))
        start = do.SegmentStart(t0=0, language=language)
        word = (le.Word(text="The", t0=0, t1=100),)
        commit = do.CommitWords(channel=FLOOR, generation=1, segment=SegmentId("m1"), first=0, words=word, start=start)
        await on.act(Actor(Role.ENGINE, "m"), commit)
    partial = Partial(channel=FLOOR, segment=SegmentId("m1"), first=1, text=text, language=language)
    on.live.writer.signal(partial)
    await on.hall.clock.sleep(100)


def test_what_the_machine_heard_and_did_not_write_is_offered_to_the_person_who_takes_over() -> None:
    async def story() -> None:
        async with meeting() as on:
            await hears(on, " fund p")
            await hears(on, " fund pays")
            assert on.shown["heard"] is None
            await on.put()
            assert on.shown["heard"] == {"text": "fund pays", "language": "en"}
            await on.put(OTHER)
            assert on.shown["heard"] == {"text": "fund pays", "language": "en"}, "nobody has written it yet"
            assert [line.whole for _, line in on.live.state.segments.items()] == ["The"], "nothing is written by itself"
            line = do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="The fund pays.", language="en")
            await on.act(OTHER, line)
            assert on.shown["heard"] is None

    run(story())


@pytest.mark.parametrize("what", ["the machine", "a respeaker", "it is not to be kept", "a removal", "it was written"])
def test_what_the_machine_heard_is_not_offered_where_it_is_not_to_be_or_is_nobodys_to_write(what: str) -> None:
    async def story() -> None:
        async with meeting() as on:
            await hears(on, " fund pays")
            if what == "it was written":
                await hears(on, "")
            await on.put(source=le.AirSource.RESPEAKER if what == "a respeaker" else le.AirSource.PERSON)
            if what == "the machine":
                await on.put(Actor(Role.TECHNICIAN, "t"), le.AirSource.MACHINE)
                await on.put()
            elif what == "it is not to be kept":
                await on.act(Actor(Role.TECHNICIAN, "t"), do.BeginNotRecorded(back=5_000))
            elif what == "a removal":
                on.live.writer.signal(Partial(channel=FLOOR, segment=SegmentId(""), first=0, text="", language=""))
                await on.hall.clock.sleep(100)
            assert on.shown["heard"] is None

    run(story())


def test_a_captioner_whose_page_is_gone_is_silent_and_back_again() -> None:
    async def story() -> None:
        async with meeting() as on:
            assert on.on_air.called(on.live.id) == ""
            await on.put()
            assert on.on_air.called(on.live.id) == "Link c1"
            await on.speak(1, Sound.SILENCE)
            on.present.clear()
            await on.hall.clock.sleep(GONE_MS + 1_000)
            assert on.silent is Silence.GONE
            assert (on.shown["silent"], on.shown["name"]) == ("gone", "Link c1")
            on.present.add("c1")
            await on.hall.clock.sleep(1_000)
            assert on.silent is None
            assert not on.live.state.channels[FLOOR].air.machine  # Nothing happens by itself.

    run(story())


def test_a_respeaker_is_silent_where_the_floor_speaks_and_no_words_come_whatever_their_own_microphone_hears() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.put(source=le.AirSource.RESPEAKER)
            on.present.clear()  # Their microphone is looked after, and not their page.
            await on.speak(20)
            assert on.silent is None
            assert (on.shown["source"], on.shown["name"]) == ("respeaker", "Link c1")
            on.level[FLOOR] = Sound.SPEECH
            await on.hall.clock.sleep(9_000)
            assert on.silent is Silence.QUIET
            await on.act(SYSTEM, do.AttachEngine(channel=FLOOR, model="m"))
            for n in range(10):  # A long line.
                said = do.CommitWords(
                    channel=FLOOR,
                    generation=1,
                    segment=SegmentId("r"),
                    first=n,
                    words=(le.Word(" so", 100_000 + n * 1_000, 100_500 + n * 1_000),),
                    start=None if n else do.SegmentStart(t0=100_000, language="en"),
                )
                await on.act(Actor(Role.ENGINE, "m"), said)
                await on.hall.clock.sleep(1_000)
                assert on.silent is None

    run(story())


def test_a_captioner_who_writes_nothing_while_others_speak_is_silent() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.put()
            await on.speak(10)
            assert on.silent is Silence.QUIET
            signal = Typing(channel=FLOOR, segment=SegmentId("t"), text="We", language="en", speaker=None)
            on.live.writer.signal(signal)
            await on.speak(6)
            assert on.silent is None
            await on.speak(4)
            assert on.silent is Silence.QUIET
            on.on_air.wrote(on.live.id, FLOOR, "c2")
            await on.speak(1)
            assert on.silent is Silence.QUIET
            on.on_air.wrote(on.live.id, FLOOR, "c1")
            await on.speak(7)
            assert on.silent is None
            await on.act(CAPTIONER, do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="We", language="en"))
            await on.speak(7)
            assert on.silent is None

    run(story())


def test_nothing_is_asked_for_in_a_break_or_while_nothing_is_recorded() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.put()
            await on.act(Actor(Role.TECHNICIAN, "t"), do.BeginNotRecorded())
            await on.speak(12)
            assert on.silent is None
            await on.act(Actor(Role.TECHNICIAN, "t"), do.EndNotRecorded())
            await on.act(Actor(Role.TECHNICIAN, "t"), do.PauseSession())
            await on.speak(12)
            assert on.silent is None

    run(story())


def test_the_machine_comes_on_air_by_itself_only_where_the_setting_says_so() -> None:
    async def story() -> None:
        async with meeting(by_itself=True) as on:
            await on.put()
            await on.speak(1)
            on.present.clear()
            await on.hall.clock.sleep(GONE_MS + 1_000)
            air = on.live.state.channels[FLOOR].air
            assert (air.machine, air.token) == (True, 2)
            assert on.silent is None
            await on.put()
            await on.hall.clock.sleep(FIRST_MS + 1_000)
            assert on.live.state.channels[FLOOR].air.machine

    run(story())


def test_that_the_machine_cannot_come_on_air_is_said_once_a_silence(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with meeting(by_itself=True) as on:
            assert isinstance(on.hall.log, FailingLog)
            await on.put()
            await on.speak(1)

            def said() -> int:
                return sum("can't be put on air" in each.getMessage() for each in caplog.records)

            for times in (1, 2):
                on.present.clear()
                on.hall.log.full = True
                await on.hall.clock.sleep(GONE_MS + 10_000)
                assert (on.silent, said()) == (Silence.GONE, times)
                on.present.add("c1")
                await on.hall.clock.sleep(1_000)
                assert on.silent is None
                on.hall.log.full = False

    run(story())


@pytest.mark.parametrize("what", ["the machine", "a gap"])
def test_a_disk_that_is_slow_for_one_meeting_holds_up_the_ringing_of_no_other(what: str) -> None:
    async def story() -> None:
        log = GatedLog()
        async with meeting(by_itself=what == "the machine", hall=MemoryHall(log)) as on:
            other = await on.hall.session(SessionId("other"))
            put = do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON)
            assert isinstance(await other.writer.send(SYSTEM, CommandId("open"), do.OpenSession()), Receipt)
            assert isinstance(await other.writer.send(CAPTIONER, CommandId("put"), put), Receipt)
            await on.put()
            if what == "a gap":
                await on.speak(50)
                await on.put(Actor(Role.TECHNICIAN, "t"), le.AirSource.MACHINE)
            log.slow[on.live.id] = gate = asyncio.Event()
            on.present.clear()
            await on.hall.clock.sleep(FIRST_MS + GONE_MS + 1_000)
            if what == "the machine":
                assert other.state.channels[FLOOR].air.machine
                assert not on.live.state.channels[FLOOR].air.machine
            else:
                assert on.on_air.silent(other.id) == {FLOOR: Silence.GONE}
            gate.set()
            await on.hall.clock.sleep(1_000)
            assert on.live.state.channels[FLOOR].air.machine
            noted = [event for event in await on.hall.events() if isinstance(event, ev.GapNoted)]
            assert len(noted) == (what == "a gap"), "and each once"

    run(story())


async def gaps_of(on: Meeting) -> list[tuple[int, int]]:
    """In seconds."""
    await on.put(Actor(Role.TECHNICIAN, "t"), le.AirSource.MACHINE)
    await on.hall.clock.sleep(2_000)
    noted = [event for event in await on.hall.events() if isinstance(event, ev.GapNoted)]
    assert {gap.reason for gap in noted} <= {ev.GapReason.ENGINE_LOST}
    return [(round(gap.t0 / 1000), round(gap.t1 / 1000)) for gap in noted]


@pytest.mark.parametrize(
    ("sound", "noted"),
    [
        ([Sound.SPEECH] * 60, [(10, 50)]),  # The machine hears the last 30 s again.
        ([Sound.SILENCE] * 60, []),
        ([Sound.SILENCE] * 25 + [Sound.SPEECH] * 35, [(34, 50)]),
        ([Sound.SILENCE] * 45 + [Sound.SPEECH] * 15, []),
        ([Sound.NONE] * 60, [(10, 50)]),  # Nothing is known.
    ],
)
def test_what_nobody_wrote_is_a_gap_once_the_machine_is_on_air(
    sound: list[Sound], noted: list[tuple[int, int]]
) -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.put()
            await on.speak(10)
            await on.act(CAPTIONER, do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="We", language="en"))
            await on.put(OTHER)  # What is known of the sound is known for whoever is on air next.
            for each in sound:
                await on.speak(1, each)
            await on.hall.clock.sleep(10_000)
            assert await gaps_of(on) == noted

    run(story())


def test_where_nobody_spoke_there_is_no_gap_behind_a_break_nor_behind_a_respeaker() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.put()
            await on.act(CAPTIONER, do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="We", language="en"))
            await on.speak(30, Sound.SILENCE)
            await on.act(SYSTEM, do.PauseSession())
            await on.speak(60)
            await on.act(SYSTEM, do.ResumeSession())
            await on.speak(60, Sound.SILENCE)
            await on.put(source=le.AirSource.RESPEAKER)
            on.level[FLOOR] = Sound.SILENCE
            await on.hall.clock.sleep(60_000)
            assert await gaps_of(on) == []

    run(story())


def test_a_gap_that_could_not_be_noted_is_noted_later() -> None:
    async def story() -> None:
        async with meeting() as on:
            assert isinstance(on.hall.log, FailingLog)
            await on.put()
            await on.hall.clock.sleep(40_000)
            await on.put(Actor(Role.TECHNICIAN, "t"), le.AirSource.MACHINE)
            on.hall.log.full = True
            await on.hall.clock.sleep(5_000)
            on.hall.log.full = False
            await on.hall.clock.sleep(5_000)
            (gap,) = (event for event in await on.hall.events() if isinstance(event, ev.GapNoted))
            assert (round(gap.t0 / 1000), round(gap.t1 / 1000)) == (0, 10)

    run(story())


def test_a_tool_that_has_a_connection_may_lose_it() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.put(TOOL, le.AirSource.TOOL)
            await on.hall.clock.sleep(FIRST_MS + 1_000)
            assert on.silent is None  # It calls for each line.
            with on.on_air.linked(on.live.id, "x1"), on.on_air.linked(on.live.id, "x1"):
                await on.hall.clock.sleep(1_000)
                assert on.silent is None
            await on.hall.clock.sleep(GONE_MS + 1_000)
            assert on.silent is Silence.GONE
            assert on.shown["name"] == "StenoCo"

    run(story())


def test_a_captioner_whose_software_is_connected_is_there_without_a_page() -> None:
    async def story() -> None:
        async with meeting() as on:
            on.present = set()
            await on.put()
            with on.on_air.linked(on.live.id, CAPTIONER.id):
                await on.hall.clock.sleep(FIRST_MS + 1_000)
                assert on.silent is None
            await on.hall.clock.sleep(GONE_MS + 1_000)
            assert on.silent is Silence.GONE

    run(story())


def test_desks_see_what_was_offered_until_it_is_taken() -> None:
    async def story() -> None:
        async with meeting() as on:
            await on.put()
            line = do.TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="We agree.", language="en")
            await on.act(OTHER, line)
            later = do.TypeSegment(channel=FLOOR, segment=SegmentId("a"), text="So we do.", language="en")
            await on.act(OTHER, later)
            offered = [(each["segment"], each["text"]) for each in on.shown["offered"]]
            assert offered == [("t", "We agree."), ("a", "So we do.")]
            await on.act(CAPTIONER, line)
            assert [each["segment"] for each in on.shown["offered"]] == ["a"]
            for n in range(OFFERED):
                await on.act(OTHER, msgspec.structs.replace(later, segment=SegmentId(f"o{n}")))
            assert (on.shown["offered"][0]["segment"], len(on.shown["offered"])) == ("o0", OFFERED)
            await on.act(CAPTIONER, msgspec.structs.replace(later, segment=SegmentId("o9")))
            assert [each["segment"] for each in on.shown["offered"]][:2] == ["a", "o0"], "the older one comes back"
            await on.put(source=le.AirSource.MACHINE)
            assert on.shown["offered"] == []
            await on.put()
            assert on.shown["offered"] == []

    run(story())
