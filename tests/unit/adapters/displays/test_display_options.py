from __future__ import annotations

import pytest

from moothall.adapters.displays import display_options as look


def test_nothing_asked_is_the_usual() -> None:
    assert look.overlay({"preset": ""}) == look.overlay({})
    assert look.overlay({}) == look.Overlay(
        preset="", lines=2, size=48, color="ffffff", back=0, fade=0, question=1, groups=0
    )
    assert look.screen({}) == look.Screen(size=100, theme="", steady=0, letters="")
    assert look.box({"theme": ""}) == look.EmbeddedBox(theme="")


def test_what_is_asked_within_bounds_is_given() -> None:
    query = {
        "preset": "side",
        "lines": "6",
        "size": "200",
        "color": "#00Ff7f",
        "back": "100",
        "fade": "60",
        "question": "0",
        "groups": "1",
    }
    assert look.overlay(query) == look.Overlay(
        preset="side", lines=6, size=200, color="00ff7f", back=100, fade=60, question=0, groups=1
    )
    assert look.overlay({"color": "Yellow"}).color == "ffff00"
    asked = {"size": "50", "theme": "dark", "steady": "1", "letters": "clear"}
    assert look.screen(asked) == look.Screen(size=50, theme="dark", steady=1, letters="clear")
    assert look.box({"theme": "light"}) == look.EmbeddedBox(theme="light")


def test_a_preset_sets_what_the_address_does_not() -> None:
    third = look.overlay({"preset": "lower-third", "back": "40"})
    assert (third.preset, third.lines, third.size, third.back, third.fade) == ("lower-third", 3, 48, 40, 8)
    assert look.overlay({"preset": "two-lines"}).lines == 2
    assert look.overlay({"preset": "side"}).lines == 12


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lines", "0"),
        ("preset", "upper-third"),
        ("lines", "13"),
        ("lines", "2.5"),
        ("lines", ""),
        ("size", "15"),
        ("size", "1000"),
        ("size", "-48"),
        ("size", "٤٨"),
        ("color", "red;}"),
        ("color", "fff"),
        ("color", "00ff7f0"),
        ("color", "#00ff7f\n"),
        ("color", ""),
        ("back", "101"),
        ("fade", "61"),
        ("question", "2"),
    ],
)
def test_what_is_no_such_value_is_named(name: str, value: str) -> None:
    with pytest.raises(look.BadLook, match=name) as caught:
        look.overlay({name: value})
    assert (caught.value.name, caught.value.value) == (name, value)


@pytest.mark.parametrize("query", [{"size": "301"}, {"theme": "pink"}, {"steady": "yes"}, {"letters": "gothic"}])
def test_so_it_is_on_the_wall(query: dict[str, str]) -> None:
    with pytest.raises(look.BadLook):
        look.screen(query)
