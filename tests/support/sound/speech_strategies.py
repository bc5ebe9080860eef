"""Strategies for talks and policies, for the laws of speech."""

from __future__ import annotations

from hypothesis import strategies as st

from moothall.core.events.lines import Word
from moothall_models.speech.settings import SpeechSettings

VOCABULARY = ["we", "hold", "self-evident", "and,", "so.", "Americans:", "no,", "no", "no.", "ask?", "3.5", "—"]


@st.composite
def talks(draw: st.DrawFn, *, distinct: bool = False) -> list[Word]:
    """Draw words with pauses of every length between them."""
    words: list[Word] = []
    t = draw(st.integers(0, 1_500))
    for number in range(draw(st.integers(0, 30))):
        t1 = t + draw(st.integers(120, 600))
        text = f"w{number}" + draw(st.sampled_from(["", "", "", ",", "."])) if distinct else draw(WORDS)
        words.append(Word(text=text, t0=t, t1=t1))
        t = t1 + draw(st.sampled_from([0, 0, 0, 0, 40, 150, 400, 700, 1_600]))
    return words


WORDS = st.sampled_from(VOCABULARY)
SETTINGS = st.builds(
    SpeechSettings,
    step=st.integers(200, 900),
    trim_at=st.integers(1_500, 4_000),
    trim_anywhere_at=st.integers(2_500, 5_000),
    longest_window=st.integers(4_000, 9_000),
    longest_segment=st.integers(2_000, 12_000),
    clause_break=st.integers(1_000, 8_000),
    alone_margin=st.integers(300, 2_000),
)
