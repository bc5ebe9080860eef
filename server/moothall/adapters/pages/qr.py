"""QR codes of addresses: as SVG for walls and printed sheets, as text for a terminal. The library is segno."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup

QUIET = 4
"""The white margin around a code, in modules, that ISO/IEC 18004 requires."""
MAX_TEXT = 1_000
"""The most characters of a text; a longer text makes a code that phones can't read from a wall."""


def qr_svg(text: str, *, scale: int = 4) -> Markup:
    """The code of `text` as an inline `<svg>`: black on white in every theme, `scale` CSS pixels a module.

    Style sheets may resize it: it has a viewBox and the class `qr`. The page must show the address as text beside it,
    so the code is hidden from screen readers. Raises ValueError for an empty text, or one of more than 1,000
    characters.
    """
    code = _code(text)
    out = io.BytesIO()
    code.save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=False,
        nl=False,
        border=QUIET,
        dark="#000",
        light="#fff",
        svgclass="qr",
        lineclass=None,
        omitsize=True,
    )
    side = code.symbol_size(scale, QUIET)[0]
    size = f'<svg width="{side}" height="{side}" aria-hidden="true" focusable="false" '
    return Markup(out.getvalue().decode().replace("<svg ", size, 1))  # noqa: S704  # segno writes numbers, not the text


def qr_terminal(text: str) -> str:
    """The code of `text` in half blocks, two modules a character, for a terminal with a dark background and light
    letters.

    The light modules are drawn and the dark ones left blank, so that it can be read there. Raises ValueError as
    `qr_svg` does.
    """
    rows = [[not dark for dark in row] for row in _code(text).matrix_iter(border=QUIET)]
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    return "\n".join(
        "".join(_HALVES[above, below] for above, below in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )


_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def _code(text: str) -> segno.QRCode:
    if not 0 < len(text) <= MAX_TEXT:
        raise ValueError(f"A QR code is made of 1 to {MAX_TEXT} characters, not of {len(text)}.")
    return segno.make_qr(text, error="m")
