"""Times as files of captions have them."""

from __future__ import annotations


def stamp(ms: int, point: str) -> str:
    """`01:02:03.004`, with `point` before the milliseconds; hours take as many digits as they need."""
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}"
