from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import types as ev
from moothall.record.model import Missing, RecordedLine
from moothall.record.text import reading, write_text
from moothall.record.wording import Options
from support.sessions.record_maker import FLOOR, WORDING, Telling, questioned, unanswered
from support.sessions.splitting import split


def told() -> Telling:
    made = Telling()
    made.line("Good morning.", 1_000, 2_000, name="Ann")
    made.line("Welcome.", 3_000, 4_000, name="Ann")
    made.line("Thank you.", 5_000, 6_000)
    made.tell(ev.GapNoted(channel=FLOOR, t0=7_000, t1=9_000, reason=ev.GapReason.OVERLOAD))
    made.line("أهلا", 9_000, 9_900, name="Ann", language="ar")
    made.tell(ev.SessionClosed(t=10_000))
    return made


def test_with_names_and_times() -> None:
    assert write_text(told().record(), WORDING, Options()) == (
        "Plenary\n24 November 2025\nAs spoken\nWritten by a machine.\n\n"
        "Ann:\n[0:01] Good morning.\n[0:03] Welcome.\n\n"
        "Speaker not named:\n[0:05] Thank you.\n\n"
        "[No text from 0:07 to 0:09: overload]\n\n"
        "Ann:\n[0:09] أهلا\n\n"
        "State: k3j9x2:15\n"
    )


def test_without() -> None:
    assert write_text(told().record(), WORDING, Options(speakers=False, times=False)).split("\n\n")[1:-1] == [
        "Good morning.\nWelcome.\nThank you.",
        "[No text from 0:07 to 0:09: overload]",
        "أهلا",
    ]


def test_with_sources() -> None:
    text = write_text(told().record(), WORDING, Options(sources=True))
    assert "[0:01] Good morning.\n    (Written by a machine)\n[0:03]" in text


def test_nothing_said() -> None:
    assert write_text(Telling().record(), WORDING, Options()) == (
        "Plenary\n24 November 2025\nAs spoken\nThe meeting goes on, up to 0:00.\nWritten by a machine.\n\n"
        "State: k3j9x2:4\n"
    )


def test_what_was_asked_stands_below_the_text() -> None:
    words = msgspec.structs.replace(WORDING.asked, figures=("Received: 6.", "They waited."))
    wording = msgspec.structs.replace(WORDING, asked=words)
    blocks = write_text(questioned().record(), wording, Options()).split("\n\n")[2:-1]
    assert blocks == [
        "Questions and comments\nReceived: 6.\nThey waited.",
        "Question no. 1 · Ana <x>\nAnswered · Asked at 0:05\nWhy?\nWhy & how?\nAnswered at 1:05",
        "Comment no. 2\nWritten · Asked at 0:06\nمن؟\nThe answer:\nنحن.\nمعكم.",
        "Question no. 3\nWithdrawn · Asked at 0:01",
        "Question no. 4\nDeclined · Asked at 0:01\nWhere?",
        "Question no. 5\nJoined with no. 1 · Asked at 0:01\nHow?",
    ]
    plain = write_text(questioned().record(), wording, Options(speakers=False, times=False))
    assert "Question no. 1\nAnswered\nWhy?\nWhy & how?\n\n" in plain


@pytest.mark.parametrize(
    ("closed", "stands"),
    [
        (False, ["Queued", "Later", "Called"]),
        (True, [*2 * ["The meeting ended before its turn came"], "It had its turn when the meeting ended"]),
    ],
)
def test_after_the_close_it_says_what_became_of_what_was_left(*, closed: bool, stands: list[str]) -> None:
    text = write_text(unanswered(closed=closed).record(), WORDING, Options())
    assert [line.partition(" · ")[0] for line in text.splitlines() if "Asked at" in line] == stands


def in_turns() -> Telling:
    made = Telling()
    made.line("before", 0, 1)
    for name in ("Ann", "Ann", "", "Bob"):
        made.line(f"of {name}", 1_000, 1_001, name=name)
    made.tell(ev.GapNoted(channel=FLOOR, t0=1_500, t1=1_600, reason=ev.GapReason.STORAGE))
    made.line("of Bob", 2_000, 2_001, name="Bob")
    made.tell(ev.NotRecordedBegan(t0=3_000))
    return made


def rows(*, speakers: bool) -> list[tuple[str, bool, str | None]]:
    found = reading(in_turns().record(), Options(speakers=speakers))
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
    found = list(reading(in_turns().record(), Options()))
    assert [index for index, row in enumerate(found) if isinstance(row.item, Missing)] == [5, 7]


def test_another_voice_begins_a_paragraph_though_nobody_is_named() -> None:
    made = Telling()
    line = made.spoken("Who asks? I do.", 1_000)
    words = made.record().lines[0].words
    made.tell(*split(line, "part", words[:2], words[2:]))
    made.tell(ev.SessionClosed(t=10_000))
    record = made.record()
    assert [(each.text, each.words, each.t1) for each in record.lines] == [
        ("Who asks?", words[:2], words[1].t1),
        ("I do.", words[2:], words[3].t1),
    ]
    for speakers in (True, False):
        assert [row.begins for row in reading(record, Options(speakers=speakers))] == [True, True]
    text = write_text(record, WORDING, Options(times=False))
    assert text.split("\n\n")[1:-1] == ["Who asks?", "I do."]
