"""Sounds of a meeting room in which nobody says a word: synthesised and seeded, so that they are always the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from moothall_models.ports import RATE, Samples
from noise import pink, rms, voice

SECONDS = 75
"""The length of each kind in s; eight kinds are ten minutes."""
LEVELS_DBFS = (-45.0, -32.0, -22.0)
"""RMS levels at which each kind is heard, a third of its time each: from far, from the middle of the room and near."""
REST = RATE
"""Samples of silence after each third, so that what is heard can be assigned to it."""
RISE = RATE // 10
"""Samples of each third's fade-in and fade-out."""
CROWD = 12
"""Voices at once in the babble; half of them run backwards."""
FULL = 0.97
"""The highest peak of the result."""

Chance = np.random.Generator
Voices = Sequence[Samples]


class Block(NamedTuple):
    """A stretch of one kind of sound, in ms from the beginning."""

    kind: str
    start: int
    end: int


def noise(count: int, low: float, high: float, chance: Chance) -> Samples:
    """Return white noise with RMS 1 between two frequencies (Hz), its edges an eighth of their frequency wide."""
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    edge = 1 / (1 + np.exp(-(hertz - low) / (low / 16))) / (1 + np.exp((hertz - high) / (high / 16)))
    made = np.fft.irfft(np.fft.rfft(chance.standard_normal(count)) * edge, count)
    return (made / rms(made.astype(np.float32))).astype(np.float32)


def put(out: Samples, at: int, sound: Samples) -> None:
    """Add a sound that begins at sample `at`; what exceeds the end is dropped."""
    end = min(len(out), at + len(sound))
    if at < end:
        out[at:end] += sound[: end - at]


def decay(count: int, seconds: float) -> Samples:
    """Return an exponential decay: from 1 to 1/e in `seconds`, and further."""
    return np.exp(-np.arange(count) / (seconds * RATE)).astype(np.float32)


def room(count: int, chance: Chance, voices: Voices) -> Samples:
    """Return ventilation and far traffic: pink noise and rumble that swells slowly."""
    time = np.arange(count, dtype=np.float32) / RATE
    swell = 1 + 0.4 * np.sin(2 * np.pi * time / 7 + chance.uniform(0, 6)) + 0.2 * np.sin(2 * np.pi * time / 2.3)
    return ((pink(count, chance) + 0.8 * noise(count, 40, 200, chance)) * swell).astype(np.float32)


