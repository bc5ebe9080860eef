from __future__ import annotations

import numpy as np

from moothall_models.ports import VAD_FRAME, Hypothesis
from moothall_models.speech.languages import LanguageChoice
from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import Frame, Utterance

SETTINGS = SpeechSettings(switch_p=0.8)


def heard(language: str, likeliest: str | None) -> Hypothesis:
    return Hypothesis(language=language, words=(), likeliest=likeliest)


def spoken(last: Hypothesis | None = None, language: str | None = None) -> Utterance:
    """An utterance that a pass has heard, in the `language` of its words that stand."""
    utterance = Utterance(1, [Frame(0, np.zeros(VAD_FRAME, dtype=np.float32), 0.9)], 0.35)
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
