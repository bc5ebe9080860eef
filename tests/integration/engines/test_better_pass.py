"""An engine that corrects its lines, over the engine link, beside people who correct them and a disk that fills up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec
import pytest

from moothall.core.commands import CorrectSegment, OpenSession, ReviseSegment
from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.kernel.lanes import Feed
from moothall.core.rules.corrections import REVISED_WITHIN
from moothall.core.views.captions import CaptionsView
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_audio import LiveAudio
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from moothall.testing.scripted import Script, make_script, render
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.live import run_live
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Samples, Window
from moothall_models.recognizers.scripted import ScriptedRecognizer, ScriptedVoiceActivity
from moothall_models.speech.channel import Output, SpeechChannel
from support.memory.hall import FLOOR, MIC, MemoryHall, memory_hall
from support.models.revising import Revising, loud
from support.sound.pcm import Pcm

PASS_S = 0.12
CAPTIONER = Actor(Role.CAPTIONER, "c1")
SCRIPT = make_script(41, 90)
Speech = Callable[[wire.Attach], SpeechChannel]


async def engine(hall: MemoryHall, script: Script, speech: Speech) -> None:
    """Dial, and work until the link ends."""
    recognizer, clock = ScriptedRecognizer(script), EngineClock()

    async def recognise(windows: Sequence[Window]) -> Sequence[Hypothesis]:
        await asyncio.sleep(PASS_S)
        return recognizer.recognise_all(windows)

    session = LinkSession(
        wire.EngineHello(protocol=wire.PROTOCOL, name="e", model="scripted", languages=(), channels=4),
        voice=ScriptedVoiceActivity,
        media=lambda attach: ArrivalTime(attach.audio_from),
        cpu_ms=clock.cpu_ms,
        speech=speech,
    )
    await run_live(session, hall.connect("e"), recognise, clock)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the log says in the end."""

    words: list[str]
    said: dict[SegmentId, str]
    """By line, as it was when it ended."""
    corrections: list[tuple[SegmentId, Role, bool]]
    """Line, the role of whoever did it, and whether the event says that a machine did."""
    generation: int
    shown: list[tuple[str, bool]]
    """Text and mending of each line, as a reader has them who followed from the beginning."""


async def meeting(
    speech: Speech,
    beside: Callable[[MemoryHall, LiveSession], object] = lambda hall, live: None,
    script: Script = SCRIPT,
) -> Told:
    """The script as live speech; `beside` is told when it begins."""
    async with memory_hall() as hall:
        assert hall.group is not None
        live = await hall.session()
        await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
        working = hall.group.create_task(engine(hall, script, speech))
        audio = LiveAudio(MIC, await hall.spools.open(live.id, MIC), 0, hall.clock)
        beside(hall, live)
        async with asyncio.TaskGroup() as group:
            group.create_task(audio.carry(Pcm(render(script)), as_live=True))
            group.create_task(hall.recognising.recognise(live.writer, FLOOR, audio))
        hall.links[0].cut()
        await working
        records = await hall.log.read(live.id, 0, 100_000)
        events = [(record.header.role, decode_event(record.body)) for record in records if record.body is not None]
        view = await live.fanout.view(Feed(FLOOR))
        assert isinstance(view, CaptionsView)
        return Told(
            words=[word.text.strip() for _, e in events if isinstance(e, le.WordsCommitted) for word in e.words],
            said={e.segment: e.text for _, e in events if isinstance(e, le.SegmentEnded)},
            corrections=[(e.segment, role, e.machine) for role, e in events if isinstance(e, le.SegmentCorrected)],
            generation=live.state.channels[FLOOR].generation,
            shown=[(line.text, line.mended) for line in view.lines],
        )


def all_words(told: Told) -> None:
    """No word is lost or doubled, and the engine has never given a channel up."""
    assert told.words == [word.text.strip() for word in SCRIPT.words]
    assert told.generation == 1


def test_every_line_is_bettered_once_and_by_a_machine() -> None:
    told = run(meeting(Revising))
    all_words(told)
    assert told.corrections == [(line, Role.ENGINE, True) for line in told.said]
    assert told.shown == [(loud(text), False) for text in told.said.values()]


class Killing:
    """Kills the engine as soon as every second line has ended; another one dials a moment later."""

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        self._hall = hall
        self._ended = self.kills = 0
        live.writer.listen(self._hear)

    def _hear(self, publication: Publication) -> None:
        assert self._hall.group is not None
        for event in publication.events:
            if isinstance(event, le.SegmentEnded):
                self._ended += 1
                if self._ended % 2:
                    self._hall.links[-1].cut()
                    self.kills += 1
                    self._hall.group.create_task(self._again())

    async def _again(self) -> None:
        await self._hall.clock.sleep(200)
        await engine(self._hall, SCRIPT, Revising)


def test_killed_between_the_end_of_a_line_and_its_better_text_no_word_is_lost_and_no_line_bettered_twice() -> None:
    at_work: list[Killing] = []
    told = run(meeting(Revising, lambda hall, live: at_work.append(Killing(hall, live))))
    assert told.words == [word.text.strip() for word in SCRIPT.words]
    assert told.generation == 1 + at_work[0].kills > 5
    bettered = [line for line, *_ in told.corrections]
    assert len(bettered) == len(set(bettered))
    # A line whose engine was gone before it could better it stays as it was, and no other does.
    assert len(told.said) - at_work[0].kills <= len(bettered) < len(told.said)
    assert told.shown == [(loud(text) if line in bettered else text, False) for line, text in told.said.items()]


