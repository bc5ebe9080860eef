"""Conference files that a library reads."""

from __future__ import annotations

from moothall.core.programme.drafts import CalendarFile, FileContext


def read_icalendar(text: str, reading: FileContext) -> CalendarFile:
    """The sessions of a calendar, as `moothall.core.programme.drafts.CalendarReader`."""
    from moothall.adapters.programme.icalendar_file import read  # loading the library takes 0.2 s

    return read(text, reading)
