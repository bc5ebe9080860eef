"""When an utterance gets its next pass, and where that pass's window ends.

Both follow from the audio alone, not from when it arrived or how long passes took, so that an engine which continues
for another that was killed hears the same windows as that one would have heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import msgspec

from moothall_models.speech.settings import SpeechSettings
from moothall_models.speech.utterance import SpeechProgress, Utterance

FEWEST_PASSES = 3
"""With fewer passes a channel has the usual pace: those of a new engine are slow."""
REMEMBERED = 6
"""How many of the newest passes a channel's pace follows. With fewer, short and long steps would take turns, which
costs more than steps of one length."""
QUICKER = 2
"""How many times as long as the newest pass the average counts at most: where sound was late, and is late no more, the
pace is the usual one after one pass, and not after six that are seconds apart."""
SETTLED_ENOUGH = 96
"""Silence after the last speech in a window, ms, from which on the pass is taken to have heard the last word whole."""


class Stage(IntEnum):
    """What a channel of an engine that can't keep up does without, in this order. Each stage includes those before it.

    In all of them every word of every channel is committed: nothing of the sound is left out, and no channel stops.
    """

    USUAL = 0
    """Nothing. Better passes are no stage: only an idle core is spent on them (`overload.Load.spare`)."""
    FEWER_PARTIALS = 1
    """No early pass that could show words and commit none."""
    WIDER_WINDOWS = 2
    """Passes are rarer. Each hears all new sound that has come when it begins, over pauses too, and only once."""
    NO_SEARCH = 3
    """The recogniser takes the likeliest word each time, and searches for nothing better where it is in doubt."""


UNSEARCHED = 2_500
"""New sound from one window to the next, ms, beyond which the recogniser no longer searches. The text of a step that
long is late already (`overload.LATE`), and a search makes it later."""


USUAL_STEP = 520
"""Longest step, ms, for which only early passes are left out, and the windows stay as usual."""
LONGEST_STEP = 4_000
"""Most new sound, ms, that a pass waits for: in wider windows a second of sound is hardly cheaper."""
ONCE = 2_500
"""New sound of a wider window, ms, from which on its words are committed without a second look, which would be late:
from 1.2 s on the latest words came 0.2 to 0.4 s sooner (p95), and 8.6 % of the words were wrong in place of 8.1. In a
window with several utterances they always are."""
LONGEST_PAUSE = 3_000
"""Longest pause between two utterances that are heard in one window, ms: more silence costs more than another pass."""


class PassRate(msgspec.Struct, frozen=True):
    """How often a channel has passes."""

    first: int
    """Audio from the beginning of speech to the end of the first window, ms."""
    step: int
    """New audio from one window's end to the next, ms, at least."""


def complete(utterance: Utterance) -> bool:
    """Whether the last finished pass covered all speech so far, to the end of the last word."""
    return _complete(utterance, utterance.now)


def window_end(
    utterance: Utterance, settings: SpeechSettings, pace: PassRate, newest: int = 0, *, stalled: bool = False
) -> int | None:
    """Media ms where the window of the next pass ends, or None when no pass is due yet.

    During speech a pass is due after each `pace.step` ms of new audio. When the speaker hesitates the pass waits until
    either speech continues, or the silence is long enough for a pass to hear the last word whole. With a backlog the
    windows are the same as without; only when the backlog is longer than `catch_up`, one window takes all of it that
    was heard. Where the sound has `stalled`, so that nobody knows when more comes, a pass hears what is left at once.

    `newest`: media ms of the newest sound that has come, where that is to count although it was not heard yet.
    """
    if utterance.redo is not None:
        # An engine that goes on for another hears up to there first.
        return utterance.redo if utterance.redo <= utterance.heard else None
    for moment in utterance.moments(utterance.covered):
        edge = _edge(utterance, moment, settings, pace, stalled=stalled)
        if edge is not None:
            late = max(utterance.heard, newest) - moment.t > settings.catch_up
            return (_edge(utterance, utterance.now, settings, pace, stalled=stalled) or edge) if late else edge
    return None


def widest(
    utterances: Sequence[Utterance], edge: int, settings: SpeechSettings, pace: PassRate, *, together: bool
) -> tuple[list[Utterance], int]:
    """The utterances in the widest window that a pass could have now, and media ms where it ends.

    `utterances` are all that wait, from the oldest on, of which a pass to `edge` is due. The window takes all sound of
    the oldest. If `together`, it includes those after it as long as they fit; one that has just begun is left for
    later, so that the window ends in a pause.
    """
    oldest, *later = utterances
    if oldest.redo is not None:
        return [oldest], edge
    edges = (_edge(oldest, moment, settings, pace) for moment in reversed(oldest.moments(oldest.covered)))
    taken, edge = [oldest], next((each for each in edges if each is not None), edge)
    for utterance in later if together else ():
        if utterance.speech_ms < settings.shortest_speech and utterance.closed:
            continue  # A click gets no pass.
        end = min(utterance.heard, utterance.speech_end + settings.tail)
        begun = utterance.closed or utterance.speech_ms >= settings.first_pass
        apart = utterance.speech_start - taken[-1].speech_end > LONGEST_PAUSE
        if not begun or apart or end - oldest.start > settings.longest_window:
            break
        taken.append(utterance)
        edge = end
    return taken, edge


def _edge(
    utterance: Utterance, moment: SpeechProgress, settings: SpeechSettings, pace: PassRate, *, stalled: bool = False
) -> int | None:
    """Media ms where the window of a pass due at `moment` ends, or None when no pass was due then."""
    if moment.speech_ms < settings.shortest_speech:
        return None
    silence = moment.t - moment.speech_end
    over = (utterance.closed or stalled) and moment.t == utterance.heard
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


def _complete(utterance: Utterance, moment: SpeechProgress) -> bool:
    return utterance.covered >= min(moment.speech_end + SETTLED_ENOUGH, moment.t)


def usual(settings: SpeechSettings) -> PassRate:
    """The rate of passes when the engine isn't overloaded."""
    return PassRate(first=settings.first_pass, step=settings.step)


def stage(settings: SpeechSettings, pace: PassRate) -> Stage:
    """How far a channel's passes are reduced."""
    if pace.step > max(settings.step, UNSEARCHED):
        return Stage.NO_SEARCH
    if pace.step > settings.step:
        return Stage.WIDER_WINDOWS
    return Stage.USUAL if pace == usual(settings) else Stage.FEWER_PARTIALS


def next_pace(settings: SpeechSettings, took: Sequence[int]) -> PassRate:
    """The rate of passes after the last passes took `took` ms each, waiting included, at most `REMEMBERED` of them.

    The new sound from pass to pass is `step_share` times what they take on average, which leaves part of the CPU core
    idle. The slowest of them doesn't count: a single slow pass, such as the first of a new engine, changes no window.
    Nor does the average count as more than `QUICKER` times the newest.
    Where the step is longer than usual, the first pass of an utterance is delayed until it can commit words: a shorter
    window could only show text, since a word of a single pass is committed only with some margin. All words are
    committed at any rate, at the latest in the next pause.
    """
    if len(took) < FEWEST_PASSES:
        return usual(settings)
    average = (sum(took) - max(took)) / (len(took) - 1)
    step = min(LONGEST_STEP, round(settings.step_share * min(average, QUICKER * took[-1])))
    if step <= settings.step:
        return usual(settings)
    first = max(settings.first_pass, settings.alone_margin + settings.step)
    return PassRate(first, step if step > USUAL_STEP else settings.step)
