from __future__ import annotations

import pytest

from moothall.core.kernel.languages import direction, is_language, primary, same_language, written_tag, written_tags


@pytest.mark.parametrize(
    ("tag", "way"),
    [
        ("ar", "rtl"),
        ("ur-PK", "rtl"),
        ("az-Arab", "rtl"),
        ("ar-Latn", "ltr"),
        ("en", "ltr"),
        ("", "auto"),
        ("und", "auto"),
    ],
)
def test_direction(tag: str, way: str) -> None:
    assert direction(tag) == way


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("pt", "pt-BR", True), ("zh-Hans", "ZH_Hant", True), ("fr", "fro", False), ("", "en", False)],
)
def test_the_same_language(one: str, other: str, same: bool) -> None:
    assert same_language(one, other) is same


def test_the_language_alone() -> None:
    assert [primary(tag) for tag in ("pt-BR", "zh_Hant_TW", "EN", "")] == ["pt", "zh", "en", ""]


def test_the_form_of_a_tag() -> None:
    assert all(map(is_language, ("es", "pt-BR", "zh-Hans-CN", "gsw", "es-419")))
    assert not any(map(is_language, ("", "e", "Spanish", "es-", "-es", "es_MX", "es\n", "es-" + "x" * 9, "é", "a-b-c")))
    assert is_language("en" + "-x1" * 11)
    assert not is_language("en" + "-x1" * 12)


def test_a_file_names_only_well_formed_tags() -> None:
    for tag in ("", "es", "pt-BR", "zh-Hans-CN", "zh-yue-HK", "es-419", "sl-rozaj-biske-1994", "und"):
        assert written_tag(tag) == tag
    for tag in ("x<y>", "en_GB", "Spanish", "en-a1-b2", "en-GB-US", "en-x-a", "en\n", "en" + "-abcde" * 6):
        assert written_tag(tag) == "und"
    assert written_tags(("tlh", "x<y>", "", "ar")) == ("tlh", "ar")
