"""Greedy decoding that checks a draft many tokens at a time and writes only what is new.

A live window is heard again and again as it grows, and most of what it says stands already in what the pass before
wrote. The decoder is memory-bound: it takes as long to judge a dozen tokens as to write two. So what was written before
is put forward as a draft; each token is kept while it is what the decoder would have written itself, and where it isn't
the decoder goes on alone until it is found in the draft again. The result is what decoding without a draft gives
(speculative decoding, Leviathan et al. 2023, with the earlier hypothesis in place of a small model's).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from moothall_models.recognizers.whisper.timestamp_rules import ChosenToken, TimestampRules
from moothall_models.recognizers.whisper.words import loop_at_the_end

Floats = NDArray[np.float32]
LONGEST_KEY = 3
"""Tokens at the end that are looked for in the draft, at most."""
LONGEST_DRAFT = 48
"""Tokens that are put forward at a time."""
HEDGED = 6
"""... after a draft of which nothing was kept."""
CIRCLES = 12
"""Tokens at the end that repeat what stands before them: then it isn't gone on. Fewer may be speech ("thank you, thank
you, thank you all"), which has to be heard to its end."""


Stepped = tuple[Floats, Floats]
"""What came of a step: logits behind each token, [tokens, vocabulary], and attention [tokens, heads, steps]."""


class Stepping(Protocol):
    """A decoder over one window that remembers what it was given."""

    def step(self, tokens: Sequence[int]) -> Stepped:
        """Go on by `tokens`, at least one."""
        ...

    def cut(self, count: int) -> None:
        """Forget all but the first `count` tokens."""
        ...


class DecodeStep(msgspec.Struct, frozen=True):
    """The step that a text which is being written needs next."""

    behind: int
    """Tokens that it goes on from, with the prompt; what was there beyond them is to be forgotten."""
    tokens: tuple[int, ...]
    """At least one."""


class DraftText(msgspec.Struct, frozen=True, kw_only=True):
    """What a decoder wrote."""

    tokens: tuple[int, ...]
    """With timestamps, without the end."""
    choices: tuple[ChosenToken, ...]
    """One for each token."""
    attention: Floats
    """[tokens, heads, steps]: where it looked when it wrote each of them, and behind text also what came after."""
    ended: bool
    """Whether it ended by itself."""
    log_p: float
    """Of all its choices on average, as CTranslate2 has it: the end is counted among them, where it was chosen, and not
    among the tokens that they are shared by."""


Writing = Generator[DecodeStep, Stepped, DraftText]
"""A text that is being written: it asks for steps, is sent what came of each, and returns what was written."""


def write_all(
    decoders: Sequence[Stepping],
    texts: Sequence[Writing],
    together: Callable[[Sequence[int], Sequence[int]], Sequence[Stepped]],
) -> list[DraftText]:
    """Write the texts of several windows, each with its decoder.

    `together` takes a step in several of them at once: it is given which they are, two or more, and a token for each.
    A step of several tokens is taken by itself, since it costs hardly less in company; who needs just one waits until
    all the others that aren't done need one too.
    """
    written: dict[int, DraftText] = {}
    asked: dict[int, DecodeStep] = {}

    def go_on(number: int, stepped: Stepped | None) -> None:
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
    begun: Stepped,
    rules: TimestampRules,
    *,
    cap: int,
    draft: Sequence[int],
    closing: int,
) -> Writing:
    """Decode at most `cap` tokens behind a prompt; what in the `draft` is no text is passed over.

    `begun` is what `Stepping.step` gave for the whole prompt: its last logits are used up. Text that a timestamp of
    step `closing` or later closes is at its end; text that runs in circles is left there.
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
        # Not past where it would have stopped without a draft.
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
    """What may come behind `text` by the draft, at most `most` tokens, and where in the draft that stands.

    The end of the text is looked for in the draft from `at` on, what is longer first.
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
