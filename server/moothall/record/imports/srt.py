"""Reads SubRip, which has no standard: what most players accept.

A number may be missing before a time, a point may stand for its comma, and rows of a text may be blank. A row that
looks like a time and isn't one is an error, since text would be lost behind it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.cue_markup import joined, subrip_text
from moothall.record.imports.joining import sentences_of
from moothall.record.imports.labels import with_labels
from moothall.record.imports.past import NoteList, PastCue, PastText, some, stop_at_most

_STAMP = r"([0-9]{1,4}):([0-5]?[0-9]):([0-5]?[0-9])(?:[,.]([0-9]{1,3}))?"
_TIMES = re.compile(rf"\s*{_STAMP}\s*-->\s*{_STAMP}(?![0-9]).*\Z")
LIKE_A_TIME = re.compile(r"[0-9]\s*-->")
"""What no row of a text has, and every time."""
_NUMBER = re.compile(r"\s*[0-9]+\s*\Z")


def read_srt(text: str, unnamed: Collection[str] = ()) -> PastText:
    """Read a SubRip file. `unnamed` as in `labels.without_voices`. Raises ImportRefused."""
    rows = text.split("\n")
    times = [n for n, row in enumerate(rows) if LIKE_A_TIME.search(row)]
    if not times:
        raise ImportRefused("A SubRip file has times such as 00:01:02,345 --> 00:01:04,000.", 1)
    stop_at_most(len(times), times[-1] + 1)
    notes = NoteList()
    cues: list[PastCue] = []
    for at, following in zip(times, [*times[1:], len(rows) + 1], strict=True):
        span = _span(rows[at])
        if span is None:
            raise ImportRefused("This is no time of a caption, as 00:01:02,345 --> 00:01:04,000.", at + 1)
        last = following - 1
        if following <= len(rows) and last > at and _NUMBER.match(rows[last]):
            last -= 1  # the number of the next caption
        said = joined(subrip_text(list(rows[at + 1 : last + 1])))
        if not said:
            notes.add(at + 1, "This caption has no text, and was left out.")
            continue
        cues.append(PastCue(row=at + 1, t0=span[0], t1=max(span), text=said))
    lines = sentences_of(with_labels(cues, unnamed, all_of_them=False))
    return PastText(form="srt", lines=some(lines, "SubRip"), notes=notes.all())


def _span(row: str) -> tuple[int, int] | None:
    found = _TIMES.match(row)
    return None if found is None else (_ms(found.groups()[:4]), _ms(found.groups()[4:]))


def _ms(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, rest = parts
    return ((int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)) * 1000 + int(
        (rest or "").ljust(3, "0")
    )
