from __future__ import annotations

import msgspec

from moothall.core.events.outcome_parts import MessageReference, NumberedParagraph, ParagraphStyle
from moothall.core.kernel.ids import MessageId, SessionId
from moothall.core.outcomes.numbering import numbered


def text(words: str, key: str = "issues") -> NumberedParagraph:
    return NumberedParagraph(n=0, style=ParagraphStyle.TEXT, text=words, key=key)


def message(name: str, version: int = 1) -> NumberedParagraph:
    reference = MessageReference(report=SessionId("report.hall"), n=version, message=MessageId(name))
    return NumberedParagraph(n=0, style=ParagraphStyle.MESSAGE, message=reference)


def test_the_first_version_is_numbered_from_one() -> None:
    assert [each.n for each in numbered([text("a"), message("m1"), text("b", "other")], [])] == [1, 2, 3]


def test_numbers_stay_with_their_paragraphs() -> None:
    first = numbered([text("a"), text("b"), message("m1"), message("m2")], [])
    moved = [message("m2", 2), text("new"), text("a"), text("b, mended"), message("m1", 2)]
    second = numbered(moved, [first])
    assert [(each.n, each.text) for each in second] == [(4, ""), (5, "new"), (1, "a"), (2, "b, mended"), (3, "")]


def test_a_number_is_not_used_again() -> None:
    first = numbered([text("a"), text("b")], [])
    second = numbered([text("a")], [first])
    third = numbered([text("a"), text("c")], [first, second])
    assert [each.n for each in third] == [1, 3]


def test_what_comes_back_has_its_number() -> None:
    first = numbered([message("m1"), text("a")], [])
    second = numbered([text("a")], [first])
    third = numbered([text("a"), message("m1", 3)], [first, second])
    assert [each.n for each in third] == [2, 1]


def test_equal_paragraphs_are_numbered_one_by_one() -> None:
    same = text("a")
    twice = numbered([same, msgspec.structs.replace(same)], [])
    assert [each.n for each in twice] == [1, 2]
    assert [each.n for each in numbered(list(twice), [twice])] == [1, 2]
