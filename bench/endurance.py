#!/usr/bin/env python3
"""Two hours through the whole live path at full speed: checks that memory stays flat, and that no line is lost.

    python bench/endurance.py [RECORDING] [--minutes 120] [--model NAME] [--every 5] [--keep FOLDER]

The recording (left out: the sample session; its reference lies beside it as .jsonl) is looped to at least `--minutes`
and replayed as `moothall replay` does it: server, decoder, engine and a reader at the ordinary door, each a process of
its own. Every `--every` seconds the script samples the memory of each process, and the size of the sound and the log on
disk.

Ends with 1 when, after ten minutes of sound, the server or the engine grows by more than `--allowed` MB for each hour
of sound, when the engine ever has more than `--most` MB, when the reader's text differs from the log, when there is a
gap, or when the text has no word of some utterance. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from footprint import HOUR, Footprint, Growth, growth, on_disk, peak, processes, resident
from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SessionId
from moothall_models.ports import RATE
from recordings import SAMPLE, load, utterances
from scoring import machine, markdown

WARM_UP_S = 600.0
"""Seconds of sound; by then everything is loaded that is loaded once and kept."""
ALLOWED_MB = 5.0
MOST_ENGINE_MB = 600.0
JUDGED = ("server", "engine")
SHOWN = ("server", "engine", "decoder", "reader")
ROWS = 30
"""The number of samples that are printed, evenly spread."""
MARGIN_S = 0.3
"""How far a word may lie outside of its utterance, in s: alignment is 0.1-0.2 s wrong."""
Said = list[tuple[str, str]]
"""The changes of lines, in order: the line's id, and the words without their spaces."""


class Log(NamedTuple):
    """The contents of the session's log."""

    said: Said
    words: list[le.Word]
    opened: int
    ended: int
    gaps: int


class Follower:
    """Reads the reader's file while it grows."""

    def __init__(self, rows: Path) -> None:
        self._rows = rows
        self._at = 0
        self.said: Said = []
        self.audio = 0.0
        """Seconds of sound up to the end of the last word."""

    def read(self) -> None:
        """Read the complete lines that were written since the last call."""
        if not self._rows.exists():
            return
        with self._rows.open("rb") as file:
            file.seek(self._at)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            row = json.loads(line)
            if row["kind"] in ("commit", "correct"):
                self.said.append((row["segment"], bare(row["text"])))
                self.audio = max(self.audio, row.get("t1", 0.0))


def bare(text: str) -> str:
    """Return the text without spaces: readers differ in where they join words."""
    return "".join(text.split())


