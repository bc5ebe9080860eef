"""The look of a display: the options in its address, checked value by value.

Nothing from an address reaches a style sheet as it was written: sizes are whole numbers within bounds, a colour is
six hexadecimal digits, a theme one of a list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from moothall.core.kernel.decoding import number_in

Theme = Literal["", "dark", "light"]
Letters = Literal["", "clear"]
Preset = Literal["", "two-lines", "lower-third", "side"]

COLOURS = {
    "white": "ffffff",
    "yellow": "ffff00",
    "lime": "00ff00",
    "cyan": "00ffff",
    "black": "000000",
}
"""Colours that have a name here; any other is written as its six hexadecimal digits."""
_HEX = re.compile(r"#?([0-9a-fA-F]{6})\Z")


class BadLook(Exception):
    """A value can't be what its name needs."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"{name} can't be {value!r}")
        self.name = name
        self.value = value


class Overlay(msgspec.Struct, frozen=True, kw_only=True):
    """Text over a picture."""

    preset: Preset
    """Where it stands, and what else is usual there; empty: at the foot of the picture, across it."""
    lines: int
    """Lines on the screen, 1 to 12."""
    size: int
    """Height of the letters' line, 16 to 200 CSS pixels."""
    color: str
    """Six hexadecimal digits."""
    back: int
    """How much of a black ground lies behind the text, 0 to 100 %."""
    fade: int
    """After how many seconds of silence the text goes, up to 60; 0: never."""
    question: int
    """1: the question that is asked now stands above the text; 0: it doesn't."""
    groups: int
    """1: a line says which groups far away are there; 0: none does."""


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """A projector or television in a room."""

    size: int
    """Of the text, 50 to 300 % of what fits the screen."""
    theme: Theme
    """Empty: as the system has it."""
    steady: int
    """1: the code always stands on the same side; 0: it changes sides."""
    letters: Letters
    """`clear`: a face that is read from afar comes with the page; empty: the fonts of the device."""


class EmbeddedBox(msgspec.Struct, frozen=True, kw_only=True):
    """A box in somebody's page."""

    theme: Theme


_USUAL: dict[Preset, Mapping[str, int]] = {
    "": {"lines": 2, "size": 48, "back": 0, "fade": 0},
    "two-lines": {"lines": 2, "size": 56, "back": 75, "fade": 8},
    "lower-third": {"lines": 3, "size": 48, "back": 85, "fade": 8},
    "side": {"lines": 12, "size": 44, "back": 85, "fade": 0},
}
"""What each preset sets where the address says nothing else, for a picture of 1920 x 1080."""


def overlay(query: Mapping[str, str]) -> Overlay:
    """What `?preset=&lines=&size=&color=&back=&fade=&question=&groups=` ask for. Raises BadLook."""
    preset = _preset(query)
    usual = _USUAL[preset]
    return Overlay(
        preset=preset,
        lines=_number(query, "lines", usual["lines"], 1, 12),
        size=_number(query, "size", usual["size"], 16, 200),
        color=_color(query, "color", "ffffff"),
        back=_number(query, "back", usual["back"], 0, 100),
        fade=_number(query, "fade", usual["fade"], 0, 60),
        question=_number(query, "question", 1, 0, 1),
        groups=_number(query, "groups", 0, 0, 1),
    )


def screen(query: Mapping[str, str]) -> Screen:
    """What `?size=&theme=&steady=&letters=` ask for. Raises BadLook."""
    return Screen(
        size=_number(query, "size", 100, 50, 300),
        theme=_theme(query),
        steady=_number(query, "steady", 0, 0, 1),
        letters=_letters(query),
    )


def box(query: Mapping[str, str]) -> EmbeddedBox:
    """What `?theme=` asks for. Raises BadLook."""
    return EmbeddedBox(theme=_theme(query))


def _number(query: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    number = number_in(text, 3)
    if number is None or not low <= number <= high:
        raise BadLook(name, text)
    return number


def _color(query: Mapping[str, str], name: str, default: str) -> str:
    text = query.get(name)
    if text is None:
        return default
    found = _HEX.match(text)
    if found is None and text.lower() not in COLOURS:
        raise BadLook(name, text)
    return COLOURS[text.lower()] if found is None else found[1].lower()


def _theme(query: Mapping[str, str]) -> Theme:
    match query.get("theme"):
        case None | "":
            return ""
        case "dark":
            return "dark"
        case "light":
            return "light"
        case other:
            raise BadLook("theme", other)


def _letters(query: Mapping[str, str]) -> Letters:
    match query.get("letters"):
        case None | "":
            return ""
        case "clear":
            return "clear"
        case other:
            raise BadLook("letters", other)


def _preset(query: Mapping[str, str]) -> Preset:
    asked = query.get("preset", "")
    for each in _USUAL:
        if each == asked:
            return each
    raise BadLook("preset", asked)
