from __future__ import annotations

from moothall.core.commands import CommitWords, EndSegment, NoteGap, SplitSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.events.types import GapReason
from moothall.core.kernel.ids import SegmentId
from moothall.core.signals import Partial
from moothall.wire.engine import OpenSegment
from moothall_models.speech.segmentation import Segmenter, SegmentOutput
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.turns.lines import LineTurns
from support.sound.talking import CHANNEL, attach, said

SETTINGS = SpeechSettings(longest_segment=3_000, clause_break=2_000)


def spaced(text: str, t: int = 0, each: int = 300) -> tuple[Word, ...]:
    return tuple(Word(f" {word.text.strip()}", word.t0, word.t1) for word in said(text, t, each))


def summary(outputs: list[SegmentOutput]) -> list[tuple[object, ...]]:
    lines: list[tuple[object, ...]] = []
    for output in outputs:
        match output:
            case CommitWords():
                lines.append((output.segment, output.first, "".join(w.text for w in output.words), output.rest))
            case EndSegment():
                lines.append((output.segment, output.reason, output.t1))
            case Partial():
                lines.append((output.segment, output.first, output.text))
    return lines


def test_a_segment_opens_with_its_first_word_and_grows() -> None:
    segmenter = Segmenter(attach(), SETTINGS)
    first = segmenter.commit(spaced("we hold", 400), "en", " these")
    assert summary(first) == [("floor-1-1", 0, "we hold", " these")]
    assert isinstance(first[0], CommitWords)
    assert first[0].start is not None
    assert first[0].start.t0 == 400
    assert summary(segmenter.commit(spaced("these truths", 1_000), "en", "")) == [("floor-1-1", 2, " these truths", "")]
    assert segmenter.through == 1_600


def test_sentences_end_segments_and_the_rest_belongs_to_the_next() -> None:
    segmenter = Segmenter(attach(), SETTINGS)
    assert summary(segmenter.commit(spaced("So be it. And"), "en", " now")) == [
        ("floor-1-1", 0, "So be it.", ""),
        ("floor-1-1", EndReason.SENTENCE, 900),
        ("floor-1-2", 0, "And", " now"),
    ]
    assert summary(segmenter.commit(spaced("done.", 1_200), "en", " Next")) == [
        ("floor-1-2", 1, " done.", ""),
        ("floor-1-2", EndReason.SENTENCE, 1_500),
        ("floor-1-3", 0, "Next"),
    ]
    assert summary(segmenter.commit(spaced("Yes.", 1_800), "en", ""))[-1] == ("floor-1-3", EndReason.SENTENCE, 2_100)


def test_long_segments_end_at_a_clause_or_at_the_limit() -> None:
    segmenter = Segmenter(attach(), SETTINGS)
    ends = [o for o in segmenter.commit(spaced("a, b c d e f g, h i"), "en", "") if isinstance(o, EndSegment)]
    assert [(end.reason, end.t1) for end in ends] == [(EndReason.LENGTH, 2_100)]
    ends = [o for o in segmenter.commit(spaced("j " * 9, 2_700), "en", "") if isinstance(o, EndSegment)]
    assert [(end.reason, end.t1) for end in ends] == [(EndReason.LENGTH, 5_100)]


def test_another_language_is_another_segment() -> None:
    segmenter = Segmenter(attach(), SETTINGS)
    segmenter.commit(spaced("one"), "en", "")
    assert segmenter.partial(" zwei", "de") == Partial(
        channel=CHANNEL, segment=SegmentId("floor-1-2"), first=0, text="zwei", language="de"
    )
    assert summary(segmenter.commit(spaced("zwei", 300), "de", "")) == [
        ("floor-1-1", EndReason.LANGUAGE, 300),
        ("floor-1-2", 0, "zwei", ""),
    ]


def test_times_never_run_back() -> None:
    segmenter = Segmenter(attach(through=1_000), SETTINGS)
    out = segmenter.commit((Word(" a", 900, 950), Word(" b", 940, 1_300), Word(" c", 1_200, 1_250)), "en", "")
    assert isinstance(out[0], CommitWords)
    assert [(w.t0, w.t1) for w in out[0].words] == [(1_000, 1_000), (1_000, 1_300), (1_300, 1_300)]


