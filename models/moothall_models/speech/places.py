"""The place that an engine leaves, for another one to go on from."""

from __future__ import annotations

from moothall.wire.engine import Attach, Place
from moothall_models.speech.utterance import FRAME_MS

BEFORE = 512
"""Audio that is heard before the window of a place, ms: the pre-roll of the next utterance, and the pause so far."""


def usable(attach: Attach) -> Place | None:
    """The place that came with `attach`, if the audio that comes reaches back to it."""
    place = attach.place
    if place is None or attach.audio_from > place.begin or (place.begin - attach.audio_from) % FRAME_MS:
        return None
    return place
