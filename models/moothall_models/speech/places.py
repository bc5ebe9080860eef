"""The place that an engine leaves, for another one to go on from."""

from __future__ import annotations

from moothall.wire.engine import Attach, Place
from moothall_models.speech.glossary import Glossary
from moothall_models.speech.languages import LanguageChoice
from moothall_models.speech.segmentation import Segmenter
from moothall_models.speech.utterance import FRAME_MS, Utterance

BEFORE = 512
"""Audio that is heard before the window of a place, ms: the pre-roll of the next utterance, and the pause so far."""


def usable(attach: Attach) -> Place | None:
    """The place that came with `attach`, if the audio that comes reaches back to it."""
    place = attach.place
    if place is None or attach.audio_from > place.begin or (place.begin - attach.audio_from) % FRAME_MS:
        return None
    return place


def of(
    segmenter: Segmenter,
    languages: LanguageChoice,
    glossary: Glossary,
    utterance: Utterance | None,
    *,
    first: int,
    heard: int,
) -> Place:
    """Where a channel stands that has heard up to media ms `heard`, in `utterance` if somebody speaks.

    `first`: where its audio began.
    """
    segment, words = segmenter.place
    begin = heard if utterance is None else utterance.start
    return Place(
        committed_through=segmenter.through,
        segment=segment,
        words=words,
        audio_from=max(first, begin - BEFORE),
        begin=begin,
        language=languages.last,
        suspect=languages.suspect,
        speaking=None if utterance is None else utterance.place(),
        terms=glossary.memory,
    )
