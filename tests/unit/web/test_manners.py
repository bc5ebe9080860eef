"""What no page does, by its source: no content shown by hovering only, no dragging, no movement or sound by itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from moothall.adapters.pages.static_files import find_web_folder

WEB = find_web_folder()
SHEETS = sorted((WEB / "css").rglob("*.css"))
SCRIPTS = sorted((WEB / "js").rglob("*.js"))
PAGES = WEB / "pages"
TEMPLATES = sorted(PAGES.rglob("*.html"))
ALL = [*SHEETS, *SCRIPTS, *TEMPLATES]
FORBIDDEN = {
    "1.3.4, locks the orientation": r"\borientation:|orientation\.lock",
    "1.4.2, sounds by itself": r"\bautoplay\b",
    "1.4.4, forbids zooming": r"user-scalable|maximum-scale",
    "1.4.5, a picture, perhaps of text": r"<img\b|background-image|\burl\((?!\"\.\./\.\./fonts/)",
    "2.1.1, needs a pointer": r"\bon(?:click|mouse\w+|key\w+)=|'(?:mouse|pointer|touch)\w+'",
    "2.1.4, a key that the browser takes for good": r"\baccesskey\b",
    "2.3.1, may flash": r"@keyframes|\banimation(?:-name)?:|\.animate\(|<(?:blink|marquee)\b",
    "2.4.3, another order than the source's": r"\btabindex=\"[1-9]|\border: -",
    "2.5.4, reacts to motion": r"device(?:motion|orientation)",
    "2.5.7, is dragged": r"\bdraggable\b|'drag\w*'|'drop'",
    "3.2.1, takes the focus": r"\bautofocus\b",
    "2.3.3, scrolls smoothly": r"\bsmooth\b",
}

DRAGGED = {"dragging.js", "timetable.js", "timetable.css", "page.js", "items.js", "moderate.css"}
"""Of a meeting in the table of a day, which the form of its page moves by clicks and by keys (WCAG 2.5.7); of one
question in the queue, which buttons and keys move."""
LOGO = '<img class="logo"'
"""The conference's own: 1.4.5 leaves logos out, and its name stands beside it as text."""


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_of_this_kind(what: str) -> None:
    found = [
        f"{path.name}: {match[0]}"
        for path in ALL
        if not (what.startswith("2.5.7") and path.name in DRAGGED)
        for match in re.finditer(FORBIDDEN[what], path.read_text(encoding="utf-8").replace(LOGO, ""))
    ]
    assert found == [], what


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_hovering_shows_nothing_that_is_not_there_without_it(path: Path) -> None:
    """1.4.13: what comes with the pointer or the focus changes the look of a thing and shows no other."""
    sheet = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    rules = re.findall(r"([^{};]*:(?:hover|focus)[\w-]*[^{};]*)\{([^{}]*)\}", sheet)
    wrong = [
        selector.strip()
        for selector, declared in rules
        if re.search(r":hover\s*[ >+~]\s*\S|:focus[\w-]*\s+[>+~]?\s*\S", selector.strip())
        or (":hover" in selector and re.search(r"\b(?:display|visibility|opacity|content|transform)\s*:", declared))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_what_moves_stands_still_for_who_wants_that(path: Path) -> None:
    """2.3.3: a sheet with a transition takes it away again where less motion is wished for."""
    sheet = path.read_text(encoding="utf-8")
    moving = re.findall(r"\btransition: (?!none)", sheet)
    assert not moving or "@media (prefers-reduced-motion: reduce)" in sheet


def test_pages_reload_by_themselves_only_where_nobody_reads_with_a_keyboard() -> None:
    """2.2.1: the walls, in a browser without scripts; they have nothing to lose one's place in."""
    reloading = {
        path.relative_to(PAGES).as_posix() for path in TEMPLATES if "http-equiv" in path.read_text(encoding="utf-8")
    }
    assert reloading == {"display/screen.html", "display/screen_waiting.html"}


def test_a_field_for_ones_own_name_says_so() -> None:
    """1.3.5"""
    asking = [
        field
        for path in TEMPLATES
        for label, field in re.findall(r"<label[^>]*>(.*?)(<input[^>]*>)", path.read_text(encoding="utf-8"))
        if "'Your name'" in label or '"Your name"' in label
    ]
    assert len(asking) >= 2
    assert all(re.search(r'autocomplete="(?:name|nickname)"', field) for field in asking), asking


def test_whoever_has_the_frame_of_pages_beside_the_texts_has_its_sheet() -> None:
    framed = [path for path in TEMPLATES if '"lib/_frame.html" as frame' in path.read_text(encoding="utf-8")]
    assert [path.name for path in framed if "css/lib/page_frame.css" not in path.read_text(encoding="utf-8")] == []
    assert framed


DESTROYS = {
    "Delete for good",
    "Delete the meeting",
    "Remove for good",
    "Revoke",
    "Send there no more",
    "Take the group out",
}
"""What cannot be taken back, or for a minute only."""
ASKED_FIRST = {"admin/admin_delete.html", "admin/admin_removal.html", "admin/admin_revoke.html"}
"""A page that asks whether to destroy, and shows nothing else but what would go."""


def test_red_is_only_what_destroys_and_it_stands_behind_something_that_is_opened() -> None:
    found = {}
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r'<button[^>]*class="[^"]*\bgrave\b[^>]*>\{\{ ui\.text\("([^"]+)"\)', text):
            before = text[: match.start()]
            opened = any(before.count(f"<{each}") > before.count(f"</{each}>") for each in ("details", "dialog"))
            found[(path.relative_to(PAGES).as_posix(), match[1])] = opened
    assert {name for _, name in found} == DESTROYS
    assert {page for (page, _), opened in found.items() if not opened} == ASKED_FIRST


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_a_sheet_makes_no_other_button_red(path: Path) -> None:
    sheet = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    red = [head for head, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet) if "var(--warn)" in body]
    assert [head for head in red if re.search(r"\bbutton\b|\.(?:button|act|big|stop|first|main)\b", head)] == []


