"""Which token a Whisper decoder may write next, and which it writes.

The rules are those of the model's published code: text stands between two timestamps, which don't run back, the first
within the first second; and a timestamp is written when all timestamps together are more likely than any other token.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
NEVER = np.float32(-np.inf)


class ChosenToken(msgspec.Struct, frozen=True):
    """A token that a decoder chose."""

    token: int
    p: float
    """Its probability among all that are no timestamps; of a timestamp among all tokens."""
    log_p: float
    """Logarithm of its probability among all tokens that the rules allowed."""


class TimestampRules:
    """The rules for one model's vocabulary."""

    def __init__(self, *, end: int, no_timestamps: int, never: Sequence[int]) -> None:
        """`end`: the token that ends the text; `never`: those that are not written."""
        self.end = end
        self.begin = no_timestamps + 1
        """The timestamp of 0 s; one each 20 ms follows."""
        self._never = np.array(sorted({*never, no_timestamps}), dtype=np.intp)
        self.first_steps = 50
        """The first timestamp is at most this many steps of 20 ms in."""

    def choose(self, tokens: Sequence[int], logits: Floats) -> ChosenToken:
        """What is written behind `tokens`, those of the text so far with their timestamps; `logits` are overwritten."""
        text, times, of_odds, of_text = self._allowed(tokens, logits)
        of_times = _log_sum(times)
        token = self.begin + int(times.argmax()) if of_times > text.max() else int(text.argmax())
        log_p = float(logits[token] - np.logaddexp(of_text, of_times))
        p = np.exp(log_p) if token >= self.begin else np.exp(float(logits[token]) - of_odds)
        return ChosenToken(token, float(p), log_p)

    def likeliest(self, tokens: Sequence[int], logits: Floats, count: int) -> list[ChosenToken]:
        """The likeliest that may be written behind `tokens`, at most `count`, the best first; overwrites `logits`.

        All timestamps are one choice, the likeliest of them, with the probability of all: which of them it is says when
        something ends and not what is said. Where together they are likelier than any text there is no other choice.
        """
        text, times, of_odds, of_text = self._allowed(tokens, logits)
        of_times = _log_sum(times)
        of_all = np.logaddexp(of_text, of_times)
        found: list[ChosenToken] = []
        if of_times > -np.inf:
            odds = float(of_times - of_all)
            found.append(ChosenToken(self.begin + int(times.argmax()), float(np.exp(odds)), odds))
        if of_times <= text.max():
            best = np.argpartition(text, max(0, len(text) - count))[-count:]
            found += [
                ChosenToken(int(token), float(np.exp(text[token] - of_odds)), float(text[token] - of_all))
                for token in best
                if text[token] > -np.inf
            ]
        return sorted(found, key=lambda choice: -choice.log_p)[:count]

    def _allowed(self, tokens: Sequence[int], logits: Floats) -> tuple[Floats, Floats, float, float]:
        """The logits of text and of timestamps, without those that may not be written now; and the logarithms of the
        sums of all text's, and of what of it may be written.
        """
        begin, end = self.begin, self.end
        logits[self._never] = NEVER
        text, times = logits[:begin], logits[begin:]
        of_odds = of_text = _log_sum(text)
        if not tokens:
            text, of_text = _NOTHING, -np.inf
            times[self.first_steps + 1 :] = NEVER
        elif tokens[-1] >= begin:
            if len(tokens) == 1 or tokens[-2] >= begin:
                times[:] = NEVER
            else:
                text[:end] = NEVER
                of_text = _log_sum(text)
                times[: tokens[-1] - begin] = NEVER
        else:
            latest = next((token for token in reversed(tokens) if token >= begin), begin - 1)
            times[: latest - begin + 1] = NEVER
        return text, times, of_odds, of_text


_NOTHING = np.full(1, NEVER)


def _log_sum(logits: Floats) -> float:
    most = float(logits.max())
    if most == -np.inf:
        return most
    return most + float(np.log(np.exp(logits - most).sum()))
