"""What translating asks of an engine, and the sentence that every engine is tried with before it is used.

Calls block: they come from a worker thread, never from a loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from moothall.core.kernel.errors import MoothallError
from moothall.core.kernel.languages import primary
from moothall.core.translating.routes import Direction

LONGEST = 20_000
"""Characters of a text; a longer one is refused. A line holds a few hundred."""


class TranslationFailed(MoothallError):
    """An engine gave no usable translation of this text; the next text may be translated all the same.

    The sentence never holds the text.
    """


class Translator(Protocol):
    """An engine with one or more directions.

    It may be called by several threads at a time. For any text, a text comes back or TranslationFailed is
    raised, and the next call is as good as any. Control characters may become spaces; blank text becomes empty.
    """

    @property
    def directions(self) -> tuple[Direction, ...]:
        """What it can do here. Found out once, when it is made; loading may wait until the first call."""
        ...

    @property
    def missing(self) -> str | None:
        """A line for the operator: what to install for more directions; None when all are there."""
        ...

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """As many texts as came, in their order. Blocks.

        Raises:
            TranslationFailed: one of them could not be translated, so none is given.
            ValueError: `direction` is none of `directions`.
        """
        ...

    def check(self) -> None:
        """Load everything and translate a known sentence in each direction, before anybody waits for one.

        Raises:
            TranslationFailed: an answer isn't sane; the sentence says in which direction.
        """
        ...

    def close(self) -> None:
        """Stop. Calls that are under way and later ones raise TranslationFailed. May be called more than once."""
        ...


SAID = {
    "ar": ("الاجتماع مفتوح.", "اجتماع"),
    "en": ("The meeting is open.", "meeting"),
    "es": ("La reunión está abierta.", "reunión"),
    "fr": ("La réunion est ouverte.", "réunion"),
    "pt": ("A reunião está aberta.", "reunião"),
    "ru": ("Заседание открыто.", "заседание"),
    "zh": ("会议开始了。", "会议"),
}
"""One sentence in each language, and the word of it that a translation into that language has to hold."""
CHOSEN = frozenset({"argos", "argostranslate", "echo", "service"})
"""Engines whose models somebody else has chosen. A good one may say the sentence in words of its own ("Собрание
открыто"), so of these any answer will do; the engines themselves see to it that it isn't empty or much too long."""


def try_out(
    directions: Sequence[Direction], translate: Callable[[Sequence[str], Direction], list[str]], install: str
) -> None:
    """Translate the sentence in each direction whose languages are in SAID.

    Raises:
        TranslationFailed: an answer isn't what it should be, or none came; it ends with `install`, what to do.
    """
    for direction in directions:
        source, target = primary(direction.source), primary(direction.target)
        if source not in SAID or target not in SAID:
            continue
        said, word = SAID[source][0], SAID[target][1]
        answer = translate([said], direction)[0]
        if direction.engine in CHOSEN and answer and answer != said:
            continue
        if word not in answer.lower() or len(answer) > 3 * len(said):
            msg = (
                f"{direction.engine} {direction.version} doesn't translate its test sentence from {source} to {target} "
                f"sanely. {install}"
            )
            raise TranslationFailed(msg)
