from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.past import PastText
from moothall.record.imports.vtt import TEAMS, YOUTUBE, ZOOM, read_vtt


def said(past: PastText) -> list[tuple[int, int, str, str]]:
    return [(line.t0, line.t1, line.name, line.text) for line in past.lines]


def test_captions_of_one_sentence_are_one_line_and_stay_known() -> None:
    past = read_vtt(
        "WEBVTT\n\nintro\n00:01.000 --> 00:02.000 align:start\n<v Ms. Añez &amp; co>Good &lt;morning&gt;,\nall of you"
        "\n\n00:00:02.000 --> 00:00:03.000\n<v Ms. Añez &amp; co>who came.</v>\n\n"
        "1:00:00.000 --> 1:00:01.000\n<v.loud Ali><lang ar>شكرا</lang>"
    )
    assert said(past) == [
        (1_000, 3_000, "Ms. Añez & co", "Good <morning>, all of you who came."),
        (3_600_000, 3_601_000, "Ali", "شكرا"),
    ]
    assert [(word.text, word.t0) for word in past.lines[0].words] == [
        ("Good <morning>, all of you", 1_000),
        (" who came.", 2_000),
    ]
    assert past.lines[1].language == "ar"
    assert not past.lines[1].words


def test_a_caption_without_a_valid_time_is_noted_with_its_line() -> None:
    past = read_vtt(
        "WEBVTT head\nStill: the head\n\nSTYLE\n::cue {}\n\nNOTE\nx\n\n00:61.000 --> 00:62.000\nlost\n\n"
        "a\n00:01.00 --> 2\nlost\n00:03.000 --> 00:04.000\nkept\n"
    )
    assert said(past) == [(3_000, 4_000, "", "kept")]
    assert [note.row for note in past.notes] == [10, 14]


def test_an_end_before_the_beginning_is_the_beginning() -> None:
    assert said(read_vtt("WEBVTT\n\n00:09.000 --> 00:03.000\nx")) == [(9_000, 9_000, "", "x")]


@pytest.mark.parametrize(
    "text", ["", "WEBVTTX\n", "1\n00:01.000 --> 00:02.000\nx", "WEBVTT\n\n00:01.000 --> 00:02.000\n \n"]
)
def test_what_is_no_webvtt_with_text(text: str) -> None:
    with pytest.raises(ImportRefused):
        read_vtt(text)


def test_zoom_numbers_captions_and_writes_names_before_the_text() -> None:
    past = read_vtt(
        "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\nJane Doe (she/her): Hello.\n\n"
        "2\n00:00:02.000 --> 00:00:04.000\nali: Me too.\n\n3\n00:00:04.000 --> 00:00:05.000\nand so on\n"
    )
    assert past.producer == ZOOM
    assert [line.name for line in past.lines] == ["Jane Doe (she/her)", "ali", "ali"]
    assert [line.text for line in past.lines] == ["Hello.", "Me too.", "and so on"]


def test_teams_names_captions_by_uuids_and_says_the_language() -> None:
    past = read_vtt(
        "WEBVTT\n\nNOTE language:en-us\n\n5b2c4ad2-1111-4222-8333-9e0a1b2c3d4e/12-0\n00:00:01.000 --> 00:00:02.000\n"
        "<v Jane Doe>Hello.</v>\n"
    )
    assert (past.producer, past.language) == (TEAMS, "en-us")
    assert said(past) == [(1_000, 2_000, "Jane Doe", "Hello.")]
    older = read_vtt("WEBVTT\n\nNOTE Confidence: 0.9\n\n00:00:01.000 --> 00:00:02.000\nHello.\n")
    assert older.producer == TEAMS


def test_youtube_repeats_the_row_before() -> None:
    past = read_vtt(
        "WEBVTT\nKind: captions\nLanguage: en\n\n00:00:01.000 --> 00:00:02.000\nhello<00:00:01.500><c> all</c>\n\n"
        "00:00:02.000 --> 00:00:02.010\nhello all\n\n"
        "00:00:02.010 --> 00:00:04.000\nhello all\nwho<00:00:03.000><c> came</c>"
    )
    assert past.producer == YOUTUBE
    assert (past.language, said(past)) == ("en", [(1_000, 4_000, "", "hello all who came")])


def test_what_this_program_wrote_has_lines_with_ids() -> None:
    past = read_vtt(
        "WEBVTT - Plenary\n\nNOTE\n24 November\n\ns1\n00:00:01.000 --> 00:00:02.000\n<v A+B>A&amp;B: Good</v>\n\n"
        "s1/2\n00:00:02.000 --> 00:00:03.000\n<v A+B>morning.</v>\n\ns2\n00:00:03.000 --> 00:00:04.000\n"
        "Not named: \u200fWell.\u200f\n\nnotice:1\n00:00:04.000 --> 00:00:05.000\n[No text]\n\n"
        "s3\n00:00:05.000 --> 00:00:06.000\n\u200fرقم\u200f\n",
        {"Not named"},
    )
    assert past.title == "Plenary"
    assert [(line.id, line.name, line.text, len(line.words)) for line in past.lines] == [
        ("s1", "A&B", "Good morning.", 2),
        ("s2", "", "\u200fWell.\u200f", 0),
        ("s3", "", "رقم", 0),
    ]
    assert len(past.notes) == 1


@pytest.mark.parametrize("ids", [("", ""), ("1\n", "2\n")])
def test_a_title_and_a_comment_make_no_file_of_ours(ids: tuple[str, str]) -> None:
    first, second = ids
    past = read_vtt(
        f"WEBVTT - This file has cues\n\nNOTE by hand\n\n{first}00:01.000 --> 00:02.000\nANN: Hello.\n\n"
        f"{second}00:02.000 --> 00:03.000\nBOB: Yes.\n"
    )
    assert said(past) == [(1_000, 2_000, "ANN", "Hello."), (2_000, 3_000, "BOB", "Yes.")]


def test_an_hour_of_too_many_digits_is_no_time() -> None:
    with pytest.raises(ImportRefused):
        read_vtt("WEBVTT\n\n99999:00:00.000 --> 99999:00:01.000\nx\n")


def test_numbered_captions_without_names_are_not_of_zoom() -> None:
    past = read_vtt("WEBVTT\n\n1\n00:01.000 --> 00:02.000\nHello.\n\n2\n00:02.000 --> 00:03.000\nAgain: no.\n")
    assert [line.text for line in read_vtt("WEBVTT\n\n1\n00:01.000 --> 00:02.000\nHello.").lines] == ["Hello."]
    assert past.producer == ZOOM
    assert not read_vtt("WEBVTT\n\n1\n00:01.000 --> 00:02.000\nHello.").producer


def test_a_caption_of_ours_without_text_is_none() -> None:
    past = read_vtt("WEBVTT - T\n\nNOTE\nx\n\ns1\n00:01.000 --> 00:02.000\n \n\ns2\n00:02.000 --> 00:03.000\nHi.\n")
    assert [line.id for line in past.lines] == ["s2"]
