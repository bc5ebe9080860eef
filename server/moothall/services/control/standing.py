"""Computes the standing of a session, one word: live, silent for a while, cut … from its status and its alarms.
Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from moothall.core.sessions.state import ON, Status
from moothall.services.control.alarms import NO_WORDS_MS, Alarm

SILENT_MS = NO_WORDS_MS
"""Time without words and without an alarm after which a session is shown as *Silent since …*, in ms."""
CUT = frozenset(
    {
        "no-sound",
        "no-stream",
        "muted",
        "no-source",
        "no-language",
        "no-room",
        "no-room-until",
        "no-words",
        "stopped",
        "sound-stopped",
        "sound-full",
        "captioner-gone",
        "captioner-quiet",
    }
)
"""Kinds of alarm at which no text comes, whatever the machine does. Urgent faults of the machine count too."""
LATE = frozenset({"late", "machine-away"})
"""Kinds of alarm at which the text comes later than it should."""


class Standing(StrEnum):
    """The standing of a room, one word. Its colour and shape are those of `.state` in page.css."""

    LIVE = "live"
    BREAK = "break"
    OFF = "off"
    """What is said is not recorded."""
    LATE = "late"
    SILENCE = "silence"
    """The session is on, and no words have come for `SILENT_MS`: as far as is known nobody speaks."""
    CUT = "cut"
    """People speak, but no text appears."""
    CLOSED = "closed"
    IDLE = "idle"
    """No session is on in the room, or it has not begun."""


def standing(status: Status, found: Sequence[Alarm], *, off: bool, wordless: int = 0) -> Standing:
    """The standing of a session with these alarms.

    `off`: whether it is not recorded; `wordless`: the result of `wordless_for`, in ms. That nothing is recorded has
    precedence over all else, since it was promised to whoever speaks.
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
