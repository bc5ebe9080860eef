"""Laws of pictures: nothing lies outside the frame, whatever the figures are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.pictures.charts import Bar, BarGroup, Series, bars, lines
from moothall.core.pictures.drawing import axis, text_width
from moothall.core.pictures.world import Dot, EarthPoint, world_map

VALUES = st.one_of(st.integers(0, 10**6), st.floats())
TEXTS = st.text(st.characters(exclude_categories=["C"]), max_size=40)
BARS = st.builds(Bar, TEXTS, VALUES, TEXTS)
GROUPS = st.lists(st.builds(BarGroup, TEXTS, st.lists(BARS, max_size=4).map(tuple)), max_size=15)
SERIES = st.lists(st.builds(Series, TEXTS, st.lists(st.none() | VALUES, max_size=40).map(tuple)), max_size=8)
SLACK = 0.2
"""Coordinates are rounded to a tenth."""


def outside(svg: str) -> list[str]:
    """Everything that is not within the frame."""
    if not svg:
        return []
    root = ET.fromstring(svg)  # noqa: S314  # our own
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    found = []
    for each in root.iter():
        at = each.attrib
        match each.tag:
            case "rect":
                x, y = float(at["x"]), float(at["y"])
                box = [x, y, x + float(at["width"]), y + float(at["height"])]
            case "circle":
                x, y, r = float(at["cx"]), float(at["cy"]), float(at["r"])
                box = [x - r, y - r, x + r, y + r]
            case "path":
                numbers = [float(n) for n in re.findall(r"-?[\d.]+", at["d"])]
                box = [min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])]
            case "text":
                x, y, wide = float(at["x"]), float(at["y"]), text_width(each.text or "")
                before = {"start": 0.0, "middle": wide / 2, "end": wide}[at["text-anchor"]]
                left = x - (wide - before) if root.get("direction") == "rtl" else x - before
                box = [left, y - 12, left + wide, y + 3]
            case _:
                continue
        if min(box[0], box[1]) < -SLACK or box[2] > width + SLACK or box[3] > height + SLACK:
            found.append(f"{each.tag} {box} in {width} × {height}")
    return found


@given(groups=GROUPS, rtl=st.booleans())
def test_bars_stay_in_their_frame(groups: list[BarGroup], rtl: bool) -> None:
    assert outside(bars(groups, rtl=rtl)) == []


@given(series=SERIES, times=st.lists(st.tuples(st.integers(-2, 45), TEXTS), max_size=6), rtl=st.booleans())
def test_lines_stay_in_their_frame(series: list[Series], times: list[tuple[int, str]], rtl: bool) -> None:
    assert outside(lines(series, times, rtl=rtl)) == []


@given(places=st.lists(st.builds(EarthPoint, st.floats(allow_nan=False), st.floats(allow_nan=False)), max_size=10))
def test_dots_stay_on_the_map(places: list[EarthPoint]) -> None:
    assert outside(world_map([Dot(each, "") for each in places], "/land")) == []


@given(most=st.floats(min_value=1e-200, max_value=1e300), whole=st.booleans())
def test_an_axis_reaches_its_greatest_value_in_few_steps(most: float, whole: bool) -> None:
    marks = axis(most, whole=whole)
    assert not whole or all(each.is_integer() for each in marks)
    assert marks[-1] >= most * (1 - 1e-6)
    assert 2 <= len(marks) <= 6
    assert all(a < b for a, b in pairwise(marks))
