"""The style sheets' tokens: the same in every theme, and a rule for each choice of the reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.reading.page_choices import OFFERED, SHOWN, SIZES
from moothall.services.control.standing import Standing

CSS = find_web_folder() / "css"
SHEET = (CSS / "lib/tokens.css").read_text(encoding="utf-8")
BLOCKS = re.findall(r':root(?:\[data-theme="(\w+)"\])? \{([^{}]*--paper[^{}]*)\}', SHEET)
THEMES = {name or "light": body for name, body in BLOCKS}
READERS_SHEETS = ("lib/page.css", "lib/text.css", "reader/reader.css", "panels/panels.css")


def colours(sheet: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", sheet))


def test_all_themes_have_the_same_colours() -> None:
    assert set(THEMES) == {"light", "system", "dark", "yellow", "blue"}
    assert all(colours(body).keys() == colours(THEMES["light"]).keys() for body in THEMES.values())
    assert colours(THEMES["system"]) == colours(THEMES["dark"]), "dark is dark, whoever chose it"


@pytest.mark.parametrize("name", READERS_SHEETS)
def test_the_pages_use_no_other_colours(name: str) -> None:
    page = (CSS / name).read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-f]{3,8}\b(?=[;\s,)])(?![^{]*\{)", page)
    own = set(re.findall(r"--([\w-]+):", SHEET)) | {"size", "spread", "line", "bar", "letters", "row"}
    assert set(re.findall(r"var\(--([\w-]+)", page)) <= own


def test_every_choice_of_a_reader_is_in_the_sheets() -> None:
    """What the form offers has its rule, but for the usual, which needs none."""
    sheets = SHEET + "".join((CSS / name).read_text(encoding="utf-8") for name in READERS_SHEETS)
    usual = {"words", "normal", "serif", "100"}
    for name, values in {**{n: list(v) for n, (_, v) in OFFERED.items() if n in SHOWN}, "size": list(SIZES)}.items():
        for value in values:
            assert value in usual or f'[data-{name}="{value}"]' in sheets, (name, value)


def test_the_marks_of_states_are_in_one_sheet() -> None:
    """One shape and one colour each; another sheet may set how large a mark is, and where it stands."""
    drawn = re.compile(r"\.state[^{}]*data-kind[^{}]*::before[^{}]*\{[^{}]*(?:border|background|rotate)")
    found = [path.name for path in sorted(CSS.rglob("*.css")) if drawn.search(path.read_text(encoding="utf-8"))]
    assert found == ["states.css"]
    sheet = (CSS / "lib/states.css").read_text(encoding="utf-8")
    assert {kind for kind in Standing if f'="{kind}"]' not in sheet} == {Standing.IDLE}, "a ring"


PRESSED = re.compile(r"(?:^|[\s,>(])(?:button\b[^\s,]*|\.button|\.act)(?=\s*(?:,|$|\)))|\.tool\b")


@pytest.mark.parametrize("path", sorted(CSS.rglob("*.css")), ids=lambda path: path.name)
def test_whatever_is_pressed_has_the_corners_of_the_token(path: Path) -> None:
    sheet = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", sheet)
    found = [(head.strip(), body) for head, body in rules if PRESSED.search(head.strip()) and "::" not in head]
    corners = {head: re.findall(r"border-radius: ([^;]+);", body) for head, body in found}
    assert {head: each for head, each in corners.items() if set(each) - {"var(--button)", "var(--round)", "0"}} == {}


TYPE = ("tiny", "small", "fine", "normal", "full", "lead", "high", "title", "head", "top")
STEPS = {name: re.findall(rf"--{name}: ([\d.]+rem);", SHEET) for name in TYPE}
OF_ITS_OWN = {"display/overlay.css"}
"""What stands in somebody else's picture has no tokens."""
READ_FIRST = {
    *("lib/page.css", "lib/states.css", "lib/text.css", "reader/frame.css", "reader/reader.css"),
    *("panels/panels.css", "reader/beside.css", "panels/report.css"),
}
"""The sheets of a text's page write a step's length, which is shorter than its name: it is loaded over slow lines."""
OFF_THE_SCALE = {
    "moderation/moderate.css": {"1.1rem", "1.2rem", "1.4rem", "2rem"},
    "reader/record.css": {"0.85rem", "0.9rem", "1.1rem"},
    "desk/desk.css": {"1.4rem"},
    "control/control.css": {"0.6875rem", "0.9375rem"},
    "questions/ask.css": {"1.3125rem"},
    "lib/pictures.css": {"1.1875rem"},
}
"""Figures that are read from afar, the axes of small charts, a record as it was published; and in the control room what
does not become small and normal of a tile on a big screen."""


