from __future__ import annotations

import numpy as np

from moothall_models.ports import VAD_FRAME, HeardWord, Hypothesis
from moothall_models.speech.languages import Expected, LanguageChoice
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import SpeechFrame, Utterance

SETTINGS = SpeechSettings(switch_p=0.8)


def heard(language: str, likeliest: str | None) -> Hypothesis:
    return Hypothesis(language=language, words=(), likeliest=likeliest)


def spoken(last: Hypothesis | None = None, language: str | None = None) -> Utterance:
    """An utterance that a pass has heard, in the `language` of its words that stand."""
    utterance = Utterance(1, [SpeechFrame(0, np.zeros(VAD_FRAME, dtype=np.float32), 0.9)], 0.35)
    utterance.language = language
    if last is not None:
        utterance.spoken = last
    return utterance


def test_at_first_the_likeliest_is_taken() -> None:
    assert LanguageChoice(("en", "de"), None, SETTINGS).offer(spoken()) == (("en", "de"), 0.0)
    assert LanguageChoice(("en", "de"), "fr", SETTINGS).offer(spoken()) == (("en", "de"), 0.0)


def test_then_it_stays_with_the_last_one() -> None:
    choice = LanguageChoice(("en", "de", "fr"), "de", SETTINGS)
    assert choice.offer(spoken()) == (("de", "en", "fr"), 0.8)
    choice.settle(heard("fr", "fr"))
    assert choice.offer(spoken()) == (("fr", "en", "de"), 0.8)


def test_a_second_doubtful_utterance_switches() -> None:
    choice = LanguageChoice(("en", "de"), "en", SETTINGS)
    choice.settle(heard("en", "de"))
    choice.settle(heard("en", None))
    assert choice.offer(spoken()) == (("en", "de"), 0.0)
    choice.settle(heard("en", "en"))
    assert choice.offer(spoken()) == (("en", "de"), 0.8)


def test_a_second_doubtful_pass_switches_as_long_as_nothing_stands() -> None:
    choice = LanguageChoice(("en", "de"), "en", SETTINGS)
    assert choice.doubtful(spoken(heard("en", "de")))
    assert choice.offer(spoken(heard("en", "de"))) == (("en", "de"), 0.0)
    assert not choice.doubtful(spoken(heard("en", "en")))
    assert not choice.doubtful(spoken(heard("en", None)))
    assert choice.offer(spoken(heard("en", "en"))) == (("en", "de"), 0.8)
    assert choice.offer(spoken(heard("de", "en"), language="de")) == (("de", "en"), 0.8)
    assert not choice.doubtful(spoken(heard("de", "en"), language="de"))


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