def applause(count: int, chance: Chance, voices: Voices) -> Samples:
    """Return sixty pairs of hands, each at its own pace and pitch, in rounds that swell and die down."""
    out = np.zeros(count, np.float32)
    round_length = RATE * 8
    for begin in range(0, count, round_length):
        for _ in range(60):
            pace, pitch = chance.uniform(0.18, 0.32), chance.uniform(700, 2200)
            clap = noise(RATE // 20, pitch * 0.6, pitch * 1.7, chance) * decay(RATE // 20, chance.uniform(0.004, 0.012))
            at, last = chance.uniform(0, 1.5), chance.uniform(4.5, 7)
            loud = np.float32(chance.uniform(0.2, 1))
            while at < last:
                put(out, begin + int(at * RATE), clap * loud * np.float32(chance.uniform(0.7, 1)))
                at += pace * chance.uniform(0.9, 1.1)
    return out


def tone(hertz: float, seconds: float, harmonics: int, chance: Chance) -> Samples:
    """Return a plucked or bowed note: the higher a partial, the faster it dies."""
    time = np.arange(int(seconds * RATE), dtype=np.float32) / RATE
    out = np.zeros_like(time)
    for n in range(1, harmonics + 1):
        out += np.sin(2 * np.pi * hertz * n * time + chance.uniform(0, 6)) / n * np.exp(-time * (0.8 + 0.7 * n))
    return (out * np.minimum(1, time / 0.015) * np.minimum(1, (seconds - time) / 0.05)).astype(np.float32)


def music(count: int, chance: Chance, voices: Voices) -> Samples:
    """Return chords, bass, a tune and a cymbal at 96 beats a minute, without a voice."""
    out = np.zeros(count, np.float32)
    beat = 60 / 96
    chords = ((0, 4, 7), (7, 11, 14), (9, 12, 16), (5, 9, 12))
    scale = (0, 2, 4, 7, 9, 12, 14, 16)
    step = 3
    for number in range(int(count / RATE / beat)):
        at, chord = int(number * beat * RATE), chords[number // 4 % 4]
        if number % 4 == 0:
            for note in chord:
                put(out, at, tone(220 * 2 ** (note / 12), 4 * beat, 6, chance) * np.float32(0.5))
        if number % 2 == 0:
            put(out, at, tone(55 * 2 ** (chord[0] % 12 / 12), 2 * beat, 5, chance))
        for half in range(2):
            step = int(np.clip(step + chance.integers(-2, 3), 0, len(scale) - 1))
            if chance.random() < 0.75:
                put(out, at + int(half * beat / 2 * RATE), tone(440 * 2 ** (scale[step] / 12), beat, 8, chance))
        put(out, at, noise(RATE // 8, 5000, 7600, chance) * decay(RATE // 8, 0.03) * np.float32(0.3))
    return out


def breath(count: int, chance: Chance, voices: Voices) -> Samples:
    """Return breath at an open microphone: in through a narrow throat, out through a wide one,
    with occasional puffs.
    """
    out = np.zeros(count, np.float32)
    at = 0
    while at < count:
        for low, high, seconds in ((900, 5000, chance.uniform(0.6, 1.2)), (300, 2200, chance.uniform(0.9, 1.8))):
            length = int(seconds * RATE)
            put(
                out, at, noise(length, low, high, chance) * np.sin(np.linspace(0, np.pi, length, dtype=np.float32)) ** 2
            )
            at += length + int(chance.uniform(0.05, 0.5) * RATE)
        if chance.random() < 0.3:
            put(out, at, noise(RATE // 5, 40, 300, chance) * decay(RATE // 5, 0.05) * np.float32(3))
        at += int(chance.uniform(0.2, 1.2) * RATE)
    return out


def knocks(count: int, chance: Chance, voices: Voices) -> Samples:
    """Return typing in bursts, and now and then a knock on the table or a cup that is set down."""
    out = np.zeros(count, np.float32)
    at = 0.3
    while at * RATE < count:
        for _ in range(int(chance.integers(4, 25))):
            key = noise(RATE // 25, chance.uniform(1500, 2500), 6500, chance) * decay(RATE // 25, 0.006)
            put(out, int(at * RATE), key * np.float32(chance.uniform(0.3, 1)))
            at += chance.uniform(0.06, 0.22)
        at += chance.uniform(0.4, 1.5)
        for _ in range(int(chance.integers(0, 4))):
            pitch = chance.uniform(90, 320)
            blow = tone(pitch, 0.25, 4, chance) * decay(RATE // 4, 0.035) + noise(RATE // 4, 500, 3000, chance) * decay(
                RATE // 4, 0.004
            )
            put(out, int(at * RATE), blow * np.float32(2))
            at += chance.uniform(0.15, 0.35)
    return out


def hum(count: int, chance: Chance, voices: Voices) -> Samples:
    """Return mains hum with its harmonics, a second one of a transformer, and the hiss of an amplifier."""
    time = np.arange(count, dtype=np.float64) / RATE
    out = 0.03 * chance.standard_normal(count)
    for base in (50.0, 50.13):
        for n in (1, 2, 3, 4, 5, 6, 8, 10, 12):
            out += np.sin(2 * np.pi * base * n * time + chance.uniform(0, 6)) / n
    return out.astype(np.float32)


def babble(count: int, chance: Chance, voices: Voices) -> Samples:
    """Return a full room before the meeting: twelve voices at once, each at its own speed,
    every other one backwards.
    """
    out = np.zeros(count, np.float32)
    for number in range(CROWD):
        track = voice(voices, int(count * 1.2), chance)
        at = np.arange(count) * chance.uniform(0.87, 1.15)
        track = np.interp(at, np.arange(len(track)), track).astype(np.float32)
        out += track[::-1] if number % 2 else track
    return out


KINDS: dict[str, Callable[[int, Chance, Voices], Samples] | None] = {
    "silence": None,
    "room": room,
    "applause": applause,
    "music": music,
    "breath": breath,
    "knocks": knocks,
    "hum": hum,
    "babble": babble,
}


def silence(count: int, third: int, chance: Chance) -> Samples:
    """Return silence: of a dead input, of a converter that flips its last bit, or of a good preamplifier (-70 dBFS)."""
    if third == 0:
        return np.zeros(count, np.float32)
    if third == 1:
        return (chance.integers(-1, 2, count) / 32768).astype(np.float32)
    return (chance.standard_normal(count) * 10 ** (-70 / 20)).astype(np.float32)


def unspoken(voices: Voices, *, seed: int, seconds: int = SECONDS) -> tuple[Samples, list[Block]]:
    """Return all kinds one after the other, `seconds` of each; the utterances `voices` make up the babble."""
    sounds: list[Samples] = []
    blocks = []
    third = seconds * RATE // 3
    for number, (kind, make) in enumerate(KINDS.items()):
        # Each kind has its own random generator, so that a change to one leaves the others as they are.
        chance = np.random.default_rng([seed, number])
        blocks.append(Block(kind, number * third * 3 * 1000 // RATE, (number + 1) * third * 3 * 1000 // RATE))
        for part, level in enumerate(LEVELS_DBFS):
            out = np.zeros(third, np.float32)
            if make is None:
                out[:] = silence(third, part, chance)
            else:
                sound = make(third - REST, chance, voices)
                sound *= np.float32(10 ** (level / 20) / rms(sound))
                sound *= np.float32(FULL / max(FULL, float(np.abs(sound).max())))
                fade = np.minimum(1, np.arange(len(sound), dtype=np.float32) / RISE)
                out[: len(sound)] = sound * fade * fade[::-1]
            sounds.append(out)
    return np.concatenate(sounds), blocks
