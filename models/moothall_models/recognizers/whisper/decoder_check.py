"""How far two decoders of the same weights are from each other.

Numbers of 8 bits are rounded in other places by another library, so the two are never the same; but what is likely to
one of them is likely to the other. Measured with whisper-tiny.en and whisper-base on an x86-64 with AVX-512: 0.03 to
0.05; with the sign of one layer's weights changed, or positions one off: 0.18 to 0.96.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
TEXT = " The meeting is open to all who want to take part."
"""By what both are compared, a token after the other."""
MOST_APART = 0.15
"""Of the odds, on average: more, and one of them computes wrongly."""


def apart(ours: Floats, theirs: Floats) -> float:
    """The share of the odds that the two give to different tokens, on average over what was written: 0 to 1.

    Both: logits [tokens, vocabulary]. Half the sum of the differences (total variation distance); not a number where
    one of them has none.
    """
    return float(np.abs(_odds(ours) - _odds(theirs)).sum(axis=1).mean() / 2)


def _odds(logits: Floats) -> NDArray[np.float64]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
    odds: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return odds
