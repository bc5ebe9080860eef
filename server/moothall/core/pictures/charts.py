"""Bar and line charts as SVG. Nothing is drawn outside the frame.

Nothing is told by colour alone: a bar has its name in front and its figure after it; a line has dashes of its own and
its name at its end. Whatever has no room in the picture is in the table beside it, which has all figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from moothall.core.pictures.drawing import FONT, Picture, axis, fitted, text_width

WIDTH = 360
"""Width of all charts in SVG units: as narrow as a phone, so that letters can be read there."""
MOST_GROUPS = 12
"""Groups in one bar chart. Overflow: later groups are not drawn."""
MOST_LINES = 6
"""Lines in one chart, since there are as many patterns of dashes. Overflow: later lines are not drawn."""
MOST_POINTS = 720
"""Points of one line. Overflow: the earlier points are not drawn."""
DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 5", "5 2 1 2 1 2")
_ROW, _TITLE, _GAP = 17, 18, 8
_NAMES, _FIGURES = 112, 52
"""Width of the names before the bars, and of the figures after them."""
_TOP, _PLOT, _TICKS, _ENDS, _FOOT = 10, 130, 40, 116, 22


class Bar(msgspec.Struct, frozen=True):
    """A bar: its name, its length, and its figure as text."""

    name: str
    value: float
    figure: str


class BarGroup(msgspec.Struct, frozen=True):
    """The bars of one thing, with its name."""

    name: str
    bars: tuple[Bar, ...]


class Series(msgspec.Struct, frozen=True):
    """A line of a chart: a value for each step of time, None where there is none."""

    name: str
    values: tuple[float | None, ...]


def bars(groups: Sequence[BarGroup], *, rtl: bool = False) -> str:
    """Return a bar chart on one scale, with bars from the start side of the writing; empty where there is no bar."""
    groups = [each for each in groups[:MOST_GROUPS] if each.bars]
    if not groups:
        return ""
    most = max(_drawable(bar.value) for group in groups for bar in group.bars)
    named = any(bar.name for group in groups for bar in group.bars)
    start = _NAMES if named else 0
    room = WIDTH - start - _FIGURES
    height = sum(_TITLE + _ROW * len(group.bars) + _GAP for group in groups)
    picture, y = Picture(WIDTH, height, rtl=rtl), 0.0
    for group in groups:
        picture.text(0, y + FONT, fitted(group.name, WIDTH), kind="name")
        y += _TITLE
        for n, bar in enumerate(group.bars):
            if bar.name:
                picture.text(0, y + FONT, fitted(bar.name, start - 6), kind="soft")
            length = room * _drawable(bar.value) / most if most else 0
            picture.bar(start, y + 2, length, _ROW - 5, f"bar bar-{n % 3}")
            picture.text(start + length + 5, y + FONT, fitted(bar.figure, _FIGURES - 5))
            y += _ROW
        y += _GAP
    return picture.svg("bars")


def lines(
    series: Sequence[Series],
    times: Sequence[tuple[int, str]],
    *,
    written: Callable[[float], str] = "{:g}".format,
    whole: bool = False,
    rtl: bool = False,
) -> str:
    """Return a line chart over time, with one scale from 0; empty where there is no value.

    `times`: steps and the labels below them. `written`: formats the marks of the scale. `whole`: values are integers,
    so marks are integers too.
    """
    series = [each for each in series if _runs(each.values[-MOST_POINTS:])][:MOST_LINES]
    if not series:
        return ""
    count = min(MOST_POINTS, max(len(each.values) for each in series))
    scale = axis(
        max(_drawable(value) for each in series for value in each.values[-count:] if value is not None), whole=whole
    )
    picture = Picture(WIDTH, _TOP + _PLOT + _FOOT, rtl=rtl)
    wide = WIDTH - _TICKS - _ENDS

    def at(step: int) -> float:
        return _TICKS + (wide * step / (count - 1) if count > 1 else wide / 2)

    def high(value: float) -> float:
        return _TOP + _PLOT * (1 - _drawable(value) / scale[-1])

    for mark in scale:
        picture.line([(_TICKS, high(mark)), (_TICKS + wide, high(mark))], "hair")
        picture.text(_TICKS - 5, high(mark) + 4, fitted(written(mark), _TICKS - 5), anchor="end", kind="soft")
    _mark_times(picture, [(at(step), word) for step, word in times if 0 <= step < count])
    ends = []
    for n, each in enumerate(series):
        values = each.values[-count:]
        first = count - len(values)
        runs = _runs(values)
        for run in runs:
            points = [(at(first + step), high(value)) for step, value in run]
            picture.line(points, f"line line-{n}", DASHES[n])
        ends.append((high(runs[-1][-1][1]), n, each.name))
    _name_ends(picture, ends, _TICKS + wide)
    return picture.svg("lines")


def _name_ends(picture: Picture, ends: Sequence[tuple[float, int, str]], start: float) -> None:
    """Draw the names at the ends of the lines, with a piece of each line, moved apart where they would overlap."""
    least, bottom = FONT + 2, _TOP + _PLOT + 4
    below = bottom - least * (len(ends) - 1)
    y = -math.inf
    for n, (high, kind, name) in enumerate(sorted(ends)):
        y = min(max(high + 4, y + least, FONT), below + least * n)
        picture.line([(start + 4, y - 4), (start + 22, y - 4)], f"line line-{kind}", DASHES[kind])
        picture.text(start + 26, y, fitted(name, _ENDS - 26))


def _mark_times(picture: Picture, times: Sequence[tuple[float, str]]) -> None:
    """Draw the labels below the steps; a label that would touch the one before is left out."""
    free = 0.0
    for at, word in sorted(times):
        half = text_width(word) / 2
        middle = min(max(at, half), WIDTH - half)
        if middle - half >= free and 2 * half <= WIDTH:
            picture.text(middle, _TOP + _PLOT + FONT + 6, word, anchor="middle", kind="soft")
            free = middle + half + 6


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The runs of values without a gap, as (step, value)."""
    found: list[list[tuple[int, float]]] = []
    follows = False
    for step, value in enumerate(values):
        if value is None or not math.isfinite(value):
            follows = False
            continue
        if not follows:
            found.append([])
        found[-1].append((step, value))
        follows = True
    return found


def _drawable(value: float) -> float:
    """The value as it is drawn: at least 0, and not so large that the arithmetic overflows."""
    return min(max(value, 0.0), 1e300) if math.isfinite(value) else 0.0
