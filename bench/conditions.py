#!/usr/bin/env python3
"""Makes of a set of recordings the same in other conditions: a telephone line, an MP3, clipping, a far microphone, …

    python bench/conditions.py FOLDER OUT [--only NAME] [--condition NAME] [--seconds S] [--seed 1]

FOLDER holds pairs of a recording and its reference (bench/README.md). Each becomes OUT/NAME_CONDITION.flac for each
condition, with its reference beside it. `--seconds` takes the first utterances alone that folds.py judges outside its
last fold, until they last so long. The same seed and the same libraries make the same bytes.
"""

from __future__ import annotations

import argparse
import io
import shutil
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np

from folds import LAST, fold_of, independent
from moothall_models.ports import RATE, Samples
from noise import SEED, active, rms
from recordings import PAUSE_S, Pair, excerpt, load, pairs_in, save, utterances

Distortion = Callable[[Samples, float, np.random.Generator], Samples]
"""Maps a recording, the RMS of its active speech, and a source of chance to the recording in that condition."""

TELEPHONE_HZ = (300.0, 3400.0)
MU_LAW_BIAS, MU_LAW_LARGEST = 33, 8191
"""Of G.711, in steps of 14 bits."""
MP3_BITS = 32_000
"""Bits a second."""
OVER_DB = 12.0
"""How far the peaks of a clipped recording lay over full scale."""
QUIET_DB = -50.0
"""RMS of quiet speech, dB of full scale."""
OFFSET = 0.1
HUM_HZ, HUM_DB, HARMONICS = 50.0, -10.0, 10
"""Hum by the RMS of active speech; each harmonic has its number's part of the first one's amplitude."""
T60_S, DIRECT_DB = 0.8, -3.0
"""A far microphone: the reverberation's decay by 60 dB, and the direct sound by the whole reverberation."""


