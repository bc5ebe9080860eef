"""Where an engine leaves a channel, for another one to go on from."""

from __future__ import annotations

from moothall.wire.engine import Attach, ResumePoint
from moothall_models.speech.glossary import ChannelGlossary
from moothall_models.speech.languages import LanguageChoice
from moothall_models.speech.segmentation import Segmenter
from moothall_models.speech.utterance import FRAME_MS, Utterance

BEFORE = 512
"""Audio heard before the window of a resume point, ms: the pre-roll of the next utterance, and the pause so far."""


def usable(attach: Attach) -> ResumePoint | None:
    """The resume point that came with `attach`, if the audio that comes reaches back to it."""
    point = attach.resume_point
    if point is None or attach.audio_from > point.begin or (point.begin - attach.audio_from) % FRAME_MS:
        return None
    return point


def of(
    segmenter: Segmenter,
    languages: LanguageChoice,
    glossary: ChannelGlossary,
    utterance: Utterance | None,
    *,
    first: int,
    heard: int,
) -> ResumePoint:
    """Where a channel stands that has heard up to media ms `heard`, in `utterance` if somebody speaks.

    `first`: where its audio began.
    """
    segment, words = segmenter.written
    begin = heard if utterance is None else utterance.start
    return ResumePoint(
        committed_through=segmenter.through,
        segment=segment,
        words=words,
        audio_from=max(first, begin - BEFORE),
        begin=begin,
        language=languages.last,
        suspect=languages.suspect,
        speaking=None if utterance is None else utterance.speaking(),
        terms=glossary.memory,
    )
