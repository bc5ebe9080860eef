"""From a service's answer to words: whose text it is, whose times, and what happens if either is missing."""

from __future__ import annotations

import json
import math

import pytest

from moothall_models.recognizers.endpoint import Unusable
from moothall_models.recognizers.endpoint_answer import (
    UNSURE,
    AnswerSegment,
    AnswerWord,
    EndpointAnswer,
    heard_words,
    read_answer,
    says_each,
)


def timed(*words: tuple[str, float, float]) -> tuple[AnswerWord, ...]:
    return tuple(AnswerWord(text, start, end) for text, start, end in words)


def heard(answer: EndpointAnswer, language: str = "en", end: int = 10_000) -> list[tuple[str, int, int]]:
    return [(word.text, word.t0, word.t1) for word in heard_words(answer, language, end)]


def test_the_text_is_the_segments_and_the_times_are_the_words() -> None:
    answer = EndpointAnswer(
        text="Good afternoon, everybody. Let's begin.",
        segments=(
            AnswerSegment(" Good afternoon, everybody.", 0.0, 2.0),
            AnswerSegment(" Let's begin.", 2.0, 4.0),
        ),
        words=timed(
            ("Good", 0.5, 0.8),
            ("afternoon", 0.8, 1.3),
            ("everybody", 1.4, 1.9),
            ("Let's", 2.5, 2.7),
            ("begin", 2.7, 3.1),
        ),
    )
    assert heard(answer) == [
        (" Good", 500, 800),
        (" afternoon,", 800, 1300),
        (" everybody.", 1400, 1900),
        (" Let's", 2500, 2700),
        (" begin.", 2700, 3100),
    ]


def test_words_inside_the_segments_count_too_and_may_have_a_probability() -> None:
    words = (AnswerWord(" Good", 0.5, 0.8, 0.9), AnswerWord(" day.", 0.8, 1.3, 0.4))
    found = heard_words(EndpointAnswer(segments=(AnswerSegment(" Good day.", 0.0, 2.0, words=words),)), "en", 2_000)
    assert [(word.text, word.t0, word.p) for word in found] == [(" Good", 500, 0.9), (" day.", 800, 0.4)]


def test_without_word_times_the_words_share_their_segments_time_by_their_length() -> None:
    answer = EndpointAnswer(segments=(AnswerSegment("Yes, we may.", 1.0, 2.3), AnswerSegment("No.", 3.0, 4.0)))
    assert heard(answer) == [(" Yes,", 1000, 1500), (" we", 1500, 1800), (" may.", 1800, 2300), (" No.", 3000, 4000)]


def test_a_word_without_a_partner_lies_between_its_neighbours() -> None:
    segment = AnswerSegment(" It costs 12 euros.", 0.0, 3.0)
    words = timed(("It", 0.2, 0.4), ("costs", 0.4, 0.9), ("twelve", 0.9, 1.4), ("euros", 1.5, 2.0))
    assert heard(EndpointAnswer(segments=(segment,), words=words)) == [
        (" It", 200, 400),
        (" costs", 400, 900),
        (" 12", 900, 1500),
        (" euros.", 1500, 2000),
    ]


def test_words_that_are_cut_otherwise_find_their_letters() -> None:
    segment = AnswerSegment(" so-called multi-stakeholder", 0.0, 3.0)
    words = timed(("so", 0.0, 0.2), ("called", 0.2, 0.5), ("multi", 0.6, 0.9), ("stakeholder", 0.9, 1.6))
    assert heard(EndpointAnswer(segments=(segment,), words=words)) == [
        (" so-called", 0, 500),
        (" multi-stakeholder", 600, 1600),
    ]


