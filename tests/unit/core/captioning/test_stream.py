from __future__ import annotations

import pytest

from moothall.core.captioning.sentences import LONGEST
from moothall.core.captioning.stream import (
    AMEND_MS,
    MOST_LINES,
    QUIET_MS,
    Amend,
    Commit,
    Stream,
    StreamDraft,
    cut_off,
    take,
    tick,
)


def lines(text: str) -> list[str]:
    stream, _ = take(Stream(), text, 0)
    return [piece.text for piece in (*stream.lines, stream.tail) if piece.text]


@pytest.mark.parametrize(
    ("text", "stand"),
    [
        ("We open the meeting. Welcome", ["We open the meeting.", "Welcome"]),
        ("He said no. \x08 And", ["He said no.", "And"]),
        ("One\rTwo\nThree\r\nFour\u2028Five", ["One", "Two", "Three", "Four", "Five"]),
        ("\f\x00a\x1b[b\ufeff", ["a[b"]),
        ("no\x08\x08yes", ["yes"]),
        ("One\r\n\x08\x08!", ["One!"]),
        ("a\nOne\n\x08\x08\x08\x08\x08", ["a"]),
        ("One\r\n\x08!", ["One", "!"]),
        ("One\r\n\x08\n!", ["One", "!"]),
    ],
)
def test_lines_end_where_sentences_and_lines_do(text: str, stand: list[str]) -> None:
    assert lines(text) == stand


def test_a_piece_that_is_too_long_ends_behind_its_last_space() -> None:
    word = "word " * (LONGEST // 5)
    assert lines(f"{word[:-5]}indeed so") == [word[:-5].strip(), "indeed so"]


def test_what_is_typed_is_the_draft_and_becomes_a_line_when_nothing_comes() -> None:
    stream, shown = take(Stream(), "We open ", 10)
    assert shown == (StreamDraft(number=1, text="We open"),)
    assert tick(stream, 10 + QUIET_MS - 1) == (stream, ())
    stream, shown = tick(stream, 10 + QUIET_MS)
    assert shown == (Commit(number=1, text="We open"), StreamDraft(number=1, text=""))
    assert stream.due is None
    assert tick(stream, 10**9) == (stream, ())


def test_a_delete_opens_a_line_again_and_what_follows_is_put_to_it() -> None:
    stream, _ = take(Stream(), "We open the meetnig. ", 0)
    stream, shown = take(stream, "\x08" * 5, 100)
    assert shown == ()
    assert stream.due == 100 + AMEND_MS
    later, shown = tick(stream, 100 + AMEND_MS)
    assert shown == (Amend(number=1, before="We open the meetnig.", text="We open the meet"),)
    assert later.due == 100 + QUIET_MS
    later, shown = take(later, "ing. ", 1_200)
    assert shown == (Amend(number=1, before="We open the meet", text="We open the meeting."),)
    at_once, shown = take(stream, "ing. ", 200)
    assert shown == (Amend(number=1, before="We open the meetnig.", text="We open the meeting."),)
    assert [piece.raw for piece in at_once.lines] == [piece.raw for piece in later.lines]


def test_a_line_of_which_nothing_is_left_is_removed() -> None:
    stream, _ = take(Stream(), "One\nTwo\n", 0)
    stream, shown = take(stream, "\x08" * 7, 1)
    assert shown == (Amend(number=2, before="Two", text=""),)
    assert stream.buffer == "O"
    stream, shown = take(stream, "\x08", 2)
    stream, shown = tick(stream, 2 + QUIET_MS)
    assert shown == (Amend(number=1, before="One", text=""),)
    assert (stream.buffer, stream.due, stream.tail.shown) == ("", None, None)
    stream, shown = take(stream, "Three\n", 9_000)
    assert [each.text for each in shown if isinstance(each, Commit)] == ["Three"]


def test_an_opened_line_that_reads_as_before_ends_again() -> None:
    stream, _ = take(Stream(), "One\n", 0)
    stream, shown = take(stream, "\x08", 1)
    assert (shown, stream.due) == ((), 1 + QUIET_MS)
    stream, shown = tick(stream, 1 + QUIET_MS)
    assert (shown, stream.due, stream.buffer) == ((), None, "One")


def test_what_deletes_reach_is_bounded_and_what_was_given_up_stays() -> None:
    text = "".join(f"{n}\n" for n in range(MOST_LINES + 7))
    stream, shown = take(Stream(), text, 0)
    assert [each.text for each in shown if isinstance(each, Commit)] == text.split()
    assert (len(stream.lines), stream.given_up) == (MOST_LINES, 7)
    stream, shown = take(stream, "\x08" * len(text), 1)
    assert stream.buffer == ""
    assert stream.unreached == 14
    assert sum(isinstance(each, Amend) for each in shown) == MOST_LINES - 1
    blank, shown = take(Stream(), "\n" * (MOST_LINES + 1), 0)
    assert (shown, blank.given_up) == ((), 1)


def test_what_was_cut_off_is_not_reached_and_no_draft_stays() -> None:
    stream, _ = take(Stream(), "One\nTwo", 0)
    stream, shown = cut_off(stream)
    assert shown == (StreamDraft(number=2, text=""),)
    stream, shown = take(stream, "\x08\x08New\n", 1)
    assert shown == (Commit(number=3, text="New"),)
    assert cut_off(stream)[1] == ()


def test_nothing_is_nothing() -> None:
    assert take(Stream(), "", 5) == (Stream(), ())
