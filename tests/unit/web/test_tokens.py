"""The contrast of the colours, by arithmetic (WCAG 2.2, relative luminance): tools skip Arabic text."""

from __future__ import annotations

import re

import pytest

from moothall.adapters.page_files import find_web_folder

SHEET = (find_web_folder() / "css" / "tokens.css").read_text(encoding="utf-8")
LIGHT, DARK = SHEET.split("@media (prefers-color-scheme: dark)")
TEXT = 7.0
CONTROL = 3.0
PAIRS = [
    ("ink", "paper", TEXT),
    ("soft", "paper", TEXT),
    ("accent", "paper", TEXT),
    ("warn", "paper", TEXT),
    ("on-accent", "accent", TEXT),
    ("ink", "marked", TEXT),
    ("soft", "marked", TEXT),
    ("accent", "marked", TEXT),
    ("edge", "paper", CONTROL),
]


def colours(sheet: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", sheet))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_arithmetic() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_contrast(theme: str, front: str, back: str, least: float) -> None:
    found = colours(theme)
    assert contrast(found[front], found[back]) >= least


def test_both_themes_have_the_same_colours_and_the_pages_use_no_others() -> None:
    assert colours(LIGHT).keys() == colours(DARK).keys()
    page = (find_web_folder() / "css" / "page.css").read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-f]{3,8}\b(?=[;\s,)])(?![^{]*\{)", page)
    assert set(re.findall(r"var\(--([\w-]+)\)", page)) <= set(re.findall(r"--([\w-]+):", SHEET))
