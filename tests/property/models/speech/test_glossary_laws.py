"""Laws of the terms given to passes: few, always the same ones, none while nobody speaks, nothing invented."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from moothall_models.ports import VAD_FRAME, HeardWord, Hypothesis
from moothall_models.speech.glossary import LEAST_SPEECH, MOST_SIGNS, MOST_TERMS, REMEMBERED, ChannelGlossary, parroted
from moothall_models.speech.sounds import alike, sounds
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame, Utterance
from support.sound.speech_strategies import VOCABULARY

TERMS = st.lists(st.sampled_from(["Moothall", "Kisumu", "AfriNIC", "Adaobi Nwankwo", "so"]) | st.text(max_size=60))
TEXTS = st.sampled_from([*VOCABULARY, "Moothall", "mood", "hall", "keys", "move", "Kisumu."]) | st.text(max_size=8)


@st.composite
def utterances(draw: st.DrawFn) -> Utterance:
    """Somebody speaks, with pauses; what was recognised may have been cut off."""
    speech = [True, *draw(st.lists(st.booleans(), max_size=40))]
    start = draw(st.integers(0, 1_000_000))
    frames = [
        SpeechFrame(start + n * FRAME_MS, np.zeros(VAD_FRAME, np.float32), float(spoken))
        for n, spoken in enumerate(speech)
    ]
    one = Utterance(draw(st.integers(1, 3)), frames[:1], 0.35)
    for frame in frames[1:]:
        one.add(frame)
    one.trim(start + draw(st.integers(0, len(frames) * FRAME_MS)))
    return one


@st.composite
def passes(draw: st.DrawFn) -> tuple[Utterance, Hypothesis]:
    odds = st.sampled_from([0.05, 0.3, 0.6, 0.9])
    times = st.integers(0, 3_000)
    words = draw(st.lists(st.builds(HeardWord, TEXTS, times, times, odds), max_size=8))
    return draw(utterances()), Hypothesis(language="en", words=tuple(words))


def lived(terms: list[str], near: int, heard: list[tuple[Utterance, Hypothesis]]) -> ChannelGlossary:
    glossary = ChannelGlossary(terms, near)
    for one, hypothesis in heard:
        given = glossary.choose(one, one.heard)
        assert glossary.heard(one, given, hypothesis).words in (hypothesis.words, ())
    return glossary


@given(TERMS, st.integers(-1, 20), st.lists(passes(), max_size=4), utterances(), st.integers(0, 100_000))
def test_few_are_chosen_in_a_stable_order_and_none_without_speech(
    terms: list[str], near: int, heard: list[tuple[Utterance, Hypothesis]], one: Utterance, later: int
) -> None:
    glossary = lived(terms, near, heard)
    edge = one.heard + later
    chosen = glossary.choose(one, edge)
    assert chosen == glossary.choose(one, edge) == lived(terms, near, heard).choose(one, edge)
    assert len(chosen) <= MOST_TERMS
    assert sum(map(len, chosen)) <= MOST_SIGNS
    order = [terms.index(term) for term in chosen]
    assert order == sorted(set(order))
    if one.speech_between(one.start, edge) < LEAST_SPEECH:
        assert chosen == ()


@given(TERMS, st.integers(0, 20), st.lists(passes(), max_size=4), utterances())
def test_an_engine_that_takes_over_chooses_the_same(
    terms: list[str], near: int, heard: list[tuple[Utterance, Hypothesis]], one: Utterance
) -> None:
    glossary = lived(terms, near, heard)
    assert len(glossary.memory) <= REMEMBERED
    other = ChannelGlossary(terms, near, glossary.memory)
    assert other.memory == glossary.memory
    assert other.choose(one, one.heard) == glossary.choose(one, one.heard)


@given(utterances(), st.lists(st.sampled_from(["Moothall", "Kisumu", "Adaobi Nwankwo"]), min_size=1), st.data())
def test_terms_that_nobody_said_never_become_text(one: Utterance, repeated: list[str], data: st.DataObject) -> None:
    """A decoder that says what it was told, unsure as it is of it: its words go, and it is not told again."""
    glossary = ChannelGlossary(["Moothall", "Kisumu", "Adaobi Nwankwo"], near=3)
    given = glossary.choose(one, one.heard)
    if not given:
        return
    odds = st.floats(0, 0.79)
    words = tuple(HeardWord(f" {word},", 0, 100, data.draw(odds)) for term in repeated for word in term.split())
    assert glossary.heard(one, given, Hypothesis(language="en", words=words)).words == ()
    assert glossary.choose(one, one.heard) == ()
    assert not parroted((*words, HeardWord(" and", 0, 100, 0.4)), given, begun=False)
    assert not parroted((*words, HeardWord(" and", 0, 100, 0.1)), given, begun=True)


@given(st.text(max_size=20), st.text(max_size=20))
def test_likeness_is_a_share_the_same_both_ways(one: str, other: str) -> None:
    mine, theirs = sounds(one), sounds(other)
    assert 0 <= alike(mine, theirs) <= 1
    assert alike(mine, theirs) == alike(theirs, mine)
    assert alike(mine, mine) == 1
