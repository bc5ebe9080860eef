from __future__ import annotations

import pytest

from moothall.core.languages import direction, primary, same_language


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
