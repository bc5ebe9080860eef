"""Which token a Whisper decoder may write next, and which it chooses.

The rules are those of the model's published code: text is enclosed by two timestamps, which never decrease, the first
within the first second; and a timestamp is written when all timestamps together are more likely than any other token.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from moothall_models.ports import Floats

NEVER = np.float32(-np.inf)


class ChosenToken(msgspec.Struct, frozen=True):
    """A token that a decoder chose."""

    token: int
    p: float
    """Probability of a text token among all tokens but timestamps; of a timestamp among the allowed tokens."""
    log_p: float
    """Natural logarithm of its probability among the allowed tokens."""


class TimestampRules:
    """The rules for one model's vocabulary."""

    def __init__(self, *, end: int, no_timestamps: int, never: Sequence[int]) -> None:
        """`end`: the token that ends the text; `no_timestamps`: `<|notimestamps|>`; `never`: tokens never written."""
        self.end = end
        self.begin = no_timestamps + 1
        """The token of timestamp 0 s; a token for each 20 ms follows."""
        self._never = np.array(sorted({*never, no_timestamps}), dtype=np.intp)
        self.first_steps = 50
        """Greatest first timestamp, in steps of 20 ms."""

    def choose(self, tokens: Sequence[int], logits: Floats) -> ChosenToken:
        """Choose the token after `tokens`, the text so far with its timestamps; overwrites `logits` [vocabulary]."""
        text, times, of_odds, of_text = self._allowed(tokens, logits)
        of_times = _log_sum(times)
        token = self.begin + int(times.argmax()) if of_times > text.max() else int(text.argmax())
        log_p = float(logits[token] - np.logaddexp(of_text, of_times))
        p = np.exp(log_p) if token >= self.begin else np.exp(float(logits[token]) - of_odds)
        return ChosenToken(token, float(p), log_p)

    def likeliest(self, tokens: Sequence[int], logits: Floats, count: int) -> list[ChosenToken]:
        """The likeliest allowed tokens after `tokens`, at most `count`, the best first; overwrites `logits`.

        All timestamps are one choice, represented by the likeliest, with their total probability: timestamps differ in
        when something ends, not in what is said. When they are together likelier than any text token, they are the only
        choice.
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
        """Mask the tokens that are not allowed after `tokens`.

        Returns the logits of text tokens and of timestamps, and the logarithm of the summed exponentials of all text
        tokens and of the allowed ones.
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
