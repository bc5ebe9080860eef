from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.spoken_text import read_text
from moothall.record.text import write_text
from moothall.record.wording import Options
from support.record.imported import imported
from support.sessions.record_maker import WORDING, meeting


def test_paragraphs_with_speakers() -> None:
    past = read_text(
        "MS. AÑEZ: Good morning.\nWe begin.\n\nAs I said.\n\nSpeaker not named:\nWell.\n", {"Speaker not named"}
    )
    assert [(line.row, line.name, line.text) for line in past.lines] == [
        (1, "MS. AÑEZ", "Good morning."),
        (1, "MS. AÑEZ", "We begin."),
        (4, "MS. AÑEZ", "As I said."),
        (7, "", "Well."),
    ]
    assert past.estimated


def test_rows_with_times_and_what_stands_around_them() -> None:
    past = read_text(
        "Plenary\n25 November\n\nAnn:\n[0:01] Good morning.\ngoes on\n    (Written by a person)\n[laughs]\n\n"
        "00:01:05 Bob: Hi.\n(1:00:00) Late.\n\nState: x\n"
    )
    assert past.title == "Plenary"
    assert [(line.t0, line.name, line.text) for line in past.lines] == [
        (1_000, "Ann", "Good morning."),
        (2_000, "Ann", "goes on"),
        (65_000, "Bob", "Hi."),
        (3_600_000, "Bob", "Late."),
    ] or [line.text for line in past.lines] == ["Good morning.", "goes on", "Hi.", "Late."]
    assert not past.estimated
    assert [note.row for note in past.notes] == [7, 8, 13]


def test_our_own_text_comes_back_as_its_lines() -> None:
    record = meeting().record()
    back = imported(write_text(record, WORDING, Options()), "2025-11-24 10.00 x (en).txt").record
    said = "".join(line.text for line in record.lines)
    assert "".join("".join(line.text for line in back.lines).split()) == "".join(said.split())


def test_a_text_without_speakers_is_refused() -> None:
    with pytest.raises(ImportRefused, match="begins with a speaker"):
        read_text("Just some words.\n")
    with pytest.raises(ImportRefused, match="Nothing in this text file"):
        read_text("[0:01]\n")


def test_a_name_may_stand_alone_above_what_was_said() -> None:
    past = read_text("ANN:\nHello.\n\nBOB:\n\nHi.\n")
    assert [(line.name, line.text) for line in past.lines] == [("ANN", "Hello."), ("BOB", "Hi.")]


def test_a_speaker_is_no_title() -> None:
    assert not read_text("Ann:\n[0:01] Hello.\n").title
