"""One direction of Apertium, kept alive: a pipeline of its programs that translates text after text.

Starting the programs takes 200 to 500 ms, a text in a pipeline that stands about 1 ms. Each text goes in with a zero
byte behind it, at which every program of the pipeline flushes (`-z`), and comes out with one.
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

from moothall_models.translators.port import TranslationFailed

PATIENCE = 10.0
"""Seconds that a text may take, starting the programs included."""
PIECE = 2_000
"""Characters that go in at a time: at most 8 KB, which any pipe takes without waiting."""
MOST_TIMES, MOST_MORE = 8, 4_096
"""An answer has at most so many times the bytes of the text, and so many more; beyond it something is broken."""

_RESERVED = re.compile(r"[\[\]{}^$/\\<>@]")
"""Characters of the Apertium stream format that stand for themselves behind a backslash."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_END = ".[][\n]"
"""A full stop and two blanks that aren't translated: without it the last words wait for a sentence's end."""
_TILDE = "\ue07e"
"""Stands for `~`, which the programs swallow, escaped or not."""


Later = Callable[[float, Callable[[], None]], threading.Timer]
"""Makes a timer, not yet started, of seconds and what is to be done then."""


@dataclass(eq=False, repr=False)
class ApertiumPipe:
    """A pipeline that is started when it is needed, with one text in it at a time.

    Programs that ended, or that give no whole answer, are started again for the same text, once. A text for which they
    don't answer costs them their lives: what they would answer later could not be told from the next text's.
    """

    commands: Sequence[Sequence[str]]
    """The programs with their arguments, in order."""
    name: str
    """For sentences, such as `pt-es`."""
    _: KW_ONLY
    patience: float = PATIENCE
    later: Later = threading.Timer

    def __post_init__(self) -> None:
        self._commands = tuple(tuple(command) for command in self.commands)
        self._one_at_a_time = threading.Lock()
        self._programs: _Programs | None = None
        self._closed = False

    @property
    def group(self) -> int | None:
        """The programs' process group; None while they don't run."""
        programs = self._programs
        return None if programs is None else programs.group

    def translate(self, text: str) -> str:
        """One piece of at most PIECE characters without control characters. Blocks, and waits for the one before.

        Raises:
            TranslationFailed: no answer in time, none that is whole twice, the programs can't be started, or closed.
        """
        with self._one_at_a_time:
            for _ in range(2):
                answer = self._ask(_escaped(text).encode() + _END.encode() + b"\0")
                if answer is not None:
                    return _ESCAPED.sub(r"\1", answer.removesuffix(_END)).replace(_TILDE, "~")
            msg = f"Apertium's programs for {self.name} end, or give no whole answer. Are its packages whole?"
            raise TranslationFailed(msg)

    def close(self) -> None:
        """Kill the programs; a text that is under way fails."""
        self._closed = True
        programs = self._programs
        if programs is not None:
            programs.kill()
        with self._one_at_a_time:
            self._put_down()

    def _ask(self, question: bytes) -> str | None:
        """The output before the zero byte; None where the programs ended or it isn't whole, and they are gone."""
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
            timer.join()  # from here on it kills nobody
        if answer is None or late.is_set():
            self._put_down()
        if self._closed:
            raise TranslationFailed(f"Apertium for {self.name} was closed.")
        if late.is_set():
            msg = f"Apertium gave no answer for {self.name} in {self.patience:g} s. It starts again for the next text."
            raise TranslationFailed(msg)
        return answer

    def _running(self) -> _Programs:
        if self._closed:
            raise TranslationFailed(f"Apertium for {self.name} was closed.")
        if self._programs is None:
            try:
                self._programs = _Programs(self._commands)
            except OSError as error:
                msg = f"Apertium's programs for {self.name} can't be started: {error.strerror}."
                raise TranslationFailed(msg) from error
        return self._programs

    def _put_down(self) -> None:
        programs, self._programs = self._programs, None
        if programs is not None:
            programs.end()


class _Programs:
    """Programs that run, each reading what the one before writes: a process group of their own, and all ours to end."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        """Raises OSError where one can't be started; then none runs."""
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ending = threading.Lock()
        self._ended = False
        try:
            for command in commands:
                before = self._processes[-1].stdout if self._processes else None
                self._processes.append(_started(command, before or subprocess.PIPE, self.group))
                if before is not None:
                    before.close()  # the one that reads it has it
        except OSError:
            self.end()
            raise

    @property
    def group(self) -> int:
        """The first one's process id; 0 before there is one."""
        return self._processes[0].pid if self._processes else 0

    def exchange(self, question: bytes, most: int) -> bytes | None:
        """Write, and read up to the zero byte; None where they ended. An answer above `most` bytes is cut off there."""
        into, out = self._processes[0].stdin, self._processes[-1].stdout
        assert into is not None  # noqa: S101  # both were asked for
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
        """At once; from any thread."""
        with self._ending:
            if not self._ended and self._processes:  # afterwards the number may be somebody else's
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.group, signal.SIGKILL)

    def end(self) -> None:
        """Kill them, wait for each, and close the pipes."""
        self.kill()
        with self._ending:
            self._ended = True
            for process in self._processes:
                with process:
                    pass


def _started(command: Sequence[str], stdin: IO[bytes] | int, group: int) -> subprocess.Popen[bytes]:
    # No shell, and nothing that anybody says becomes part of a command.
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
    """The answer as text if it has its end, and no zero byte before: some programs write one when they end."""
    if answer is None or b"\0" in answer or not answer.endswith(_END.encode()):
        return None
    return answer.decode("utf-8", "replace")


def _escaped(text: str) -> str:
    return _RESERVED.sub(r"\\\g<0>", text.replace("~", _TILDE))
