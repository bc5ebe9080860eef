"""The basics of all pictures: numbers, texts and shapes in SVG, and the scale of an axis.

A picture has no colours: its lines and areas are drawn in `currentColor`, and a page's style sheet may set others by
class. It has no `style` attribute, which the pages' content security policy would block. For writing from right to left
the picture is mirrored: it gets `direction`, so that `text-anchor="start"` is the right end.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from html import escape

FONT = 12
"""Font size in SVG units."""
_NARROW, _WIDE = 0.58, 1.05
"""Upper estimate of a letter's mean width, relative to its height: in most scripts; and in Chinese, Japanese and
Korean.
"""
_STEPS = (1, 2, 2.5, 5, 10)


def number(value: float) -> str:
    """A coordinate with at most one decimal, and without a trailing `.0`."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def text_width(text: str) -> float:
    """Estimated width of a text in SVG units; rather too much than too little."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return FONT * (_WIDE * wide + _NARROW * (len(text) - wide))


def fitted(text: str, width: float) -> str:
    """The text, cut to at most `width` (SVG units), with an ellipsis where something is missing."""
    if text_width(text) <= width:
        return text
    kept = text
    while kept and text_width(kept + "…") > width:
        kept = kept[:-1]
    return kept.rstrip() + "…" if text_width("…") <= width else ""


def axis(most: float, steps: int = 4, *, whole: bool = False) -> tuple[float, ...]:
    """Marks of an axis from 0 to at least `most`, at equal round distances: 1, 2, 2.5 or 5 times a power of ten.

    `whole`: distances are integers. The axis goes to 1 when `most` is not a finite number above 0.
    """
    if not (math.isfinite(most) and most > 0):
        return (0.0, 1.0)
    least = max(most / steps, 1.0 if whole else 1e-300)
    power = 10.0 ** math.floor(math.log10(least))
    fitting = (each * power for each in _STEPS if not whole or (each * power).is_integer())
    step = next(each for each in fitting if each * steps >= most * (1 - 1e-9))
    count = max(1, math.ceil(most / step - 1e-9))
    return tuple(step * n for n in range(count + 1))


class Picture:
    """An SVG picture under construction. All positions are in SVG units from its start side and its top."""

    def __init__(self, width: float, height: float, *, rtl: bool) -> None:
        self.width = width
        self.height = height
        self._rtl = rtl
        self._shapes: list[str] = []

    def x(self, at: float) -> float:
        """The SVG x coordinate, from the left, of a position that is `at` units from the start side."""
        return self.width - at if self._rtl else at

    def text(self, at: float, y: float, text: str, *, anchor: str = "start", kind: str = "") -> None:
        """Draw a text whose `start`, `middle` or `end` is at `at`, on the baseline `y`."""
        shown = f' class="{kind}"' if kind else ""
        position = f'x="{number(self.x(at))}" y="{number(y)}"'
        self._shapes.append(f'<text {position} text-anchor="{anchor}"{shown}>{escape(text)}</text>')

    def bar(self, at: float, y: float, width: float, height: float, kind: str) -> None:
        """Draw a rectangle from `at` towards the end side."""
        left = self.x(at + width) if self._rtl else at
        size = f'width="{number(width)}" height="{number(height)}"'
        self._shapes.append(f'<rect class="{kind}" x="{number(left)}" y="{number(y)}" {size}/>')

    def line(self, points: Sequence[tuple[float, float]], kind: str, dashes: str = "") -> None:
        """Draw a line through points; a single point becomes a dot."""
        if len(points) == 1:
            self.dot(*points[0], 2, kind)
            return
        path = "L".join(f"{number(self.x(at))} {number(y)}" for at, y in points)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._shapes.append(f'<path class="{kind}" d="M{path}" fill="none" stroke="currentColor"{dashed}/>')

    def dot(self, at: float, y: float, radius: float, kind: str, title: str = "") -> None:
        """Draw a disc; `title` is shown when a pointer is on it."""
        position = f'cx="{number(self.x(at))}" cy="{number(y)}" r="{number(radius)}"'
        inside = f"><title>{escape(title)}</title></circle>" if title else "/>"
        self._shapes.append(f'<circle class="{kind}" {position}{inside}')

    def other(self, shape: str) -> None:
        """Add a shape that is SVG already."""
        self._shapes.append(shape)

    def svg(self, kind: str) -> str:
        """The picture as SVG, hidden from screen readers, for which the table beside it has the figures."""
        frame = f'viewBox="0 0 {number(self.width)} {number(self.height)}"'
        writing = ' direction="rtl"' if self._rtl else ""
        look = f'fill="currentColor" font-size="{FONT}" aria-hidden="true" focusable="false"'
        return f'<svg class="picture {kind}" {frame} {look}{writing}>{"".join(self._shapes)}</svg>'
