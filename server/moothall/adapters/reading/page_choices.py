"""A reader's choices of how to read: the choices in an address, and the form on the page that offers them.

A choice in the address takes precedence over what the browser remembers (`early.js` and `choices.js` in `web/js/lib`);
the names and values here are the same as in the scripts and style sheets.
"""

from __future__ import annotations

from collections.abc import Mapping

from moothall.adapters.pages.catalogues import NO_BREAK, Catalogue

OFFERED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "read": (
        "What I see",
        {
            "words": "Every word",
            "sentences": "Finished sentences",
            "two": "Two lines",
            "low": "Low data: finished lines, every 40 s",
        },
    ),
    "spacing": ("Line spacing", {"normal": "Normal", "wide": "Wide", "wider": "Very wide"}),
    "theme": (
        "Colours",
        {
            "system": "As on my device",
            "light": "Light",
            "dark": "Dark",
            "yellow": "Black on yellow",
            "blue": "White on blue",
        },
    ),
    "font": (
        "Letters",
        {"serif": "With serifs", "sans": "Without serifs", "mono": "All equally wide"},
    ),
    "say": (
        "Tell my screen reader",
        {"nothing": "Nothing", "lines": "Finished lines", "notices": "Speakers and notices only"},
    ),
}
"""Choices with named values: the name in an address, the key of the label, and the key of each value; the default comes
first.
"""
SIZES = ("75", "100", "125", "150", "200", "300")
"""Sizes of the text, in per cent."""
USUAL_SIZE = "100"
SOURCES = "sources"
"""The choice whose value `yes` shows the source of each line."""
SHOW = "show"
"""The choice of what is shown of a translation: `translation` alone, `both`, the original above each line, or `side`,
the two beside each other. The page has links for it, not a field in the form.
"""
BESIDE = frozenset({"both", "side"})
"""Values of SHOW that also show the original."""
BRAILLE = "braille"
"""The choice whose value `yes` makes the page at one's own pace join lines to whole turns without times, for braille
displays of 40 cells.
"""
UNCERTAIN = "uncertain"
"""The choice whose value `yes` makes that page say in words after which word the recogniser was not sure: a sign means
nothing in braille.
"""
SCRIPTED = frozenset({"say"})
"""Choices that have no effect without scripts."""
SHOWN = ("read", "size", "spacing", "theme", "font", SOURCES, SHOW, BRAILLE)
"""Choices that the style sheets use, as `data-` attributes of the page."""

_VALUES: Mapping[str, frozenset[str]] = {
    **{name: frozenset(values) for name, (_, values) in OFFERED.items()},
    "size": frozenset(SIZES),
    SOURCES: frozenset({"yes"}),
    SHOW: frozenset({"translation", *BESIDE}),
    BRAILLE: frozenset({"yes"}),
    UNCERTAIN: frozenset({"yes"}),
}

Choices = Mapping[str, str]
"""The choices in an address; for a name that is missing the browser's remembered value holds, else the default."""


def chosen(query: Mapping[str, str]) -> Choices:
    """Return the choices in an address. Unknown values are ignored: a mistyped colour is no reason to show no text."""
    found = {name: query[name] for name, values in _VALUES.items() if query.get(name) in values}
    if "read" not in found and query.get("feed") == "lines":
        found["read"] = "low"
    return found


def unsure(ui: Catalogue) -> str:
    """The words that follow a word of which the recogniser was not sure."""
    return ui.text("(unsure)")


def form(choices: Choices, ui: Catalogue) -> list[dict[str, object]]:
    """The lists of the form, in order, as the template takes them."""
    lists: list[dict[str, object]] = [
        {
            "name": name,
            "label": ui.text(label),
            "scripted": name in SCRIPTED,
            "options": [
                {"value": value, "text": ui.text(key), "here": value == choices.get(name, next(iter(values)))}
                for value, key in values.items()
            ],
        }
        for name, (label, values) in OFFERED.items()
    ]
    here = choices.get("size", USUAL_SIZE)
    sizes = [{"value": size, "text": f"{size}{NO_BREAK}%", "here": size == here} for size in SIZES]
    lists.insert(1, {"name": "size", "label": ui.text("Text size"), "scripted": False, "options": sizes})
    return lists
