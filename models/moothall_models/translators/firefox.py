"""The models of Firefox Translations that are in the store, run by `fxtranslate`, Mozilla's engine in Rust (ADR 45).

A loaded model may be used by the thread alone that loaded it: another thread panics. So each has a thread of its own.
The engine holds the GIL while it works, 16 ms for a sentence of 20 words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary
from moothall.core.translation.routes import Direction
from moothall_models.translators.bergamot import PANIC
from moothall_models.translators.firefox_model import (
    MODEL,
    SHORTLIST,
    SOURCE_VOCABULARY,
    TARGET_VOCABULARY,
    VOCABULARY,
    FirefoxModel,
)
from moothall_models.translators.pieces import joined, readable, sentences, within
from moothall_models.translators.port import UnusableTranslation, try_out

ENGINE = "firefox"
PACKAGE = "fxtranslate"
INSTALL = "pip install 'moothall[translate]'"
COST = 38.0
"""Assumed cost of a model, in points of chrF2 lost; none was measured here. It is less than that of the models that
come with Moothall (English to Portuguese 41.3), since whoever fetches a model wants it to be used."""
PIECE, PIECE_TOGETHER = 320, 120
"""Most characters that a model gets at a time; the second where words are written together, as in Chinese. It loses the
rest of what is longer than its longest sentences."""
MOST_TIMES, MOST_MORE = 8, 200
"""The limit of a translation's characters is a multiple of its piece's characters plus a constant; a longer one means
that the model loops."""


class LoadedModel(Protocol):
    """A loaded model."""

    def translate(self, text: str) -> str:
        """The translation of a sentence."""
        ...


class FirefoxTranslator:
    """A translator with a direction for each model, loaded when it is first used (0.3 s, some 60 MB)."""

    def __init__(
        self,
        models: Sequence[FirefoxModel],
        *,
        load: Callable[[Path], LoadedModel] | None = None,
        package: str = PACKAGE,
    ) -> None:
        """`models`: the result of `installed_models`. `load`: loads the model in a folder, by default with
        `fxtranslate`. `package`: the module without which no model is used.
        """
        self._load = load or _load_native
        self._unused = () if find_spec(package) is not None else tuple(models)
        self._folders = {_direction(model): model.folder for model in models if not self._unused}
        self._threads = {direction: _Thread() for direction in self._folders}

    @property
    def directions(self) -> tuple[Direction, ...]:
        """A direction for each model; none when the package is missing."""
        return tuple(self._folders)

    @property
    def missing(self) -> str | None:
        """A sentence about the package if models are in the store and it is missing."""
        if not self._unused:
            return None
        pairs = ", ".join(f"{model.source} to {model.target}" for model in self._unused)
        return f"Fetched models aren't used ({pairs}): {PACKAGE} isn't installed. {INSTALL}"

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """Translate the texts, in order (`Translator`). Texts of one direction wait for each other."""
        if direction not in self._folders:
            raise ValueError(f"No model from {direction.source} to {direction.target} is in the store.")
        return [self._one(readable(text), direction) for text in texts]

    def check(self) -> None:
        """Load all models, and translate a test sentence in each direction (`Translator`)."""
        try_out(self.directions, self.translate, "Fetch it again, or delete its folder.")

    def rest(self, direction: Direction) -> None:
        """Release a direction's model (`Translator`)."""
        self._threads[direction].rest()

    def close(self) -> None:
        """Release the models, each in its thread."""
        for thread in self._threads.values():
            thread.close()

    def _one(self, text: str, direction: Direction) -> str:
        most = PIECE_TOGETHER if primary(direction.source) in WRITTEN_TOGETHER else PIECE
        pieces = [piece for sentence in sentences(text) for piece in within(sentence, most)]
        return joined((self._piece(piece, direction) for piece in pieces), direction.target)

    def _piece(self, piece: str, direction: Direction) -> str:
        # Pieces without letters (numbers, symbols, emoji) are the same in every language.
        if not any(map(str.isalpha, piece)):
            return piece
        pair = f"from {direction.source} to {direction.target}"
        try:
            answer = self._threads[direction].run(lambda: self._load(self._folders[direction]), piece)
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__module__ != PANIC:
                raise
            if isinstance(error, UnusableTranslation):
                raise
            # Not `from error`, since the error's message may quote the text.
            raise UnusableTranslation(f"The model {pair} failed; it is loaded again for the next text.") from None
        # An untranslated piece is better than an invented one, and than none.
        return answer if answer and len(answer) <= MOST_TIMES * len(piece) + MOST_MORE else piece


class _Thread:
    """The thread of one model, which loads it, asks it, and lets go of it."""

    def __init__(self) -> None:
        # Bound: the threads that call the translator, each of which waits for its answer.
        self._pool = ThreadPoolExecutor(1, "firefox")
        self._own = threading.local()
        self._closed = False

    def run(self, load: Callable[[], LoadedModel], text: str) -> str:
        """The translation of a text. Raises UnusableTranslation once it is closed, and whatever the engine raises."""
        try:
            return self._pool.submit(self._asked, load, text).result()
        except RuntimeError:
            if not self._closed:
                raise
            raise UnusableTranslation("The models of Firefox were closed.") from None

    def rest(self) -> None:
        """Let go of the model; the next text loads it again."""
        if not self._closed:
            self._pool.submit(self._forget).result()

    def close(self) -> None:
        """Let go of the model."""
        if not self._closed:
            self._closed = True
            self._pool.submit(self._forget)
            self._pool.shutdown(wait=False)

    def _asked(self, load: Callable[[], LoadedModel], text: str) -> str:
        model: LoadedModel | None = getattr(self._own, "model", None)
        if model is None:
            self._own.model = model = load()
        try:
            return " ".join(readable(model.translate(text)).split())
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        self._own.model = None


def _direction(model: FirefoxModel) -> Direction:
    return Direction(engine=ENGINE, version=model.version, source=model.source, target=model.target, cost=COST)


def _load_native(folder: Path) -> LoadedModel:
    engine: Any = import_module(PACKAGE)

    def read(name: str) -> bytes | None:
        path = folder / name
        return path.read_bytes() if path.exists() else None

    both = read(VOCABULARY)
    loaded: LoadedModel = engine.Translator(
        model=(folder / MODEL).read_bytes(),
        src_vocab=both or read(SOURCE_VOCABULARY),
        trg_vocab=both or read(TARGET_VOCABULARY),
        shortlist=read(SHORTLIST),
    )
    return loaded
