"""Numbers, texts and scales of pictures."""

from __future__ import annotations

import math

import pytest

from moothall.core.pictures.drawing import FONT, Picture, axis, fitted, number, text_width


@pytest.mark.parametrize(("value", "written"), [(0, "0"), (-0.04, "0"), (1.0, "1"), (2.34, "2.3"), (-3.96, "-4")])
def test_coordinates_are_short(value: float, written: str) -> None:
    assert number(value) == written


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (0, (0, 1)),
        (-5, (0, 1)),
        (math.nan, (0, 1)),
        (math.inf, (0, 1)),
        (1, (0, 0.25, 0.5, 0.75, 1)),
        (4, (0, 1, 2, 3, 4)),
        (7, (0, 2, 4, 6, 8)),
        (150, (0, 50, 100, 150)),
    ],
)
def test_marks_of_an_axis_are_round_and_reach_the_greatest(most: float, marks: tuple[float, ...]) -> None:
    assert axis(most) == marks


def test_whole_marks_have_no_fractions() -> None:
    assert axis(1, whole=True) == (0, 1)
    assert axis(3, whole=True) == (0, 1, 2, 3)
    assert axis(9, whole=True) == (0, 5, 10)
    assert axis(100, whole=True) == (0, 25, 50, 75, 100)


def test_texts_are_cut_to_their_room() -> None:
    assert fitted("Kisumu", 200) == "Kisumu"
    assert fitted("Kisumu Library & Archive", 60) == "Kisumu…"
    assert fitted("Kisumu", 3) == ""
    assert text_width("北京") > text_width("ab")


def test_from_right_to_left_all_is_mirrored() -> None:
    picture = Picture(100, 20, rtl=True)
    picture.bar(10, 0, 30, 5, "bar")
    picture.text(0, FONT, "<القاعة>")
    made = picture.svg("bars")
    assert 'x="60" y="0" width="30"' in made
    assert 'x="100"' in made
    assert 'direction="rtl"' in made
    assert "&lt;القاعة&gt;" in made


def test_a_dot_has_its_name_and_a_line_its_dashes() -> None:
    picture = Picture(100, 20, rtl=False)
    picture.dot(1, 2, 3, "dot", "A & B")
    picture.line([(0, 0), (5, 5)], "line", "7 3")
    picture.line([(0, 0)], "line")
    made = picture.svg("x")
    assert "<title>A &amp; B</title></circle>" in made
    assert 'stroke-dasharray="7 3"' in made
    assert made.count("<circle") == 2
    assert "style=" not in made
    assert 'aria-hidden="true"' in made
