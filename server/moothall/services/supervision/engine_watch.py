"""Decides from its pulses alone when a process that recognises or translates is given up. Pure: the time is an
argument.

All times are ms of the monitoring process's monotonic clock.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from moothall.wire.pulse import TIMES, ProcessPulse


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """Time limits for a process without pulse or progress."""

    silent_ms: int = 15_000
    """Limit without a pulse."""
    stuck_ms: int = 15_000
    """Limit without progress while work waits, at least; longer where a pass takes longer on the process's machine."""
    loading_ms: int = 60_000
    """Limit without progress while the process loads. It also allows for missing pulses: loading a library from a slow
    disk blocks every thread of the process.
    """


class Fault(StrEnum):
    """Why a process is given up."""

    SILENT = "no pulse"
    STUCK = "no progress in its work"
    LOADING = "no progress while it loads"


class ProcessWatch:
    """The state of one process, as its pulses show it."""

    def __init__(self, patience: Patience, now: int, *, working: bool) -> None:
        """`working`: the process has sent its hello; otherwise it was only started, and is loading."""
        self._patience = patience
        self._pulse: ProcessPulse | None = None
        self._working = working
        self._heard_at = now
        self._progress_at = now

    @property
    def attachments(self) -> tuple[int, ...]:
        """The attachments whose passes were running at its last pulse."""
        return () if self._pulse is None else self._pulse.attachments

    def pulse(self, pulse: ProcessPulse, now: int) -> None:
        """Process a pulse received at `now`."""
        before = self._pulse
        idle = pulse.working and not pulse.waiting
        if idle or before is None or _progress(before) != _progress(pulse):
            self._progress_at = now
        self._working = self._working or pulse.working
        self._pulse, self._heard_at = pulse, now

    def hello(self, now: int) -> None:
        """Note that the process has sent its hello, so that it has loaded: a pulse from before may arrive later, since
        it has a connection of its own. All time limits restart.
        """
        self._working = True
        self.anew(now)

    def anew(self, now: int) -> None:
        """Restart all time limits: the monitor itself was stalled."""
        self._heard_at = self._progress_at = now

    def verdict(self, now: int) -> Fault | None:
        """Why the process has to be given up now; None while it may continue."""
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


def _progress(pulse: ProcessPulse) -> tuple[bool, int, int, int]:
    return pulse.working, pulse.loaded, pulse.passes, pulse.samples
