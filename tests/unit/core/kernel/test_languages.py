from __future__ import annotations

import pytest

from moothall.core.kernel.languages import direction, is_language, primary, same_language


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
