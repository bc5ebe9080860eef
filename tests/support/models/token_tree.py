"""A decoder driven by a table of possible continuations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from moothall_models.ports import Floats
from moothall_models.recognizers.whisper.timestamp_rules import TimestampRules

END, NO_TIMESTAMPS = 20, 22
BEGIN = NO_TIMESTAMPS + 1
RULES = TimestampRules(end=END, no_timestamps=NO_TIMESTAMPS, never=[21])
STEPS = 60
OPENS = BEGIN
"""The timestamp of 0 s, with which every text begins."""


class Tree:
    """A decoder driven by a table: it lists tokens that may follow a text, with their odds; all
    others are nearly impossible.
    """

    def __init__(self, follow: Mapping[tuple[int, ...], Mapping[int, float]]) -> None:
        self._follow = follow
        self._texts: list[list[int]] = [[]]
        self.rows: list[int] = []
        """The number of texts at each step."""

    def step(self, parents: Sequence[int], tokens: Sequence[int]) -> tuple[Floats, Floats]:
        self._texts = [[*self._texts[parent], token] for parent, token in zip(parents, tokens, strict=True)]
        self.rows.append(len(tokens))
        looks = np.stack([np.full((1, 4), len(text), dtype=np.float32) for text in self._texts])
        return np.stack([self.logits(tuple(text)) for text in self._texts]), looks

    def logits(self, text: tuple[int, ...]) -> Floats:
        logits = np.full(BEGIN + STEPS, -30, dtype=np.float32)
        for token, odds in self._follow.get(text, {END: 1.0}).items():
            logits[token] = np.log(odds)
        return logits

    def at(self, text: Sequence[int]) -> Tree:
        """Return a copy of the decoder that has processed all but the last of these tokens."""
        tree = Tree(self._follow)
        tree._texts = [list(text[:-1])]
        return tree
