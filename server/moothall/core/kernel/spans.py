"""Spans of media ms: those of which nothing is kept."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int | None]
"""From and up to, media ms; the end is None while it lasts."""


def lasts(spans: tuple[Span, ...]) -> bool:
    """Whether the last of spans that were begun one after another has no end yet."""
    return bool(spans) and spans[-1][1] is None


def ended(spans: tuple[Span, ...], t1: int) -> tuple[Span, ...]:
    """With the last one ended, if it lasts; one that ends where it began was none."""
    if not lasts(spans):
        return spans
    *before, (t0, _) = spans
    return (*before, (t0, t1)) if t0 < t1 else tuple(before)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same times as spans in order that neither overlap nor touch."""
    found: list[Span] = []
    for t0, t1 in sorted(spans, key=lambda span: span[0]):
        last = found[-1][1] if found else -1
        if not found or (last is not None and last < t0):
            found.append((t0, t1))
        else:
            end = None if last is None or t1 is None else max(last, t1)
            found[-1] = (found[-1][0], end)
    return tuple(found)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of each of `spans` outside of `taken`. None of it is empty, but for what was so and is outside."""
    left = list(spans)
    for low, high in taken:
        left = [piece for span in left for piece in _outside(span, low, high)]
    return tuple(left)


def _outside(span: Span, low: int, high: int | None) -> list[Span]:
    t0, t1 = span
    if (t1 is not None and t1 <= low) or (high is not None and high <= t0):
        return [span]
    pieces: list[Span] = [(t0, low)] if t0 < low else []
    if high is not None and (t1 is None or high < t1):
        pieces.append((high, t1))
    return pieces
