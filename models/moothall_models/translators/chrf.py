"""chrF2 of a set of translations: their overlap with the character n-grams of a human translation, 0 to 100.

Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation", with n up to 6, beta 2 and no spaces.
Counts are added over all texts before they are divided, and an order that one side is too short for is left out, so
that the figures are those of sacrebleu (`nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

ORDER = 6
BETA = 2
"""How many times as much as precision recall counts."""


def chrf2(translations: Sequence[str], references: Sequence[str]) -> float:
    """Return the score of all texts together. Raises ValueError when the numbers of
    translations and references differ.
    """
    found, given, shared = [0] * ORDER, [0] * ORDER, [0] * ORDER
    for translation, reference in zip(translations, references, strict=True):
        for order in range(ORDER):
            ours, theirs = _grams(translation, order + 1), _grams(reference, order + 1)
            found[order] += ours.total()
            given[order] += theirs.total()
            shared[order] += (ours & theirs).total()
    orders = [order for order in range(ORDER) if found[order] and given[order]]
    if not orders:
        return 0.0
    precision = sum(shared[order] / found[order] for order in orders) / len(orders)
    recall = sum(shared[order] / given[order] for order in orders) / len(orders)
    if not precision + recall:
        return 0.0
    return 100 * (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


def _grams(text: str, order: int) -> Counter[str]:
    signs = "".join(text.split())
    return Counter(signs[begin : begin + order] for begin in range(len(signs) - order + 1))
