"""Whatever a transcription service answers, the words fit the window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall_models.recognizers.endpoint_answer import AnswerSegment, AnswerWord, EndpointAnswer, heard_words

seconds = st.floats(-1e6, 1e6) | st.sampled_from([float("inf"), float("-inf"), 1e308])
texts = st.text("ab 1,.-'\u00e4\u00df\u4f60\u0e35\u0130\"", max_size=12)
answers = st.builds(
    EndpointAnswer,
    text=texts,
    words=st.none() | st.lists(st.builds(AnswerWord, word=texts, start=seconds, end=seconds), max_size=6).map(tuple),
    segments=st.none()
    | st.lists(
        st.builds(
            AnswerSegment,
            text=texts,
            start=seconds,
            end=seconds,
            avg_logprob=st.none() | seconds,
            no_speech_prob=seconds,
        ),
        max_size=4,
    ).map(tuple),
)


@given(answers, st.sampled_from(["en", "zh", "th"]), st.integers(0, 30_000))
def test_whatever_a_service_says_words_are_in_order_and_inside_the_sound(
    answer: EndpointAnswer, language: str, end: int
) -> None:
    words = heard_words(answer, language, end)
    times = [t for word in words for t in (word.t0, word.t1)]
    assert times == sorted(times)
    assert all(0 <= t <= end for t in times)
    assert all(0 <= word.p <= 1 for word in words)
    assert all(word.text.strip() for word in words)
