from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ImportRefused
from moothall.record.imports.past import PastText
from moothall.record.imports.ttml import read_ttml

HEAD = (
    '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter"'
    ' xmlns:ttm="http://www.w3.org/ns/ttml#metadata" xml:lang="en"'
)
AGENTS = (
    '<head><metadata><ttm:title>Plenary</ttm:title><ttm:agent xml:id="a"><ttm:name>Ann &amp; co</ttm:name></ttm:agent>'
    "</metadata></head>"
)


def read(body: str, given: str = "", head: str = AGENTS) -> PastText:
    return read_ttml(f"{HEAD}{given}>{head}<body>{body}</body></tt>")


def said(past: PastText) -> list[tuple[int, int, str, str]]:
    return [(line.t0, line.t1, line.name, line.text) for line in past.lines]


def test_paragraphs_have_times_speakers_and_languages() -> None:
    past = read(
        '<div begin="10s"><p begin="1s" end="00:00:02.5" ttm:agent="a">Ann &amp; co: Good<br/>\n morning.</p>'
        '<p begin="3s" dur="500ms" xml:lang="ar"><metadata><ttm:desc>x</ttm:desc></metadata><span>شكرا</span></p></div>'
        '<p begin="9s" end="10s" ttm:role="x-notice">[No text]</p>'
    )
    assert said(past) == [(11_000, 12_500, "Ann & co", "Good morning."), (13_000, 13_500, "", "شكرا")]
    assert (past.title, past.language, past.lines[1].language) == ("Plenary", "en", "ar")


@pytest.mark.parametrize(
    ("time", "ms"),
    [("00:00:01:15", 1_500), ("90f", 3_000), ("1.5m", 90_000), ("0.5h", 1_800_000), ("20t", 2_000), ("250ms", 250)],
)
def test_every_form_of_time(time: str, ms: int) -> None:
    past = read(f'<p begin="0s" end="{time}">x</p>', ' ttp:frameRate="30" ttp:tickRate="10"')
    assert said(past)[0][1] == ms


def test_frames_of_television() -> None:
    past = read('<p begin="0s" end="30f">x</p>', ' ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001"')
    assert said(past)[0][1] == 1_001


def test_spans_with_times_are_captions_and_those_in_sequence_follow_each_other() -> None:
    past = read('<p begin="1s" end="9s"><span begin="0s" end="1s">One.</span><span begin="1s" end="2s">Two.</span></p>')
    assert said(past) == [(1_000, 2_000, "", "One."), (2_000, 3_000, "", "Two.")]
    past = read('<div timeContainer="seq"><p dur="1s">One.</p><p>lost</p><p dur="2s">Two.</p></div>')
    assert said(past) == [(0, 1_000, "", "One."), (1_000, 3_000, "", "Two.")]
    assert len(past.notes) == 1


def test_what_this_program_wrote_has_lines_with_ids() -> None:
    past = read(
        '<p xml:id="line-s1" begin="1s" end="2s" ttm:agent="a">Ann &amp; co: Good</p>'
        '<p xml:id="line-s1-P2" begin="2s" end="3s" ttm:agent="a">morning.</p>'
        '<p xml:id="line-s2" begin="3s" end="3s"> </p>'
    )
    assert [(line.id, line.name, line.text, len(line.words)) for line in past.lines] == [
        ("s1", "Ann & co", "Good morning.", 2)
    ]


@pytest.mark.parametrize("name", ["", ' xml:id="line-1"'])
def test_names_before_the_text_where_there_are_no_agents(name: str) -> None:
    assert said(read(f'<p{name} begin="0s" end="1s">ANN: Hi.</p>', head=""))[0][2:] == ("ANN", "Hi.")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<x/>", "root element tt"),
        ("<tt/>", "no body"),
        ("<tt><body/></tt>", "Nothing in this TTML"),
        ('<tt timeBase="clock"><body/></tt>', "Times of day"),
        ('<tt><body><p begin="1q" end="2s">x</p></body></tt>', "'1q' is no time"),
    ],
)
def test_a_wrong_file_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ImportRefused, match=sentence):
        read_ttml(text)
