"""How a session stands, in one word: live, silent since a while, cut … From its status and its alarms. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from moothall.core.session.state import ON, Status
from moothall.services.control.alarms import NO_WORDS_MS, Alarm

SILENT_MS = NO_WORDS_MS
"""Without words and without an alarm, until a session is *Silent since …* (30 s)."""
CUT = frozenset(
    {
        "no-sound",
        "no-stream",
        "muted",
        "no-source",
        "no-language",
        "no-room",
        "no-words",
        "stopped",
        "sound-stopped",
        "sound-full",
        "captioner-gone",
        "captioner-quiet",
    }
)
"""Kinds at which no text comes, whatever the machine itself is doing; urgent faults of the machine are such too."""
LATE = frozenset({"late", "machine-away"})
"""Kinds at which the text comes later than it should."""


class Standing(StrEnum):
    """How a room stands, in one word. Its colour and shape are those of `.state` in page.css."""

    LIVE = "live"
    BREAK = "break"
    OFF = "off"
    """What is said is not recorded."""
    LATE = "late"
    SILENCE = "silence"
    """It is on, and no words have come for `SILENT_MS`: nobody speaks, as far as one can tell."""
    CUT = "cut"
    """No text comes of what is said."""
    CLOSED = "closed"
    IDLE = "idle"
    """Nothing is on there, or it has not begun."""


def standing(status: Status, found: Sequence[Alarm], *, off: bool, wordless: int = 0) -> Standing:
    """The one word for how a session stands that has these alarms; `off`: whether it is not recorded; `wordless`: as
    `wordless_for` says it.

    That nothing is recorded goes before all else, since it was promised to whoever speaks.
    """
    if status not in ON:
        return Standing.CLOSED if status is Status.CLOSED else Standing.IDLE
    if off:
        return Standing.OFF
    if status is Status.PAUSED:
        return Standing.BREAK
    if any(alarm.kind in CUT or (alarm.urgent and alarm.kind in ("no-machine", "key-refused")) for alarm in found):
        return Standing.CUT
    if any(alarm.kind in LATE for alarm in found):
        return Standing.LATE
    return Standing.SILENCE if wordless >= SILENT_MS else Standing.LIVE