def loop(recording: Path, minutes: float, out: Path) -> tuple[int, float]:
    """Write the recording to `out` (WAV) as often as it takes; returns how often that is, and the
    recording's length in s.
    """
    pcm = np.clip(np.round(load(recording) * 32_768), -32_768, 32_767).astype("<i2").tobytes()
    length = len(pcm) / 2 / RATE
    times = max(1, -int(-minutes * 60 // length))
    with wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for _ in range(times):
            file.writeframesraw(pcm)
    return times, length


def watch(command: Sequence[str], folder: Path, every: float) -> tuple[list[Footprint], Follower, float]:
    """Run the replay and sample it until it ends; returns the samples, the reader's text and the engine's peak in MB.

    Exits with the replay's output when it fails.
    """
    looks: list[Footprint] = []
    follower, most = Follower(folder / "reader.jsonl"), 0.0
    began = time.perf_counter()
    with (folder / "replay.log").open("w+b") as said:
        replay = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            while replay.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    replay.wait(every)
                follower.read()
                found = processes(replay.pid)
                memory = {part: mb for part, pid in found.items() if (mb := resident(pid)) is not None}
                if "engine" in found:
                    most = max(most, peak(found["engine"]) or 0.0)
                if not set(JUDGED) <= set(memory):
                    continue  # The replay is only beginning, or ending.
                spool, log = on_disk(folder / "data", "spool/**/*"), on_disk(folder / "data", "*.sqlite*")
                looks.append(Footprint(time.perf_counter() - began, follower.audio, memory, spool, log))
                if sys.stderr.isatty():
                    tell(looks[-1])
        finally:
            replay.kill()
            replay.wait()
        if replay.returncode:
            said.seek(0)
            sys.exit(f"moothall replay ended with {replay.returncode}:\n{said.read().decode(errors='replace')}")
    follower.read()
    return looks, follower, most


def tell(look: Footprint) -> None:
    """Show the progress on one line of the terminal."""
    memory = ", ".join(f"{part} {look.memory[part]:.0f} MB" for part in SHOWN if part in look.memory)
    print(f"\r\x1b[K{look.audio / 60:5.1f} min of sound, {memory}", end="", file=sys.stderr, flush=True)


def logged(data: Path) -> Log:
    """Return the contents of the replayed session's log."""
    reader = LogReader(open_for_reading(data / FILE_NAME))
    try:
        records = reader.read(SessionId("replay"), 0, 10_000_000)
    finally:
        reader.close()
    said: Said = []
    words: list[le.Word] = []
    opened = ended = gaps = 0
    for record in records:
        match decode_event(record.body) if record.body is not None else None:
            case le.WordsCommitted() as event:
                said.append((event.segment, bare("".join(word.text for word in event.words))))
                words += event.words
            case le.SegmentCorrected() as event:
                said.append((event.segment, bare(event.text + event.tail)))
            case le.SegmentOpened():
                opened += 1
            case le.SegmentEnded():
                ended += 1
            case ev.GapNoted():
                gaps += 1
            case _:
                pass
    return Log(said, words, opened, ended, gaps)


def without_words(reference: Path, times: int, length: float, words: Iterable[le.Word]) -> list[tuple[int, float]]:
    """Return the utterances of which the text has no word: the number of the loop, and the
    start in the recording (s).
    """
    middles = np.sort([(word.t0 + word.t1) / 2_000 for word in words])
    missing = []
    for number in range(times):
        for said in utterances(reference):
            begin, end = number * length + said["start"] - MARGIN_S, number * length + said["end"] + MARGIN_S
            if np.searchsorted(middles, end) == np.searchsorted(middles, begin):
                missing.append((number, float(said["start"])))
    return missing


def table(looks: Sequence[Footprint]) -> str:
    """Return some of the samples as a table, the last one among them."""
    step = max(1, -(-len(looks) // ROWS))
    shown = [*looks[: len(looks) - 1 : step], *looks[-1:]]
    head = ("s", "min of sound", *(f"{part} MB" for part in SHOWN), "spool MB", "log MB")
    rows = [
        (
            f"{look.at:.0f}",
            f"{look.audio / 60:.1f}",
            *(f"{look.memory[part]:.1f}" if part in look.memory else "-" for part in SHOWN),
            f"{look.spool:.1f}",
            f"{look.log:.2f}",
        )
        for look in shown
    ]
    return markdown(head, rows)


def judge(grown: Sequence[Growth], most: float, allowed: float, most_allowed: float) -> list[str]:
    """Return each fault of the memory as a sentence."""
    wrong = [
        f"The {each.part} grew by {each.slope:.1f} MB an hour over {each.hours:.1f} hours of sound."
        for each in grown
        if each.part in JUDGED and not each.flat(allowed)
    ]
    if most > most_allowed:
        wrong.append(f"The engine had {most:.0f} MB; {most_allowed:.0f} are allowed.")
    return wrong


def compare(log: Log, read: Said, missing: Sequence[tuple[int, float]]) -> list[str]:
    """Return each fault of the text as a sentence."""
    wrong = []
    if read != log.said:
        at = next((n for n, (one, other) in enumerate(zip(read, log.said, strict=False)) if one != other), None)
        where = f"from change {at + 1} on" if at is not None else "at the end"
        wrong.append(f"The reader got {len(read)} changes, the log holds {len(log.said)}; they differ {where}.")
    if log.opened != log.ended:
        wrong.append(f"{log.opened} lines began and {log.ended} ended.")
    if log.gaps:
        wrong.append(f"The log has {log.gaps} gaps.")
    wrong += [f"No word stands for the utterance at {start:.1f} s of loop {number + 1}." for number, start in missing]
    return wrong


def main() -> None:
    """Run the replay, judge it, and print the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("recording", nargs="?", type=Path, default=SAMPLE / "session.opus")
    parser.add_argument("--minutes", type=float, default=120.0, help="of sound, at least")
    parser.add_argument("--model", help="recogniser; see moothall models list")
    parser.add_argument("--language", help="what is spoken; else the reference says it")
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two looks")
    parser.add_argument("--allowed", type=float, default=ALLOWED_MB, help="MB that an hour of sound may add")
    parser.add_argument("--most", type=float, default=MOST_ENGINE_MB, help="MB that the engine may have")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep all looks, the log and what was read here")
    args = parser.parse_args()
    reference = args.recording.with_suffix(".jsonl")
    if not reference.is_file():
        sys.exit(f"{reference} is missing: it says what is spoken in {args.recording.name}, and when.")
    spoken = args.language or ",".join(dict.fromkeys(line.get("lang", "en") for line in utterances(reference)))
    about = machine()
    with tempfile.TemporaryDirectory(prefix="moothall-bench-") as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        sound = Path(scratch) / f"{args.recording.stem}.wav"
        times, length = loop(args.recording, args.minutes, sound)
        command = [sys.executable, "-m", "moothall", "replay", str(sound), "--jsonl", str(folder / "reader.jsonl")]
        command += ["--language", spoken, "--data", str(folder / "data")]
        command += ["--model", args.model] if args.model else []
        looks, follower, most = watch(command, folder, args.every)
        log = logged(folder / "data")
    missing = without_words(reference, times, length, log.words)
    grown = [each for part in SHOWN if (each := growth(part, looks, WARM_UP_S)) is not None]
    if args.keep is not None:
        rows = "".join(json.dumps(look._asdict()) + "\n" for look in looks)
        (args.keep / "looks.jsonl").write_text(rows, encoding="utf-8")
    print(table(looks), "", *about, sep="\n")
    speed = times * length / looks[-1].at
    print(f"run       {args.recording.name}, {times} times ({times * length / HOUR:.2f} h), at {speed:.1f} × real time")
    print(f"model     {args.model or 'the default'}")
    print(f"text      {log.ended} lines, {len(log.words)} words, {len(log.said)} changes")
    for each in grown:
        print(
            f"memory    {each.part}: {each.slope:+.1f} MB an hour over {each.hours:.2f} h, {each.most:.0f} MB at most"
        )
    print(f"memory    engine, at its highest: {most:.0f} MB")
    wrong = [*judge(grown, most, args.allowed, args.most), *compare(log, follower.said, missing)]
    if not {each.part for each in grown} >= set(JUDGED):
        wrong.append(f"It was over within {WARM_UP_S / 60:.0f} minutes of sound, too soon to say whether memory grows.")
    print(*(wrong or ["Memory was flat, and no line was lost."]), sep="\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
