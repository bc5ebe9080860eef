"""The sentence that every engine is tried with before it is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moothall.core.languages import primary
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


def try_out(
    directions: Sequence[Direction], translate: Callable[[Sequence[str], Direction], list[str]], install: str
) -> None:
    """Translate the sentence in each direction whose languages are in SAID.

    Raises:
        TranslationFailed: an answer is something else, or none came; it ends with `install`, what to do.
    """
    for direction in directions:
        source, target = primary(direction.source), primary(direction.target)
        if source not in SAID or target not in SAID:
            continue
        said, word = SAID[source][0], SAID[target][1]
        answer = translate([said], direction)[0]
        if word not in answer.lower() or len(answer) > 3 * len(said):
            msg = (
                f"{direction.engine} {direction.version} doesn't translate its test sentence from {source} to {target} "
                f"sanely. {install}"
            )
            raise TranslationFailed(msg)
