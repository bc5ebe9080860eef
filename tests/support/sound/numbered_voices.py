"""Voices for tests whose every sample is the voice's number, and the vectors that a perfect encoder makes of them."""

from __future__ import annotations

import numpy as np

from moothall_models.ports import Floats
from moothall_models.speech.turns.finding import VoiceWindow

VOICES = 4


def shares(window: VoiceWindow) -> Floats:
    """The vector of a perfect encoder: how much of a window each voice said."""
    counts = np.bincount(window.speech.astype(np.int64), minlength=VOICES).astype(np.float32)
    return counts / np.linalg.norm(counts)
