from __future__ import annotations

import msgspec
import numpy as np

from moothall.core.events.lines import Word
from moothall_models.ports import VAD_FRAME, HeardWord, Hypothesis
from moothall_models.speech.languages import Expected, LanguageChoice
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import SpeechFrame, Utterance

SETTINGS = SpeechSettings(switch_p=0.8)


def heard(language: str, likeliest: str | None, *odds: float) -> Hypothesis:
    """A pass with a word of each of these probabilities."""
    words = tuple(HeardWord(f" word{number}", 0, 400, p) for number, p in enumerate(odds))
    return Hypothesis(language=language, words=words, likeliest=likeliest, odds=((likeliest or language, 0.9),))


def spoken(last: Hypothesis | None = None, language: str | None = None) -> Utterance:
    """An utterance that a pass has heard, in the `language` of its words that stand."""
    utterance = Utterance(1, [SpeechFrame(0, np.zeros(VAD_FRAME, dtype=np.float32), 0.9)], 0.35)
    utterance.language = language
    if last is not None:
        utterance.spoken = last
        utterance.unconfirmed = tuple(Word(word.text, word.t0, word.t1, word.p) for word in last.words)
    return utterance


def test_at_first_the_likeliest_is_taken() -> None:
    for last in (None, "fr"):
        choice = LanguageChoice(("en", "de"), last, SETTINGS)
        assert choice.offer(spoken()) == (("en", "de"), 0.0)
        assert choice.rival(spoken(), heard("de", "de", 0.5)) is None
        assert not choice.changes(spoken(heard("de", "de", 0.5)))


def test_then_words_in_another_language_than_those_before_are_heard_in_theirs_too() -> None:
    choice = LanguageChoice(("en", "de", "fr"), "de", SETTINGS)
    assert choice.offer(spoken()) == (("de", "en", "fr"), 0.0)
    assert choice.rival(spoken(), heard("fr", "fr", 0.5)) == "de"
    assert choice.rival(spoken(), heard("de", "de", 0.5)) is None
    assert choice.rival(spoken(), heard("fr", "fr")) is None, "there are no words to compare"
    vague = msgspec.structs.replace(heard("fr", "fr", 0.5), vague=True)
    assert choice.rival(spoken(), vague) is None, "nor probabilities"
    choice.settle(heard("fr", "fr", 0.9))
    assert (choice.last, choice.rival(spoken(), heard("fr", "fr", 0.5))) == ("fr", None)


def test_the_words_before_are_those_of_the_utterance_if_it_has_any() -> None:
    choice = LanguageChoice(("en", "de"), "en", SETTINGS)
    german = spoken(heard("de", "de", 0.5))
    assert choice.offer(german) == (("de", "en"), 0.0)
    assert (choice.rival(german, heard("de", "de", 0.5)), choice.rival(german, heard("en", "en", 0.5))) == (None, "de")
    assert choice.offer(spoken(heard("de", "de"))) == (("en", "de"), 0.0), "it has none"
    german.language = "de"
    assert choice.offer(german) == (("de", "en"), 0.8), "they stand, so another has to be clearly heard"


def test_with_its_context_an_utterance_is_heard_in_the_language_that_it_has_without() -> None:
    utterance = spoken(heard("en", "en", 0.5))
    utterance.in_context = True
    assert LanguageChoice(("de", "en"), "en", SETTINGS).offer(utterance) == (("en",), 0.0)


def test_it_is_not_sure_which_language_is_spoken() -> None:
    choice = LanguageChoice(("en", "de"), "en", SETTINGS)
    assert choice.doubtful(spoken(heard("en", "de", 0.5)))
    assert not choice.doubtful(spoken(heard("en", "en", 0.5)))
    assert not choice.doubtful(spoken(heard("en", None, 0.5)))
    assert not choice.doubtful(spoken(heard("de", "en", 0.5), language="de"))
    assert choice.changes(spoken(heard("de", "de", 0.5)))
    assert not choice.changes(spoken(heard("en", "en", 0.5)))
    assert not choice.changes(spoken(heard("de", "de", 0.5), language="de"))


