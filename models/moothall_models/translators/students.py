"""Runs student models of Bergamot's form with `fxtranslate`, Mozilla's engine in Rust (ADR 45).

A student is a small int8 model of one direction that was trained to translate as a large one does. Those that come with
Moothall (`bergamot.py`) and those that are fetched (`firefox.py`) have the same form.

A loaded model may be used by the thread alone that loaded it: another thread panics. So each has a thread of its own.
The engine holds the GIL while it works, 16 ms for a sentence of 20 words. It takes a text for one sentence: it gets one
at a time, and loses the rest of what is longer than its longest ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary
from moothall.core.translation.routes import Direction
from moothall_models.translators.pieces import joined, readable, sentences, within
from moothall_models.translators.port import UnusableTranslation, try_out

PACKAGE = "fxtranslate"
INSTALL = "pip install 'moothall[translate]'"
PANIC = "pyo3_runtime"
"""Module of the exception that a panic of native code raises; it doesn't derive from Exception."""
PIECE, PIECE_TOGETHER = 320, 120
"""Most characters that a model gets at a time; the second where words are written together, as in Chinese."""


class LoadedModel(Protocol):
    """A loaded model."""

    def translate(self, text: str) -> str:
        """The translation of a sentence."""
        ...


class Student(NamedTuple):
    """The files of a model, and which texts and answers it is good for."""

    model: Path
    source_vocabulary: Path
    target_vocabulary: Path
    """The same file as the source's where a model has one vocabulary for both."""
    shortlist: Path | None
    reads: Callable[[str], bool]
    """Whether it can make anything of a piece; others stay as they are."""
    most: tuple[int, int]
    """The limit of a translation's characters is a multiple of its piece's characters plus a constant; a longer one
    means that the model loops."""


class StudentTranslator:
    """A translator with a direction for each model, loaded when it is first used (0.1 s, some 60 MB)."""

    def __init__(
        self,
        students: Mapping[Direction, Student],
        *,
        missing: str | None,
        broken: str,
        load: Callable[[Student], LoadedModel] | None = None,
    ) -> None:
        """`missing`: as in `Translator`. `broken`: what to do where a model fails its trial. `load`: loads a model, by
        default with `fxtranslate`.
        """
        self.missing = missing
        self._broken = broken
        self._load = load or _load_native
        self._students = dict(students)
        self._threads = {direction: _Thread() for direction in students}

    @property
    def directions(self) -> tuple[Direction, ...]:
        """A direction for each model."""
        return tuple(self._students)

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        """Translate the texts, in order (`Translator`). Texts of one direction wait for each other."""
        if direction not in self._students:
            raise ValueError(f"There is no model from {direction.source} to {direction.target} here.")
        return [self._one(readable(text), direction) for text in texts]

    def check(self) -> None:
        """Load all models, and translate a test sentence in each direction (`Translator`)."""
        try_out(self.directions, self.translate, self._broken)

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
        student = self._students[direction]
        if not student.reads(piece):
            return piece
        try:
            answer = self._threads[direction].run(lambda: self._load(student), piece)
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__module__ != PANIC:
                raise
            if isinstance(error, UnusableTranslation):
                raise
            # Not `from error`, since the error's message may quote the text.
            msg = (
                f"The model from {direction.source} to {direction.target} failed; it is loaded again for the next text."
            )
            raise UnusableTranslation(msg) from None
        # An untranslated piece is better than an invented one, and than none.
        times, more = student.most
        return answer if answer and len(answer) <= times * len(piece) + more else piece


class _Thread:
    """The thread of one model, which loads it, asks it, and lets go of it."""

    def __init__(self) -> None:
        # Bound: the threads that call the translator, each of which waits for its answer.
        self._pool = ThreadPoolExecutor(1, "student")
        self._own = threading.local()
        self._closed = False

    def run(self, load: Callable[[], LoadedModel], text: str) -> str:
        """The translation of a text. Raises UnusableTranslation once it is closed, and whatever the engine raises."""
        try:
            return self._pool.submit(self._asked, load, text).result()
        except RuntimeError:
            if not self._closed:
                raise
            raise UnusableTranslation("The models were closed.") from None

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


def _load_native(student: Student) -> LoadedModel:
    engine: Any = import_module(PACKAGE)
    loaded: LoadedModel = engine.Translator(
        model=student.model.read_bytes(),
        src_vocab=student.source_vocabulary.read_bytes(),
        trg_vocab=student.target_vocabulary.read_bytes(),
        shortlist=None if student.shortlist is None else student.shortlist.read_bytes(),
    )
    return loaded
