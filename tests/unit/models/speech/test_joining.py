from __future__ import annotations

from moothall.core.events.lines import Word
from moothall.wire.transcribing import HeardPiece
from moothall_models.ports import HeardWord, Hypothesis
from moothall_models.speech.joining import lines_of, words_of
from moothall_models.speech.settings import SpeechSettings

SETTINGS = SpeechSettings()


def piece(*words: tuple[str, int, int], language: str = "en") -> HeardPiece:
    return HeardPiece(
        first=0, last=0, language=language, words=tuple(Word(text=text, t0=t0, t1=t1) for text, t0, t1 in words)
    )


def texts(*pieces: HeardPiece) -> list[tuple[str, int, int, str]]:
    return [(line.text, line.t0, line.t1, line.language) for line in lines_of(pieces, SETTINGS)]


def test_lines_end_with_sentences_and_go_on_over_pieces() -> None:
    first = piece((" We", 0, 200), (" go.", 200, 500), (" And", 600, 800))
    second = piece((" so", 900, 1_000), (" on.", 1_000, 1_200))
    assert texts(first, second) == [("We go.", 0, 500, "en"), ("And so on.", 600, 1_200, "en")]


def test_a_long_pause_ends_a_line() -> None:
    assert texts(piece((" We", 0, 200), (" go", 1_200, 1_400))) == [("We", 0, 200, "en"), ("go", 1_200, 1_400, "en")]


def test_another_language_begins_a_line() -> None:
    assert texts(piece((" We", 0, 200)), piece((" oui", 300, 400), language="fr")) == [
        ("We", 0, 200, "en"),
        ("oui", 300, 400, "fr"),
    ]


def test_nothing_heard_is_no_line() -> None:
    assert texts(piece()) == []


def heard(*words: tuple[str, int, int, float]) -> Hypothesis:
    return Hypothesis(language="en", words=tuple(HeardWord(*word) for word in words))


def test_words_come_in_the_recordings_time() -> None:
    words = words_of(heard((" a", 0, 300, 0.9), (" b", 300, 1_100, 0.9)), 5_000, 1_000, 900, SETTINGS)
    assert words == [Word(" a", 5_000, 5_300, 0.9), Word(" b", 5_300, 6_000, 0.9)]


def test_words_without_time_at_the_edge_are_made_up() -> None:
    hypothesis = heard((" a", 0, 300, 0.9), (" Thank", 990, 1_000, 0.9), (" you.", 1_000, 1_000, 0.9))
    assert [word.text for word in words_of(hypothesis, 0, 1_000, 900, SETTINGS)] == [" a"]


def test_hardly_any_speech_has_to_be_probable() -> None:
    assert words_of(heard((" you", 0, 300, 0.3)), 0, 1_000, 200, SETTINGS) == []
    assert len(words_of(heard((" yes", 0, 300, 0.8)), 0, 1_000, 200, SETTINGS)) == 1
    assert len(words_of(heard((" you", 0, 300, 0.3)), 0, 1_000, 900, SETTINGS)) == 1
