"""What all pictures are drawn with: numbers, texts and shapes of SVG, and the scale of an axis. Pure.

A picture has no colours of its own: its lines and areas are drawn in `currentColor`, and a page's style sheet may
choose others by their classes. It has no `style`, which the pages' policy would not let in. From right to left all
is mirrored: `direction` is set on the picture, so that `text-anchor="start"` is the right end there.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from html import escape

FONT = 12
"""Height of letters, in the units of the picture."""
_NARROW, _WIDE = 0.58, 1.05
"""How wide a letter is at most on average, of its height: of most writings; and of Chinese, Japanese and Korean."""
_STEPS = (1, 2, 2.5, 5, 10)


def number(value: float) -> str:
    """A coordinate: with a tenth at most, and no zeros that say nothing."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def text_width(text: str) -> float:
    """About how wide a text is, in the units of the picture; rather too much than too little."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return FONT * (_WIDE * wide + _NARROW * (len(text) - wide))


def fitted(text: str, width: float) -> str:
    """A text that is no wider than `width`: cut, with an ellipsis where something is missing."""
    if text_width(text) <= width:
        return text
    kept = text
    while kept and text_width(kept + "…") > width:
        kept = kept[:-1]
    return kept.rstrip() + "…" if text_width("…") <= width else ""


def axis(most: float, steps: int = 4, *, whole: bool = False) -> tuple[float, ...]:
    """Marks from 0 to at least `most`, equally far apart and round: 1, 2, 2.5 or 5 times a power of ten; `whole`: with
    no fractions.

    Without anything to show it goes to 1. What is no finite number above 0 is nothing to show.
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
    """Shapes in a frame; everything is given in units from its start and its top."""

    def __init__(self, width: float, height: float, *, rtl: bool) -> None:
        self.width = width
        self.height = height
        self._rtl = rtl
        self._shapes: list[str] = []

    def x(self, at: float) -> float:
        """Where something is from the left that lies `at` from the start of the writing."""
        return self.width - at if self._rtl else at

    def text(self, at: float, y: float, text: str, *, anchor: str = "start", kind: str = "") -> None:
        """A text whose `start`, `middle` or `end` lies at `at`, on the line `y`."""
        shown = f' class="{kind}"' if kind else ""
        place = f'x="{number(self.x(at))}" y="{number(y)}"'
        self._shapes.append(f'<text {place} text-anchor="{anchor}"{shown}>{escape(text)}</text>')

    def bar(self, at: float, y: float, width: float, height: float, kind: str) -> None:
        """A rectangle from `at` onward."""
        left = self.x(at + width) if self._rtl else at
        size = f'width="{number(width)}" height="{number(height)}"'
        self._shapes.append(f'<rect class="{kind}" x="{number(left)}" y="{number(y)}" {size}/>')

    def line(self, points: Sequence[tuple[float, float]], kind: str, dashes: str = "") -> None:
        """A line through points; one point is a dot."""
        if len(points) == 1:
            self.dot(*points[0], 2, kind)
            return
        path = "L".join(f"{number(self.x(at))} {number(y)}" for at, y in points)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        self._shapes.append(f'<path class="{kind}" d="M{path}" fill="none" stroke="currentColor"{dashed}/>')

    def dot(self, at: float, y: float, radius: float, kind: str, title: str = "") -> None:
        """A disc; `title` is what a pointer on it is told."""
        place = f'cx="{number(self.x(at))}" cy="{number(y)}" r="{number(radius)}"'
        inside = f"><title>{escape(title)}</title></circle>" if title else "/>"
        self._shapes.append(f'<circle class="{kind}" {place}{inside}')

    def other(self, shape: str) -> None:
        """A shape that is written already."""
        self._shapes.append(shape)

    def svg(self, kind: str) -> str:
        """The picture, for eyes alone: whoever hears a page has the table beside it."""
        frame = f'viewBox="0 0 {number(self.width)} {number(self.height)}"'
        writing = ' direction="rtl"' if self._rtl else ""
        look = f'fill="currentColor" font-size="{FONT}" aria-hidden="true" focusable="false"'
        return f'<svg class="picture {kind}" {frame} {look}{writing}>{"".join(self._shapes)}</svg>'
