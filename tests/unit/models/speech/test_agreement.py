from __future__ import annotations

import pytest

from moothall.core.events.lines import Word
from moothall_models.speech.agreement import agreed, stable, worth_showing
from moothall_models.speech.settings import SpeechSettings
from support.sound.talking import said

SETTINGS = SpeechSettings(
    agreed_margin=200,
    doubted_p=0.6,
    doubted_margin=800,
    alone_margin=1_000,
    alone_p=0.7,
    shown_p=0.3,
    shown_edge_p=0.6,
    shown_margin=100,
)


@pytest.mark.parametrize(
    ("now", "before", "count"),
    [
        ("We hold these truths", "we hold, these", 3),
        ("real time text", "real-time text", 3),
        ("real-time text", "real time text", 2),
        ("the house", "then house", 0),
        ("a b", "", 0),
        ("", "a b", 0),
        ("some thing else", "something else", 3),
    ],
)
def test_two_passes_agree_by_their_letters(now: str, before: str, count: int) -> None:
    assert agreed(said(now), said(before)) == count


def test_a_word_ends_where_the_other_pass_ends_one() -> None:
    assert agreed(said("some"), said("something")) == 0


def test_agreed_words_stay_when_they_end_before_the_edge() -> None:
    words = said("one two three four")  # They end at 300, 600, 900 and 1200.
    assert stable(words, words, 1_200, settled=False, settings=SETTINGS) == 3
    assert stable(words, words, 1_000, settled=False, settings=SETTINGS) == 2


def test_words_far_from_the_edge_stay_alone_when_they_are_probable() -> None:
    words = said("one two three four")
    assert stable(words, (), 1_700, settled=False, settings=SETTINGS) == 2
    doubtful = (words[0], Word(text=" two", t0=300, t1=600, p=0.5), *words[2:])
    assert stable(doubtful, (), 1_700, settled=False, settings=SETTINGS) == 1
    assert stable(doubtful, words, 1_700, settled=False, settings=SETTINGS) == 3, "agreed, and far enough from it"


def test_what_is_heard_once_waits_for_no_second_pass() -> None:
    improbable = tuple(Word(text=word.text, t0=word.t0, t1=word.t1, p=0.2) for word in said("one two three four"))
    assert stable(improbable, (), 1_700, settled=False, settings=SETTINGS) == 0
    assert stable(improbable, (), 1_700, settled=False, once=True, settings=SETTINGS) == 2, "far enough from the edge"
    assert stable(improbable, (), 9_000, settled=False, once=True, settings=SETTINGS) == 3, "the last one waits"


def test_what_two_passes_guess_stays_later() -> None:
    doubted = tuple(Word(text=word.text, t0=word.t0, t1=word.t1, p=0.5) for word in said("one two three four"))
    assert stable(doubted, doubted, 1_300, settled=False, settings=SETTINGS) == 1
    assert stable(doubted, doubted, 1_400, settled=False, settings=SETTINGS) == 2


def test_the_last_word_waits_always() -> None:
    words = said("one two")
    assert stable(words, words, 9_000, settled=False, settings=SETTINGS) == 1
    assert stable(words, (), 600, settled=True, settings=SETTINGS) == 1
    assert stable((), (), 600, settled=True, settings=SETTINGS) == 0


def test_what_is_shown_is_likely_to_stay() -> None:
    words = (Word(" one", 0, 300, 0.9), Word(" two", 300, 600, 0.2), Word(" three", 600, 900, 0.5))
    assert worth_showing(words, 0, 900, SETTINGS) == 1
    assert worth_showing(words, 2, 900, SETTINGS) == 2, "new at the edge"
    assert worth_showing(words, 2, 1_000, SETTINGS) == 3, "new, not at the edge"
    assert worth_showing(words, 3, 900, SETTINGS) == 3, "heard twice"
