"""Laws of a draft: it changes how long decoding takes, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from moothall_models.ports import Floats
from moothall_models.recognizers.whisper.drafting import DraftText, StepResult, Writing, write, write_all
from moothall_models.recognizers.whisper.timestamp_rules import TimestampRules

TEXT, STEPS = 9, 40
END, NO_TIMESTAMPS = TEXT, TEXT + 2
BEGIN = NO_TIMESTAMPS + 1
RULES = TimestampRules(end=END, no_timestamps=NO_TIMESTAMPS, never=[TEXT + 1])
FAVOUR = np.array([0.0] * TEXT + [-3.0] + [0.0] * 2 + [-6.0] * STEPS)
"""So that some text is written before it ends, with a timestamp here and there."""


class Dice:
    """A decoder whose answer is thrown anew for each text, and always the same for the same one."""

    def __init__(self, seed: int, most: int) -> None:
        self._seed = seed
        self._most = most
        self._tokens: list[int] = []
        self.steps = 0

    def step(self, tokens: Sequence[int], first: int = 0) -> tuple[Floats, Floats]:
        self.steps += 1
        logits, attention = [], []
        for token in tokens:
            self._tokens.append(token)
            dice = np.random.default_rng([self._seed, *self._tokens])
            logits.append((2 * dice.standard_normal(len(FAVOUR)) + FAVOUR).astype(np.float32))
            attention.append(dice.random((2, 3), dtype=np.float32))
        assert len(self._tokens) <= self._most, "more than the decoder has places for"
        return np.stack(logits[first:]), np.stack(attention)

    def cut(self, count: int) -> None:
        assert count <= len(self._tokens)
        del self._tokens[count:]


def written(seed: int, prompt: list[int], draft: Sequence[int], cap: int, closing: int) -> tuple[DraftText, int]:
    decoder = Dice(seed, len(prompt) + cap)
    text = write(decoder.step(prompt, len(prompt) - 1), RULES, cap=cap, draft=draft, closing=closing)
    return all_written([decoder], [text])[0], decoder.steps


def all_written(decoders: Sequence[Dice], texts: Sequence[Writing]) -> list[DraftText]:
    """What comes of several windows, whose steps of one token are taken together."""

    def together(those: Sequence[int], tokens: Sequence[int]) -> list[StepResult]:
        assert len(those) > 1
        return [decoders[each].step([token]) for each, token in zip(those, tokens, strict=True)]

    return write_all(decoders, texts, together)


@st.composite
def drafts(draw: st.DrawFn, text: Sequence[int]) -> list[int]:
    """The text with pieces lost, changed, doubled and made up; or anything."""
    places = st.integers(0, len(text))
    pieces: list[int] = []
    for begin, end, noise in draw(
        st.lists(st.tuples(places, places, st.lists(st.integers(0, len(FAVOUR) - 1), max_size=4)), max_size=5)
    ):
        pieces += [*text[begin:end], *noise]
    return pieces


@given(
    st.data(),
    st.integers(0, 2**32),
    st.lists(st.integers(0, TEXT), min_size=1, max_size=3),
    st.integers(1, 40),
    st.integers(0, STEPS + 1),
)
def test_any_draft_gives_what_no_draft_gives(
    data: st.DataObject, seed: int, prompt: list[int], cap: int, closing: int
) -> None:
    plain, alone = written(seed, prompt, (), cap, closing)
    text = [token for token in plain.tokens if token < END]
    for draft in (text, data.draw(drafts(text))):
        found, steps = written(seed, prompt, draft, cap, closing)
        assert found.tokens == plain.tokens
        assert found.choices == plain.choices
        assert (found.ended, found.log_p) == (plain.ended, plain.log_p)
        assert (found.attention == plain.attention).all()
        assert steps <= alone


@given(st.lists(st.tuples(st.integers(0, 2**32), st.integers(1, 40), st.booleans()), min_size=1, max_size=5))
def test_in_company_each_text_is_what_it_is_alone(windows: list[tuple[int, int, bool]]) -> None:
    prompt = [1]
    alone = [written(seed, prompt, (), cap, STEPS)[0] for seed, cap, _ in windows]
    decoders = [Dice(seed, len(prompt) + cap) for seed, cap, _ in windows]
    texts = [
        write(decoder.step(prompt), RULES, cap=cap, draft=plain.tokens if drafted else (), closing=STEPS)
        for decoder, plain, (_, cap, drafted) in zip(decoders, alone, windows, strict=True)
    ]
    for found, plain in zip(all_written(decoders, texts), alone, strict=True):
        assert (found.tokens, found.choices, found.ended) == (plain.tokens, plain.choices, plain.ended)
        assert (found.attention == plain.attention).all()