def test_an_icon_stands_beside_words_and_never_instead_of_them() -> None:
    """Words that are only told to screen readers are none that are seen."""
    told = r'(?:\s*<span class="unseen">[^<]*</span>)?'
    alone = re.compile(rf"<(a|button|summary)\b[^>]*>\s*\{{\{{ icon\([^)]*\) \}}\}}{told}\s*</\1>")
    found = {
        path.relative_to(PAGES).as_posix(): match[0]
        for path in TEMPLATES
        for match in alone.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == {}


def test_every_hour_on_a_page_is_one_of_24() -> None:
    """On all pages and in both programs: `time_of_day` in Python, `hourCycle` in scripts."""
    python = [path for top in ("server", "hubs") for path in (WEB.parent / top).rglob("*.py")]
    assert [path.name for path in python if re.search(r"\bformat_time\b|%I\b", path.read_text(encoding="utf-8"))] == []
    lines = [line for path in SCRIPTS for line in path.read_text(encoding="utf-8").splitlines()]
    of_a_day = [line for line in lines if "DateTimeFormat(" in line and re.search(r"\bhour:|timeStyle", line)]
    assert len(of_a_day) == 3
    assert [line for line in of_a_day if "hourCycle: 'h23'" not in line] == []


NO_LANGUAGE = {
    "display/screen_waiting.html": "a place",
    "admin/admin.html": "a place",
    "admin/work.html": "a place",
    "hub/hub_setup.html": "a group",
    "admin/admin_import.html": "the conference, and a file's rows",
    "admin/_hub_removed.html": "a copy, of which only the name is known",
    "hub/hub_desk.html": "the room, and a copy that is stuck",
}


def test_a_meetings_title_says_in_which_language_it_is() -> None:
    """3.1.2"""
    without = {
        path.relative_to(PAGES).as_posix()
        for path in TEMPLATES
        if re.search(r"<bdi>\{\{ (?:(?:each|row|meeting|about)\.)?title \}\}", path.read_text(encoding="utf-8"))
    }
    assert without == set(NO_LANGUAGE)


FRAMES = ("frame.bar(", "frame_bar.bar(", "hub_frame.bar(", 'class="top"', 'class="strip"')
"""What a page's frame is made with: of a page beside the texts, of the staff's, of a group's, of a text, of a wall."""
UNFRAMED = {
    *("lib/base.html", "reader/front.html", "display/overlay.html", "display/embed.html", "display/style.html"),
    *("display/style_views.html", "display/style_hub_line.html"),
}
"""The sheet of all pages, the house itself, what stands in somebody else's page, and the pages of all parts."""


@pytest.mark.parametrize(
    "path", [each for each in TEMPLATES if not each.name.startswith("_")], ids=lambda each: each.name
)
def test_every_page_has_a_frame(path: Path) -> None:
    """A page of a hub that is set in one of the server's has that one's."""
    text = path.read_text(encoding="utf-8")
    framed = [each for each in FRAMES if each in text]
    own = "block body" in text and path.relative_to(PAGES).as_posix() not in UNFRAMED
    assert bool(framed) == own, framed
