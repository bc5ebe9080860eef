"""When a process that recognises or translates is given up, from its pulses alone. Pure: the time is given.

All times are ms on the watcher's monotonic clock.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.wire.pulse import TIMES, Pulse


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a process may be silent or make no progress."""

    silent_ms: int = 15_000
    """Without a pulse."""
    stuck_ms: int = 15_000
    """With work waiting and no progress, at least; longer where a pass takes longer on its machine."""
    loading_ms: int = 60_000
    """While it loads, without progress. Also without a pulse: a library that is loaded from a slow disk holds up every
    thread of the process."""


class Fault(StrEnum):
    """Why a process is given up."""

    SILENT = "no pulse"
    STUCK = "no progress in its work"
    LOADING = "no progress while it loads"


class Watch:
    """One process, as its pulses show it."""

    def __init__(self, patience: Patience, now: int, *, working: bool) -> None:
        """`working`: it has said hello; otherwise it was only started, and loads."""
        self._patience = patience
        self._pulse: Pulse | None = None
        self._working = working
        self._heard_at = now
        self._progress_at = now

    @property
    def attachments(self) -> tuple[int, ...]:
        """Whose passes were under way at its last pulse."""
        return () if self._pulse is None else self._pulse.attachments

    def pulse(self, pulse: Pulse, now: int) -> None:
        """A pulse came."""
        before = self._pulse
        idle = pulse.working and not pulse.waiting
        if idle or before is None or _progress(before) != _progress(pulse):
            self._progress_at = now
        self._pulse, self._working, self._heard_at = pulse, pulse.working, now

    def anew(self, now: int) -> None:
        """All patience begins anew: the watcher itself was held up, or the process has said hello."""
        self._heard_at = self._progress_at = now

    def verdict(self, now: int) -> Fault | None:
        """Why it is to be given up now; None while it may go on."""
        patience = self._patience
        if not self._working:
            return Fault.LOADING if now - self._progress_at >= patience.loading_ms else None
        if now - self._heard_at >= patience.silent_ms:
            return Fault.SILENT
        if self._pulse is None:
            return None
        pass_ms = max(patience.stuck_ms, TIMES * self._pulse.usual_ms) + self._pulse.limit_ms
        waited = now - self._progress_at if self._pulse.waiting else 0
        stuck = max(waited, self._pulse.busy_ms) >= pass_ms or self._pulse.loop_ms >= patience.stuck_ms
        return Fault.STUCK if stuck else None


def _progress(pulse: Pulse) -> tuple[bool, int, int, int]:
    return pulse.working, pulse.loaded, pulse.passes, pulse.samples
