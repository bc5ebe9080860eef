"""The models of Firefox Translations that are in the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec

from moothall.core.translation.routes import Direction
from moothall_models.translators.firefox_model import (
    MODEL,
    SHORTLIST,
    SOURCE_VOCABULARY,
    TARGET_VOCABULARY,
    VOCABULARY,
    FirefoxModel,
)
from moothall_models.translators.students import INSTALL, PACKAGE, LoadedModel, Student, StudentTranslator

ENGINE = "firefox"
COST = 38.0
"""Assumed cost of a model, in points of chrF2 lost; none was measured here. It is less than that of the models that
come with Moothall (English to Portuguese 41.3), since whoever fetches a model wants it to be used."""
MOST = (8, 200)
"""A wide limit: English may have five times the characters of the Chinese."""


class FirefoxTranslator(StudentTranslator):
    """A translator with a direction for each model of the store; with none where the engine is missing."""

    def __init__(
        self,
        models: Sequence[FirefoxModel],
        *,
        load: Callable[[Student], LoadedModel] | None = None,
        package: str = PACKAGE,
    ) -> None:
        """`models`: the result of `installed_models`. `load`: as in `StudentTranslator`. `package`: the module without
        which no model is used.
        """
        missing = None
        if models and find_spec(package) is None:
            pairs = ", ".join(f"{model.source} to {model.target}" for model in models)
            missing = f"Fetched models aren't used ({pairs}): {package} isn't installed. {INSTALL}"
            models = ()
        students = {_direction(model): _student(model) for model in models}
        super().__init__(students, missing=missing, broken="Fetch it again, or delete its folder.", load=load)


def _direction(model: FirefoxModel) -> Direction:
    return Direction(engine=ENGINE, version=model.version, source=model.source, target=model.target, cost=COST)


def _student(model: FirefoxModel) -> Student:
    both, shortlist = model.folder / VOCABULARY, model.folder / SHORTLIST
    one = both.exists()
    return Student(
        model=model.folder / MODEL,
        source_vocabulary=both if one else model.folder / SOURCE_VOCABULARY,
        target_vocabulary=both if one else model.folder / TARGET_VOCABULARY,
        shortlist=shortlist if shortlist.exists() else None,
        # Pieces without letters (numbers, symbols, emoji) are the same in every language.
        reads=lambda piece: any(map(str.isalpha, piece)),
        most=MOST,
    )
