"""The delay of the machine's first words after the key that puts it on air, behind a captioner.

Also shows whether words are doubled or lost there: a real model, real time, the sample session.

    .venv/bin/python bench/on_air.py                      # whisper-tiny.en
    .venv/bin/python bench/on_air.py --model whisper-base --silent 8 --lag 4

The captioner types the true text, line by line and `--lag` seconds late, then falls silent; `--silent` seconds later
somebody presses the key. Sound and engine run in this process, over the link without a socket.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# The code shared with the tests is no package, so its folder has to be on the path before the next imports.
sys.path.extend(str(Path(__file__).resolve().parents[1] / name) for name in ("server", "hubs", "models", "tests"))

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.services.log.publication import Publication
from moothall.testing.engine_link import engine_link
from moothall.wire import engine as wire
from moothall_models.engine.audio import ArrivalTime
from moothall_models.engine.clock import EngineClock
from moothall_models.engine.live import run_live
from moothall_models.engine.session import LinkSession
from moothall_models.ports import Hypothesis, Window
from moothall_models.recognizers.silero import SileroVoiceActivity
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.store import open_store
from support.memory.hall import FLOOR, MemoryHall, assigned, memory_hall
from support.sound.hearing import reference, sample_sound

FIRST_MS, LAST_MS = 0, 90_000
LINE_WORDS = 8
CAPTIONER = Actor(Role.CAPTIONER, "c")


class Pcm:
    """A source that reads PCM from memory."""

    def __init__(self, sound: bytes) -> None:
        self._sound, self._at = sound, 0

    async def read(self, samples: int) -> bytes:
        piece = self._sound[self._at : self._at + 2 * samples]
        self._at += len(piece)
        return piece


def start_engine(hall: MemoryHall, model: str, recognizer: DraftingWhisper) -> None:
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


async def measure(model: str, key_s: float, silent_s: float, lag_s: float) -> None:
    sound = await sample_sound(FIRST_MS, LAST_MS)
    said = reference(FIRST_MS, LAST_MS)
    async with memory_hall() as hall:
        recognizer = DraftingWhisper(open_store().path(model), model=model, threads=1)
        recognizer.recognise_all([])
        live, audio, task = await assigned(hall)
        assert hall.group is not None
        start_engine(hall, model, recognizer)
        began = hall.clock.monotonic()
        carrying = hall.group.create_task(audio.carry(Pcm(sound), as_live=True))
        put = do.PutOnAir(channel=FLOOR, source=ev.AirSource.PERSON)
        machine = do.PutOnAir(channel=FLOOR, source=ev.AirSource.MACHINE)
        await live.writer.send(CAPTIONER, CommandId("on"), put)
        typed = 0
        stops = key_s - silent_s
        for n in range(0, len(said), LINE_WORDS):
            words = said[n : n + LINE_WORDS]
            due = words[-1].t / 1000 + lag_s
            if due > stops:
                break
            await asyncio.sleep(max(0.0, due - (hall.clock.monotonic() - began) / 1000))
            line = do.TypeSegment(
                channel=FLOOR, segment=SegmentId(f"t{n}"), text=" ".join(word.text for word in words), language="en"
            )
            await live.writer.send(CAPTIONER, CommandId(f"t{n}"), line)
            typed = n + len(words)
        await asyncio.sleep(max(0.0, key_s - (hall.clock.monotonic() - began) / 1000))
        pressed, used, first = hall.clock.monotonic(), time.process_time(), asyncio.Event()
        came: list[int] = []

        def hear(publication: Publication) -> None:
            words = any(isinstance(each, ev.WordsCommitted) for each in publication.events)
            if words and not came:
                came.append(hall.clock.monotonic() - pressed)
                came.append(round(1000 * (time.process_time() - used)))
                first.set()

        live.writer.listen(hear)
        await live.writer.send(CAPTIONER, CommandId("off"), machine)
        await asyncio.wait_for(first.wait(), 60)
        await asyncio.sleep(6)
        heard = sorted(
            (word.t0, word.text.strip())
            for _, each in live.state.segments.items()
            if each.origin is ev.Origin.MACHINE
            for word in each.words
        )
        print(f"{model}, load {os.getloadavg()[0]:.1f}: first words {came[0]} ms after the key, {came[1]} ms of CPU")
        print("  last typed:  ", " ".join(word.text for word in said[max(0, typed - 10) : typed]))
        print("  then heard:  ", " ".join(text for _, text in heard[:14]))
        print("  truly said:  ", " ".join(word.text for word in said[typed : typed + 14]))
        task.cancel()
        carrying.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="whisper-tiny.en")
    parser.add_argument("--key", type=float, default=40.0, help="seconds at which the key is pressed")
    parser.add_argument("--silent", type=float, default=8.0, help="seconds without a line before the key")
    parser.add_argument("--lag", type=float, default=4.0, help="seconds by which a line comes late")
    given = parser.parse_args()
    asyncio.run(measure(given.model, given.key, given.silent, given.lag))


if __name__ == "__main__":
    main()
