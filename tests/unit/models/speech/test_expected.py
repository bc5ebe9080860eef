from __future__ import annotations

from moothall_models.ports import HeardWord, Hypothesis
from moothall_models.speech.expected import Expected
from moothall_models.speech.settings import SpeechSettings

SETTINGS = SpeechSettings(unlike_step=1_000, unlike_most=3.0, unlike_at=12.0, unlike_over=6.0)
WORDS = (HeardWord("Hola", 0, 400, 0.9),)


def heard(*odds: tuple[str, float], words: tuple[HeardWord, ...] = WORDS) -> Hypothesis:
    return Hypothesis(language="es", words=words, odds=odds)


ENGLISH = heard(("en", 0.98), ("es", 0.01))
SPANISH = heard(("es", 0.97), ("pt", 0.02))


def windows(expected: Expected, *hypotheses: Hypothesis, since: int = 0) -> list[str | None]:
    """What each of these windows of 3 s brings."""
    found = []
    for number, hypothesis in enumerate(hypotheses):
        expected.hear(since + number * 3_000, since + (number + 1) * 3_000, hypothesis)
        found.append(expected.instead)
    return found


def test_another_language_is_named_when_several_windows_sound_like_it_and_taken_back_later() -> None:
    expected = Expected(("es",), SETTINGS)
    assert windows(expected, *[ENGLISH] * 4) == [None, None, None, "en"]
    assert windows(expected, SPANISH, SPANISH, SPANISH, since=12_000) == ["en", "en", None]


def test_an_odd_window_tells_nothing() -> None:
    expected = Expected(("es",), SETTINGS)
    assert set(windows(expected, *[ENGLISH, SPANISH, ENGLISH, SPANISH] * 10)) == {None}


def test_one_of_several_languages_is_as_good_as_another_and_a_region_is_no_language() -> None:
    expected = Expected(("es-MX", "en"), SETTINGS)
    assert set(windows(expected, *[ENGLISH, SPANISH] * 10)) == {None}


def test_what_was_counted_is_not_counted_again_and_short_sound_not_at_all() -> None:
    expected = Expected(("es",), SETTINGS)
    for _ in range(20):
        expected.hear(0, 3_000, ENGLISH)
    expected.hear(3_000, 3_900, ENGLISH)
    assert expected.instead is None
    assert windows(expected, ENGLISH, ENGLISH, since=3_900) == [None, None]
    assert windows(expected, ENGLISH, since=9_900) == ["en"]


def test_without_odds_or_words_there_is_no_evidence() -> None:
    expected = Expected(("es",), SETTINGS)
    silent = heard(("en", 0.99), words=())
    assert set(windows(expected, *[heard()] * 10, *[silent] * 10)) == {None}


def test_the_likeliest_of_several_others_is_named() -> None:
    expected = Expected(("es",), SETTINGS)
    mixed = heard(("de", 0.7), ("nl", 0.28), ("es", 0.01))
    assert windows(expected, *[mixed] * 6)[-1] == "de"
