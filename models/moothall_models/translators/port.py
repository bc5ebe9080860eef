"""The port of translators, and the test sentences by which each direction is tried before it is used.

Calls block, so they have to be made from a worker thread, never from an event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from moothall.core.kernel.errors import MoothallError
from moothall.core.kernel.languages import primary
from moothall.core.translation.routes import Direction

LONGEST = 20_000
"""Most characters of a text; a longer text is refused. A line has a few hundred."""


class UnusableTranslation(MoothallError):
    """A translator gave no usable translation of this text; the next text may be translated all the same.

    The error's message never quotes the text.
    """


class Translator(Protocol):
    """A translation engine with one or more directions.

    Several threads may call it at a time. For any text it returns a text or raises TranslationFailed, and a failure
    doesn't affect later calls. Control characters may become spaces; blank text becomes empty.
    """

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The directions that are available on this machine. Determined once, when the translator is made; models may
        be loaded at the first call.
        """
        ...

    @property
    def missing(self) -> str | None:
        """A sentence for the operator: what to install for more directions; None when nothing is missing."""
        ...

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """Translate the texts; returns as many, in the same order. Blocks.

        Raises:
            TranslationFailed: one of the texts could not be translated, so none is returned.
            ValueError: `direction` isn't among `directions`.
        """
        ...

    def check(self) -> None:
        """Load all models and translate a test sentence in each direction, before users need them.

        Raises:
            TranslationFailed: a translation is wrong; the message names the direction.
        """
        ...

    def rest(self, direction: Direction) -> None:
        """Release what is loaded for one of the directions; its next text loads it again."""
        ...

    def close(self) -> None:
        """Stop. Running and later calls raise TranslationFailed. May be called more than once."""
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
"""A test sentence in each language, and the word of it that a translation into that language has to contain."""
CHOSEN = frozenset({"argos", "argostranslate", "echo", "firefox", "service"})
"""Engines whose models the operator chooses. A good model may translate the sentence in other words ("Собрание
открыто"), so any answer is accepted; the engines themselves reject empty and much too long answers."""


def try_out(
    directions: Sequence[Direction], translate: Callable[[Sequence[str], Direction], list[str]], install: str
) -> None:
    """Translate the test sentence in each direction whose languages are both in SAID, and check the answer.

    Raises:
        TranslationFailed: an answer is wrong, or there was none; a message about a wrong answer ends with `install`,
            the advice to the operator.
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
            raise UnusableTranslation(msg)
