from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from moothall_models.ports import Floats
from moothall_models.recognizers.whisper.drafting import (
    CIRCLES,
    HEDGED,
    LONGEST_DRAFT,
    DraftText,
    StepResult,
    proposed,
    write,
    write_all,
)
from moothall_models.recognizers.whisper.timestamp_rules import TimestampRules

END, NO_TIMESTAMPS = 1_000, 1_002
BEGIN = NO_TIMESTAMPS + 1
RULES = TimestampRules(end=END, no_timestamps=NO_TIMESTAMPS, never=[1_001])
VOCABULARY = BEGIN + 500
PROMPT = [1_001, 7]


class Reader:
    """Writes one text, token by token, and nothing sensible where it was led away from it."""

    def __init__(self, script: Sequence[int]) -> None:
        self.script = [*PROMPT, *script, END]
        self.tokens: list[int] = []
        self.steps: list[int] = []
        """How many tokens it was given at a time."""

    def step(self, tokens: Sequence[int], first: int = 0) -> tuple[Floats, Floats]:
        self.steps.append(len(tokens))
        logits = np.zeros((len(tokens), VOCABULARY), dtype=np.float32)
        attention = np.zeros((len(tokens), 1, 4), dtype=np.float32)
        for index, token in enumerate(tokens):
            self.tokens.append(token)
            at = len(self.tokens)
            known = self.tokens == self.script[:at] and at < len(self.script)
            logits[index, self.script[at] if known else 999] = 30
            attention[index] = at
        return logits[first:], attention

    def cut(self, count: int) -> None:
        assert 0 < count <= len(self.tokens)
        del self.tokens[count:]


def no_company(those: Sequence[int], tokens: Sequence[int]) -> list[StepResult]:
    raise AssertionError("there is only one")


def written(
    script: Sequence[int], draft: Sequence[int] = (), *, cap: int = 200, closing: int = 500
) -> tuple[DraftText, list[int]]:
    """What comes of it, and how many tokens each step behind the prompt had."""
    reader = Reader(script)
    begun = reader.step(PROMPT, len(PROMPT) - 1)
    text = write(begun, RULES, cap=cap, draft=draft, closing=closing)
    return write_all([reader], [text], no_company)[0], reader.steps[1:]


def at(step: int) -> int:
    return BEGIN + step


SENTENCE = list(range(100, 140))
SCRIPT = [at(0), *SENTENCE, at(200)]


def test_without_a_draft_it_goes_token_by_token() -> None:
    found, steps = written(SCRIPT)
    assert list(found.tokens) == SCRIPT
    assert found.ended
    assert steps == [1] * len(SCRIPT)
    assert [choice.token for choice in found.choices] == SCRIPT
    assert all(choice.p > 0.9 for choice in found.choices)
    assert found.log_p == pytest.approx(0, abs=1e-3)
    # Where it looked when it wrote each token, and behind the last.
    assert found.attention[:, 0, 0].tolist() == list(range(len(PROMPT), len(PROMPT) + len(SCRIPT) + 1))


def test_a_draft_that_is_right_costs_two_steps() -> None:
    found, steps = written(SCRIPT, SENTENCE)
    assert list(found.tokens) == SCRIPT
    assert steps == [1 + len(SENTENCE), 1]


def test_a_draft_is_gone_on_with_where_something_is_new_or_gone() -> None:
    for draft, most in (
        ([*SENTENCE[:20], *SENTENCE[21:]], 4),  # a token that was not heard before
        ([*SENTENCE[:20], 900, *SENTENCE[20:]], 4),  # one too many
        ([*SENTENCE[:20], 900, *SENTENCE[21:]], 4),  # another one
        ([*range(800, 810), *SENTENCE], 6),  # the audio was cut in front
        (SENTENCE[:30], 12),  # and has grown at the end
    ):
        found, steps = written(SCRIPT, draft)
        assert list(found.tokens) == SCRIPT
        assert len(steps) <= most


def test_between_timestamps_nothing_is_proposed() -> None:
    script = [at(0), *SENTENCE[:20], at(90), at(90), *SENTENCE[20:], at(200)]
    found, steps = written(script, SENTENCE)
    assert list(found.tokens) == script
    assert steps == [41, 1, 1, 20, 1]


def test_a_long_draft_is_checked_in_pieces() -> None:
    long = list(range(100, 250))
    found, steps = written([at(0), *long, at(400)], long)
    assert list(found.tokens) == [at(0), *long, at(400)]
    assert steps == [1 + LONGEST_DRAFT] * 3 + [4, 1]


def test_after_a_wrong_draft_less_is_put_forward() -> None:
    # A token that stands everywhere in the draft, and another one behind it each time.
    script = [at(0), *(token for n in range(20) for token in (500, 100 + n)), at(300)]
    draft = [token for n in range(20) for token in (500, 700 + n)]
    found, steps = written(script, draft)
    assert list(found.tokens) == script
    assert steps[0] == 1 + len(draft)
    assert max(steps[2:]) <= 1 + HEDGED


