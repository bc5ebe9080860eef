"""Which spans of a session (media ms) are kept. Nothing is kept of breaks, nor of what somebody asked not to be
recorded.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from moothall.core.events import types as ev

Span = tuple[int, int | None]
"""Beginning and end in media ms; the end is None while the span lasts."""
KeepingFact = (
    ev.NotRecordedBegan
    | ev.NotRecordedEnded
    | ev.SessionPaused
    | ev.SessionResumed
    | ev.SessionClosed
    | ev.SessionReopened
)
"""Events that begin or end a span of which nothing is kept."""


def lasts(spans: tuple[Span, ...]) -> bool:
    """Whether the last of these spans, which are in order of time, still lasts."""
    return bool(spans) and spans[-1][1] is None


def ended(spans: tuple[Span, ...], t1: int) -> tuple[Span, ...]:
    """The spans with the last one ended at `t1`, if it still lasts; it is dropped when it would be empty."""
    if not lasts(spans):
        return spans
    *before, (t0, _) = spans
    return (*before, (t0, t1)) if t0 < t1 else tuple(before)


def merged(spans: Iterable[Span], *, touching: bool = True) -> tuple[Span, ...]:
    """The union of the spans, as spans in order that neither overlap nor touch; without `touching`, those that only
    touch stay apart.
    """
    found: list[Span] = []
    for t0, t1 in sorted(spans, key=lambda span: span[0]):
        last = found[-1][1] if found else -1
        if not found or (last is not None and (last < t0 or (last == t0 and not touching))):
            found.append((t0, t1))
        else:
            end = None if last is None or t1 is None else max(last, t1)
            found[-1] = (found[-1][0], end)
    return tuple(found)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of `spans` outside of `taken`. A span that was empty already is kept if it is outside."""
    left = list(spans)
    for low, high in taken:
        left = [piece for span in left for piece in _outside(span, low, high)]
    return tuple(left)


def kept_from(spans: Iterable[Span], t: int) -> int | None:
    """The first media ms at or after `t` outside of `spans`, which are in order; None if `t` is in a span that still
    lasts.
    """
    for low, high in spans:
        if low <= t:
            if high is None:
                return None
            t = max(t, high)
    return t


def _outside(span: Span, low: int, high: int | None) -> list[Span]:
    t0, t1 = span
    if (t1 is not None and t1 <= low) or (high is not None and high <= t0):
        return [span]
    pieces: list[Span] = [(t0, low)] if t0 < low else []
    if high is not None and (t1 is None or high < t1):
        pieces.append((high, t1))
    return pieces


class RecordKeeping(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a session's state that says which spans are not kept."""

    not_recorded: tuple[Span, ...] = ()
    """Spans of media ms that somebody asked not to be recorded; the last one may still be open."""
    breaks: tuple[Span, ...] = ()
    """Breaks, in the same form as `not_recorded`. Nothing is kept of breaks either, and no engine hears them."""
    closures: tuple[Span, ...] = ()
    """Spans in which the session was closed, in the same form: its clock runs on, and it may be reopened."""
    paused_at: int | None = None
    """Media ms at which the present break was declared; None when there is no break."""
    set_back: tuple[int, int] = (0, 0)
    """Of the last break whose end was set back: since when everything is kept again, and when the end was declared,
    media ms.
    """

    @property
    def recorded(self) -> bool:
        """Whether recording is on: nobody has asked that what is said now is not recorded."""
        return not lasts(self.not_recorded)

    @property
    def in_break(self) -> bool:
        """Whether there is a break now, in which no engine hears what is said."""
        return lasts(self.breaks)

    @property
    def keeps(self) -> bool:
        """Whether what is said now is kept: it is recorded, and there is no break."""
        return self.recorded and not self.in_break

    @property
    def unkept(self) -> tuple[Span, ...]:
        """All spans of which nothing is kept, in order; they neither overlap nor touch."""
        return merged((*self.not_recorded, *self.breaks))

    def kept(self, t: int) -> bool:
        """Whether what is said at media ms `t` is kept."""
        return not any(t0 <= t and (t1 is None or t < t1) for t0, t1 in (*self.not_recorded, *self.breaks))

    def delay(self, lag: int, now: int) -> int:
        """Return the delay in ms to report for a text that at media ms `now` is `lag` ms behind what is said.

        When the end of a break is set back, everything said since then is recognised at once. For as long a time after
        that, a lag of up to that length counts as no delay.
        """
        since, until = self.set_back
        back = until - since
        return max(0, lag - back) if until <= now < until + back else lag

    def kept_through(self, t0: int, t1: int) -> bool:
        """Whether everything said from media ms `t0` to `t1`, both included, is kept."""
        spans = (*self.not_recorded, *self.breaks)
        return not any(began <= t1 and (ended is None or t0 < ended) for began, ended in spans)


def keeping_after(keeping: RecordKeeping, event: KeepingFact) -> dict[str, object]:
    """The fields of `RecordKeeping` that an event changes, by name."""
    match event:
        case ev.NotRecordedBegan():
            return {"not_recorded": (*keeping.not_recorded, (event.t0, None))}
        case ev.NotRecordedEnded():
            began, _ = keeping.not_recorded[-1]
            return {"not_recorded": (*keeping.not_recorded[:-1], (began, event.t1))}
        case ev.SessionPaused():
            breaks = keeping.breaks if event.t0 is None else (*keeping.breaks, (event.t0, None))
            return {"breaks": breaks, "paused_at": event.t}
        case ev.SessionClosed():
            closures = (*keeping.closures, (event.t, None))
            return {"breaks": ended(keeping.breaks, event.t), "paused_at": None, "closures": closures}
        case ev.SessionReopened():
            return {"closures": ended(keeping.closures, event.t)}
        case _:
            t1 = event.t if event.t1 is None else event.t1
            set_back = (t1, event.t) if t1 < event.t else keeping.set_back
            return {"breaks": ended(keeping.breaks, t1), "paused_at": None, "set_back": set_back}
