"""Laws of the terms proposed after people's corrections."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events import lines as le
from moothall.core.rules.decide import decide
from moothall.core.sessions.state import State, evolve
from moothall.core.terms.terms import cleaned
from moothall.core.views.mended_names import OFTEN, REMEMBERED, MendedNames
from support.sessions.deciding import CAPTIONER, ENGINE, carry_out, commit, correct, end, opened, segment, word

WORDS = st.sampled_from(
    ["moot", "hall", "Moothall", "AfriNIC", "a", "free", "nick", "and", "and.", "the", "5G", "人权"]
)
TEXTS = st.lists(WORDS, min_size=1, max_size=8)
NAMES = "abcd"


def lines(texts: list[list[str]]) -> State:
    state = opened()
    for number, text in enumerate(texts):
        t = 10_000 * number
        said = [word((" " if n else "") + each, t + n, t + n + 1) for n, each in enumerate(text)]
        name = NAMES[number]
        state = carry_out(state, commit(name, 0, *said, start=t), end(name, t + 500), actor=ENGINE)
    return state


def told(state: State, view: MendedNames, fixes: list[tuple[str, list[str]]]) -> tuple[State, MendedNames]:
    for name, text in fixes:
        line = state.segments.get(segment(name))
        assert line is not None
        decided = decide(state, correct(name, line.revision, len(line.words), " ".join(text)), CAPTIONER, 0)
        assert isinstance(decided, list)
        (event,) = decided
        assert isinstance(event, le.SegmentCorrected)
        view = view.corrected(state, event)
        state = evolve(state, event)
    return state, view


FIXES = st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=12)


@given(st.lists(TEXTS, min_size=4, max_size=4), FIXES, st.integers(0, 12))
def test_what_is_proposed_was_written_in_two_lines_and_parts_give_the_whole(
    texts: list[list[str]], fixes: list[tuple[str, list[str]]], cut: int
) -> None:
    state, view = told(lines(texts), MendedNames(), fixes)
    proposed = view.proposed(state)
    written = {name: [" ".join(text) for at, text in fixes if at == name] for name in NAMES}
    for term in proposed:
        assert cleaned(term) == term
        assert sum(bool(texts) and term in texts[-1] for texts in written.values()) >= 1
        assert sum(any(term in text for text in texts) for texts in written.values()) >= OFTEN
    assert len({term.casefold() for term in proposed}) == len(proposed)
    assert len(view.lines) <= REMEMBERED
    half_state, half = told(lines(texts), MendedNames(), fixes[:cut])
    assert told(half_state, half, fixes[cut:])[1] == view


@given(TEXTS, TEXTS)
def test_a_correction_and_its_undoing_propose_nothing(stood: list[str], written: list[str]) -> None:
    fixes = [fix for name in "ab" for fix in ((name, written), (name, stood))]
    state, view = told(lines([stood, stood]), MendedNames(), fixes)
    assert not view.proposed(state)
    assert not view.lines
