from __future__ import annotations

from moothall.core.events import types as ev
from moothall.record.model import Missing, RecordedLine
from moothall.record.reading import reading
from moothall.record.wording import Options
from support.sessions.record_maker import FLOOR, Telling


def told() -> Telling:
    made = Telling()
    made.line("before", 0, 1)
    for name in ("Ann", "Ann", "", "Bob"):
        made.line(f"of {name}", 1_000, 1_001, name=name)
    made.tell(ev.GapNoted(channel=FLOOR, t0=1_500, t1=1_600, reason=ev.GapReason.STORAGE))
    made.line("of Bob", 2_000, 2_001, name="Bob")
    made.tell(ev.NotRecordedBegan(t0=3_000))
    return made


def rows(*, speakers: bool) -> list[tuple[str, bool, str | None]]:
    found = reading(told().record(), Options(speakers=speakers))
    return [(row.item.text if isinstance(row.item, RecordedLine) else "-", row.begins, row.turn) for row in found]


def test_turns_begin_with_another_speaker_or_behind_something_missing() -> None:
    assert rows(speakers=True) == [
        ("before", True, None),
        ("of Ann", True, "Ann"),
        ("of Ann", False, "Ann"),
        ("of", True, ""),
        ("of Bob", True, "Bob"),
        ("-", True, None),
        ("of Bob", True, "Bob"),
        ("-", True, None),
    ]


def test_without_speakers_only_what_is_missing_makes_turns() -> None:
    assert [begins for _, begins, _ in rows(speakers=False)] == [True, False, False, False, False, True, True, True]
    assert {turn for _, _, turn in rows(speakers=False)} == {None}


def test_what_is_missing_stands_where_it_happened() -> None:
    found = list(reading(told().record(), Options()))
    assert [index for index, row in enumerate(found) if isinstance(row.item, Missing)] == [5, 7]
