"""Which colours a conference may have, by arithmetic, and which pictures."""

from __future__ import annotations

import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.adapters.pages.static_files import find_web_folder
from moothall.core.kernel.errors import RecordBroken
from moothall.core.programme.look import (
    GROUNDS,
    LEAST,
    MOST_LOGO_BYTES,
    USUAL,
    Colours,
    Theme,
    clean_png,
    contrast,
    nearest,
    read_colour,
    sheet_of,
    size_of_png,
    text_on,
    worst,
)
from support.files.pictures import chunk, png

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_the_grounds_are_those_of_the_tokens() -> None:
    tokens = (find_web_folder() / "css" / "lib/tokens.css").read_text("utf-8")
    for theme, rule in ((Theme.LIGHT, ":root {"), (Theme.DARK, ':root[data-theme="dark"] {')):
        block = tokens.split(rule, 1)[1].split("}", 1)[0]
        found = dict(re.findall(r"--([\w-]+): (#\w{6})", block))
        assert (found["paper"], found["raised"], found["marked"]) == GROUNDS[theme]
        assert (found["accent"], found["on-accent"]) == USUAL[theme]


def test_the_arithmetic() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@given(COLOURS, st.sampled_from(Theme), st.sampled_from([LEAST, 7.0]))
def test_the_nearest_colour_will_do_and_is_the_same_where_it_does(colour: str, theme: Theme, least: float) -> None:
    near = nearest(colour, theme, least)
    assert worst(near, theme) >= least
    assert (near == colour) == (worst(colour, theme) >= least)


@given(COLOURS)
def test_text_on_a_colour_can_be_read(colour: str) -> None:
    assert contrast(text_on(colour), colour) >= LEAST


def test_no_contrast_that_no_colour_has() -> None:
    assert nearest("#ff0000", Theme.LIGHT, 22) == "#000000"


@pytest.mark.parametrize(
    ("typed", "colour"),
    [(" #0D4A57", "#0d4a57"), ("abc", "#aabbcc"), ("red", None), ("#12345", None), ("#12345g", None), ("", None)],
)
def test_a_colour_as_it_is_typed(typed: str, colour: str | None) -> None:
    assert read_colour(typed) == colour


def test_the_sheet_leaves_high_contrast_and_paper_alone() -> None:
    assert sheet_of(Colours()) == ""
    sheet = sheet_of(Colours(light="#7a0026"))
    assert "--accent: #7a0026; --on-accent: #ffffff;" in sheet
    assert f"--accent: {USUAL[Theme.DARK][0]}" in sheet
    assert "yellow" not in sheet
    assert "blue" not in sheet
    assert sheet.count("@media screen and (forced-colors: none)") == 2


def test_a_logo_is_kept_without_what_is_no_picture() -> None:
    plain = png(3, 2)
    told = png(3, 2, extra=chunk(b"tEXt", b"Author\0Ana") + chunk(b"eXIf", b"GPS"))
    assert clean_png(told) == plain == clean_png(plain + b"<script>")
    assert size_of_png(plain) == (3, 2)


def test_what_is_no_such_picture_is_refused() -> None:
    good = png(3, 2)
    wrong = {
        "no PNG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        "empty": b"",
        "cut off": good[:-5],
        "cut in a part": good[:20],
        "damaged": good[:40] + bytes([good[40] ^ 1]) + good[41:],
        "a size beyond its end": good[:33] + struct.pack(">I", 2**31) + good[37:],
        "no head": good[:8] + good[33:],
        "a short head": good[:8] + chunk(b"IHDR", b"short") + good[33:],
        "no picture": good[:33] + chunk(b"IEND", b""),
        "too wide": png(2_001, 1),
        "no height": png(1, 0),
        "too large": png(3, 2, extra=chunk(b"tEXt", bytes(MOST_LOGO_BYTES))),
    }
    for data in wrong.values():
        with pytest.raises(RecordBroken):
            clean_png(data)


@given(st.binary(max_size=200))
def test_whatever_comes_it_is_refused_or_cleaned_once(data: bytes) -> None:
    for each in (data, png(3, 2)[: len(data)] + data):
        try:
            cleaned = clean_png(each)
        except RecordBroken:
            continue
        assert clean_png(cleaned) == cleaned
