from __future__ import annotations

from moothall.record.imports.cue_markup import cue_text, joined, subrip_text


def test_tags_go_and_characters_are_decoded() -> None:
    found = cue_text(["<i>5 &lt; 7</i> &amp;amp; &#x41;&unknown; <3", "", "<c.red>next</c>"])
    assert found.rows == ("5 < 7 &amp; A&unknown; <3", "next")
    assert not found.voice
    assert not found.timed


def test_readings_above_characters_are_left_out() -> None:
    assert cue_text(["<ruby>水<rt>みず</rt></ruby>です"]).rows == ("水です",)
    assert cue_text(["<ruby>水<rt>みず"]).rows == ("水",)


def test_one_voice_is_the_speaker_and_two_are_none() -> None:
    assert cue_text(["<v Ann>a</v>"]).voice == "Ann"
    assert not cue_text(["<v Ann>a</v><v Bob>b</v>"]).voice


def test_a_language_counts_where_all_is_in_it() -> None:
    assert cue_text(["<lang ar>شكرا</lang>"]).language == "ar"
    assert not cue_text(["<lang ar>شكرا</lang> thanks"]).language
    assert not cue_text(["<lang x y>a</lang>"]).language
    assert not cue_text(["<lang ar>a</lang><lang fr>b"]).language


def test_times_within_a_text_are_seen() -> None:
    assert cue_text(["a<00:00:01.000>b"]).timed


def test_subrip_knows_a_few_tags() -> None:
    rows = subrip_text(["{\\an8}<font color=red>Is 3 < 5?</FONT>", " ", "<b>x</b> <y>"])
    assert rows == ("Is 3 < 5?", "x <y>")


def test_a_tag_that_never_ends_and_a_word_of_very_many_rows_are_read_in_no_time() -> None:
    """Each as large as a file may be: in a time that grows with its square it would take hours."""
    for sign in ("a", " "):
        for endless in ("<", "<v", "<v.", "<v "):
            assert cue_text([endless + sign * 8_000_000]).rows
    row = "x" * 42
    assert joined((row,) * 190_000) == row * 190_000


def test_rows_are_joined_as_their_script_is_written() -> None:
    assert joined(("two", "words")) == "two words"
    assert joined(("会议", "开始")) == "会议开始"
    assert joined(()) == ""


def test_a_word_that_is_longer_than_a_row_is_one_again() -> None:
    assert joined(("so", "x" * 42, "x" * 10, "on")) == f"so {'x' * 52} on"
    # A row that has no room for a wide letter is full, and so is the next.
    assert joined(("a" + "가" * 15, "가" * 16, "b")) == f"a{'가' * 31}b"
