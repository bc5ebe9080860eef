from __future__ import annotations

from moothall.record.imports.divided import LEAST_MS, SpokenParagraph, lines_of_turns, sentences


def test_a_text_is_divided_after_sentences() -> None:
    text = "We begin. Mr. Li speaks (at once)! “Well?” 会议开始。请坐 and"  # as it is written
    assert list(sentences(text)) == ["We begin.", "Mr. Li speaks (at once)!", "“Well?”", "会议开始。", "请坐 and"]


def test_a_long_text_is_divided_at_a_space_or_anywhere() -> None:
    words = list(sentences("word " * 200))
    assert " ".join(words) == ("word " * 200).strip()
    assert max(map(len, words)) <= 600
    assert [len(each) for each in sentences("x" * 1_300)] == [600, 600, 100]
    assert list(sentences("")) == []


def test_times_are_estimated_from_the_length_of_a_text() -> None:
    lines, estimated = lines_of_turns(
        [SpokenParagraph(row=1, text="A" * 100 + ". Yes.", name="Ann"), SpokenParagraph(row=2, text="No.")]
    )
    assert estimated
    assert [(line.t0, line.t1 - line.t0) for line in lines] == [(0, 6_464), (6_464, LEAST_MS), (6_964, LEAST_MS)]
    assert [line.name for line in lines] == ["Ann", "Ann", ""]


def test_times_of_paragraphs_hold_and_sentences_fit_between_them() -> None:
    turns = [
        SpokenParagraph(row=1, text="A" * 100 + ". " + "B" * 100 + ".", t0=10_000),
        SpokenParagraph(row=2, text="C.", t0=12_000, t1=20_000),
        SpokenParagraph(row=3, text="D."),
    ]
    lines, estimated = lines_of_turns(turns)
    assert not estimated
    assert [(line.t0, line.t1) for line in lines] == [
        (10_000, 11_000),
        (11_000, 12_000),
        (12_000, 20_000),
        (20_000, 20_500),
    ]
