"""The display options in the query of an address, each validated.

No value from an address reaches a style sheet as it was written: sizes are whole numbers within bounds, a colour is six
hexadecimal digits, a theme is one of a list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from moothall.core.kernel.decoding import number_in

DisplayTheme = Literal["", "dark", "light"]
Letters = Literal["", "clear"]
Preset = Literal["", "two-lines", "lower-third", "side"]

COLOURS = {
    "white": "ffffff",
    "yellow": "ffff00",
    "lime": "00ff00",
    "cyan": "00ffff",
    "black": "000000",
}
"""Colours that can be named; any other is written as its six hexadecimal digits."""
_HEX = re.compile(r"#?([0-9a-fA-F]{6})\Z")


class BadLook(Exception):
    """A value that its option doesn't accept."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"{name} can't be {value!r}")
        self.name = name
        self.value = value


class Overlay(msgspec.Struct, frozen=True, kw_only=True):
    """Options of text over a video."""

    preset: Preset
    """The position, with its usual options; empty: at the foot of the picture, across its width."""
    lines: int
    """Lines on the screen, 1 to 12."""
    size: int
    """Line height, 16 to 200 CSS pixels."""
    color: str
    """Six hexadecimal digits."""
    back: int
    """Opacity of the black background, 0 to 100 %."""
    fade: int
    """Seconds of silence after which the text disappears, up to 60; 0: never."""
    question: int
    """1: show the current question above the text; 0: don't."""
    groups: int
    """1: show a line that names the remote groups that are present; 0: don't."""


class Screen(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a projector or television in a room."""

    size: int
    """Size of the text, 50 to 300 % of what fits the screen."""
    theme: DisplayTheme
    """Empty: the system's theme."""
    steady: int
    """1: the QR code stays on one side; 0: it changes sides."""
    letters: Letters
    """`clear`: the page loads a typeface that can be read from afar; empty: the device's fonts."""


class EmbeddedBox(msgspec.Struct, frozen=True, kw_only=True):
    """Options of a box in another site's page."""

    theme: DisplayTheme


_USUAL: dict[Preset, Mapping[str, int]] = {
    "": {"lines": 2, "size": 48, "back": 0, "fade": 0},
    "two-lines": {"lines": 2, "size": 56, "back": 75, "fade": 8},
    "lower-third": {"lines": 3, "size": 48, "back": 85, "fade": 8},
    "side": {"lines": 12, "size": 44, "back": 85, "fade": 0},
}
"""Default values of each preset, for a picture of 1920 × 1080 pixels."""


def overlay(query: Mapping[str, str]) -> Overlay:
    """Parse `?preset=&lines=&size=&color=&back=&fade=&question=&groups=`. Raises BadLook."""
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
    """Parse `?size=&theme=&steady=&letters=`. Raises BadLook."""
    return Screen(
        size=_number(query, "size", 100, 50, 300),
        theme=_theme(query),
        steady=_number(query, "steady", 0, 0, 1),
        letters=_letters(query),
    )


def box(query: Mapping[str, str]) -> EmbeddedBox:
    """Parse `?theme=`. Raises BadLook."""
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


def _theme(query: Mapping[str, str]) -> DisplayTheme:
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
