from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from moothall.core.sessions.state import Status
from moothall.services.control import alarms as rules
from moothall.services.control.alarms import SessionHealth, alarms, wordless_for
from moothall.services.control.standing import CUT, LATE, SILENT_MS, Standing, standing

WELL = SessionHealth(
    status=Status.OPEN, open_for=3_600_000, source=True, sound_age=500, speech_age=500, words_age=2_000, lag=900,
    readers=210, disk_free=50_000_000_000,
)  # fmt: skip


def stands(*, off: bool = False, **changed: object) -> Standing:
    figures = msgspec.structs.replace(WELL, **changed)
    return standing(figures.status, alarms(figures), off=off, wordless=wordless_for(figures))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, Standing.LIVE),
        ({"disk_free": 1}, Standing.LIVE),
        ({"lag": rules.LATE_MS}, Standing.LATE),
        ({"engines": 0}, Standing.LATE),
        ({"engines": 0, "machineless_for": rules.NO_MACHINE_MS}, Standing.CUT),
        ({"engines": 1, "refused": 1}, Standing.LIVE),
        ({"engines": 0, "refused": 1}, Standing.CUT),
        ({"dead_for": rules.MUTED_MS}, Standing.CUT),
        ({"dead_for": rules.MUTED_MS, "off": True}, Standing.OFF),
        ({"status": Status.PAUSED, "off": True}, Standing.OFF),
        ({"status": Status.PAUSED}, Standing.BREAK),
        ({"status": Status.CLOSED, "off": True}, Standing.CLOSED),
        ({"status": Status.CREATED}, Standing.IDLE),
        ({"words_age": SILENT_MS - 1, "speech_age": None}, Standing.LIVE),
        ({"words_age": SILENT_MS, "speech_age": None}, Standing.SILENCE),
        ({"words_age": None, "speech_age": None}, Standing.SILENCE),
        ({"words_age": None, "speech_age": None, "open_for": SILENT_MS - 1}, Standing.LIVE),
        ({"words_age": rules.QUIET_MS, "speech_age": None, "silent_for": rules.QUIET_MS}, Standing.SILENCE),
        ({"words_age": rules.NO_WORDS_MS}, Standing.CUT),
        ({"words_age": rules.NO_WORDS_MS, "speech_age": None, "status": Status.PAUSED}, Standing.BREAK),
        ({"words_age": rules.NO_WORDS_MS, "off": True}, Standing.OFF),
    ],
)
def test_one_word_says_how_a_room_stands(changed: dict[str, Any], said: Standing) -> None:
    assert stands(**changed) is said


def test_what_stands_for_no_text_or_late_text_are_kinds_of_alarms() -> None:
    page = (Path(__file__).parents[4] / "docs/reference/alarms.md").read_text("utf-8")
    assert [kind for kind in CUT | LATE if f"| `{kind}` |" not in page] == []