def test_an_open_segment_of_another_generation_is_carried_on() -> None:
    left = OpenSegment(segment=SegmentId("floor-1-7"), language="en", t0=200, words=said("we hold", 200))
    segmenter = Segmenter(attach(generation=2, through=800, open_segment=left), SETTINGS)
    assert segmenter.partial(" the", "de").segment == "floor-2-1"
    assert segmenter.partial(" these", "en") == Partial(
        channel=CHANNEL, segment=SegmentId("floor-1-7"), first=2, text=" these", language="en"
    )
    assert summary(segmenter.commit(spaced("these.", 800), "en", "")) == [
        ("floor-1-7", 2, " these.", ""),
        ("floor-1-7", EndReason.SENTENCE, 1_100),
    ]
    assert summary(segmenter.commit(spaced("So", 1_200), "en", "")) == [("floor-2-1", 0, "So", "")]


def test_without_an_open_segment_there_is_none_to_end() -> None:
    segmenter = Segmenter(attach(), SETTINGS)
    assert segmenter.end(EndReason.PAUSE) == []
    assert segmenter.partial(" a", "en").first == 0


def test_what_nobody_heard_ends_the_segment_and_is_a_gap_behind_it() -> None:
    segmenter = Segmenter(attach(), SETTINGS)
    segmenter.commit(spaced("we hold"), "en", "")
    ended, gap = segmenter.skip(400, 2_000)
    assert isinstance(ended, EndSegment)
    assert gap == NoteGap(channel=CHANNEL, t0=600, t1=2_000, reason=GapReason.UNHEARD)
    assert segmenter.skip(1_000, 2_000) == []


def test_another_voice_ends_the_segment_between_two_words() -> None:
    turns = LineTurns(SETTINGS.voices)
    segmenter = Segmenter(attach(), SETTINGS, turns)
    segmenter.commit(spaced("we hold these"), "en", "")
    turns.changed(1_500)
    assert summary(segmenter.commit(spaced("truths to be self evident", 900), "en", "")) == [
        ("floor-1-1", 3, " truths to", ""),
        ("floor-1-1", EndReason.SPEAKER, 1_500),
        ("floor-1-2", 0, "be self evident", ""),
    ]


def test_another_voice_begins_with_the_first_of_the_new_words() -> None:
    turns = LineTurns(SETTINGS.voices)
    segmenter = Segmenter(attach(), SETTINGS, turns)
    segmenter.commit(spaced("we hold these"), "en", "")
    turns.changed(900)
    assert summary(segmenter.commit(spaced("truths", 900), "en", "")) == [
        ("floor-1-1", EndReason.SPEAKER, 900),
        ("floor-1-2", 0, "truths", ""),
    ]


def test_a_sentence_that_ends_where_another_voice_begins_says_so() -> None:
    turns = LineTurns(SETTINGS.voices)
    segmenter = Segmenter(attach(), SETTINGS, turns)
    turns.changed(1_000)
    assert summary(segmenter.commit(spaced("So be it. And"), "en", ""))[1] == ("floor-1-1", EndReason.SPEAKER, 900)


def test_a_line_that_another_engine_began_is_split_by_all_of_its_words() -> None:
    left = OpenSegment(segment=SegmentId("floor-1-7"), language="en", t0=0, words=said("we hold these"))
    turns = LineTurns(SETTINGS.voices)
    segmenter = Segmenter(attach(generation=2, through=900, open_segment=left), SETTINGS, turns)
    segmenter.commit(spaced("truths to", 900), "en", "")
    turns.changed(600)
    ended, split = segmenter.end(EndReason.PAUSE)
    assert isinstance(ended, EndSegment)
    assert split == SplitSegment(
        channel=CHANNEL,
        generation=2,
        segment=SegmentId("floor-1-7"),
        revision=0,
        word=2,
        into=SegmentId("floor-1-7.2"),
    )
