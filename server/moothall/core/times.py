"""Media time as people read it."""

from __future__ import annotations


def media_time(ms: int) -> str:
    """Media time for people: `4:05`, from an hour on `1:04:05`."""
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
