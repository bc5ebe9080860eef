"""The sentence that every engine is tried with before it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moothall.core.kernel.languages import primary
from moothall.core.translating.routes import Direction
from moothall_models.translators.port import TranslationFailed

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