def test_the_scale_of_type_goes_up_by_single_steps() -> None:
    lengths = [float(each.removesuffix("rem")) for (each,) in STEPS.values()]
    assert lengths == sorted(lengths)
    assert len(set(lengths)) == len(TYPE)


@pytest.mark.parametrize(
    "path", [path for path in sorted(CSS.rglob("*.css")) if path != CSS / "lib/tokens.css"], ids=lambda path: path.name
)
def test_sizes_of_letters_and_corners_and_what_moves_come_from_the_tokens(path: Path) -> None:
    name, sheet = path.relative_to(CSS).as_posix(), path.read_text(encoding="utf-8")
    if name not in OF_ITS_OWN:
        steps = {each for (each,) in STEPS.values()} if name in READ_FIRST else set()
        sizes = set(re.findall(r"font-size: ([\d.]+rem);", sheet))
        assert sizes - steps == OFF_THE_SCALE.get(name, set())
        corners = set(re.findall(r"border-radius: ([\d.]+rem);", sheet))
        assert corners <= {"0.125rem", "0.25rem", "0.3rem", "0.75rem"}, "marks, keys, badges"
    assert set(re.findall(r"transition: ([^;]+);", sheet)) <= {"none", "opacity var(--fade)"}
    assert set(re.findall(r"box-shadow: ([^;]+);", sheet)) <= {
        *("var(--lift)", "none", "0 -3px 0 var(--accent)", "0 3px 0 var(--accent)"),
    }, "what lies above the page, and where something that is dragged will be"


STATES = {"live": "accent", "rest": "ink", "over": "soft", "late": "look", "off": "unkept", "lost": "warn"}
"""The colour of each state."""


def test_states_have_colours_of_their_own_names() -> None:
    drawn = (CSS / "lib/states.css").read_text(encoding="utf-8")
    assert set(re.findall(r"--mark: var\(--(\w+)\)", drawn)) == {"edge", *STATES}
    assert dict(re.findall(rf"--({'|'.join(STATES)}): var\(--(\w+)\);", SHEET)) == STATES


SPACE = {name: float(length) for name, length in re.findall(r"--(s\d+): ([\d.]+)rem;", SHEET)}
SET_APART = re.compile(r"(?<=[;{\s])(?:(?:row-|column-)?gap|(?:scroll-)?(?:padding|margin)(?:-[a-z-]+)?):([^;}]+)")
LENGTH = re.compile(r"(?<![\w.-])([\d.]+)(rem|em|px|vh|vw|vmin|svh|mm|cm)\b")
KINDS = {
    "px": 4,  # the thickness of a border or an outline
    "em": 1,  # beside a sign or a letter, and grows with it
    **dict.fromkeys(
        ("vh", "vw", "vmin", "svh", "mm", "cm"), 100
    ),  # a part of a wall, a video's picture or a sheet of paper
}
"""Lengths that are no steps, by their units, and the longest of each."""


def test_the_scale_of_space_is_in_eighths_of_a_rem() -> None:
    assert list(SPACE) == [f"s{n}" for n in (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24)]
    assert all(length * 8 == int(name[1:]) for name, length in SPACE.items())


@pytest.mark.parametrize("path", sorted(CSS.rglob("*.css")), ids=lambda path: path.name)
def test_space_between_things_comes_from_the_scale(path: Path) -> None:
    """Beside the kinds there are only lengths beyond the scale: room left free for a column or a bar."""
    sheet = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = [(float(n), unit) for value in SET_APART.findall(sheet) for n, unit in LENGTH.findall(value)]
    longest = max(SPACE.values())
    assert [(n, unit) for n, unit in found if n and (n <= longest if unit == "rem" else n > KINDS[unit])] == []
    assert set(re.findall(r"var\(--(s\d+)\)", sheet)) <= SPACE.keys()
