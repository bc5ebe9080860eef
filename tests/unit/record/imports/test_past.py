from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.past import MOST_BYTES, MOST_LINES, MOST_NOTES, NoteList, decoded, some, stop_at_most


@pytest.mark.parametrize(
    "data",
    [
        "añ\n水".encode(),
        "\ufeffañ\n水".encode(),
        "\ufeffañ\r\n水".encode("utf-16-le"),
        "\ufeffañ\r水".encode("utf-16-be"),
    ],
)
def test_the_texts_of_any_unicode_file(data: bytes) -> None:
    assert decoded(data) == "añ\n水"


def test_what_nobody_sees_is_left_out_and_a_zero_is_marked() -> None:
    assert decoded(b"WEBVTT a\x00b\x1b") == "WEBVTT a\ufffdb"


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ImportRefused, match="Line 2: This is no UTF-8"):
        decoded(b"a\nb\xff")
    with pytest.raises(ImportRefused, match="no text"):
        decoded(b"\x00\x01\x02")
    with pytest.raises(ImportRefused, match="larger than 8 MB"):
        decoded(b" " * (MOST_BYTES + 1))


def test_lines_have_a_bound() -> None:
    stop_at_most(MOST_LINES, 1)
    with pytest.raises(ImportRefused, match="Line 7"):
        stop_at_most(MOST_LINES + 1, 7)
    with pytest.raises(ImportRefused, match="Nothing in this X file"):
        some((), "X")


def test_notes_have_a_bound() -> None:
    notes = NoteList()
    for row in range(MOST_NOTES + 3):
        notes.add(row, "x")
    assert len(notes.all()) == MOST_NOTES + 1
    assert notes.all()[-1].sentence == "Further parts were passed over: 3."
