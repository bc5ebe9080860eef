#!/usr/bin/env python3
"""Adds noise to a set of recordings: pink noise and the babble of the recording's other voices.

    python bench/noise.py FOLDER OUT [--only NAME] [--seed 1] [--snr 10]

FOLDER holds pairs of a recording and its reference (bench/README.md). Each becomes OUT/NAME_noise.flac, with a copy of
its reference beside it. Half of the noise's power is pink noise, half is babble; together they lie `--snr` dB below the
RMS of active speech. The same seed and the same libraries make the same bytes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moothall_models.ports import RATE, Samples
from recordings import Pair, load, pairs_in, save, utterances

SUFFIX = "_noise"
SEED = 1
SNR_DB = 10.0
FRAME = RATE // 50
"""Samples of the 20 ms over which a level is measured."""
MARGIN_DB = 15.9
"""Frames this far below the level of active speech are pauses (the margin of ITU-T P.56)."""
VOICES = 6
"""Tracks of babble: other people speaking at once."""
FADE = RATE // 10
"""Samples of the cross-fade from one babble to the next when the speaker changes."""
LOWEST_HZ = 50.0
"""The lowest frequency of pink noise; a room's microphone would hardly hear the power below it."""


def rms(samples: Samples) -> float:
    """Return the root mean square; 0 for no samples."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def active(samples: Samples, spoken: Sequence[dict[str, Any]]) -> NDArray[np.bool_]:
    """Return which samples are active speech: in an utterance of the reference, and not in its pauses.

    As in ITU-T P.56, a frame counts when it is at most 15.9 dB below the mean level of all frames that count; the
    selection is repeated until it no longer changes.
    """
    frames = len(samples) // FRAME
    power = np.mean(np.square(samples[: frames * FRAME].reshape(frames, FRAME), dtype=np.float64), axis=1)
    counts = np.zeros(frames, np.bool_)
    for line in spoken:
        counts[round(line["start"] * RATE) // FRAME : round(line["end"] * RATE) // FRAME] = True
    while counts.any():
        louder = counts & (power >= power[counts].mean() * 10 ** (-MARGIN_DB / 10))
        if np.array_equal(louder, counts):
            break
        counts = louder
    return np.concatenate([np.repeat(counts, FRAME), np.zeros(len(samples) - frames * FRAME, np.bool_)])


def pink(count: int, chance: np.random.Generator) -> Samples:
    """Return noise with RMS 1 whose power falls by 3 dB an octave from 50 Hz on."""
    spectrum = np.fft.rfft(chance.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= np.where(hertz >= LOWEST_HZ, 1 / np.sqrt(np.maximum(hertz, LOWEST_HZ)), 0.0)
    noise = np.fft.irfft(spectrum, count).astype(np.float32)
    return noise / rms(noise)


def voice(pieces: Sequence[Samples], count: int, chance: np.random.Generator) -> Samples:
    """Return a track of endless speech with RMS 1: the pieces in a random order, from a random position."""
    order = chance.permutation(len(pieces))
    track = np.concatenate([pieces[number] / max(rms(pieces[number]), 1e-9) for number in order])
    track = np.roll(track, -int(chance.integers(len(track))))
    return np.resize(track, count).astype(np.float32)


def babble(samples: Samples, spoken: Sequence[dict[str, Any]], chance: np.random.Generator) -> Samples:
    """Return the babble of all speakers but the current one, `VOICES` tracks at once, with RMS 1.

    From the middle of one pause to the middle of the next, the utterances of other speakers make up the babble. Exits
    when there is no other speaker: babble of the speaker's own voice would be a second speaker, not noise.
    """
    pieces = [samples[round(line["start"] * RATE) : round(line["end"] * RATE)] for line in spoken]
    edges = [0]
    edges += [round((a["end"] + b["start"]) / 2 * RATE) for a, b in pairwise(spoken)]
    edges.append(len(samples))
    out = np.zeros(len(samples), np.float32)
    rise = np.sin(np.linspace(0, np.pi / 2, FADE, dtype=np.float32))
    for number, line in enumerate(spoken):
        others = [
            piece for piece, other in zip(pieces, spoken, strict=True) if other.get("speaker") != line.get("speaker")
        ]
        if not others:
            sys.exit(f"Only {line.get('speaker')} speaks in this recording: babble needs other voices; leave it out.")
        first, last = max(0, edges[number] - FADE // 2), min(len(samples), edges[number + 1] + FADE // 2)
        part = np.zeros(last - first, np.float32)
        for _ in range(VOICES):
            part += voice(others, last - first, chance)
        part /= rms(part)
        if first > 0:
            part[:FADE] *= rise[: len(part)]
        if last < len(samples):
            part[-FADE:] *= rise[::-1][-len(part) :]
        out[first:last] += part
    return out / rms(out)


def noise_for(samples: Samples, spoken: Sequence[dict[str, Any]], *, seed: int = SEED, snr: float = SNR_DB) -> Samples:
    """Return the noise to add to a recording, `snr` dB below the RMS of its active speech."""
    chance = np.random.default_rng(seed)
    noise = pink(len(samples), chance) + babble(samples, spoken, chance)
    target = rms(samples[active(samples, spoken)]) * 10 ** (-snr / 20)
    return noise * np.float32(target / rms(noise))


def make_noisy(pair: Pair, out: Path, *, seed: int = SEED, snr: float = SNR_DB) -> Pair:
    """Write the noisy recording and a copy of its reference. If the sum would clip, all of it is made quieter."""
    samples, spoken = load(pair.sound), utterances(pair.reference)
    noisy = samples + noise_for(samples, spoken, seed=seed, snr=snr)
    out.mkdir(parents=True, exist_ok=True)
    made = Pair(
        pair.name + SUFFIX, out / f"{pair.name}{SUFFIX}.flac", out / f"{pair.name}{SUFFIX}.jsonl", pair.languages
    )
    save(made.sound, noisy / max(1.0, float(np.abs(noisy).max())))
    shutil.copyfile(pair.reference, made.reference)
    return made


def voices(pair: Pair) -> int:
    """Return how many people speak in a recording."""
    return len({line.get("speaker") for line in utterances(pair.reference)})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="the pairs")
    parser.add_argument("out", type=Path, help="where the noisy ones go")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this pair (may be repeated)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--snr", type=float, default=SNR_DB, help="dB of active speech over noise")
    args = parser.parse_args()
    for pair in pairs_in(args.folder, args.only):
        if voices(pair) < 2 and not args.only:
            print(f"{pair.name} left out: only one voice, so there is no babble of others")
            continue
        print(make_noisy(pair, args.out, seed=args.seed, snr=args.snr).sound)


if __name__ == "__main__":
    main()