def test_the_surer_of_two_languages_is_taken_and_what_was_detected_stays_known() -> None:
    choice = LanguageChoice(("en", "de"), "en", SETTINGS)
    detected = heard("de", "de", 0.5, 0.6)
    assert choice.surer(detected, heard("en", None, 0.4, 0.5, 0.6)) is detected
    assert choice.surer(detected, heard("en", None)) is detected
    other = choice.surer(detected, heard("en", None, 0.7))
    assert (other.language, other.likeliest, other.odds, len(other.words)) == ("en", "de", (("de", 0.9),), 1)


def test_a_single_word_changes_the_language_only_where_it_is_clearly_detected() -> None:
    choice = LanguageChoice(("en-GB", "de"), "en-GB", SETTINGS)
    word, english = heard("de", "de", 0.8), heard("en-GB", None, 0.4)
    assert choice.surer(word, english) is word
    odds = (("nl", 0.5), ("de", 0.3), ("en", 0.2))
    assert choice.surer(msgspec.structs.replace(word, odds=odds), english).language == "en-GB"
    none = msgspec.structs.replace(word, odds=())
    assert choice.surer(none, english) is none, "a recogniser that doesn't give them"
    unclear = msgspec.structs.replace(word, odds=odds)
    assert choice.surer(unclear, Hypothesis(language="en-GB", words=(), passed_over=True)) is unclear


UNLIKE = SpeechSettings(unlike_step=1_000, unlike_most=3.0, unlike_at=12.0, unlike_over=6.0)
WORDS = (HeardWord("Hola", 0, 400, 0.9),)


def evidence(*odds: tuple[str, float], words: tuple[HeardWord, ...] = WORDS) -> Hypothesis:
    return Hypothesis(language="es", words=words, odds=odds)


ENGLISH = evidence(("en", 0.98), ("es", 0.01))
SPANISH = evidence(("es", 0.97), ("pt", 0.02))


def windows(expected: Expected, *hypotheses: Hypothesis, since: int = 0) -> list[str | None]:
    """What each of these windows of 3 s brings."""
    found = []
    for number, hypothesis in enumerate(hypotheses):
        expected.hear(since + number * 3_000, since + (number + 1) * 3_000, hypothesis)
        found.append(expected.instead)
    return found


def test_another_language_is_named_when_several_windows_sound_like_it_and_taken_back_later() -> None:
    expected = Expected(("es",), UNLIKE)
    assert windows(expected, *[ENGLISH] * 4) == [None, None, None, "en"]
    assert windows(expected, SPANISH, SPANISH, SPANISH, since=12_000) == ["en", "en", None]


def test_an_odd_window_tells_nothing() -> None:
    expected = Expected(("es",), UNLIKE)
    assert set(windows(expected, *[ENGLISH, SPANISH, ENGLISH, SPANISH] * 10)) == {None}


def test_one_of_several_languages_is_as_good_as_another_and_a_region_is_no_language() -> None:
    expected = Expected(("es-MX", "en"), UNLIKE)
    assert set(windows(expected, *[ENGLISH, SPANISH] * 10)) == {None}


def test_what_was_counted_is_not_counted_again_and_short_sound_not_at_all() -> None:
    expected = Expected(("es",), UNLIKE)
    for _ in range(20):
        expected.hear(0, 3_000, ENGLISH)
    expected.hear(3_000, 3_900, ENGLISH)
    assert expected.instead is None
    assert windows(expected, ENGLISH, ENGLISH, since=3_900) == [None, None]
    assert windows(expected, ENGLISH, since=9_900) == ["en"]


def test_without_odds_or_words_there_is_no_evidence() -> None:
    expected = Expected(("es",), UNLIKE)
    silent = evidence(("en", 0.99), words=())
    assert set(windows(expected, *[evidence()] * 10, *[silent] * 10)) == {None}


def test_the_likeliest_of_several_others_is_named() -> None:
    expected = Expected(("es",), UNLIKE)
    mixed = evidence(("de", 0.7), ("nl", 0.28), ("es", 0.01))
    assert windows(expected, *[mixed] * 6)[-1] == "de"
