"""The progress of a download in bytes, as a bar on a terminal or as occasional rows in a log."""

from __future__ import annotations

from typing import Protocol, TextIO

from moothall_models.store.failures import megabytes

_WIDTH = 28
_LOG_STEP = 10  # per cent


class Progress(Protocol):
    """A receiver of progress reports."""

    def say(self, sentence: str) -> None:
        """Show a sentence to the user."""
        ...

    def begin(self, label: str, total: int) -> None:
        """Begin a task of `total` bytes."""
        ...

    def at(self, done: int) -> None:
        """Report that `done` bytes of the task are done."""
        ...

    def end(self) -> None:
        """End the task, whether it succeeded or failed."""
        ...


class Silent:
    """A `Progress` that shows nothing."""

    def say(self, sentence: str) -> None:
        """Show nothing."""

    def begin(self, label: str, total: int) -> None:
        """Show nothing."""

    def at(self, done: int) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Show nothing."""


class TextProgress:
    """A `Progress` that writes to a text stream; on a terminal it updates a bar in place."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._label = ""
        self._total = 1
        self._shown = -1

    def say(self, sentence: str) -> None:
        """Write a line."""
        self._stream.write(f"{sentence}\n")
        self._stream.flush()

    def begin(self, label: str, total: int) -> None:
        """Start at 0 of `total` bytes."""
        self._label = label
        self._total = max(total, 1)
        self._shown = -1
        self.at(0)

    def at(self, done: int) -> None:
        """Show that `done` bytes are done, if that changes the display."""
        done = min(done, self._total)
        share = done * 100 // self._total
        step = share if self._terminal else share // _LOG_STEP
        if step == self._shown:
            return
        self._shown = step
        numbers = f"{megabytes(done)} of {megabytes(self._total)}, {share} %"
        if self._terminal:
            full = share * _WIDTH // 100
            bar = "#" * full + "." * (_WIDTH - full)
            self._stream.write(f"\r{self._label} [{bar}] {numbers}\x1b[K")
        else:
            self._stream.write(f"{self._label}: {numbers}\n")
        self._stream.flush()

    def end(self) -> None:
        """End the row of the bar."""
        if self._terminal:
            self._stream.write("\n")
            self._stream.flush()
