"""Resume points: the state of a channel from which another engine can continue."""

from __future__ import annotations

from moothall.wire.engine import Attach, ResumePoint, TermHeard
from moothall_models.speech.segmentation import Segmenter
from moothall_models.speech.utterance import FRAME_MS, Utterance

BEFORE = 3_520
"""Audio before the window of a resume point that the next engine gets, ms: enough for the pre-roll of the next
utterance, its context, and the pause so far."""


def usable(attach: Attach) -> ResumePoint | None:
    """The resume point in `attach`, if the audio reaches back to it; None otherwise."""
    point = attach.resume_point
    if point is None or attach.audio_from > point.begin or (point.begin - attach.audio_from) % FRAME_MS:
        return None
    return point


def of(
    segmenter: Segmenter,
    utterance: Utterance | None,
    *,
    language: str | None,
    terms: tuple[TermHeard, ...],
    first: int,
    heard: int,
) -> ResumePoint:
    """Make the resume point of a channel that has heard audio from media ms `first` to `heard`.

    `utterance`: the oldest unfinished one; None when nobody speaks. `language` and `terms` are the resume
    point's. The voice detector's state is left empty.
    """
    segment, words = segmenter.written
    begin = heard if utterance is None else utterance.start
    return ResumePoint(
        committed_through=segmenter.through,
        segment=segment,
        words=words,
        audio_from=max(first, begin - BEFORE),
        begin=begin,
        language=language,
        suspect=None,
        speaking=None if utterance is None else utterance.speaking(),
        terms=terms,
    )
