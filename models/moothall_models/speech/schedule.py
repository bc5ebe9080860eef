"""When an utterance is worth a pass, and how far its window goes.

Both follow from the audio alone, not from when it came or how long passes took: an engine that goes on where another
was killed hears the same windows as that one would have heard.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import Moment, Utterance

SLOW_PASSES = 3
"""Passes in a row that have to be slow before those that commit nothing are left out."""
REMEMBERED = 2 * SLOW_PASSES
"""How many have to be slow before the steps grow."""
SETTLED_ENOUGH = 96
"""Silence behind the last speech, ms, with which a pass has heard the end of the last word."""


class PassRate(msgspec.Struct, frozen=True):
    """How often a channel has passes."""

    first: int
    """Audio since speech began before the first one, ms."""
    step: int
    """New audio before the next one, ms."""


def complete(utterance: Utterance) -> bool:
    """Whether the last finished pass heard all that was said so far, to the end of the last word."""
    return _complete(utterance, utterance.now)


def window_end(utterance: Utterance, settings: SpeechSettings, pace: PassRate) -> int | None:
    """Media ms where the window of the next pass ends, or None when a pass would bring nothing yet.

    In speech a pass is due each `pace.step` ms of new audio. When the speaker hesitates it waits: either speech goes
    on, or the silence is long enough for a pass that hears the last word whole. With a backlog the windows are the ones
    that would have been heard in time, until it is longer than `catch_up`: then one window takes all of it.
    """
    if utterance.redo is not None:
        return utterance.redo
    for moment in utterance.moments(utterance.covered):
        edge = _edge(utterance, moment, settings, pace)
        if edge is not None:
            late = utterance.heard - moment.t > settings.catch_up
            return (_edge(utterance, utterance.now, settings, pace) or edge) if late else edge
    return None


def _edge(utterance: Utterance, moment: Moment, settings: SpeechSettings, pace: PassRate) -> int | None:
    """Where a window would end with the audio up to `moment`, or None when no pass was due then."""
    if moment.speech_ms < settings.shortest_speech:
        return None
    silence = moment.t - moment.speech_end
    over = utterance.closed and moment.t == utterance.heard
    if over or silence >= settings.settled:
        if _complete(utterance, moment):
            return None
    elif silence >= settings.hesitation:
        return None
    elif utterance.covered > utterance.speech_start:
        if moment.t - utterance.covered < pace.step:
            return None
    elif moment.t - utterance.speech_start < pace.first:
        return None
    return min(moment.t, moment.speech_end + settings.tail, utterance.start + settings.longest_window)


def _complete(utterance: Utterance, moment: Moment) -> bool:
    return utterance.covered >= min(moment.speech_end + SETTLED_ENOUGH, moment.t)


def usual(settings: SpeechSettings) -> PassRate:
    """How often it is when there is time for all of them."""
    return PassRate(first=settings.first_pass, step=settings.step)


def next_pace(settings: SpeechSettings, took: Sequence[int]) -> PassRate:
    """How often it is to be when the last `REMEMBERED` passes took so long with their wait, ms.

    The core is never asked for all it has. One hiccup, such as the first pass of a new engine, changes no window.
    When `SLOW_PASSES` in a row were slow, the first pass of an utterance waits until words of it can stay: with less
    than the margin of a word that only one pass has heard it could show text, and commit none. When all of them were
    slow, the steps grow. What is said is committed either way, at the latest in the pause behind it.
    """
    if len(took) < SLOW_PASSES or not _all_slow(settings, took[-SLOW_PASSES:]):
        return usual(settings)
    first = max(settings.first_pass, settings.alone_margin + settings.step)
    if len(took) < REMEMBERED or not _all_slow(settings, took):
        return PassRate(first, settings.step)
    return PassRate(first, round(settings.step_share * min(took[-SLOW_PASSES:])))


def _all_slow(settings: SpeechSettings, took: Sequence[int]) -> bool:
    return settings.step_share * min(took) > settings.step
