from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
import segno

from moothall.adapters.pages.qr import MAX_TEXT, QUIET, qr_svg, qr_terminal

ADDRESS = "https://hall.example.org/s/plenary"


def modules(text: str) -> list[list[bool]]:
    """The dark modules of a code in half blocks, without the white around them."""
    rows: list[list[bool]] = []
    for line in text.split("\n"):
        rows.append([character not in "▀█" for character in line])
        rows.append([character not in "▄█" for character in line])
    side = len(rows[0])
    return [row[QUIET : side - QUIET] for row in rows[QUIET : side - QUIET]]


def test_the_terminal_shows_the_code_itself_inverted() -> None:
    wanted = [[bool(module) for module in row] for row in segno.make_qr(ADDRESS, error="m").matrix]
    shown = qr_terminal(ADDRESS)
    assert modules(shown) == wanted
    assert set(shown) <= set(" ▀▄█\n")
    assert len({len(line) for line in shown.split("\n")}) == 1


def test_the_drawing_is_one_element_of_shapes_only() -> None:
    svg = qr_svg(ADDRESS, scale=3)
    tree = ElementTree.fromstring(svg)  # noqa: S314  # our own
    side = 3 * (len(segno.make_qr(ADDRESS, error="m").matrix) + 2 * QUIET)
    assert (tree.tag, tree.get("width"), tree.get("height"), tree.get("class")) == ("svg", str(side), str(side), "qr")
    assert tree.get("viewBox") is not None
    assert {each.tag for each in tree.iter()} == {"svg", "path"}
    assert "style" not in svg  # the pages' policy forbids it


def test_nothing_of_the_text_stands_in_the_drawing() -> None:
    svg = qr_svg('"><script>alert(1)</script>')
    assert re.sub(r"<(/?svg|path)[^<>]*>", "", svg) == ""
    assert "script" not in svg


@pytest.mark.parametrize("text", ["", "x" * (MAX_TEXT + 1)])
def test_a_text_that_makes_no_readable_code_is_refused_with_a_sentence(text: str) -> None:
    for make in (qr_svg, qr_terminal):
        with pytest.raises(ValueError, match=r"of 1 to 1000 characters"):
            make(text)
