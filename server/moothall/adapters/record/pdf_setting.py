"""Sets the PDFs of a bundle, one after the other, in a process of its own beside the one that writes the bundle: it
takes as long as all other formats together, and what Typst can't set ends this process alone.

    python -m moothall.adapters.record.pdf_setting      documents on descriptor 0, PDFs on 1

Each document comes behind its length in four bytes; each PDF behind its status in one byte and its length in four. The
process ends with its pipe.
"""

from __future__ import annotations

import os
import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from moothall.adapters.record.bundle_messages import LENGTH
from moothall.adapters.record.typesetting import MAX_BYTES, FontsMissing, TypesettingFailed, known_fonts, set_with
from moothall.adapters.system.core_dumps import refuse_core_dumps
from moothall.record.bundle import WithoutPdf

if TYPE_CHECKING:
    import typst

MOST_CPU_S = 60.0
"""Processor time after which a document is given up (by SIGPROF, which nobody catches): equal documents are then given
up on a busy machine as on a quiet one. A record of three hours takes a second.
"""
MOST_S = 600.0
"""Time after which a document is given up that used less, such as where a disk with fonts doesn't answer (by SIGALRM):
other bundles wait for this one.
"""
EACH = 50
"""Documents after which the process is replaced by another one, since Typst keeps some memory of each."""
_ANSWER = struct.Struct(">BI")
_WITHOUT = (None, WithoutPdf.NO_FONT, WithoutPdf.NOT_SET)
"""What the statuses mean."""


class SetPdf(msgspec.Struct, frozen=True):
    """A PDF, or why there is none."""

    pdf: bytes
    without: WithoutPdf | None = None


class PdfSetting:
    """The process, which is started for the first document. Call `close` at the end."""

    def __init__(
        self, command: Sequence[str] = ("-P", "-m", "moothall.adapters.record.pdf_setting"), each: int = EACH
    ) -> None:
        """`command`: the arguments of Python."""
        self._command = command
        self._each = each
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._closed = False
        # Bound: the texts of two sessions.
        self._turns = ThreadPoolExecutor(1)

    def begin(self, data: bytes) -> Future[SetPdf]:
        """Set a document, as `typeset_data` returns it, behind those that were begun before."""
        return self._turns.submit(self._set, data)

    def close(self) -> None:
        """End the process, also in the middle of a document."""
        self._closed = True
        if self._process is not None:
            self._process.kill()
        self._turns.shutdown(cancel_futures=True)
        self._end()

    def _set(self, data: bytes) -> SetPdf:
        if self._made >= self._each:
            self._end()
        used = self._made > 0
        made = self._answer(data)
        if made is None and used and not self._closed:  # What others left behind may have been too much for it.
            made = self._answer(data)
        return made or SetPdf(b"", WithoutPdf.NOT_SET)

    def _answer(self, data: bytes) -> SetPdf | None:
        """What the process answers; None where it has ended, and then another one is started for the next document."""
        process = self._process or self._started()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # both are pipes
        self._made += 1
        head = b""
        with suppress(BrokenPipeError):
            process.stdin.write(LENGTH.pack(len(data)) + data)
            process.stdin.flush()
            head = process.stdout.read(_ANSWER.size)
        if len(head) == _ANSWER.size:
            status, size = _ANSWER.unpack(head)
            pdf = process.stdout.read(size)
            if len(pdf) == size:
                return SetPdf(pdf, _WITHOUT[status])
        self._end()
        return None

    def _started(self) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        program = [sys.executable, *self._command]
        self._process = subprocess.Popen(program, stdin=pipe, stdout=pipe)  # noqa: S603  # this project's own
        return self._process

    def _end(self) -> None:
        process, self._process, self._made = self._process, None, 0
        if process is not None:
            process.kill()
            process.communicate()


def serve(documents: BinaryIO, out: BinaryIO, fonts: typst.Fonts) -> None:
    """Set documents until the pipe ends."""
    while len(head := documents.read(LENGTH.size)) == LENGTH.size:
        data = documents.read(LENGTH.unpack(head)[0])
        signal.setitimer(signal.ITIMER_PROF, MOST_CPU_S)
        signal.setitimer(signal.ITIMER_REAL, MOST_S)
        pdf, without = b"", None
        try:
            pdf = set_with(data, fonts)
        except FontsMissing:
            without = WithoutPdf.NO_FONT
        except TypesettingFailed:
            without = WithoutPdf.NOT_SET
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        out.write(_ANSWER.pack(_WITHOUT.index(without), len(pdf)) + pdf)
        out.flush()


def main() -> int:
    """Serve one bundle. Returns the exit status."""
    refuse_core_dumps()
    os.environ["RAYON_NUM_THREADS"] = "1"
    with suppress(ValueError, OSError):  # macOS refuses some limits
        resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, sys.stdout.buffer, known_fonts())
    return 0


if __name__ == "__main__":
    sys.exit(main())
