"""The contrast of all colours in every theme, by arithmetic (WCAG 2.2, relative luminance): axe skips Arabic text.

A text may be on any ground, and so may a border, so all their pairs are computed; the style sheets' rules are read to
check that they use no other colours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import combinations, product

import pytest

from moothall.adapters.pages.static_files import find_web_folder

CSS = find_web_folder() / "css"
TEXTS, GROUNDS = ("ink", "soft", "accent", "warn", "look", "unkept"), ("paper", "raised", "marked")
STATES = ("live", "rest", "over", "late", "off", "lost")
"""Names of the texts' colours where they are those of a state."""
LINES = ("edge", "accent", "warn", "look", "unkept")
LEAST_OF_TEXT, LEAST_OF_CONTROL = 4.5, 3.0
GOOD = 7.0
"""WCAG's better grade, held by what is read for hours: words, and what stands beside them, on the page itself."""
USED = re.compile(r"\b(?:input|select|textarea|button)\b|\.(?:button|act)\b")


def rules(name: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """The rules of a sheet for screens: the conditions around them, what they are for, and what they set."""
    sheet = re.sub(r"/\*.*?\*/", "", (CSS / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    around: list[str] = []
    for head, end in re.findall(r"([^{}]*)([{}])", sheet):
        if end == "{":
            around.append(" ".join(head.split(";")[-1].split()))
            continue
        inside = around[:-1]
        if head.strip() and not any(each.startswith(("@media print", "@page")) for each in around):
            pairs = [declaration.split(":", 1) for declaration in head.split(";") if ":" in declaration]
            yield " ".join(inside), around[-1], {key.strip(): " ".join(value.split()) for key, value in pairs}
        around.pop()


SHEETS = sorted(path.relative_to(CSS).as_posix() for path in CSS.rglob("*.css"))


def _colours(selector: str, within: str = "") -> dict[str, str]:
    """The colours that tokens.css gives the page for a theme."""
    for around, found, declared in rules("lib/tokens.css"):
        if selector in found.split(", ") and around == within:
            return {key[2:]: value for key, value in declared.items() if value.startswith("#")}
    raise AssertionError(f"tokens.css has no {selector}")


DARK = "@media (prefers-color-scheme: dark)"
THEMES = {
    "light": _colours(":root"),
    "system, dark": _colours(":root:not([data-theme])", DARK),
    "dark": _colours(':root[data-theme="dark"]'),
    "black on yellow": _colours(':root[data-theme="yellow"]'),
    "white on blue": _colours(':root[data-theme="blue"]'),
}


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


@pytest.mark.parametrize("theme", THEMES)
def test_text_on_every_ground(theme: str) -> None:
    colours = THEMES[theme]
    pairs = [*product(TEXTS, GROUNDS), ("on-accent", "accent")]
    found = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in found.items() if ratio < LEAST_OF_TEXT} == {}
    read = [*product(("ink", "soft", "accent"), GROUNDS), ("warn", "paper"), ("on-accent", "accent")]
    assert {pair: found[pair] for pair in read if found[pair] < GOOD} == {}


UNCERTAIN = (".rest", ".text u")
"""Words that may change, and those of which the recogniser was not sure."""


@pytest.mark.parametrize("theme", THEMES)
def test_the_line_under_uncertain_words_is_as_good_as_their_letters(theme: str) -> None:
    """It has their colour, on every ground on which lines stand."""
    (declared,) = [declared for _, found, declared in rules("lib/text.css") if set(UNCERTAIN) <= set(found.split(", "))]
    assert declared["text-decoration"] == "underline dotted 2px", "no other colour than the text's"
    lighter = [found for _, found, declared in rules("lib/text.css") if "opacity" in declared]
    assert not lighter
    assert all(contrast(THEMES[theme]["ink"], THEMES[theme][ground]) >= GOOD for ground in GROUNDS)


@pytest.mark.parametrize("theme", THEMES)
def test_borders_and_the_mark_of_what_has_the_focus_on_every_ground(theme: str) -> None:
    colours = THEMES[theme]
    found = {(line, on): round(contrast(colours[line], colours[on]), 2) for line, on in product(LINES, GROUNDS)}
    assert {pair: ratio for pair, ratio in found.items() if ratio < LEAST_OF_CONTROL} == {}


APART = 40
"""The least distance of the colours of two states, in steps of 256 along red, green and blue together."""


@pytest.mark.parametrize("theme", THEMES)
def test_no_two_states_have_one_colour(theme: str) -> None:
    """Live, break, over, late, not recorded, lost; the shape of each is its own too (`states.css`)."""
    given = [THEMES[theme][name] for name in ("accent", "ink", "soft", "look", "unkept", "warn")]

    def apart(one: str, other: str) -> float:
        return math.dist(*([int(each[at : at + 2], 16) for at in (1, 3, 5)] for each in (one, other)))

    assert {pair: apart(*pair) for pair in combinations(given, 2) if apart(*pair) < APART} == {}


def test_the_wall() -> None:
    walls = [declared for _, _, declared in rules("display/screen.css") if "--wall" in declared]
    assert len(walls) == 3, "light, dark by the system, dark by the address"
    for wall in walls:
        for text in "--wall-ink", "--wall-soft":
            assert contrast(wall[text], wall["--wall"]) >= GOOD


def test_text_over_a_picture_stands_out_from_its_own_outline() -> None:
    """Whatever the picture: the worst is one as light as the text."""
    (usual,) = [declared for _, found, declared in rules("display/overlay.css") if found == ":root"]
    share = re.fullmatch(r"color-mix\(in srgb, #000000 (\d+)%, transparent\)", usual["--outline"])
    assert share is not None
    through = round(255 * (100 - int(share[1])) / 100)
    assert contrast(usual["--color"], f"#{through:02x}{through:02x}{through:02x}") >= LEAST_OF_TEXT


def test_the_sheets_set_no_other_colours() -> None:
    """Else the pairs above are not all that there are."""
    wall = {"wall", "wall-ink", "wall-soft"}
    sheets = ("display/screen.css", "display/wall_views.css", "hub/hub_wall.css", "hub/hub_status_bar.css")
    own = {**dict.fromkeys(sheets, wall), "display/overlay.css": {"color", "back", "outline"}}
    wrong: list[str] = []
    for name, (around, selector, declared) in [(sheet, rule) for sheet in SHEETS for rule in rules(sheet)]:
        if "forced-colors" in around:
            continue
        for key, value in declared.items():
            if key == "color":
                known = {*TEXTS, "late", "off", "lost", "on-accent"} | (
                    {"edge"} if selector.endswith("::before") else set()
                )
            elif key in ("background", "background-color"):
                known = set(GROUNDS) | ({"accent"} if declared.get("color") == "var(--on-accent)" else set())
                known |= {"accent", "warn", "look", "ink", "mark"} if _is_a_sign(selector) else set()
            elif key.startswith(("border", "outline")) and "radius" not in key:
                known = {*LINES, "ink", "hair", "rest", "off"} | (
                    {"mark", "mark-line"} if _is_a_sign(selector) else set()
                )
            elif key == "--mark":
                known = {*LINES, *STATES}
            else:
                continue
            used = set(re.findall(r"var\(--([\w-]+)", value))
            named = re.search(r"#[0-9a-f]{3,8}\b|\brgb|\bhsl|\b(?:white|black|gr[ae]y|red|green|blue)\b", value)
            if used - known - own.get(name, set()) or (named and name != "display/overlay.css"):
                wrong.append(f"{name}: {selector} {{ {key}: {value} }}")
    assert wrong == []


def _is_a_sign(selector: str) -> bool:
    """Whether no text stands on it: a dot, a bar."""
    ends = ("::before", "::after", ".bar", "-value", "-meter-bar")
    return all(each.endswith(ends) for each in re.sub(r"\(([^()]|\([^()]*\))*\)", "", selector).split(", "))


@pytest.mark.parametrize("name", SHEETS)
def test_what_can_be_used_has_a_border_that_can_be_seen(name: str) -> None:
    faint = [
        selector
        for _, selector, declared in rules(name)
        if USED.search(selector)
        and any("var(--hair)" in value for key, value in declared.items() if key.startswith(("border", "outline")))
    ]
    assert faint == []


def test_the_tokens_are_found() -> None:
    assert {len(colours) for colours in THEMES.values()} == {12}
    assert (CSS / "lib/tokens.css").read_text(encoding="utf-8").count("--paper:") == len(THEMES)
