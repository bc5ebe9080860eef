"""The public agenda with its calendars, the private form for access needs, the help pages, and calendar files.

It is short so that the library of calendars is loaded only when a calendar is read.
"""

from __future__ import annotations

from moothall.core.programme.drafts import CalendarFile, FileContext


def read_icalendar(text: str, reading: FileContext) -> CalendarFile:
    """Read the sessions of a calendar; an implementation of `moothall.core.programme.drafts.CalendarReader`."""
    from moothall.adapters.programme.icalendar_file import read  # loading the library takes 0.2 s

    return read(text, reading)
