"""Bar charts and line charts."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from itertools import pairwise

from moothall.core.pictures.charts import (
    MOST_GROUPS,
    MOST_LINES,
    MOST_POINTS,
    WIDTH,
    Bar,
    BarGroup,
    Series,
    bars,
    lines,
)


def elements(svg: str, name: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter(name))  # noqa: S314  # our own


def shapes(svg: str, name: str) -> list[dict[str, str]]:
    return [dict(each.attrib) for each in elements(svg, name)]


def test_bars_are_as_long_as_their_values() -> None:
    room = BarGroup("In the room", (Bar("asked", 4, "4"), Bar("had a turn", 2, "2")))
    hub = BarGroup("Kisumu & <Library>", (Bar("asked", 0, "0"), Bar("had a turn", 1, "1")))
    made = bars([room, hub])
    widths = [float(each["width"]) for each in shapes(made, "rect")]
    assert widths[2] == 0
    assert widths[0] == 2 * widths[1] == 4 * widths[3]
    assert "Kisumu &amp; &lt;Library&gt;" in made
    mirrored = [float(each["x"]) + float(each["width"]) for each in shapes(bars([room, hub], rtl=True), "rect")]
    assert len(set(mirrored)) == 1, "all begin at the right"


def test_no_bar_is_no_picture_and_nothing_at_all_is_bars_of_no_length() -> None:
    assert bars([]) == bars([BarGroup("Room", ())]) == ""
    assert [each["width"] for each in shapes(bars([BarGroup("Room", (Bar("", 0, "0"),))]), "rect")] == ["0"]


def test_more_groups_than_there_is_room_for_are_left_to_the_table() -> None:
    many = [BarGroup(f"Hub {n}", (Bar("", n, str(n)),)) for n in range(MOST_GROUPS + 5)]
    assert len(shapes(bars(many), "rect")) == MOST_GROUPS


def test_lines_have_their_own_dashes_and_names_that_do_not_overlap() -> None:
    made = lines(
        [Series("English", (1, 2, 3)), Series("French", (3, 3, 3)), Series("Spanish", (0, 1, 3))], [(0, "9:00")]
    )
    drawn = [each for each in shapes(made, "path") if each["class"].startswith("line")]
    assert len({each.get("stroke-dasharray") for each in drawn}) == 3
    texts = {each.text: float(each.attrib["y"]) for each in elements(made, "text")}
    heights = sorted(texts[name] for name in ("English", "French", "Spanish"))
    assert min(b - a for a, b in pairwise(heights)) >= 14
    assert "9:00" in texts


def test_a_line_has_a_gap_where_there_is_no_value_and_a_dot_where_one_stands_alone() -> None:
    made = lines([Series("English", (5, 6, None, 7, None, math.nan, 8, 9))], [])
    assert len([each for each in shapes(made, "path") if each["class"] == "line line-0" and "d" in each]) == 3
    assert len(shapes(made, "circle")) == 1


def test_no_value_is_no_picture_and_one_is_a_dot_in_the_middle() -> None:
    assert lines([], []) == lines([Series("English", ()), Series("French", (None, None))], []) == ""
    [dot] = shapes(lines([Series("English", (5,))], [(0, "now"), (7, "never")]), "circle")
    assert 0 < float(dot["cx"]) < WIDTH


def test_lines_and_points_beyond_the_bounds_are_left_out() -> None:
    many = [Series(f"l{n}", (n, n)) for n in range(MOST_LINES + 3)]
    assert f"l{MOST_LINES}<" not in lines(many, [])
    long = Series("English", tuple(range(MOST_POINTS + 80)))
    [path] = [each["d"] for each in shapes(lines([long], []), "path") if each["class"] == "line line-0"][:1]
    assert path.count("L") == MOST_POINTS - 1


def test_the_marks_are_written_as_one_likes_and_whole_ones_have_no_fractions() -> None:
    assert ">0 s<" in lines([Series("English", (4, 4))], [], written=lambda mark: f"{mark:g} s")
    assert ">0.5<" in lines([Series("English", (2, 2))], [])
    assert ">0.5<" not in lines([Series("English", (2, 2))], [], whole=True)


def test_words_below_that_would_touch_are_left_out() -> None:
    made = lines([Series("English", tuple(range(100)))], [(n, f"at {n}") for n in range(100)])
    told = [each.text for each in elements(made, "text") if (each.text or "").startswith("at ")]
    assert told[0] == "at 0"
    assert len(told) < 10
    wide = lines([Series("English", (1, 2))], [(0, "w" * 200)])
    assert "www" not in wide
