"""Conference files that are parsed by a library.

It is short so that the library is loaded only when a calendar is read.
"""

from __future__ import annotations

from moothall.core.programme.drafts import CalendarFile, FileContext


def read_icalendar(text: str, reading: FileContext) -> CalendarFile:
    """Read the sessions of a calendar; an implementation of `moothall.core.programme.drafts.CalendarReader`."""
    from moothall.adapters.programme.icalendar_file import read  # loading the library takes 0.2 s

    return read(text, reading)
