from __future__ import annotations

from moothall.record.imports.joining import MOST_CHARACTERS, line_of_cues, sentences_of
from moothall.record.imports.past import PastCue


def cue(t0: int, text: str, name: str = "", length: int = 1_000, language: str = "") -> PastCue:
    return PastCue(row=t0, t0=t0, t1=t0 + length, text=text, name=name, language=language)


def texts(*cues: PastCue) -> list[str]:
    return [line.text for line in sentences_of(cues)]


def test_a_sentence_ends_a_line() -> None:
    assert texts(cue(0, "We begin"), cue(1_000, "now."), cue(2_000, "Then")) == ["We begin now.", "Then"]


def test_a_speaker_a_language_a_pause_or_an_overlap_ends_a_line() -> None:
    assert len(texts(cue(0, "a", "Ann"), cue(1_000, "b", "Bob"))) == 2
    assert len(texts(cue(0, "a"), cue(1_000, "b", language="ar"))) == 2
    assert len(texts(cue(0, "a"), cue(3_001, "b"))) == 2
    assert len(texts(cue(0, "a"), cue(500, "b"))) == 2


def test_a_line_is_neither_long_nor_full() -> None:
    assert len(texts(*(cue(n * 1_000, "word") for n in range(21)))) == 2
    assert len(texts(cue(0, "x" * MOST_CHARACTERS), cue(1_000, "y"))) == 2


def test_captions_come_in_order_of_time() -> None:
    assert texts(cue(5_000, "b."), cue(0, "a.")) == ["a.", "b."]


def test_a_caption_of_nothing_but_a_name_has_the_line_begin() -> None:
    line = line_of_cues([cue(0, ""), cue(1, "会议", "李伟"), cue(1_001, "开始")], "s1")
    assert line is not None
    assert (line.id, line.t0, line.words[0].t0, line.text, line.name) == ("s1", 0, 0, "会议开始", "李伟")
    assert line_of_cues([cue(0, "")]) is None


def test_captions_of_a_line_that_stand_in_another_order_are_in_order_of_time() -> None:
    line = line_of_cues([cue(5_000, "b"), cue(1_000, "a", length=9_000)], "s1")
    assert line is not None
    assert (line.text, line.t0, line.t1) == ("a b", 1_000, 10_000)
