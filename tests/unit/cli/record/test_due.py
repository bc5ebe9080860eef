from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from moothall.cli.record.due import lines_of
from moothall.core.kernel.ids import SessionId
from moothall.core.retention.listing import DueItem, DueList, PutOff
from moothall.core.retention.periods import DAY_MS, KeptKind
from moothall.testing.clock import LONG_AGO


def test_each_thing_has_its_day_its_meeting_and_why_it_waits() -> None:
    off = PutOff(until=LONG_AGO + DAY_MS, reason="A case at court.", by="s", at=LONG_AGO)
    items = tuple(
        DueItem(session=SessionId("one"), title="", kind=kind, due=LONG_AGO, removed=LONG_AGO, put_off=why)
        for kind, why in ((KeptKind.STAFF, None), (KeptKind.TEXT, off))
    )
    assert list(lines_of(DueList(notice_days=30, items=items), UTC)) == [
        "2025-11-24  one: notes and marks of the staff",
        "2025-11-24  one: text (put off to 2025-11-25: A case at court.)",
    ]
    assert next(lines_of(DueList(notice_days=30, items=items), ZoneInfo("Pacific/Kiritimati"))).startswith("2025-11-25")


def test_nothing_is_said_too() -> None:
    assert list(lines_of(DueList(notice_days=30), UTC)) == ["Nothing is due within 30 days."]
