"""What the speech policy asks of a recogniser and of a voice activity detector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

RATE = 16_000
VAD_FRAME = 512
"""Samples that the voice activity detector judges at a time (32 ms)."""

Samples = NDArray[np.float32]
"""Mono audio at 16 kHz, -1 to 1."""


class HeardWord(msgspec.Struct, frozen=True):
    """A word of a hypothesis."""

    text: str
    """With its leading space where the language puts one."""
    t0: int
    """Start, ms after the window's first sample."""
    t1: int
    """End, ms after the window's first sample."""
    p: float
    """Probability, 0 to 1."""
    others: tuple[str, ...] = ()
    """What it may be instead, the likeliest first, at most three, without spaces around; empty where nobody says."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Audio to be recognised in one pass."""

    audio: Samples
    languages: tuple[str, ...]
    """One: it is spoken. Several: detect which of them; the first is the one to stay with."""
    switch_p: float = 0.0
    """Probability among `languages` that another one than the first must reach to be taken; 0: the likeliest is."""
    prompt: str = ""
    """Text that came before, as context; empty for none."""
    glossary: tuple[str, ...] = ()
    """Terms to prefer."""
    beam: int = 1
    """Above 1: a better pass is wanted, which may take longer."""
    draft: str = ""
    """What earlier passes heard in this audio. It changes how long a pass takes, not what it hears."""
    tell_odds: bool = False
    """Whether the odds of all languages are wanted, where the recogniser has to be asked for them."""
    stands: int = 0
    """Signs at the beginning of the draft that are committed: no better reading of them is looked for."""

    whole: int = 0
    """Ms from the beginning up to which words are likely to stay that earlier passes heard too: of those in doubt other
    readings are wanted. 0: none are."""
    settled: bool = False
    """Whether words are likely to stay though none heard them before, since nobody speaks at the end."""

    @property
    def context(self) -> str:
        """Glossary and prompt as one text, the prompt behind; empty for none."""
        terms = ", ".join(self.glossary)
        return f"{terms}. {self.prompt}" if terms and self.prompt else terms or self.prompt


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """What a pass heard."""

    language: str
    """What the words were decoded in."""
    words: tuple[HeardWord, ...]
    likeliest: str | None = None
    """What detection found, which may differ from `language`; None when nothing was to be detected."""
    odds: tuple[tuple[str, float], ...] = ()
    """How likely each language is of all that the recogniser tells apart (BCP-47, 0 to 1), but for those that are far
    from likely; empty where it can't say, as with a model for English only."""
    vague: bool = False
    """Whether nobody said how sure each word is: their probabilities are those of longer stretches, or guessed."""
    passed_over: bool = False
    """Whether nobody knows what was said: the recogniser has no answer to this sound, however often it is asked."""


class Recognizer(Protocol):
    """Turns a window of audio into words. Called from as many threads at a time as the engine has workers.

    A class that derives from it has what is usual: windows one after the other, computed by this process.
    """

    @property
    def model(self) -> str:
        """What goes into the record, such as `whisper-base`."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """BCP-47 tags it knows; empty for "any"."""
        ...

    @property
    def at_once(self) -> int:
        """Windows that it hears together for less than one after the other; 1 when that brings nothing."""
        return 1

    @property
    def limit_ms(self) -> int:
        """Within which a pass ends by itself, where somebody else computes it; 0 where this process does."""
        return 0

    def warm_up(self) -> None:
        """Do what makes the first pass slower than the others, over the longest window too; may be done again.

        Raises KeyRefused when the recogniser is asked over the network and another key is needed.
        """
        ...

    def recognise(self, window: Window) -> Hypothesis:
        """Recognise one window; as long as it takes.

        Raises RecognitionFailed when the recogniser is asked over the network and gives no answer that helps; the
        same window may be asked again. What can't be answered at all is passed over.
        """
        ...

    def recognise_all(self, windows: Sequence[Window]) -> list[Hypothesis]:
        """What `recognise` hears in each of these windows, in their order; raises what that raises."""
        return [self.recognise(window) for window in windows]


class VoiceActivity(Protocol):
    """Judges one stream of audio; holds the state between frames."""

    def state(self) -> bytes:
        """That state, for `resume`: some 1.3 KB at most."""
        ...

    def resume(self, state: bytes) -> None:
        """Go on from a state; with the state of another detector, begin anew."""
        ...

    def probability(self, frame: Samples) -> float:
        """Probability of speech in the next 512 samples."""
        ...
