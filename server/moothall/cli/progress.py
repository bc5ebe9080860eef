"""Show how far the recognition of a recording is: a bar on a terminal, otherwise a line now and then."""

from __future__ import annotations

from typing import TextIO

from moothall.core.kernel.times import media_time
from moothall.core.ports import Clock

_WIDTH = 28
_LINE_STEP = 10  # per cent


class RecordingProgress:
    """Shows the progress of one recording."""

    def __init__(self, label: str, out: TextIO, clock: Clock) -> None:
        self._label = label
        self._out = out
        self._terminal = out.isatty()
        self._clock = clock
        self._length: int | None = None
        self._began = (0, 0)
        self._reached = 0
        self._shown = ""

    def begin(self, length: int | None, reached: int) -> None:
        """Begin with a recording of `length` ms, None if it does not say, of which `reached` ms are done."""
        self._length = length
        self._began = (self._clock.monotonic(), reached)
        if reached:
            self._out.write(f"{self._label}: goes on from {media_time(reached)}.\n")
        self.at(reached)

    def at(self, reached: int) -> None:
        """Note that `reached` ms are done, and show it if that changes the display."""
        reached = self._reached = max(reached, self._reached)
        share = None if not self._length else min(100, reached * 100 // self._length)
        step = share // _LINE_STEP if share is not None else reached // 600_000
        mark = str(step) if not self._terminal else f"{share} {reached // 1000} {self.speed:.1f}"
        if mark == self._shown or (not self._terminal and not step):
            return
        self._shown = mark
        text = f"{media_time(reached)}" + (f" of {media_time(self._length)}, {share} %" if self._length else "")
        text += f", {self.speed:.1f} × real time" if self.speed else ""
        if self._terminal:
            full = (share or 0) * _WIDTH // 100
            self._out.write(f"\r{self._label} [{'#' * full}{'.' * (_WIDTH - full)}] {text}\x1b[K")
        else:
            self._out.write(f"{self._label}: {text}\n")
        self._out.flush()

    @property
    def speed(self) -> float:
        """Milliseconds of sound done in this run for each ms that it took; 0 while nothing is done."""
        began, reached = self._began
        return (self._reached - reached) / max(1, self._clock.monotonic() - began)

    def end(self) -> None:
        """End the display, whether recognition succeeded or not."""
        if self._terminal and self._shown:
            self._out.write("\n")
            self._out.flush()
