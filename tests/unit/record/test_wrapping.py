from __future__ import annotations

import unicodedata

import pytest

from moothall.record.wrapping import LINE, captions, lines, pieces, plain, width


def always(first: int, last: int) -> bool:
    return first < last


def cut(text: str) -> list[tuple[str, ...]]:
    """A text as the lines of its captions."""
    parts = pieces(text)
    return [lines(parts[first:last]) for first, last in captions(parts, always)]


@pytest.mark.parametrize(
    ("text", "share"),
    [("x" * 42, 1.0), ("水" * 16, 1.0), ("e\u0301" * 42, 1.0), ("\u200b\u200f", 0.0), ("a水", 58 / LINE)],
)
def test_a_line_holds_42_characters_or_16_wide_ones(text: str, share: float) -> None:
    assert width(text) / LINE == share


def test_no_character_is_taken_for_narrow_by_its_script_alone() -> None:
    """The width of a text is what its characters have by themselves."""
    for each in map(chr, range(0xD800)):
        kind = unicodedata.category(each)
        room = 0 if kind in {"Mn", "Me", "Cf"} else 42 if unicodedata.east_asian_width(each) in {"W", "F"} else 16
        assert width(each) == room or kind == "Cn", hex(ord(each))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("one two", ["one ", "two"]),
        ("你好，世界", ["你", "好，", "世", "界"]),  # noqa: RUF001  # as it is written
        ("（你）。ABC好", ["（你）。", "ABC", "好"]),  # noqa: RUF001  # as it is written
        ("안녕하세요 여러분", ["안녕하세요 ", "여러분"]),
        ("x" * 50, ["x" * 42, "x" * 8]),
        ("é\u0301" * 43, ["é\u0301" * 42, "é\u0301"]),
        ("👩\u200d💻水", ["👩\u200d💻", "水"]),
        ("", []),
    ],
)
def test_what_stays_whole(text: str, parts: list[str]) -> None:
    assert pieces(text) == parts


def test_what_fits_is_one_caption_of_one_line_or_two_of_like_length() -> None:
    assert cut("Thank you, Madam Chair.") == [("Thank you, Madam Chair.",)]
    assert cut("I have been asked to explain what live captioning is.") == [
        ("I have been asked to explain", "what live captioning is.")
    ]


def test_captions_end_behind_a_clause_or_a_sentence_where_one_ends_near() -> None:
    one = "If your connection is slow, or if you cannot hear me well, you can follow the meeting by reading."
    assert cut(one) == [
        ("If your connection is slow,", "or if you cannot hear me well,"),
        ("you can follow the meeting by reading.",),
    ]
    two = "The first one was quite short. (And the second one is a good deal longer than what came before it.)"
    assert cut(two)[0] == ("The first one was quite short.",)


def test_without_a_mark_the_captions_are_about_as_long_as_each_other() -> None:
    assert [len(" ".join(caption)) for caption in cut("word " * 20 + "end")] == [49, 53]


def test_what_no_time_suits_is_cut_piece_by_piece() -> None:
    parts = pieces("one two three")
    assert captions(parts, lambda first, last: last - first == 1) == [(0, 1), (1, 2), (2, 3)]


def test_marks_that_take_no_room_are_kept() -> None:
    parts = ["\u200b "] * 3
    assert captions(parts, lambda first, last: last - first == 1) == [(0, 1), (1, 2), (2, 3)]


def test_a_character_too_many_for_two_lines_goes_to_the_next_caption() -> None:
    text = "aaaaaaaaaaaaa bbbbbbbbbbbbbb cccccccccccccc ddddddddddd eeeeeee ffffffff"
    assert cut(text) == [
        ("aaaaaaaaaaaaa bbbbbbbbbbbbbb",),
        ("cccccccccccccc ddddddddddd", "eeeeeee ffffffff"),
    ]


def test_what_does_not_fit_in_two_lines_takes_more() -> None:
    parts = pieces(
        "Nobody cuts this notice, although it takes three lines: that is how it is with notices that are long."
    )
    assert lines(parts) == (
        "Nobody cuts this notice, although it takes",
        "three lines: that is how it is with",
        "notices that are long.",
    )


@pytest.mark.parametrize(
    ("text", "on_one_line"),
    [
        ("as it is", "as it is"),
        ("  \n a\r\n\r\nb\tc \0", "a b c"),
        ("x\u2028y\u2029z\x85\x1b[0m", "x y z [0m"),
        ("« sept »\u3000水", "« sept »\u3000水"),
        ("\x07", ""),
    ],
)
def test_a_text_on_one_line(text: str, on_one_line: str) -> None:
    assert plain(text) == on_one_line
