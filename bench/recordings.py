"""The pairs on which the benches run, a recording and its reference each, and functions that
read and write their sound.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from moothall_models.ports import RATE, Samples

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "config" / "sample"
SOUNDS = (".flac", ".opus", ".wav", ".mp3", ".ogg")
FULL_SCALE = 32767
"""The largest value of PCM16."""
PIECE = 4096
"""Samples in a FLAC frame."""


class Pair(NamedTuple):
    """A recording with its reference, and the languages in the order in which they are spoken."""

    name: str
    sound: Path
    reference: Path
    languages: tuple[str, ...]


def pairs_in(folder: Path, names: Sequence[str] = ()) -> list[Pair]:
    """Return all pairs of a folder, sorted by name; only `names` if there are any. Exits if there is none."""
    found = []
    for reference in sorted(folder.glob("*.jsonl")):
        sound = next((path for end in SOUNDS if (path := reference.with_suffix(end)).is_file()), None)
        if sound is None or (names and reference.stem not in names):
            continue
        languages = tuple(dict.fromkeys(line.get("lang", "en") for line in utterances(reference)))
        found.append(Pair(reference.stem, sound, reference, languages))
    missing = set(names) - {pair.name for pair in found}
    if missing or not found:
        what = ", ".join(sorted(missing)) or "any pair"
        sys.exit(f"{folder} does not hold {what}: put a recording NAME.flac and its reference NAME.jsonl there.")
    return found


def utterances(reference: Path) -> list[dict[str, Any]]:
    """Return the utterances of a reference, in order of their start: `start` and `end` in
    seconds, `speaker`, `lang`, …
    """
    lines = [json.loads(line) for line in reference.read_text(encoding="utf-8").splitlines() if line.strip()]
    return sorted(lines, key=lambda line: float(line["start"]))


def load(path: Path | IO[bytes]) -> Samples:
    """Return the mono samples of a file at 16 kHz, between -1 and 1."""
    import av

    pieces: list[Samples] = [np.zeros(0, np.float32)]
    with av.open(str(path) if isinstance(path, Path) else path, "r") as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in container.decode(audio=0):
            pieces += [out.to_ndarray()[0].astype(np.float32) for out in resampler.resample(frame)]
        pieces += [out.to_ndarray()[0].astype(np.float32) for out in resampler.resample(None)]
    return np.concatenate(pieces)


def save(path: Path, samples: Samples) -> None:
    """Write FLAC, 16 bits, mono, 16 kHz: the same bytes for the same samples. A peak above 1 is cut off."""
    import av

    pcm = np.round(np.clip(samples, -1.0, 1.0) * FULL_SCALE).astype(np.int16)
    with av.open(str(path), "w", format="flac", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono", format="s16")
        for first in range(0, len(pcm), PIECE):
            frame = av.AudioFrame.from_ndarray(pcm[np.newaxis, first : first + PIECE], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


PAUSE_S = 0.5
"""Sound before and behind an utterance that goes with it, as far as no other utterance is there."""


def by_language(pair: Pair, folder: Path) -> list[Pair]:
    """A pair for each language of a recording, with its utterances alone and the pauses around them, written into a
    folder. A recording in one language stays as it is.
    """
    if len(pair.languages) < 2:
        return [pair]
    return [
        excerpt(
            pair,
            f"{pair.name}-{language}",
            lambda line, language=language: line.get("lang", "en") == language,  # type: ignore[misc]
            (language,),
            folder,
        )
        for language in pair.languages
    ]


def excerpt(
    pair: Pair, name: str, kept: Callable[[dict[str, Any]], bool], languages: tuple[str, ...], folder: Path
) -> Pair:
    """Write some utterances of a recording with the pauses around them, and their reference, into a folder."""
    samples, lines = load(pair.sound), utterances(pair.reference)
    bounds = [0.0, *(float(line["end"]) for line in lines), len(samples) / RATE]
    starts = [*(float(line["start"]) for line in lines), len(samples) / RATE]
    sound, told, length = [np.zeros(0, np.float32)], list[str](), 0
    for number, line in enumerate(lines):
        if not kept(line):
            continue
        first = max(bounds[number], float(line["start"]) - PAUSE_S)
        last = min(starts[number + 1], float(line["end"]) + PAUSE_S)
        piece = samples[round(first * RATE) : round(max(first, last) * RATE)]
        told.append(json.dumps(moved(line, length / RATE - first), ensure_ascii=False))
        sound.append(piece)
        length += len(piece)
    save(folder / f"{name}.flac", np.concatenate(sound))
    (folder / f"{name}.jsonl").write_text("\n".join(told) + "\n", encoding="utf-8")
    return Pair(name, folder / f"{name}.flac", folder / f"{name}.jsonl", languages)


def moved(line: dict[str, Any], by: float) -> dict[str, Any]:
    """An utterance that begins so many seconds later."""
    times = {name: round(float(line[name]) + by, 3) for name in ("start", "end")}
    words = [[word, round(start + by, 3), round(end + by, 3)] for word, start, end in line.get("words", ())]
    return {**line, **times, **({"words": words} if words else {})}
