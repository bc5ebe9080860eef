"""Speech with a known truth: a script, rendered to audio from which each word can be read back.

Each sample of word number n has the size BASE + n · step, so that any piece of the audio, cut anywhere, gives its words
again: `moothall_models.recognizers.scripted` reads them. Everything between the microphone and the screen runs as in
production, and the result can be compared with the script, word for word.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError

SAMPLES_A_MS = 16
BASE = 4_096
"""The size of the samples of word 0, loud enough to count as speech."""
MOST_WORDS = 28_000
HALF_PERIOD = 40
"""Samples between changes of sign (200 Hz at 16 kHz)."""


class ScriptWord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A word of a script. Defaults aren't written, so that earlier releases read what they know."""

    text: str
    """The word, with its leading space."""
    t0: int
    """The start, in ms after the audio's first sample."""
    t1: int
    """The end, in ms after the audio's first sample."""
    language: str = "en"
    misheard: str = ""
    """The word that a quick pass hears instead; empty: the right one. A pass with a beam search always hears the right
    one."""
    voice: int = 0
    """Number of the voice that says it."""


class Script(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The words that are said, and the behaviour of the recogniser that hears them."""

    words: tuple[ScriptWord, ...]
    """The words in order; they must not overlap."""
    burn_ms: int = 0
    """The CPU time that each pass takes, in ms."""
    step: int = 1
    """By how much the samples of each word are larger than those of the word before. With 1 the audio has to arrive bit
    by bit unchanged; with 256 it may be resampled, as a browser does."""

    def __post_init__(self) -> None:
        """Raises ValueError when words overlap or there are too many."""
        most = MOST_WORDS // max(1, self.step)
        if self.step < 1 or len(self.words) > most:
            raise ValueError(f"A script of this step has at most {most} words, not {len(self.words)}.")
        for word in self.words:
            if not 0 <= word.t0 < word.t1:
                raise ValueError(f"The word at {word.t0} ms does not end after it begins.")
        for before, after in pairwise(self.words):
            if after.t0 < before.t1:
                raise ValueError(f"The word at {after.t0} ms begins before the one at {before.t0} ms has ended.")

    @property
    def end(self) -> int:
        """The end of the last word, in ms."""
        return self.words[-1].t1 if self.words else 0

    @property
    def text(self) -> str:
        """The words of the script, joined into one text."""
        return "".join(word.text for word in self.words)


def read_script(data: bytes) -> Script:
    """Read a script from JSON: `{"words": [{"text": " Hello", "t0": 300, "t1": 700}]}`.

    Raises ConfigurationError with what is wrong and where.
    """
    try:
        return read_json(data, Script)
    except Unreadable as error:
        raise ConfigurationError(f"The script can't be read: {error}.") from error


def write_script(script: Script) -> bytes:
    """Encode a script as the JSON that `read_script` reads."""
    return msgspec.json.encode(script)


def render(script: Script, tail_ms: int = 1_000) -> bytes:
    """Render a script as PCM16 mono, 16 kHz, little-endian, with `tail_ms` of silence at the end."""
    samples = array("h", bytes(2 * (script.end + tail_ms) * SAMPLES_A_MS))
    for number, word in enumerate(script.words):
        first, count = word.t0 * SAMPLES_A_MS, (word.t1 - word.t0) * SAMPLES_A_MS
        size = BASE + number * script.step
        period = array("h", [size] * HALF_PERIOD + [-size] * HALF_PERIOD)
        samples[first : first + count] = (period * (count // len(period) + 1))[:count]
    if array("h", [1]).tobytes() != b"\x01\x00":
        samples.byteswap()
    return samples.tobytes()


def make_script(
    seed: int,
    words: int,
    *,
    vocabulary: Sequence[str] = (),
    pause_ms: int = 900,
    burn_ms: int = 0,
    step: int = 1,
    mishears: int = 0,
) -> Script:
    """Make sentences of 3 to 14 words with pauses after them, the same for the same arguments.

    All words differ ("w12") unless a `vocabulary` to draw from is given. A quick pass mishears one of every `mishears`
    words, with an "x" before it; 0: none.
    """
    chance = random.Random(seed)
    made: list[ScriptWord] = []
    t, left, begins = 400, 0, True
    for number in range(words):
        if left == 0:
            left, begins = chance.randint(3, 14), True
        left -= 1
        plain = chance.choice(vocabulary) if vocabulary else f"w{number}"
        text = plain.capitalize() if begins else plain
        over = left == 0 or number == words - 1
        if over:
            text += "."
        begins = False
        t1 = t + chance.randint(140, 480)
        misheard = f" x{text}" if mishears and number % mishears == 0 else ""
        made.append(ScriptWord(f" {text}", t, t1, misheard=misheard))
        t = t1 + (chance.randint(pause_ms // 2, 2 * pause_ms) if over else chance.choice((0, 10, 30, 60)))
    return Script(words=tuple(made), burn_ms=burn_ms, step=step)