def band(samples: Samples, low: float, high: float) -> Samples:
    """Return what lies between two frequencies."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(hertz < low) | (hertz > high)] = 0
    out: Samples = np.fft.irfft(spectrum, len(samples)).astype(np.float32)
    return out


def mu_law(samples: Samples) -> Samples:
    """Return the samples as G.711 mu-law carries them: a sign, three bits of exponent and four of mantissa."""
    size = np.minimum(np.abs(np.round(samples * (MU_LAW_LARGEST + 1))) + MU_LAW_BIAS, MU_LAW_LARGEST).astype(np.int64)
    exponent = np.floor(np.log2(size)).astype(np.int64) - 5
    mantissa = (size >> (exponent + 1)) & 15
    heard = ((2 * mantissa + MU_LAW_BIAS) << exponent) - MU_LAW_BIAS
    out: Samples = (np.sign(samples) * heard / (MU_LAW_LARGEST + 1)).astype(np.float32)
    return out


def telephone(samples: Samples, level: float, chance: np.random.Generator) -> Samples:
    """A telephone line: 300 to 3400 Hz, 8 kHz, G.711 mu-law."""
    even = np.pad(samples, (0, len(samples) % 2))
    line = mu_law(band(even, *TELEPHONE_HZ)[::2])
    wide = np.fft.irfft(np.fft.rfft(line), len(even)) * 2
    return wide[: len(samples)].astype(np.float32)


def mp3(samples: Samples, level: float, chance: np.random.Generator) -> Samples:
    """MP3 at 32 kbit/s. The delay of the coder is taken out, so that the reference's times hold."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono", format="fltp")
        stream.bit_rate = MP3_BITS
        for first in range(0, len(samples), RATE):
            frame = av.AudioFrame.from_ndarray(samples[np.newaxis, first : first + RATE], format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    heard = load(file)
    size = len(samples) + len(heard)
    alike = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(samples, size)), size)
    delay = int(np.argmax(alike[: RATE // 2]))
    in_time: Samples = np.pad(heard[delay : delay + len(samples)], (0, max(0, len(samples) + delay - len(heard))))
    return in_time


def clipped(samples: Samples, level: float, chance: np.random.Generator) -> Samples:
    """Peaks 12 dB over full scale, cut off."""
    out: Samples = np.clip(samples * np.float32(10 ** (OVER_DB / 20) / float(np.abs(samples).max())), -1, 1)
    return out


def quiet(samples: Samples, level: float, chance: np.random.Generator) -> Samples:
    """Active speech at -50 dB of full scale."""
    return samples * np.float32(10 ** (QUIET_DB / 20) / level)


def offset(samples: Samples, level: float, chance: np.random.Generator) -> Samples:
    """A constant of 0.1 of full scale is added."""
    return samples + np.float32(OFFSET)


def hum(samples: Samples, level: float, chance: np.random.Generator) -> Samples:
    """Mains hum of 50 Hz with harmonics up to 500 Hz, 10 dB below the RMS of active speech."""
    seconds = np.arange(len(samples)) / RATE
    total = np.zeros(len(samples))
    for number in range(1, HARMONICS + 1):
        total += np.sin(2 * np.pi * (HUM_HZ * number * seconds + chance.random())) / number
    total *= level * 10 ** (HUM_DB / 20) / np.sqrt(np.mean(total**2))
    added: Samples = total.astype(np.float32)
    return samples + added


def far(samples: Samples, level: float, chance: np.random.Generator) -> Samples:
    """A far microphone: behind the direct sound a decay of 0.8 s, 3 dB louder than it. The level stays."""
    count = round(T60_S * RATE)
    room = chance.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    room *= 10 ** (-DIRECT_DB / 20) / np.sqrt(np.sum(room**2))
    room[0] = 1
    size = len(samples) + count
    heard = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(room, size), size)[: len(samples)].astype(np.float32)
    return heard * np.float32(rms(samples) / rms(heard))


CONDITIONS: dict[str, Distortion] = {
    "telephone": telephone,
    "mp3": mp3,
    "clipped": clipped,
    "quiet": quiet,
    "offset": offset,
    "hum": hum,
    "far": far,
}


def judged_part(pair: Pair, out: Path, seconds: float) -> Pair:
    """Write the first utterances that are judged, and of no voice of the last fold, with the pauses around them."""
    lines = [line for line in utterances(pair.reference) if fold_of(line["speaker"]) != LAST]
    lines = [line for line in lines if independent(line["clip"])]
    lasts = accumulate(line["end"] - line["start"] + 2 * PAUSE_S for line in lines)
    starts = {line["start"] for line, until in zip(lines, lasts, strict=True) if until <= seconds}
    return excerpt(pair, f"{pair.name}_part", lambda line: line["start"] in starts, pair.languages, out)


def put_in(pair: Pair, condition: str, out: Path, *, seed: int = SEED) -> Pair:
    """Write a recording in a condition, and its reference. If it would clip for that, all of it is made quieter."""
    samples = load(pair.sound)
    level = rms(samples[active(samples, utterances(pair.reference))])
    heard = CONDITIONS[condition](samples, level, np.random.default_rng(seed))
    name = f"{pair.name}_{condition}"
    out.mkdir(parents=True, exist_ok=True)
    made = Pair(name, out / f"{name}.flac", out / f"{name}.jsonl", pair.languages)
    save(made.sound, heard / max(1.0, float(np.abs(heard).max())))
    shutil.copyfile(pair.reference, made.reference)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="the pairs")
    parser.add_argument("out", type=Path, help="where the others go")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this pair (may be repeated)")
    parser.add_argument("--condition", action="append", choices=CONDITIONS, default=[], help="only this one")
    parser.add_argument("--seconds", type=float, help="of each the first utterances that folds.py judges")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for pair in pairs_in(args.folder, args.only):
        part = pair if args.seconds is None else judged_part(pair, args.out, args.seconds)
        for condition in args.condition or CONDITIONS:
            print(put_in(part, condition, args.out, seed=args.seed).sound)


if __name__ == "__main__":
    main()
