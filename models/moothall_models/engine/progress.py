"""The progress of a process: counted by its working threads, and read by the thread that sends pulses.

The duration of a running pass is measured by the pulse thread, which adds up the times between its own pulses, each
capped. So a pass doesn't seem longer when the machine was suspended or gave this process no CPU time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from moothall.wire.pulse import EVERY_MS, TIMES, ProcessPulse

MEASURED = 20
"""Number of recent passes whose slowest rate is taken as usual."""


class _Pass(msgspec.Struct):
    window_ms: int
    limit_ms: int
    aged_ms: int = 0


class EngineProgress:
    """The progress of one process, for its pulses. Methods may be called from any thread."""

    def __init__(self, life: str, seconds: Callable[[], float] = lambda: 0.0) -> None:
        """`life`: the name of this run of the program, empty when no pulses are sent; `seconds`: a monotonic clock."""
        self.life = life
        self.waiting = False
        """Whether sound waits to be taken in, or a pass waits to be run."""
        self.samples = 0
        """Number of samples taken in so far."""
        self.attachments: frozenset[int] = frozenset()
        """Numbers of the attachments whose passes are running."""
        self.news = threading.Event()
        """Set when a pass has begun, so that the next pulse is sent at once."""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._working = False
        self._passes = 0
        self._under_way: list[_Pass] = []  # Bound: the threads that work.
        self._longest_ms = 0
        self._rates: deque[float] = deque(maxlen=MEASURED)
        self._loop: Callable[[Callable[[], None]], object] = lambda answer: answer()
        self._loop_ms = 0
        self._asked = False

    def loaded(self, longest_ms: int = 0) -> None:
        """Record that the models are loaded; `longest_ms`: duration of the longest pass that was tried, 0 for none."""
        with self._lock:
            self._working, self._longest_ms = True, longest_ms

    def ask_loop(self, call: Callable[[Callable[[], None]], object]) -> None:
        """Check from now on, at each pulse, whether the event loop responds; `call` is its `call_soon_threadsafe`."""
        with self._lock:
            self._loop, self._asked, self._loop_ms = call, False, 0

    @contextmanager
    def passing(self, window_ms: int = 0, limit_ms: int = 0) -> Iterator[None]:
        """Enclose a pass over `window_ms` of sound, in the thread that computes it.

        It has to be that thread, since no other knows when a pass that hung has ended. `limit_ms`: time limit after
        which the pass ends by itself; 0 when it has none.
        """
        own, began = _Pass(window_ms, limit_ms), self._seconds()
        with self._lock:
            self._under_way.append(own)
        self.news.set()
        took_ms = 0.0
        try:
            yield
            took_ms = (self._seconds() - began) * 1000
        finally:
            with self._lock:
                self._under_way = [each for each in self._under_way if each is not own]
                self._passes += 1
                if took_ms and window_ms:
                    self._rates.append(took_ms / window_ms)

    def pulse(self, passed_ms: int, loaded: int) -> ProcessPulse:
        """The next pulse, `passed_ms` after the last one. `loaded`: progress of loading, as in
        `wire.pulse.ProcessPulse`.

        Called by the pulse thread only. It also asks the event loop for its next sign of life.
        """
        passed_ms = min(passed_ms, 2 * EVERY_MS)
        with self._lock:
            for each in self._under_way:
                each.aged_ms += passed_ms
            self._loop_ms = self._loop_ms + passed_ms if self._asked else 0
            worst = max(self._under_way, key=self._overdue, default=None)
            pulse = ProcessPulse(
                life=self.life,
                working=self._working,
                loaded=0 if self._working else loaded,
                passes=self._passes,
                samples=self.samples,
                waiting=self.waiting,
                busy_ms=0 if worst is None else worst.aged_ms,
                usual_ms=0 if worst is None else self._usual(worst),
                limit_ms=0 if worst is None else worst.limit_ms,
                loop_ms=self._loop_ms,
                attachments=() if worst is None else tuple(sorted(self.attachments)),
            )
            ask = not self._asked
            self._asked = True
        if ask:
            self._ask()
        return pulse

    def _overdue(self, each: _Pass) -> int:
        return each.aged_ms - TIMES * self._usual(each) - each.limit_ms

    def _usual(self, each: _Pass) -> int:
        return max(self._longest_ms, round(max(self._rates, default=0.0) * each.window_ms))

    def _ask(self) -> None:
        try:
            self._loop(self._answer)
        except RuntimeError:
            self._answer()  # The loop is closed, since the process is about to end.

    def _answer(self) -> None:
        with self._lock:
            self._asked = False
