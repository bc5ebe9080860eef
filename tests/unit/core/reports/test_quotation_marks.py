"""What stands in quotation marks is found, in the marks of seven languages."""

from __future__ import annotations

import pytest

from moothall.core.reports.quotation_marks import quoted_spans


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('She said "we agree", and "so do we".', ["we agree", "so do we"]),
        ("“One” and „two“ and „three” and ”four”", ["One", "two", "three", "four"]),
        ("« n\u2019est pas » «\u00a0bon\u00a0»", ["n\u2019est pas", "bon"]),
        ("「同意」和『不同意』", ["同意", "不同意"]),
        ("‘don’t do it’, it’s theirs ‘til then", ["don’t do it"]),
        ("rock‘n’roll", []),
        ("“a “b” c” d", ["a “b” c"]),
        ("“”, “ ”", []),
        ("none", []),
    ],
)
def test_quoted_passages(text: str, quoted: list[str]) -> None:
    found = quoted_spans(text)
    assert [text[each.start : each.end] for each in found] == quoted
    assert all(each.closed for each in found)


def test_a_mark_that_is_not_closed_goes_on_to_the_end_of_its_paragraph() -> None:
    text = "He: “we agree\nand “they too”"
    first, second = quoted_spans(text)
    assert (text[first.start : first.end], first.closed) == ("we agree", False)
    assert (text[second.start : second.end], second.closed) == ("they too", True)
