"""QR codes of addresses: for walls and sheets as SVG, for a terminal as text. The library is segno."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup

QUIET = 4
"""Modules of white around a code: what ISO/IEC 18004 asks for."""
MAX_TEXT = 1_000
"""Characters of the longest text; more makes a code that phones can't read from a wall."""


def qr_svg(text: str, *, scale: int = 4) -> Markup:
    """The code of `text` as one inline `<svg>`: black on white in every theme, `scale` CSS pixels a module.

    Style sheets may resize it: it has a viewBox and the class `qr`. Beside it belongs the address in text, so it is
    hidden from screen readers. Raises ValueError for an empty text, or one of more than 1,000 characters.
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
    """The code of `text` in half blocks, two modules a character, for a terminal with a dark ground and light letters.

    What is light in the code is drawn and what is dark is left out, so that it can be read there. Raises as `qr_svg`
    does.
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
