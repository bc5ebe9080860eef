"""The delay of the machine's first words after the key that puts it on air, and the words doubled or missing there.

A real model, real time, the sample session, once for each of `--times`, at another place of it each time:

    .venv/bin/python bench/on_air.py                      # behind a captioner, whisper-tiny.en
    .venv/bin/python bench/on_air.py --model whisper-base --silent 8 --lag 4
    .venv/bin/python bench/on_air.py --paraphrase         # who writes in words of their own
    .venv/bin/python bench/on_air.py --respeak --lag 1.5  # behind a respeaker who stops their microphone
    .venv/bin/python bench/on_air.py --respeak --take-over  # behind one who is put off air by another

The captioner types the true text, line by line and `--lag` seconds late, then falls silent; `--silent` seconds later
somebody presses the key. With `--paraphrase` they leave out little words and write each fourth of the others otherwise.
The respeaker says the session's own sound `--lag` seconds late, up to a pause, and presses the key then. Sound and
engine run in this process, over the link without a socket.

Doubled are words that were written before the key and that the machine writes again, missing those that were not
written and that come before its first word. A little word that a paraphrase left out is no doubled one, since readers
have it once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from moothall.core.events import lines as le

# The code shared with the tests is no package, so its folder has to be on the path before the next imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

import jiwer

from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.services.captioning.respeaking import Respeaking
from moothall.services.log.publication import Publication
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sound.live_take import LiveTake
from moothall.testing.engine_link import engine_link
from moothall.wire import engine as wire
from moothall.wire.audio import Piece, TakeEndReason
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.live import run_live
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Window
from moothall_models.recognizers.silero import SileroVoiceActivity
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.store import open_store
from scoring import machine, markdown
from support.memory.hall import FLOOR, MemoryHall
from support.memory.microphone import RATE, STEP, greeting, live_hall
from support.sound.hearing import SAMPLE, plain, sample_sound

LINE_WORDS = 8
STARTS_S = (0.0, 11.0, 19.2, 31.2, 48.7, 58.6, 76.4, 90.2, 103.8, 132.3)
"""Where in the session the runs begin, in seconds: at sentences."""
PAUSE_MS = 200
"""A respeaker stops in a pause of at least this length."""
BEHIND_S = 8.0
"""How long the machine is listened to behind its first words, in seconds."""
CAPTIONER = Actor(Role.CAPTIONER, "c")
TECHNICIAN = Actor(Role.TECHNICIAN, "t")
LITTLE = frozenset(
    ("a", "an", "and", "are", "at", "be", "for", "from", "in", "is", "it", "its", "of", "on", "that", "the")
)
OTHERWISE = ("persons", "talks", "various", "slowly", "yesterday", "paper", "green", "several")
"""Words of a paraphrase that nobody has said."""


class Said(NamedTuple):
    """A word of the session, in the form in which words are compared, with its times in ms."""

    text: str
    t0: int
    t1: int


class Result(NamedTuple):
    """What came of one key."""

    wall: int
    """From the key to the first words of the machine, in ms."""
    cpu: int
    """CPU of the whole process in that time, in ms."""
    doubled: tuple[str, ...]
    missing: tuple[str, ...]


def session_words(first_ms: int, last_ms: int) -> list[Said]:
    """Return the words of the sample session between two moments, with times from the first one."""
    rows = [json.loads(line) for line in (SAMPLE / "session.jsonl").read_text(encoding="utf-8").splitlines()]
    words = [(text, round(1000 * t0), round(1000 * t1)) for row in rows for text, t0, t1 in row["words"]]
    within = [each for each in words if first_ms <= each[1] and each[2] <= last_ms]
    return [Said(part, t0 - first_ms, t1 - first_ms) for text, t0, t1 in within for part in plain(text)]


def in_other_words(words: Sequence[str]) -> list[str]:
    """Return a paraphrase: without little words, and each fourth of the others replaced."""
    kept = [word for word in words if word not in LITTLE]
    return [OTHERWISE[n // 4 % len(OTHERWISE)] if n % 4 == 3 else word for n, word in enumerate(kept)]


def start_engine(hall: MemoryHall, model: str, recognizer: DraftingWhisper) -> None:
    """Connect an engine that runs in this process."""
    clock = EngineClock()
    hello = wire.EngineHello(protocol=wire.PROTOCOL, name="bench", model=model, languages=("en",), channels=1)
    session = LinkSession(
        hello, voice=SileroVoiceActivity, media=lambda attach: ArrivalTime(attach.audio_from), cpu_ms=clock.cpu_ms
    )

    async def recognise(windows: Sequence[Window]) -> Sequence[Hypothesis]:
        return await asyncio.to_thread(recognizer.recognise_all, windows)

    ours, theirs = engine_link("bench")
    assert hall.group is not None
    hall.group.create_task(run_live(session, ours, recognise, clock))
    hall.group.create_task(hall.recognising.serve(theirs))
    hall.links.append(theirs)


class Run:
    """One session, from its beginning to some seconds behind the key."""

    def __init__(self, hall: MemoryHall, live: LiveSession, respeaking: Respeaking) -> None:
        self.hall, self.live, self._respeaking = hall, live, respeaking
        self.tasks: list[asyncio.Task[None]] = []

    @property
    def now(self) -> int:
        """Media ms."""
        return self.live.state.media_now(self.hall.clock.wall())

    async def until(self, t: float) -> None:
        """Wait until media ms `t`."""
        await asyncio.sleep(max(0.0, t - self.now) / 1000)

    async def act(self, name: str, command: do.AnyCommand, by: Actor = CAPTIONER) -> None:
        """Carry out a command."""
        await self.live.writer.send(by, CommandId(name), command)

    async def floor(self, sound: bytes) -> None:
        """Connect the room's microphone, at media ms 0."""
        take = await self.hall.live.begin(self.live.id, greeting("thefloor1"))
        assert isinstance(take, LiveTake), take
        self._begin(take, sound, 0)

    async def respeak(self, sound: bytes, late_ms: int) -> LiveTake:
        """Connect a respeaker, who says `sound` late; what would have been said before now is silence."""
        take = await self._respeaking.begin(self.live.id, greeting("respeaks1"), 0, CAPTIONER)
        assert isinstance(take, LiveTake), take
        began = max(0, take.audio.t - late_ms) * RATE // 1000
        self._begin(take, sound[2 * began :], max(0, late_ms - take.audio.t))
        return take

    def _begin(self, take: LiveTake, sound: bytes, silent_ms: int) -> None:
        assert self.hall.group is not None
        self.tasks.append(self.hall.group.create_task(self._say(take, sound, silent_ms)))

    async def _say(self, take: LiveTake, sound: bytes, silent_ms: int) -> None:
        sound = bytes(2 * (silent_ms * RATE // 1000)) + sound
        while not take.finished:
            await self.until(take.t(take.received + STEP))
            pcm = sound[2 * take.received : 2 * (take.received + STEP)].ljust(2 * STEP, b"\0")
            await take.feed(Piece(first=take.received, age=0, pcm=pcm), self.hall.clock.monotonic())

    def is_machines(self, event: object) -> bool:
        """Whether an event has words that the machine has from the floor, being on air."""
        line = self.live.state.segments.get(event.segment) if isinstance(event, le.WordsCommitted) else None
        return line is not None and not line.respoken and self.live.state.channels[FLOOR].air.machine

    def machine(self) -> list[tuple[int, str]]:
        """Return the words that the machine has from the floor since it is on air again, with their beginnings."""
        since = self.live.state.channels[FLOOR].air.since
        lines = [line for _, line in self.live.state.segments.items() if line.origin is le.Origin.MACHINE]
        theirs = [line for line in lines if not line.respoken and not line.gone and line.words[-1].t1 > since - 20_000]
        return sorted((word.t0, word.text.strip()) for line in theirs for word in line.words)


@asynccontextmanager
async def running(model: str, recognizer: DraftingWhisper) -> AsyncIterator[Run]:
    """Run an open session with an engine."""
    async with live_hall() as hall:
        start_engine(hall, model, recognizer)
        live = await hall.session()
        await live.writer.send(SYSTEM, CommandId("open"), do.OpenSession())
        respeaking = Respeaking(sessions=hall.sessions, ingest=hall.live, closing=hall.closing, clock=hall.clock)
        assert hall.group is not None
        run = Run(hall, live, respeaking)
        run.tasks.append(hall.group.create_task(respeaking.run()))
        try:
            yield run
        finally:
            for task in run.tasks:
                task.cancel()
            await live.writer.send(SYSTEM, CommandId("close"), do.CloseSession())


async def measure(given: argparse.Namespace, recognizer: DraftingWhisper, start_s: float) -> Result:
    """Run a session from `start_s` of the sample on; returns what came of the key."""
    first_ms, key_ms, late_ms = round(1000 * start_s), round(1000 * given.key), round(1000 * given.lag)
    last_ms = first_ms + key_ms + 30_000
    sound, said = await sample_sound(first_ms, last_ms), session_words(first_ms, last_ms)
    async with running(given.model, recognizer) as run:
        await run.floor(sound)
        await run.until(300)
        if given.respeak:
            pauses = [word.t1 for word, after in pairwise(said) if after.t0 - word.t1 >= PAUSE_MS]
            stops = max(t for t in pauses if t + late_ms <= key_ms) + PAUSE_MS // 2
            written = [word for word in said if word.t1 <= stops]
            take = await run.respeak(sound[: 2 * (stops * RATE // 1000)], late_ms)
            await run.until(stops + late_ms)
        else:
            await run.act("on", do.PutOnAir(channel=FLOOR, source=le.AirSource.PERSON))
            written = await typed(run, given, said, key_ms - round(1000 * given.silent))
            await run.until(key_ms)
        pressed, used, came = run.hall.clock.monotonic(), time.process_time(), asyncio.Event()
        figures: list[int] = []

        def hear(publication: Publication) -> None:
            if not figures and any(run.is_machines(event) for event in publication.events):
                figures.append(run.hall.clock.monotonic() - pressed)
                figures.append(round(1000 * (time.process_time() - used)))
                came.set()

        run.live.writer.listen(hear)
        if given.respeak and not given.take_over:
            await take.finish(TakeEndReason.STOPPED)
        else:
            await run.act("off", do.PutOnAir(channel=FLOOR, source=le.AirSource.MACHINE), TECHNICIAN)
        await asyncio.wait_for(came.wait(), 60)
        await asyncio.sleep(BEHIND_S)
        machine_words, count = run.machine(), len(written)
        if given.respeak:  # What it had recognised of the respeaker counts, by the words themselves.
            lines = sorted((line.t0, line.whole) for _, line in run.live.state.segments.items() if line.respoken)
            count = covered(written, [part for _, text in lines for part in plain(text)])
        doubled, missing = at_seam(said, count, [part for _, text in machine_words for part in plain(text)])
        if given.paraphrase:
            doubled = tuple(word for word in doubled if word not in LITTLE)
        if given.verbose:
            print("  written:   ", " ".join(word.text for word in said[max(0, count - 10) : count]))
            print("  then heard:", " ".join(text for _, text in machine_words[:14]))
            print("  truly said:", " ".join(word.text for word in said[count : count + 14]), flush=True)
    return Result(figures[0], figures[1], doubled, missing)


async def typed(run: Run, given: argparse.Namespace, said: Sequence[Said], stops: int) -> list[Said]:
    """Type until media ms `stops`; returns the words that were written of."""
    written: list[Said] = []
    for n in range(0, len(said), LINE_WORDS):
        words = said[n : n + LINE_WORDS]
        due = words[-1].t1 + 1000 * given.lag
        if due > stops:
            break
        await run.until(due)
        texts = [word.text for word in words]
        text = " ".join(in_other_words(texts) if given.paraphrase else texts)
        await run.act(f"t{n}", do.TypeSegment(channel=FLOOR, segment=SegmentId(f"t{n}"), text=text, language="en"))
        written += words
    return written


def covered(said: Sequence[Said], got: Sequence[str]) -> int:
    """Return how many words of `said` lie before the end of `got`, which are its first words, perhaps misheard."""
    chunks = jiwer.process_words(" ".join(word.text for word in said), " ".join(got)).alignments[0]
    return max((chunk.ref_end_idx for chunk in chunks if chunk.type == "equal"), default=0)


def at_seam(said: Sequence[Said], count: int, heard: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words that the machine wrote though they are among the first `count` of `said`, and those behind them
    that come before its first word. A word that it took for another is neither.
    """
    first = max(0, count - 40)
    near = [word.text for word in said[first : count + len(heard) + 10]]
    blocks = SequenceMatcher(None, near, heard, autojunk=False).get_matching_blocks()[:-1]
    kept = [first + block.a + n for block in blocks for n in range(block.size)]
    doubled = tuple(said[n].text for n in kept if n < count)
    behind = next((block for block in blocks if first + block.a + block.size > count), None)
    if behind is None:
        return doubled, ()
    misheard = behind.b - max((each.b + each.size for each in blocks if each.b < behind.b), default=0)
    return doubled, tuple(word.text for word in said[count : first + behind.a - misheard])


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="whisper-tiny.en")
    parser.add_argument("--key", type=float, default=24.0, help="seconds at which the key is pressed")
    parser.add_argument("--silent", type=float, default=8.0, help="seconds without a line before the key")
    parser.add_argument("--lag", type=float, default=4.0, help="seconds by which a line, or a respeaker, is late")
    parser.add_argument("--times", type=int, default=5, help="how many runs, each at another place (at most 10)")
    parser.add_argument("--paraphrase", action="store_true", help="the captioner writes in words of their own")
    parser.add_argument("--respeak", action="store_true", help="a respeaker is on air before")
    parser.add_argument("--take-over", action="store_true", help="another one puts the machine on air, at once")
    parser.add_argument("--verbose", action="store_true", help="print the words at each seam")
    given = parser.parse_args()
    print(*machine(), sep="\n")
    recognizer = DraftingWhisper(open_store().path(given.model), model=given.model, threads=1)
    recognizer.recognise_all([])
    rows, results = list[list[str]](), list[Result]()
    for start in STARTS_S[: given.times]:
        result = asyncio.run(measure(given, recognizer, start))
        results.append(result)
        figures = f"{start:.1f}", f"{os.getloadavg()[0]:.1f}", str(result.wall), str(result.cpu)
        rows.append([*figures, *(" ".join(each) or "none" for each in (result.doubled, result.missing))])
    print(markdown(["from s", "load", "first words, ms", "CPU, ms", "doubled", "missing"], rows))
    doubled, missing = sum(len(each.doubled) for each in results), sum(len(each.missing) for each in results)
    walls = sorted(each.wall for each in results)
    print(f"first words {walls[len(walls) // 2]} ms (median), {walls[-1]} ms at most", end="; ")
    print(f"{doubled} words doubled, {missing} missing")


if __name__ == "__main__":
    main()
