"""The process that compares meanings answers one message after the other, and ends with its input."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from moothall.core.kernel.ids import SegmentId, SessionId
from moothall.wire.meaning import DIMENSIONS, LENGTH, Embed, Embedded, FromMeaning, HoldSession, LikeLines, Seek, framed
from moothall_models.meaning import CHUNK, Meanings, packed, serve

S, OTHER = SessionId("plenary"), SessionId("other")


class ByLength:
    """A model for which texts of equal length mean the same."""

    def passages(self, texts: Sequence[str]) -> Any:
        return np.stack([self.question(text) for text in texts])

    def question(self, text: str) -> Any:
        vector = np.zeros(DIMENSIONS, np.float32)
        vector[len(text) % DIMENSIONS] = 1
        return vector


def hold(session: SessionId, *texts: str, languages: tuple[str, ...] = ()) -> HoldSession:
    segments = tuple(SegmentId(f"l{n}") for n in range(len(texts)))
    return HoldSession(session, segments, languages or ("en",) * len(texts), packed(ByLength().passages(texts)))


def found(meanings: Meanings, text: str, *sessions: SessionId, most: int = 9) -> list[tuple[str, str]]:
    answer = meanings.answer(Seek(text, sessions, most, 0.8))
    assert isinstance(answer, LikeLines)
    return [(each.session, each.segment) for each in answer.lines]


def test_only_sessions_that_are_named_and_held_are_compared() -> None:
    meanings = Meanings(ByLength())
    meanings.answer(hold(S, "a", "bb", "cc"))
    meanings.answer(hold(OTHER, "dd"))
    assert found(meanings, "xx", S) == [("plenary", "l1"), ("plenary", "l2")]
    assert found(meanings, "xx", S, OTHER, most=2) == [("plenary", "l1"), ("plenary", "l2")]
    assert found(meanings, "xx", OTHER, SessionId("nowhere")) == [("other", "l0")]
    meanings.answer(HoldSession(S, (), (), b""))
    assert found(meanings, "xx", S, OTHER) == [("other", "l0")]


class Leaning(ByLength):
    """A model that has lines of one language nearer to every question, as real models have those of its own."""

    def passages(self, texts: Sequence[str]) -> Any:
        near = {"own": 0.9, "own but it": 0.91, "other": 0.8, "other and it": 0.88}
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[:2] = near[text], np.sqrt(1 - near[text] ** 2)
        return vectors

    def question(self, text: str) -> Any:
        return np.eye(1, DIMENSIONS, dtype=np.float32)[0]


def test_a_line_is_held_against_those_of_its_own_language() -> None:
    texts = (*(["own"] * 200), "own but it", *(["other"] * 200), "other and it")
    vectors = packed(Leaning().passages(texts))
    segments = tuple(SegmentId(text if " " in text else f"{text}{n}") for n, text in enumerate(texts))
    meanings = Meanings(Leaning())
    meanings.answer(HoldSession(S, segments, ("fr",) * 201 + ("en",) * 201, vectors))
    assert [each for _, each in found(meanings, "xx", S, most=2)] == ["other and it", "own but it"]


def test_many_lines_are_compared_in_pieces() -> None:
    meanings = Meanings(ByLength())
    meanings.answer(hold(S, *(["a"] * CHUNK), "bb"))
    assert found(meanings, "xx", S) == [("plenary", f"l{CHUNK}")]


def test_it_answers_until_its_input_ends() -> None:
    asked = framed(Embed(("a", "bb"))) + framed(Embed(()))
    for cut in (0, 3):
        given, taken = io.BytesIO(asked[: len(asked) - cut]), io.BytesIO()
        serve(given, taken, ByLength())
        taken.seek(0)
        sizes = []
        while head := taken.read(LENGTH.size):
            answer = msgspec.msgpack.decode(taken.read(LENGTH.unpack(head)[0]), type=FromMeaning)
            assert isinstance(answer, Embedded)
            sizes.append(len(answer.vectors))
        assert sizes == [2 * DIMENSIONS, 0][: 2 - bool(cut)]
