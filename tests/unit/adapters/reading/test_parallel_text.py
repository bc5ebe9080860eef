from __future__ import annotations

from collections.abc import Sequence

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.reading.page_rows import rows_of
from moothall.adapters.reading.parallel_text import sources_of, with_original_lines, with_waiting
from moothall.core.events import lines as le
from moothall.core.kernel.ids import SegmentId, SessionId, SpeakerId
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.views.captions import Line, Session

UI = Catalogues(find_web_folder() / "locales")["en"]
SESSION = Session(id=SessionId("plenary"), speakers={SpeakerId("ana"): "Ana"})


def said(n: int, text: str = "Said.", *, t1: int | None = 0, gone: bool = False) -> Line:
    return Line(
        segment=SegmentId(f"s{n}"), t0=n * 1_000, t1=t1, language="en", origin=le.Origin.MACHINE, text=text, gone=gone,
        speaker=SpeakerId("ana"),
    )  # fmt: skip


def made(n: int, origin: le.Origin = le.Origin.TRANSLATED) -> Line:
    source = le.MadeFrom(sources=(le.SourceSegment(SegmentId(f"s{n}"), 0),), route="echo 1 en>es")
    return Line(
        segment=SegmentId(f"s{n}-mt-es"), t0=n * 1_000, t1=0, language="es", origin=origin, text=f"Línea {n}.",
        speaker=SpeakerId("ana"), made_from=source,
    )  # fmt: skip


def together(
    lines: Sequence[Line], spoken: Sequence[Line], *, whole: bool = True, newest: bool = True
) -> list[tuple[str, str, bool]]:
    """Of each row what stands above, below, and whether it waits."""
    rows = with_original_lines(rows_of(SESSION, lines, 0, ui=UI), lines, spoken)
    rows = with_waiting(rows, lines, spoken, SESSION, whole=whole, newest=newest, ui=UI, zone=UTC_ZONE)
    return [
        (
            row["original"]["text"] if isinstance(row["original"], dict) else "",
            "" if row["waiting"] else str(row["text"]),
            bool(row["waiting"]),
        )
        for row in rows
    ]


def test_each_line_has_what_it_was_made_from_above_it() -> None:
    assert together([made(1), made(2)], [said(1, "One."), said(2, "Two.")]) == [
        ("One.", "Línea 1.", False),
        ("Two.", "Línea 2.", False),
    ]
    assert sources_of([made(1), said(2)]) == {"s1"}


def test_what_was_said_in_the_language_stands_once() -> None:
    assert together([made(1, le.Origin.MACHINE)], [said(1)]) == [("", "Línea 1.", False)]


def test_what_is_struck_or_not_there_does_not_stand_above() -> None:
    assert together([made(1), made(2)], [said(1, gone=True)]) == [("", "Línea 1.", False), ("", "Línea 2.", False)]


def test_lines_that_are_not_translated_yet_stand_where_they_were_said() -> None:
    spoken = [said(0, "Zero."), said(1), said(2, "Two."), said(3), said(4, "Grows", t1=None), said(5, gone=True)]
    assert together([made(1), made(3)], [*spoken, said(6, " ")]) == [
        ("Zero.", "", True),
        ("Said.", "Línea 1.", False),
        ("Two.", "", True),
        ("Said.", "Línea 3.", False),
    ]
    assert together([], [said(0, "Zero.")]) == [("Zero.", "", True)]


def test_a_page_has_no_lines_of_another_page() -> None:
    spoken = [said(n, f"{n}.") for n in range(5)]
    inside = together([made(1), made(3)], spoken, whole=False, newest=False)
    assert [above for above, _, _ in inside] == ["1.", "2.", "3."]
