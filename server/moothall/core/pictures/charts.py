"""Bars and lines. Pure: figures go in, an SVG comes out, in which nothing lies outside its frame.

Nothing is told by a colour alone: a bar has its name before it and its figure behind it, a line has dashes of its own
and its name at its end. What has no room in a picture stands in the table beside it, which has all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec

from moothall.core.pictures.drawing import FONT, Picture, axis, fitted, text_width

WIDTH = 360
"""Of all charts, in units: as narrow as a phone, so that letters can be read there."""
MOST_GROUPS = 12
"""Of bars. Overflow: the later ones are not drawn."""
MOST_LINES = 6
"""In one chart, since there are as many dashes. Overflow: the later ones are not drawn."""
MOST_POINTS = 720
"""Of a line. Overflow: the earlier ones are not drawn."""
DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 5", "5 2 1 2 1 2")
_ROW, _TITLE, _GAP = 17, 18, 8
_NAMES, _FIGURES = 112, 52
"""Room before a bar and behind it."""
_TOP, _PLOT, _TICKS, _ENDS, _FOOT = 10, 130, 40, 116, 22


class Bar(msgspec.Struct, frozen=True):
    """A bar: what it is of, how long it is, and its figure in words."""

    name: str
    value: float
    figure: str


class Group(msgspec.Struct, frozen=True):
    """Bars of one thing, under its name."""

    name: str
    bars: tuple[Bar, ...]


class Series(msgspec.Struct, frozen=True):
    """A line: a value for each step of time, None where there is none."""

    name: str
    values: tuple[float | None, ...]


def bars(groups: Sequence[Group], *, rtl: bool = False) -> str:
    """Bars from the start of the writing, all on one scale; an empty text where there is no bar."""
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
    """Lines over time, on one scale from 0 on; an empty text where there is no value.

    `times`: which steps have a word below them. `written`: how a mark of the scale is written. `whole`: whether values
    have no fractions, so that marks have none.
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
    """The names at the ends of lines, with a piece of the line each, moved apart where they would overlap."""
    least, bottom = FONT + 2, _TOP + _PLOT + 4
    below = bottom - least * (len(ends) - 1)
    y = -math.inf
    for n, (high, kind, name) in enumerate(sorted(ends)):
        y = min(max(high + 4, y + least, FONT), below + least * n)
        picture.line([(start + 4, y - 4), (start + 22, y - 4)], f"line line-{kind}", DASHES[kind])
        picture.text(start + 26, y, fitted(name, _ENDS - 26))


def _mark_times(picture: Picture, times: Sequence[tuple[float, str]]) -> None:
    """Words below the steps; one that would touch the one before is left out."""
    free = 0.0
    for at, word in sorted(times):
        half = text_width(word) / 2
        middle = min(max(at, half), WIDTH - half)
        if middle - half >= free and 2 * half <= WIDTH:
            picture.text(middle, _TOP + _PLOT + FONT + 6, word, anchor="middle", kind="soft")
            free = middle + half + 6


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches without a gap: steps with their values."""
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
    """What is drawn of a value: nothing below 0, and no more than can be computed with."""
    return min(max(value, 0.0), 1e300) if math.isfinite(value) else 0.0