class Mending:
    """Somebody who corrects lines: of three one as it begins, one as soon as it has ended, one a second after that."""

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        self._hall = hall
        self._live = live
        self._lines = 0
        live.writer.listen(self._hear)

    def _hear(self, publication: Publication) -> None:
        assert self._hall.group is not None
        for event in publication.events:
            if isinstance(event, le.SegmentOpened):
                self._lines += 1
                if self._lines % 3 == 0:
                    self._hall.group.create_task(self._mend(event.segment, 0))
            elif isinstance(event, le.SegmentEnded) and self._lines % 3:
                self._hall.group.create_task(self._mend(event.segment, 0 if self._lines % 3 == 1 else 1_000))

    async def _mend(self, name: SegmentId, wait: int) -> None:
        await self._hall.clock.sleep(wait)
        line = self._live.state.segments.get(name)
        assert line is not None
        mended = CorrectSegment(
            channel=FLOOR, segment=name, base_revision=line.revision, base_words=len(line.words), text="Mended."
        )
        await self._live.writer.send(CAPTIONER, CommandId(f"mend:{name}"), mended)


def test_whoever_corrects_first_the_engine_keeps_its_place_and_a_person_has_the_last_word() -> None:
    told = run(meeting(Revising, Mending))
    all_words(told)
    by_line: dict[SegmentId, list[Role]] = {}
    for line, role, machine in told.corrections:
        assert machine == (role is Role.ENGINE)
        by_line.setdefault(line, []).append(role)
    orders = {tuple(roles) for roles in by_line.values()}
    # As it began: the engine comes too late. After its end: before or after the engine, but an engine never after.
    assert (Role.CAPTIONER,) in orders
    assert (Role.ENGINE, Role.CAPTIONER) in orders
    assert orders <= {(Role.CAPTIONER,), (Role.ENGINE,), (Role.ENGINE, Role.CAPTIONER)}
    for (text, mended), line in zip(told.shown, told.said, strict=True):
        assert mended == (Role.CAPTIONER in by_line[line])
        assert text.startswith("Mended.") == mended


class Late(Revising):
    """Its better texts come so many ms after the end of their line."""

    def __init__(self, attach: wire.Attach, after: int) -> None:
        super().__init__(attach)
        self._after = after
        self._later: list[tuple[int, ReviseSegment]] = []

    def hear(self, t: int, samples: Samples, speech: Sequence[float]) -> list[Output]:
        out = super().hear(t, samples, speech)
        due = [revised for at, revised in self._later if at <= t]
        self._later = [(at, revised) for at, revised in self._later if at > t]
        self._t = t
        return [*out, *due]

    _t = 0

    def _with_better(self, outputs: list[Output]) -> list[Output]:
        out = super()._with_better(outputs)
        self._later += [(self._t + self._after, each) for each in out if isinstance(each, ReviseSegment)]
        return [each for each in out if not isinstance(each, ReviseSegment)]


@pytest.mark.parametrize(("after", "some"), [(REVISED_WITHIN - 1_000, True), (REVISED_WITHIN + 1_000, False)])
def test_what_comes_too_late_is_dropped_and_the_text_goes_on(after: int, some: bool) -> None:
    told = run(meeting(lambda attach: Late(attach, after)))
    all_words(told)
    assert bool(told.corrections) == some
    assert all(not mended for _, mended in told.shown)


def test_while_the_disk_is_full_lines_and_what_betters_them_wait_together() -> None:
    def fill(hall: MemoryHall, live: LiveSession) -> None:
        async def filling() -> None:
            log = hall.log
            assert isinstance(log, FailingLog)
            for _ in range(3):
                await hall.clock.sleep(5_000)
                log.full = True
                await hall.clock.sleep(4_000)
                log.full = False

        assert hall.group is not None
        hall.group.create_task(filling())

    told = run(meeting(Revising, fill))
    all_words(told)
    assert told.corrections == [(line, Role.ENGINE, True) for line in told.said]
    assert told.shown == [(loud(text), False) for text in told.said.values()]


def test_what_the_engines_own_policy_misheard_reads_right_after_the_next_pause() -> None:
    script = make_script(41, 300, mishears=31)
    told = run(meeting(SpeechChannel, script=script))
    assert told.generation == 1
    assert told.words == [(word.misheard or word.text).strip() for word in script.words]
    bettered = [line for line, _, _ in told.corrections]
    # A line that no second window held within 6 s stays as it was.
    assert sum(bool(word.misheard) for word in script.words) // 2 < len(bettered) == len(set(bettered))
    assert {(role, machine) for _, role, machine in told.corrections} == {(Role.ENGINE, True)}
    truth = {word.text.strip() for word in script.words}
    for (text, mended), (line, before) in zip(told.shown, told.said.items(), strict=True):
        assert not mended
        assert set(text.split()) <= truth if line in bettered else text == before
