"""Greedy decoding that checks a draft many tokens at a time and writes only what is new.

A live window is recognised again and again as it grows, and most of its text is the same as in the previous pass. The
decoder is memory-bound: checking a dozen tokens takes as long as writing two. So the text of the previous pass is used
as a draft. Each of its tokens is kept as long as it is the token that the decoder would have written; after a mismatch
the decoder writes by itself until its text is found in the draft again. The result is the same as without a draft
(speculative decoding, Leviathan et al. 2023, with the earlier hypothesis in place of a small model's).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol

import msgspec
import numpy as np

from moothall_models.ports import Floats
from moothall_models.recognizers.whisper.timestamp_rules import ChosenToken, TimestampRules
from moothall_models.recognizers.whisper.words import loop_at_the_end

LONGEST_KEY = 3
"""Most tokens at the end of the text that are searched for in the draft."""
LONGEST_DRAFT = 48
"""Most tokens of the draft that are checked in one step."""
HEDGED = 6
"""Most tokens that are checked in the step after one in which none was kept."""
CIRCLES = 12
"""Repeated tokens at the end at which decoding stops. Fewer may be speech ("thank you, thank you, thank you all"),
which has to be decoded to its end."""


StepResult = tuple[Floats, Floats]
"""The result of a step: logits after each token, [tokens, vocabulary], and attention [tokens, heads, steps]."""


class Stepping(Protocol):
    """A decoder over one window that keeps the state of the tokens it was given."""

    def step(self, tokens: Sequence[int]) -> StepResult:
        """Append `tokens`, at least one, and compute the result for each."""
        ...

    def cut(self, count: int) -> None:
        """Forget all but the first `count` tokens."""
        ...


class DecodeStep(msgspec.Struct, frozen=True):
    """The next step that the writing of a text requires."""

    behind: int
    """Number of tokens to continue from, prompt included; the decoder has to forget any beyond them."""
    tokens: tuple[int, ...]
    """The tokens to append, at least one."""


class DraftText(msgspec.Struct, frozen=True, kw_only=True):
    """The text that a decoder wrote for one window."""

    tokens: tuple[int, ...]
    """Its tokens with timestamps, without the end token."""
    choices: tuple[ChosenToken, ...]
    """The decoder's choice for each token."""
    attention: Floats
    """Attention when each token was chosen, and that when the next one was: [tokens + 1, heads, steps]. The last row is
    missing if the text was ended by a timestamp."""
    ended: bool
    """Whether the decoder ended the text by itself, by the end token or a timestamp at the end of the audio."""
    log_p: float
    """Average log probability a token, as CTranslate2 computes it: the sum includes the end token, if it was chosen,
    but the number of tokens doesn't."""


Writing = Generator[DecodeStep, StepResult, DraftText]
"""A text that is being written: a generator that yields steps, is sent the result of each, and returns the text."""


def write_all(
    decoders: Sequence[Stepping],
    texts: Sequence[Writing],
    together: Callable[[Sequence[int], Sequence[int]], Sequence[StepResult]],
) -> list[DraftText]:
    """Write the texts of several windows, each with its own decoder.

    `together` takes one step in two or more windows at once; it gets the windows' indices and a token for each. A step
    of several tokens is taken separately, since batching it saves hardly anything. A window that needs a step of one
    token waits until all other unfinished windows need one too.
    """
    written: dict[int, DraftText] = {}
    asked: dict[int, DecodeStep] = {}

    def go_on(number: int, stepped: StepResult | None) -> None:
        try:
            asked[number] = next(texts[number]) if stepped is None else texts[number].send(stepped)
        except StopIteration as done:
            written[number] = done.value
            asked.pop(number, None)

    for number in range(len(texts)):
        go_on(number, None)
    while asked:
        alone = [number for number, each in asked.items() if len(each.tokens) > 1 or len(asked) == 1]
        for number in alone or asked:
            decoders[number].cut(asked[number].behind)
        if alone:
            for number in alone:
                go_on(number, decoders[number].step(asked[number].tokens))
            continue
        those = sorted(asked)
        for number, stepped in zip(those, together(those, [asked[each].tokens[0] for each in those]), strict=True):
            go_on(number, stepped)
    return [written[number] for number in range(len(texts))]


def write(
    begun: StepResult,
    rules: TimestampRules,
    *,
    cap: int,
    draft: Sequence[int],
    closing: int,
) -> Writing:
    """Decode at most `cap` tokens after a prompt; tokens of the `draft` that are no text are ignored.

    `begun` is the result of `Stepping.step` for the whole prompt; its last logits are overwritten. The text ends at a
    timestamp of time step `closing` or later, and decoding stops when the text repeats itself (`CIRCLES`).
    """
    draft = [token for token in draft if token < rules.end]
    logits, attention = begun
    prompt = len(attention)
    tokens: list[int] = []
    text: list[int] = []
    choices: list[ChosenToken] = []
    looks = [attention[-1]]
    at, most, ended, of_end = 0, LONGEST_DRAFT, False, 0.0
    choice = rules.choose(tokens, logits[-1])
    while len(tokens) < cap and loop_at_the_end(text) < CIRCLES:
        if choice.token == rules.end:
            ended, of_end = True, choice.log_p
            break
        tokens.append(choice.token)
        choices.append(choice)
        if choice.token < rules.end:
            text.append(choice.token)
        closed = len(text) > 0 and choice.token >= rules.begin
        if closed and choice.token - rules.begin >= closing:
            ended = True
            break
        proposal, at = ([], at) if closed else proposed(draft, text, at, min(most, cap - len(tokens)))
        logits, attention = yield DecodeStep(prompt + len(tokens) - 1, (choice.token, *proposal))
        kept = 0
        choice = rules.choose(tokens, logits[0])
        looks.append(attention[0])
        # Decoding must stop at the same token as without a draft.
        while kept < len(proposal) and choice.token == proposal[kept] and loop_at_the_end(text) < CIRCLES:
            tokens.append(choice.token)
            text.append(choice.token)
            choices.append(choice)
            kept += 1
            choice = rules.choose(tokens, logits[kept])
            looks.append(attention[kept])
        at += kept
        most = max(HEDGED, min(LONGEST_DRAFT, 2 * kept)) if proposal else most
    return DraftText(
        tokens=tuple(tokens),
        choices=tuple(choices),
        attention=np.stack(looks),
        ended=ended,
        log_p=(sum(each.log_p for each in choices) + of_end) / max(1, len(choices)),
    )


def proposed(draft: Sequence[int], text: Sequence[int], at: int, most: int) -> tuple[list[int], int]:
    """The tokens of the draft that may follow `text`, at most `most`, and their index in the draft.

    The last tokens of the text are searched for in the draft from index `at` on, the longest sequence first.
    """
    if not text:
        return list(draft[:most]), 0
    for length in range(min(LONGEST_KEY, len(text)), 0, -1):
        key = list(text[-length:])
        for begin in range(max(0, at - length), len(draft) - length + 1):
            if list(draft[begin : begin + length]) == key:
                behind = begin + length
                return list(draft[behind : behind + most]), behind
    return [], at