def test_no_more_is_written_than_the_cap() -> None:
    for cap in (1, 2, 17):
        for draft in ([], SENTENCE, SENTENCE[:8]):
            found, steps = written(SCRIPT, draft, cap=cap)
            assert list(found.tokens) == SCRIPT[:cap]
            assert not found.ended
            assert sum(steps) <= cap + len(draft)
            assert len(found.attention) == cap + 1


@pytest.mark.parametrize("draft", [[], [*SENTENCE, *[1, 2, 3, 4] * 10]])
def test_it_stops_where_it_runs_in_circles(draft: list[int]) -> None:
    found, _ = written([at(0), *SENTENCE, *[1, 2, 3, 4] * 10], draft)
    assert list(found.tokens) == [at(0), *SENTENCE, *[1, 2, 3, 4] * 4]
    assert CIRCLES == 12
    assert not found.ended


def test_what_is_said_three_times_is_heard_to_its_end() -> None:
    script = [at(0), 1, 2, 3, 1, 2, 3, 1, 2, 4, at(300)]
    assert written(script)[0].tokens == tuple(script)


def test_a_timestamp_at_the_end_of_the_audio_ends_it() -> None:
    script = [at(0), *SENTENCE, at(200), at(200), *SENTENCE]
    found, _ = written(script, SENTENCE, closing=200)
    assert list(found.tokens) == script[:42]
    assert found.ended
    found, _ = written(script, SENTENCE, closing=201)
    assert list(found.tokens) == script
    # Before any text it is no end.
    assert written(SCRIPT, closing=0)[0].tokens == tuple(SCRIPT)


def test_how_sure_it_is_counts_the_end() -> None:
    class Shrugging(Reader):
        """As likely as not, there is something behind the text."""

        def step(self, tokens: Sequence[int], first: int = 0) -> tuple[Floats, Floats]:
            logits, attention = super().step(tokens, first)
            logits[logits[:, END] > 0, 999] = 29.9
            return logits, attention

    shrugging = Shrugging([at(0), 5])
    begun = shrugging.step(PROMPT, len(PROMPT) - 1)
    text = write(begun, RULES, cap=9, draft=[], closing=500)
    found = write_all([shrugging], [text], no_company)[0]
    assert found.tokens == (at(0), 5)
    # One choice of two between the two tokens that it wrote; the end itself is none of these.
    assert found.log_p == pytest.approx(np.log(1 / (1 + np.exp(-0.1))) / 2, abs=1e-3)


def test_what_is_no_text_in_a_draft_is_passed_over() -> None:
    draft = [at(0), *SENTENCE[:5], END, *SENTENCE[5:], at(200), END, NO_TIMESTAMPS]
    found, steps = written(SCRIPT, draft)
    assert list(found.tokens) == SCRIPT
    assert steps == [1 + len(SENTENCE), 1]


def test_what_is_proposed() -> None:
    draft = [1, 2, 3, 4, 1, 2, 5, 6]
    assert proposed(draft, [], 3, 4) == ([1, 2, 3, 4], 0)
    assert proposed(draft, [9, 2], 0, 2) == ([3, 4], 2)
    # Of three tokens rather than of one, and not before the place that was reached.
    assert proposed(draft, [4, 1, 2], 0, 9) == ([5, 6], 6)
    assert proposed(draft, [7, 1, 2], 0, 9) == ([3, 4, 1, 2, 5, 6], 2)
    assert proposed(draft, [7, 1, 2], 5, 9) == ([5, 6], 6)
    assert proposed(draft, [6], 8, 9) == ([], 8)
    assert proposed(draft, [9], 3, 9) == ([], 3)
    assert proposed([], [9], 0, 9) == ([], 0)


def test_several_texts_are_written_in_steps_that_they_share() -> None:
    scripts = [SCRIPT, [at(0), *range(300, 306), at(90)], [at(0)], [at(0), *SENTENCE[:20], *range(500, 510), at(100)]]
    drafts = [[], [], [], SENTENCE]
    readers = [Reader(script) for script in scripts]
    companies: list[int] = []

    def together(those: Sequence[int], tokens: Sequence[int]) -> list[StepResult]:
        companies.append(len(those))
        return [readers[each].step([token]) for each, token in zip(those, tokens, strict=True)]

    begun = [reader.step(PROMPT, len(PROMPT) - 1) for reader in readers]
    texts = [write(each, RULES, cap=200, draft=draft, closing=500) for each, draft in zip(begun, drafts, strict=True)]
    found = write_all(readers, texts, together)
    assert [list(each.tokens) for each in found] == scripts
    for each, script, draft in zip(found, scripts, drafts, strict=True):
        alone, _ = written(script, draft)
        assert (each.choices, each.ended, each.log_p) == (alone.choices, alone.ended, alone.log_p)
        assert (each.attention == alone.attention).all()
    # The draft is read alone, then all go on together; who is done stays out of it, and the last goes on alone.
    assert companies[0] == 4
    assert companies == sorted(companies, reverse=True)
    assert companies[-1] == 2
    assert readers[3].steps[1] == 1 + len(SENTENCE)
