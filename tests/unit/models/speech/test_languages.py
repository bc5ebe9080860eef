from __future__ import annotations

from moothall_models.ports import Hypothesis
from moothall_models.speech.languages import LanguageChoice
from moothall_models.speech.settings import SpeechSettings

SETTINGS = SpeechSettings(switch_p=0.8)


def heard(language: str, likeliest: str | None) -> Hypothesis:
    return Hypothesis(language=language, words=(), likeliest=likeliest)


def test_at_first_the_likeliest_is_taken() -> None:
    assert LanguageChoice(("en", "de"), None, SETTINGS).offer() == (("en", "de"), 0.0)
    assert LanguageChoice(("en", "de"), "fr", SETTINGS).offer() == (("en", "de"), 0.0)


def test_then_it_stays_with_the_last_one() -> None:
    choice = LanguageChoice(("en", "de", "fr"), "de", SETTINGS)
    assert choice.offer() == (("de", "en", "fr"), 0.8)
    choice.settle(heard("fr", "fr"))
    assert choice.offer() == (("fr", "en", "de"), 0.8)


def test_a_second_doubtful_utterance_switches() -> None:
    choice = LanguageChoice(("en", "de"), "en", SETTINGS)
    choice.settle(heard("en", "de"))
    choice.settle(heard("en", None))
    assert choice.offer() == (("en", "de"), 0.0)
    choice.settle(heard("en", "en"))
    assert choice.offer() == (("en", "de"), 0.8)
