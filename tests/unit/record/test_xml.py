from __future__ import annotations

import pytest

from moothall.record.xml import attributes, date, document, language, languages, moment
from support.record.trees import tree


def test_what_xml_forbids_is_replaced_and_all_else_stays() -> None:
    kept = "\t\n é水🌍\u202e\u2028\u0085\x7f"
    replaced = "\ufffd" * 8
    text = document(["<a>", kept, "\x00\x08\x0b\x1b\x1f\ufffe\uffff\ud800", "</a>"])
    assert text == f'<?xml version="1.0" encoding="UTF-8"?>\n<a>{kept}{replaced}</a>'
    assert tree(text).text == kept + replaced


def test_attributes_are_escaped_and_named() -> None:
    given = attributes(xml__lang="ar", by_="#a", title="\"<&>'", none=None, empty="")
    assert given == ' xml:lang="ar" by="#a" title="&quot;&lt;&amp;&gt;&#x27;" empty=""'
    assert attributes() == ""


@pytest.mark.parametrize(
    ("tag", "around", "expected"),
    [("ar", "", "ar"), ("pt-BR", "pt", "pt-BR"), ("ar", "ar", None), ("x<y>", "", None), ("", "en", None)],
)
def test_a_language_is_said_where_it_changes(tag: str, around: str, expected: str | None) -> None:
    assert language(tag, around) == expected


def test_there_is_always_a_language() -> None:
    assert list(languages(["ar", "x<y>", "en"], "und")) == ["ar", "en"]
    assert list(languages(["x<y>"], "und")) == ["und"]


def test_moments_are_in_utc() -> None:
    assert moment(1_764_000_001_004) == "2025-11-24T16:00:01.004Z"
    assert moment(1_764_000_001_004, "seconds") == "2025-11-24T16:00:01Z"
    assert date(1_764_000_001_004) == "2025-11-24"
