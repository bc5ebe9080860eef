"""Conversations made of recordings of single voices, with the truth of who speaks when, for bench/voices.py.

A clip is cut at its pauses into lines of 1 to 8 s. A conversation is a row of turns of one to four lines each: within a
turn there are pauses of 0.15 to 0.8 s, from one voice to the next 0 to 0.3 s (a fifth: none at all), and a tenth of the
turns begin up to 0.3 s before the turn before is over. So a pause proves nothing. Each conversation can also be heard
through rooms: each voice from a place of its own, with a T60 of 0.3 to 0.7 s, and pink noise 12 to 28 dB below it.

Voices are in two halves by a rule that needs no list: constants are tuned on the first, figures are of the second.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from moothall_models.ports import RATE, VAD_FRAME, Samples
from moothall_models.recognizers.silero import SileroNetwork, SileroVoiceActivity
from noise import pink, rms
from recordings import SOUNDS, load

SPEECH_P = 0.5
PAUSE_FRAMES = 5
"""Frames without speech at which a clip is cut."""
LEAST_S, USUAL_S, MOST_S = 1.0, 5.0, 8.0
"""Length of a line: shorter ones are joined to the next one up to the usual length, longer ones are left out."""
LEVEL_DB, VARIES_DB = -24.0, 3.0
FLOOR_DB = -62.0
"""Noise of a quiet room."""
TUNED, JUDGED = 0, 1
"""The halves of the voices."""


class Line(NamedTuple):
    """A line of a conversation."""

    voice: str
    t0: float
    t1: float
    """Seconds."""


class Conversation(NamedTuple):
    """A conversation and its truth."""

    name: str
    key: tuple[object, ...]
    """What it was made of."""
    sound: Samples
    lines: Sequence[Line]
    changes: Sequence[float]
    """Where one voice ends and another begins, in seconds: the middle of what lies between them."""


def half_of(voice: str) -> int:
    """The half that a voice belongs to."""
    return hashlib.sha256(voice.encode()).digest()[-1] % 2


def lines_by_voice(folder: Path, least: int) -> Mapping[str, Sequence[Samples]]:
    """The lines of each voice that has at least so many. The name of a file up to its first hyphen is the voice.

    Exits when no voice has enough.
    """
    network, found = SileroNetwork(), dict[str, list[Samples]]()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in SOUNDS):
        found.setdefault(path.stem.split("-")[0], []).extend(cut(load(path), SileroVoiceActivity(network)))
    enough = {voice: lines for voice, lines in found.items() if len(lines) >= least}
    if not enough:
        sys.exit(f"No voice in {folder} has {least} lines: put recordings VOICE-….flac of single voices there.")
    return enough


def cut(samples: Samples, activity: SileroVoiceActivity) -> list[Samples]:
    """The lines of a clip, all equally loud."""
    spoken = np.array(activity.probabilities(samples[: len(samples) // VAD_FRAME * VAD_FRAME])) >= SPEECH_P
    spans: list[list[int]] = []
    last = -PAUSE_FRAMES
    for frame in np.flatnonzero(spoken):
        begin = spans[-1][0] if spans else int(frame)
        short = bool(spans) and (spans[-1][1] - begin) * VAD_FRAME < LEAST_S * RATE
        fits = (frame + 1 - begin) * VAD_FRAME <= USUAL_S * RATE
        if spans and (frame - last < PAUSE_FRAMES or (short and fits)):
            spans[-1][1] = int(frame) + 1
        else:
            spans.append([int(frame), int(frame) + 1])
        last = int(frame)
    pieces = [samples[max(0, a * VAD_FRAME - RATE // 50) : b * VAD_FRAME + RATE // 25] for a, b in spans]
    return [_level(piece) for piece in pieces if LEAST_S <= len(piece) / RATE <= MOST_S]


def _level(piece: Samples) -> Samples:
    loud: Samples = np.clip(piece * (10 ** (LEVEL_DB / 20) / max(rms(piece), 1e-9)), -1, 1).astype(np.float32)
    edge = RATE // 100
    loud[:edge] *= np.linspace(0, 1, edge, dtype=np.float32)
    loud[-edge:] *= np.linspace(1, 0, edge, dtype=np.float32)
    return loud


def conversation(voices: Mapping[str, Sequence[Samples]], seed: int, *, seconds: float, rooms: bool) -> Conversation:
    """Make a conversation of these voices, the same for the same seed."""
    chance = np.random.default_rng(seed)
    names = sorted(voices)
    size = {name: 10 ** (chance.uniform(-VARIES_DB, VARIES_DB) / 20) for name in names}
    place = {name: room(chance) for name in names} if rooms else {}
    left: dict[str, list[int]] = {name: [] for name in names}
    t, last = 1.0, ""
    parts: list[tuple[Line, Samples]] = []
    changes: list[float] = []
    while t < seconds:
        name = str(chance.choice([each for each in names if each != last]))
        if last:
            kind = chance.random()
            between = chance.uniform(-0.3, 0) if kind < 0.1 else 0.0 if kind < 0.3 else chance.uniform(0, 0.3)
            changes.append(t + between / 2)
            t += between
        for number in range(int(chance.integers(1, 5))):
            left[name] = left[name] or [int(n) for n in chance.permutation(len(voices[name]))]
            piece = voices[name][left[name].pop()] * np.float32(size[name])
            t += chance.uniform(0.15, 0.8) if number else 0.0
            parts.append((Line(name, t, t + len(piece) / RATE), piece))
            t += len(piece) / RATE
        last = name
    sound = np.zeros(round((t + 2) * RATE), np.float32)
    for line, piece in parts:
        heard = _through(piece, place[line.voice]) if rooms else piece
        first = round(line.t0 * RATE)
        sound[first : first + len(heard)] += heard[: len(sound) - first]
    below = LEVEL_DB - chance.uniform(12, 28) if rooms else FLOOR_DB
    sound += pink(len(sound), chance) * np.float32(10 ** (below / 20))
    sound = sound[: len(sound) // VAD_FRAME * VAD_FRAME]
    key = (seed, rooms, seconds, *names)
    return Conversation(f"{seed}{' in rooms' if rooms else ''}", key, sound, [line for line, _ in parts], changes)


def room(chance: np.random.Generator) -> Samples:
    """The answer of a room to a click: the direct sound, and a tail 2 to 6 dB weaker that decays."""
    t60 = float(chance.choice([0.3, 0.5, 0.7]))
    t = np.arange(round(t60 * RATE)) / RATE
    tail = chance.standard_normal(len(t)) * 10 ** (-3 * t / t60)
    tail[: RATE // 250] = 0
    tail *= np.sqrt(10 ** (-chance.uniform(2, 6) / 10) / np.sum(tail**2))
    tail[0] = 1
    answer: Samples = tail.astype(np.float32)
    return answer


def _through(piece: Samples, answer: Samples) -> Samples:
    count = len(piece) + len(answer) - 1
    points = 1 << (count - 1).bit_length()
    heard = np.fft.irfft(np.fft.rfft(piece, points) * np.fft.rfft(answer, points), points)
    through: Samples = heard[:count].astype(np.float32)
    return through