def test_text_alone_fills_the_time_of_its_words_or_of_the_sound() -> None:
    assert heard(EndpointAnswer(text="Yes.")) == [(" Yes.", 0, 10_000)]
    assert heard(EndpointAnswer(text="Yes.", words=timed(("yes", 0.5, 0.9)))) == [(" Yes.", 500, 900)]


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("fr", "Qui\u00a0? Nous.", [" Qui ?", " Nous."]),
        ("en", "He said: - no \u201c yes", [" He", " said:", " - no", " \u201c yes"]),
        ("zh", "\u4f60\u597d\uff0cAI 2026\u5e74\u3002", ["\u4f60", "\u597d\uff0c", "AI", " 2026", "\u5e74\u3002"]),
        ("th", "\u0e17\u0e35\u0e48\u0e19\u0e35\u0e48", ["\u0e17\u0e35\u0e48", "\u0e19\u0e35\u0e48"]),
        (
            "ar",
            "\u0646\u0639\u0645\u060c \u0634\u0643\u0631\u0627",
            [" \u0646\u0639\u0645\u060c", " \u0634\u0643\u0631\u0627"],
        ),
    ],
)
def test_words_are_parted_as_the_language_parts_them(language: str, text: str, words: list[str]) -> None:
    assert [word for word, _, _ in heard(EndpointAnswer(text=text), language)] == words


def test_what_whisper_itself_takes_for_silence_is_left_out() -> None:
    silence = AnswerSegment(" Thank you.", 0.0, 2.0, avg_logprob=-1.2, no_speech_prob=0.9)
    quiet = AnswerSegment(" Yes.", 2.0, 3.0, avg_logprob=-0.3, no_speech_prob=0.9)
    assert heard(EndpointAnswer(text="Thank you. Yes.", segments=(silence, quiet))) == [(" Yes.", 2000, 3000)]
    assert heard(EndpointAnswer(text=" \n", segments=(AnswerSegment(" ", 0.0, 1.0),))) == []
    assert heard(EndpointAnswer()) == []


def test_a_segments_mean_is_never_sure_of_a_word() -> None:
    def p(logprob: float | None) -> float:
        segment = AnswerSegment(" Yes.", 0.0, 1.0, avg_logprob=logprob)
        return heard_words(EndpointAnswer(segments=(segment,)), "en", 1_000)[0].p

    assert p(None) == p(-0.01) == p(0.5) == UNSURE
    assert p(-1.0) == round(math.exp(-1), 3)


def test_an_answer_is_read_whatever_else_is_in_it() -> None:
    body = {
        "task": "transcribe",
        "language": "english",
        "duration": 2,
        "text": "Yes.",
        "segments": [{"id": 0, "seek": 0, "tokens": [1], "start": 0, "end": 1, "text": " Yes.", "avg_logprob": -0.2}],
        "words": None,
        "usage": {"type": "duration", "seconds": 2},
    }
    answer = read_answer(json.dumps(body).encode())
    assert (answer.text, answer.language, answer.words) == ("Yes.", "english", None)
    assert heard(answer, end=2_000) == [(" Yes.", 0, 1000)]


@pytest.mark.parametrize(
    "data",
    [b"", b"Yes, I said.", b"[]", b'{"text": 1}', b'{"segments": [{"text": "Yes, I said."}]}', b'{"text": "\xff"}'],
)
def test_what_is_no_answer_is_not_repeated(data: bytes) -> None:
    with pytest.raises(Unusable, match=rf"answer of {len(data)} bytes is no transcription") as caught:
        read_answer(data)
    assert "said" not in str(caught.value)


def test_whether_each_word_has_a_probability_is_known() -> None:
    sure, unsure = AnswerWord("Good", 0.0, 0.5, 0.9), AnswerWord(" day", 0.5, 1.0)
    assert says_each(EndpointAnswer(text="Good", words=(sure,)))
    assert says_each(EndpointAnswer(segments=(AnswerSegment("Good", 0.0, 1.0, words=(sure,)),)))
    assert not says_each(EndpointAnswer(text="Good day", words=(sure, unsure)))
    assert not says_each(EndpointAnswer(text="Good day"))
