"""An event loop whose clock jumps to the next timer as soon as nothing else is left to do.

An hour of waiting takes milliseconds, and the result is always the same. Sockets between tasks of the loop work, and so
do threads that are started through the loop: time does not pass while a thread runs. What another process does takes no
time on this clock.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Args = TypeVarTuple("Args")


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that advances the loop's time instead of waiting for a timer."""

    jump: Callable[[float], bool]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is not None and self.jump(timeout):
            return []
        return super().select(None)


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop whose time begins at 0 and jumps."""

    def __init__(self) -> None:
        self._now = 0.0
        self._threads = 0
        selector = _JumpingSelector()
        selector.jump = self._jump
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Args], T], *args: *Args) -> asyncio.Future[T]:
        """Run `func` in a thread, as every loop does; time does not pass until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._threads += 1
        future.add_done_callback(self._thread_done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # asyncio's own
        """Wait for the threads in real time: the loop's time does not pass, so no time-out is needed."""
        self._threads += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._threads -= 1

    def _thread_done(self, _: object) -> None:
        self._threads -= 1

    def _jump(self, seconds: float) -> bool:
        if self._threads:
            return False
        self._now += seconds
        return True


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on a loop that jumps, and return its result."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main)
