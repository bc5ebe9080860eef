"""The rules of what a session keeps: spans that are not recorded, breaks, and where they begin when media time is
mapped anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.rules.lines import MOST_BACK
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State, Status, evolve

UNSURE_MS = 500
"""By how much, in ms, media time by a node's wall clock may be ahead of media time by its monotonic clock. The
monotonic measure is a little late, since the node saw the last event after it was written."""


def not_recorded(state: State, command: do.KeepingCommand, wall: int) -> Sequence[ev.AnyEvent] | Refusal:
    """The events of a command that begins or ends a break or a span that is not recorded, or a refusal."""
    if state.status not in (Status.OPEN, Status.PAUSED):
        return refuse(RefusalCode.CONFLICT, f"The session is {state.status}: nothing is recorded now.")
    now = state.media_now(wall)
    if isinstance(command, do.EndNotRecorded):
        if state.recorded:
            return refuse(RefusalCode.CONFLICT, "The session is already being recorded.")
        return [ev.NotRecordedEnded(t1=max(now, state.not_recorded[-1][0]))]
    if not state.recorded:
        return refuse(RefusalCode.CONFLICT, "The session is already not being recorded.")
    if not 0 <= command.back <= MOST_BACK:
        message = f"The beginning can be set back by 0 to {MOST_BACK // 1000} seconds."
        return refuse(RefusalCode.INVALID, message)
    earliest = max((t1 or 0 for _, t1 in state.not_recorded), default=0)
    began = ev.NotRecordedBegan(t0=min(max(now - command.back, earliest), now))
    if command.back == 0:
        return [began]  # The engine drains what was said before, and ends its line itself.
    return [*end_open(state, before=began.t0), began]


def taken_over(state: State, at: int, passed: int | None, wall: int) -> int | None:
    """The media time now (ms) at a node that takes a session over; None where the node's wall clock `wall` (Unix ms)
    gives a correct one by itself.

    `at`: when the last event was written, by the clock of the node that wrote it (Unix ms). `passed`: ms since then, by
    this node's own monotonic clock; None where this node was not there, so that only the wall clocks are known. Two
    wall clocks may differ, so `passed` decides where it is known: media time continues from the last event by that
    amount. Media time never runs back before the last event.
    """
    last = state.media_now(at)
    if passed is None:
        return None if wall >= at else last
    now = last + max(0, passed)
    runs = wall >= state.clock.wall  # Before that wall time the clock does not run.
    return None if runs and now <= state.media_now(wall) <= now + UNSURE_MS else now


def mapped(state: State, t: int, wall: int) -> list[ev.AnyEvent]:
    """The events that set media time to `t` (ms) at wall time `wall` (Unix ms). A break or an unrecorded span that
    would then begin in the future is ended, and begins at `t` instead.
    """
    mapping = ev.ClockMapped(t=t, wall=wall)
    now = evolve(state, mapping).media_now(wall)
    ends, begins = list[ev.AnyEvent](), list[ev.AnyEvent]()
    if not state.recorded and (since := state.not_recorded[-1][0]) > now:
        ends.append(ev.NotRecordedEnded(t1=since))
        begins.append(ev.NotRecordedBegan(t0=t))
    if state.in_break and (since := state.breaks[-1][0]) > now:
        ends.append(ev.SessionResumed(t=since, t1=since))
        begins.append(ev.SessionPaused(t=t, t0=t))
    return [*ends, mapping, *begins]


def paused(state: State, t: int, back: int) -> Sequence[ev.AnyEvent]:
    """The events that begin a break at `t` (media ms), set back by `back` ms but not to before the end of the break
    before it.
    """
    t0 = min(max(t - back, *(t1 or 0 for _, t1 in state.breaks), 0), t)
    begins = ev.SessionPaused(t=t, t0=t0)
    return [begins] if back == 0 else [*end_open(state, before=t0), begins]


def resumed(state: State, t: int, back: int) -> ev.SessionResumed:
    """The event that ends a break at `t` (media ms), set back by `back` ms but not to before the moment at which the
    break was declared: lines from before that moment were taken out and don't come back.
    """
    return ev.SessionResumed(t=t, t1=min(max(t - back, state.paused_at or 0), t))


def end_open(state: State, before: int | None = None) -> list[ev.AnyEvent]:
    """The events that end every open line. With `before` (media ms), words that begin then or later are left out of the
    text.
    """
    events: list[ev.AnyEvent] = []
    for channel in state.channels.values():
        segment = state.segments.get(channel.open_segment) if channel.open_segment is not None else None
        if segment is None:
            continue
        through = channel.committed_through
        if before is not None and any(word.t0 >= before for word in segment.words):
            words = tuple(takewhile(lambda word: word.t0 < before, segment.words))
            corrected = {} if segment.base <= len(words) else {"base": 0, "text": ""}
            segment = msgspec.structs.replace(segment, words=words, **corrected)
            through = words[-1].t1 if words else segment.t0
        events.append(ended(segment, through, le.EndReason.CLOSE))
    return events


def ended(segment: Segment, t1: int, reason: le.EndReason) -> le.SegmentEnded:
    """The event that ends a line at `t1` (media ms) with the text that it has now."""
    return le.SegmentEnded(channel=segment.channel, segment=segment.id, t1=t1, reason=reason, text=segment.whole)
