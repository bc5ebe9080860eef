"""Run the speech policy alone over a recording, on a virtual clock, and write what a reader would see.

    OMP_NUM_THREADS=1 python bench/simulate_speech.py AUDIO OUT.jsonl --model DIR [--languages en,de]

The clock is one dedicated core: CPU time of this process plus the time it waited. A frame reaches the policy once the
clock has passed its last sample. OUT is what bench scorers of streaming recognisers read: one JSON object a line,
`partial` or `commit` with `at`, `segment`, `t0`, `t1`, `text`, `lang` (seconds), and a `usage` line at the end. The
engine process, its link and the server are left out; `bench/replay.py` includes them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from moothall.core.commands import CommitWords, ReviseSegment
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.signals import Partial
from moothall.wire.engine import Attach
from moothall_models.ports import RATE, VAD_FRAME, Floats, Hypothesis, Samples, Window
from moothall_models.recognizers.chinese import load_scripts
from moothall_models.recognizers.silero import SileroVoiceActivity
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.speech.channel import DEFAULT_SETTINGS, Output, SpeechChannel
from moothall_models.speech.settings import SpeechSettings
from recordings import load

FRAME_MS = VAD_FRAME * 1000 // RATE
AN_ACT = 0.001
"""Seconds from the correction of one line to that of the next, which is an act of its own: lines between them that stay
are not shown anew, as a scorer would take it if both came at once."""


class CpuClock:
    """A clock of the process's CPU time since its making plus the time waited, in ms."""

    def __init__(self) -> None:
        self._began = time.process_time()
        self._idle = 0.0
        self.saved = 0.0
        """CPU ms that a cache saved; they count as if they had been spent."""

    @property
    def cpu(self) -> float:
        return (time.process_time() - self._began) * 1000 + self.saved

    def now(self) -> float:
        return self.cpu + self._idle

    def wait_until(self, t: float) -> None:
        self._idle += max(0.0, t - self.now())


class Lines:
    """Collects the event lines that readers would see."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self._languages: dict[str, str] = {}
        self._spans: dict[str, tuple[float, float]] = {}

    def add(self, at: float, outputs: Iterable[Output]) -> None:
        at = round(at / 1000, 4)
        for output in outputs:
            if isinstance(output, CommitWords):
                if output.start is not None:
                    self._languages[output.segment] = output.start.language
                common = {"at": at, "segment": output.segment, "lang": self._languages.get(output.segment, "en")}
                text = "".join(word.text for word in output.words).strip()
                t0, t1 = output.words[0].t0 / 1000, output.words[-1].t1 / 1000
                self._spans[output.segment] = (self._spans.get(output.segment, (t0, t1))[0], t1)
                self.lines.append({**common, "kind": "commit", "t0": t0, "t1": t1, "text": text})
                if output.rest:
                    self.lines.append({**common, "kind": "partial", "text": output.rest})
            elif isinstance(output, ReviseSegment):
                t0, t1 = self._spans[output.segment]
                common = {"at": at, "segment": output.segment, "lang": self._languages.get(output.segment, "en")}
                at = round(at + AN_ACT, 4)
                self.lines.append({**common, "kind": "correct", "t0": t0, "t1": t1, "text": output.text.strip()})
            elif isinstance(output, Partial):
                self.lines.append(
                    {
                        "at": at,
                        "kind": "partial",
                        "segment": output.segment,
                        "text": output.text,
                        "lang": output.language,
                    }
                )


def simulate(
    samples: Samples,
    attach: Attach,
    recognise: Callable[[Window], Hypothesis],
    clock: CpuClock,
    *,
    settings: SpeechSettings = DEFAULT_SETTINGS,
    emit: Callable[[float, Sequence[Output]], None] = lambda at, outputs: None,
    measure: Callable[[Samples], Floats] | None = None,
) -> SpeechChannel:
    """Play `samples`, the first of which is at media ms `attach.audio_from`, to a channel until it is done.

    `measure` measures voices when no pass is wanted; None: nobody does.
    """
    channel = SpeechChannel(attach, settings, load_scripts())
    activity = SileroVoiceActivity()
    frames = len(samples) // VAD_FRAME
    offset = attach.audio_from
    given = 0

    def media() -> int:
        return int(min(clock.now(), frames * FRAME_MS)) + offset

    def listen() -> None:
        nonlocal given
        while given < frames and (given + 1) * FRAME_MS <= clock.now():
            piece = samples[given * VAD_FRAME : (given + 1) * VAD_FRAME]
            outputs = channel.hear(offset + given * FRAME_MS, piece, activity.probabilities(piece))
            given += 1
            emit(clock.now(), outputs)
        if given == frames and not channel.done:
            given += 1
            emit(clock.now(), channel.end_of_audio())

    while not channel.done:
        listen()
        request = channel.next_pass(media())
        if request is not None:
            request = channel.begin(request)
            hypothesis = recognise(request.window)
            listen()
            emit(clock.now(), channel.passed(request, hypothesis, media()))
        elif measure is not None and (window := channel.voices.next_window()) is not None:
            vector = measure(window.speech)
            listen()
            emit(clock.now(), channel.measured(window, vector))
        elif not channel.done:
            clock.wait_until((given + 1) * FRAME_MS)
    return channel


def whole_frames(samples: Samples) -> Samples:
    return np.pad(samples, (0, -len(samples) % VAD_FRAME)).astype(np.float32)


def attach_from_start(
    languages: tuple[str, ...], attachment: int = 1, glossary: tuple[str, ...] = (), near: int = 0
) -> Attach:
    return Attach(
        attachment=attachment,
        session=SessionId(f"s{attachment}"),
        channel=ChannelId("floor"),
        generation=1,
        languages=languages,
        committed_through=0,
        last_words=(),
        open_segment=None,
        audio_from=0,
        glossary=glossary,
        near=near,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("audio", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", type=Path, required=True, help="folder with a Whisper model in CTranslate2 form")
    parser.add_argument("--languages", default="en")
    arguments = parser.parse_args()
    samples = whole_frames(load(arguments.audio))
    recognizer = DraftingWhisper(arguments.model, model=arguments.model.name)
    recognizer.warm_up()
    lines = Lines()
    clock = CpuClock()
    simulate(
        samples, attach_from_start(tuple(arguments.languages.split(","))), recognizer.recognise, clock, emit=lines.add
    )
    usage = {"kind": "usage", "cpu_seconds": round(clock.cpu / 1000, 2), "audio_seconds": round(len(samples) / RATE, 2)}
    with arguments.out.open("w", encoding="utf-8") as out:
        for line in [*lines.lines, usage]:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
