"""The look of a conference: readable colours, safe logos, and the style sheet for the chosen colours.

Colours are `#rrggbb`. Contrast is that of WCAG 2.2, from 1 to 21.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from enum import StrEnum

import msgspec

from moothall.core.kernel.errors import RecordBroken

LONGEST_CONFERENCE = 100
"""Characters of a conference's name."""
MOST_LOGO_BYTES = 200_000
MOST_LOGO_SIDE = 2_000
"""Pixels of a logo, in width and in height."""
LEAST, GOOD = 4.5, 7.0
"""The contrast that a chosen colour must have on every background, and the contrast that it should have."""


class Theme(StrEnum):
    """The themes for which a conference may choose colours. The themes of high contrast don't change."""

    LIGHT = "light"
    DARK = "dark"


GROUNDS = {Theme.LIGHT: ("#fcfbf8", "#f1f2f0", "#fdf1c7"), Theme.DARK: ("#15171a", "#1f2226", "#2e2a17")}
"""The backgrounds of text in each theme; as in web/css/lib/tokens.css."""
USUAL = {Theme.LIGHT: ("#0d4a57", "#ffffff"), Theme.DARK: ("#8fd3e0", "#10242a")}
"""The default accent, and the colour of text on it; as in web/css/lib/tokens.css."""
_AWAY = {Theme.LIGHT: 0, Theme.DARK: 255}
"""The grey value towards which a colour gains contrast."""
_COLOUR = re.compile("#[0-9a-f]{6}")


class Colours(msgspec.Struct, frozen=True, kw_only=True):
    """The accent colours of a conference; empty where a theme keeps its default."""

    light: str = ""
    dark: str = ""

    def of(self, theme: Theme) -> str:
        """The accent of a theme."""
        return self.light if theme is Theme.LIGHT else self.dark


def read_colour(text: str) -> str | None:
    """Parse a colour as people type it, with or without `#`, with three or six hexadecimal digits; None when it is no
    colour.
    """
    figures = text.strip().lower().removeprefix("#")
    if len(figures) == 3:
        figures = "".join(figure * 2 for figure in figures)
    colour = f"#{figures}"
    return colour if _COLOUR.fullmatch(colour) else None


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2), from 0 to 1."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _shares(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _shares(colour: str) -> Iterator[float]:
    return (part / 255 for part in _parts(colour))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2), from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def worst(colour: str, theme: Theme) -> float:
    """The lowest contrast of a colour with the backgrounds of a theme."""
    return min(contrast(colour, ground) for ground in GROUNDS[theme])


def text_on(colour: str) -> str:
    """White or black, whichever has more contrast with the colour: that contrast is always at least 4.5."""
    return max(("#ffffff", "#000000"), key=lambda each: contrast(colour, each))


def nearest(colour: str, theme: Theme, least: float = LEAST) -> str:
    """The colour, or else the first on the way to black or white whose contrast in the theme is at least `least`."""
    away, parts = _AWAY[theme], _parts(colour)
    for step in range(256):
        mixed = "#" + "".join(f"{round(part + (away - part) * step / 255):02x}" for part in parts)
        if worst(mixed, theme) >= least:
            return mixed
    return f"#{away:02x}{away:02x}{away:02x}"


def sheet_of(colours: Colours) -> str:
    """The style sheet with these colours; empty where none is chosen. It applies on screens only, and neither in the
    themes of high contrast nor where the system chooses the colours.
    """
    if colours == Colours():
        return ""
    rules = {theme: _rule(colours, theme) for theme in Theme}
    system = ':root:not([data-theme]), :root[data-theme="system"]'
    return (
        f'@media screen and (forced-colors: none) {{ {system}, :root[data-theme="light"] {rules[Theme.LIGHT]} '
        f':root[data-theme="dark"] {rules[Theme.DARK]} }}\n'
        f"@media screen and (forced-colors: none) and (prefers-color-scheme: dark) {{ {system} {rules[Theme.DARK]} }}\n"
    )


def _rule(colours: Colours, theme: Theme) -> str:
    chosen = colours.of(theme)
    accent, text = (chosen, text_on(chosen)) if chosen else USUAL[theme]
    return f"{{ --accent: {accent}; --on-accent: {text}; }}"


_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sRGB", b"IDAT", b"IEND"}
"""PNG chunks that are kept. Text, location, time and further pictures are removed."""


def clean_png(data: bytes) -> bytes:
    """A PNG reduced to its picture. Raises RecordBroken if it is no PNG, is damaged, or is too large."""
    if len(data) > MOST_LOGO_BYTES or not data.startswith(_SIGNATURE):
        raise RecordBroken("The logo is no PNG of at most 200 KB.")
    parts, at = list[tuple[bytes, bytes]](), len(_SIGNATURE)
    while not parts or parts[-1][0] != b"IEND":
        if at + 12 > len(data):
            raise RecordBroken("The logo breaks off.")
        (size,), kind = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        body, end = data[at + 8 : at + 8 + size], at + 12 + size
        if end > len(data) or zlib.crc32(kind + body) != struct.unpack_from(">I", data, end - 4)[0]:
            raise RecordBroken("The logo is damaged.")
        parts.append((kind, body))
        at = end
    head_kind, head = parts[0]
    if head_kind != b"IHDR" or len(head) != 13 or all(kind != b"IDAT" for kind, _ in parts):
        raise RecordBroken("The logo is damaged.")
    if not all(0 < side <= MOST_LOGO_SIDE for side in struct.unpack_from(">II", head)):
        raise RecordBroken("The logo is larger than 2,000 pixels.")
    kept = (_chunk(kind, body) for kind, body in parts if kind in _KEPT)
    return _SIGNATURE + b"".join(kept)


def size_of_png(data: bytes) -> tuple[int, int]:
    """Width and height in px of a PNG from `clean_png`."""
    width, height = struct.unpack_from(">II", data, len(_SIGNATURE) + 8)
    return width, height


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
