"""One direction of Apertium: a running pipeline of its programs that translates one text after another.

Starting the programs takes 200 to 500 ms, a text in a running pipeline about 1 ms. Each text is sent with a zero byte
after it, at which every program of the pipeline flushes its output (`-z`), and its translation ends with one.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import IO

from moothall_models.translators.port import UnusableTranslation

PATIENCE = 10.0
"""Time limit of a text, s, starting the programs included."""
PIECE = 2_000
"""Most characters of a text: at most 8 KB, which any pipe takes without blocking."""
MOST_TIMES, MOST_MORE = 8, 4_096
"""The limit of an answer's bytes is a multiple of the text's bytes plus a constant; a longer one means a fault."""

_RESERVED = re.compile(r"[\[\]{}^$/\\<>@]")
"""Characters that the Apertium stream format requires to be escaped by a backslash."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_END = ".[][\n]"
"""A full stop and two superblanks, which aren't translated: without it the last words wait for a sentence's end."""
_TILDE = "\ue07e"
"""Replaces `~`, which the programs drop, escaped or not."""


Later = Callable[[float, Callable[[], None]], threading.Timer]
"""Makes a timer, not yet started, from a delay in seconds and a callback."""


@dataclass(eq=False, repr=False)
class ApertiumPipe:
    """A pipeline that is started when it is first needed and translates one text at a time.

    If the programs have ended, or give no complete answer, they are started again for the same text, once. If they
    don't answer in time they are killed, since a late answer could not be distinguished from that to the next text.
    """

    commands: Sequence[Sequence[str]]
    """The programs with their arguments, in order."""
    name: str
    """Name of the direction in errors, such as `pt-es`."""
    _: KW_ONLY
    patience: float = PATIENCE
    """Time limit of a text, s."""
    later: Later = threading.Timer

    def __post_init__(self) -> None:
        self._commands = tuple(tuple(command) for command in self.commands)
        self._one_at_a_time = threading.Lock()
        self._programs: _Programs | None = None
        self._closed = False

    @property
    def group(self) -> int | None:
        """Id of the programs' process group; None while they don't run."""
        programs = self._programs
        return None if programs is None else programs.group

    def translate(self, text: str) -> str:
        """Translate a text of at most PIECE characters, without control characters. Blocks; texts wait for each other.

        Raises:
            TranslationFailed: there was no answer in time, or no complete answer twice; or the programs can't be
                started, or the pipe was closed.
        """
        with self._one_at_a_time:
            for _ in range(2):
                answer = self._ask(_escaped(text).encode() + _END.encode() + b"\0")
                if answer is not None:
                    return _ESCAPED.sub(r"\1", answer.removesuffix(_END)).replace(_TILDE, "~")
            msg = f"Apertium's programs for {self.name} end, or give no whole answer. Are its packages whole?"
            raise UnusableTranslation(msg)

    def rest(self) -> None:
        """End the programs, which the next text starts again."""
        with self._one_at_a_time:
            self._put_down()

    def close(self) -> None:
        """Kill the programs; a text that is being translated fails."""
        self._closed = True
        programs = self._programs
        if programs is not None:
            programs.kill()
        with self._one_at_a_time:
            self._put_down()

    def _ask(self, question: bytes) -> str | None:
        """The output up to the zero byte; None, with the programs killed, if they ended or it isn't complete."""
        programs = self._running()
        late = threading.Event()

        def too_late() -> None:
            late.set()
            programs.kill()

        timer = self.later(self.patience, too_late)
        timer.daemon = True
        timer.start()
        try:
            answer = _whole(programs.exchange(question, MOST_TIMES * len(question) + MOST_MORE))
        finally:
            timer.cancel()
            timer.join()  # from here on it can't kill the programs
        if answer is None or late.is_set():
            self._put_down()
        if self._closed:
            raise UnusableTranslation(f"Apertium for {self.name} was closed.")
        if late.is_set():
            msg = f"Apertium gave no answer for {self.name} in {self.patience:g} s. It starts again for the next text."
            raise UnusableTranslation(msg)
        return answer

    def _running(self) -> _Programs:
        if self._closed:
            raise UnusableTranslation(f"Apertium for {self.name} was closed.")
        if self._programs is None:
            try:
                self._programs = _Programs(self._commands)
            except OSError as error:
                msg = f"Apertium's programs for {self.name} can't be started: {error.strerror}."
                raise UnusableTranslation(msg) from error
        return self._programs

    def _put_down(self) -> None:
        programs, self._programs = self._programs, None
        if programs is not None:
            programs.end()


class _Programs:
    """The running programs of a pipeline, each reading the output of the previous one. They form a process group."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        """Start all programs. Raises OSError when one can't be started; then none runs."""
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ending = threading.Lock()
        self._ended = False
        try:
            for command in commands:
                before = self._processes[-1].stdout if self._processes else None
                self._processes.append(_started(command, before or subprocess.PIPE, self.group))
                if before is not None:
                    before.close()  # the program that reads it has its own copy
        except OSError:
            self.end()
            raise

    @property
    def group(self) -> int:
        """Process id of the first program, which is also the group's id; 0 before it is started."""
        return self._processes[0].pid if self._processes else 0

    def exchange(self, question: bytes, most: int) -> bytes | None:
        """Write `question`, and read up to the zero byte; None when the programs ended. Cut off at `most` bytes."""
        into, out = self._processes[0].stdin, self._processes[-1].stdout
        assert into is not None  # noqa: S101  # both are pipes
        assert out is not None  # noqa: S101
        answer = bytearray()
        try:
            unsent = memoryview(question)
            while unsent:
                unsent = unsent[into.write(unsent) :]
            while not answer.endswith(b"\0"):
                came = out.read(65_536)
                if not came:
                    return None
                answer += came
                if len(answer) > most:
                    return bytes(answer[:most])
        except BrokenPipeError:
            return None
        return bytes(answer[:-1])

    def kill(self) -> None:
        """Kill the programs at once. May be called from any thread."""
        with self._ending:
            if not self._ended and self._processes:  # afterwards the id may belong to other processes
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.group, signal.SIGKILL)

    def end(self) -> None:
        """Kill the programs, wait for each, and close the pipes."""
        self.kill()
        with self._ending:
            self._ended = True
            for process in self._processes:
                with process:
                    pass


def _started(command: Sequence[str], stdin: IO[bytes] | int, group: int) -> subprocess.Popen[bytes]:
    # There is no shell, and no translated text becomes part of a command.
    return subprocess.Popen(  # noqa: S603
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        process_group=group,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
    )


def _whole(answer: bytes | None) -> str | None:
    """The answer as text if it is complete, else None. A zero byte within means that a program ended and wrote one."""
    if answer is None or b"\0" in answer or not answer.endswith(_END.encode()):
        return None
    return answer.decode("utf-8", "replace")


def _escaped(text: str) -> str:
    return _RESERVED.sub(r"\\\g<0>", text.replace("~", _TILDE))
