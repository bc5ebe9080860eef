from __future__ import annotations

import io
import os
import select
import signal
import struct
import subprocess
import sys

import pytest

from moothall.adapters.record.bundle_messages import LENGTH
from moothall.adapters.record.forms import pdf_data
from moothall.adapters.record.pdf_setting import PdfSetting, SetPdf, serve
from moothall.adapters.record.typesetting import known_fonts
from moothall.record.bundle import WithoutPdf
from moothall.record.wording import Options
from support.sessions.record_maker import CHINESE, WORDING, Telling

PROGRAM = """
import os, sys
made = 0
while size := sys.stdin.buffer.read(4):
    data, made = sys.stdin.buffer.read(int.from_bytes(size, "big")), made + 1
    answer = b"\\0" + (len(data) + 9).to_bytes(4, "big") + b"%08d " % os.getpid() + data
    ends = data == b"end" or (data == b"alone" and made > 1)
    sys.stdout.buffer.write(answer[: 7 if ends else None])
    sys.stdout.buffer.flush()
    if ends:
        os._exit(1)
"""
"""Answers each document with its own id and the document. It ends in the middle of its answer to `end`, and to `alone`
where that isn't its first document."""


def served(*documents: bytes) -> list[tuple[int, bytes]]:
    """What the process answers, with the letters of Latin alone."""
    out = io.BytesIO()
    framed = b"".join(LENGTH.pack(len(each)) + each for each in documents)
    serve(io.BytesIO(framed), out, known_fonts(system_fonts=False))
    answers, found = io.BytesIO(out.getvalue()), []
    while head := answers.read(5):
        status, size = struct.unpack(">BI", head)
        found.append((status, answers.read(size)))
    return found


def data(text: str) -> bytes:
    told = Telling()
    told.line(text, 0, 900)
    return pdf_data(told.record(), WORDING, Options())


def test_documents_are_set_until_the_pipe_ends_and_one_that_cannot_be_set_ends_nothing() -> None:
    (first, pdf), (second, nothing), (third, none), (last, again) = served(
        data("Hello."), data(CHINESE), b"{}", data("Hello.")
    )
    assert (first, second, third, last) == (0, 1, 2, 0)
    assert pdf == again
    assert pdf.startswith(b"%PDF-")
    assert nothing == none == b""
    for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
        assert signal.getitimer(timer) == (0.0, 0.0)


def test_a_process_that_ends_is_started_again_for_the_next_document() -> None:
    pdfs = PdfSetting(("-c", PROGRAM), each=3)
    waiting = [pdfs.begin(each) for each in (b"a", b"b", b"end", b"c", b"alone", b"d", b"e", b"f")]
    made = [each.result() for each in waiting]
    pdfs.close()
    assert made.pop(2) == SetPdf(b"", WithoutPdf.NOT_SET)
    ids, documents = zip(*(each.pdf.split() for each in made), strict=True)
    assert documents == (b"a", b"b", b"c", b"alone", b"d", b"e", b"f")
    assert ids[0] == ids[1] != ids[2] != ids[3] == ids[4] == ids[5] != ids[6], "none sets more than three"


ENDLESS = """
import signal, sys
from moothall.adapters.record import pdf_setting as own
own.MOST_CPU_S, own.MOST_S = (0.05, 30) if sys.argv[1] == "work" else (30, 0.05)
def set_with(data, fonts):
    while data == b"work":
        pass
    if data == b"wait":
        signal.pause()
    return data
own.set_with = set_with
own.serve(sys.stdin.buffer, sys.stdout.buffer, None)
"""
"""Sets each document as itself, and never comes to an end with `work` and `wait`."""


@pytest.mark.parametrize("what", ["work", "wait"])
def test_a_document_that_takes_too_long_ends_its_process_alone(what: str) -> None:
    pdfs = PdfSetting(("-c", ENDLESS, what))
    waiting = [pdfs.begin(each) for each in (what.encode(), b"a")]
    assert [each.result() for each in waiting] == [SetPdf(b"", WithoutPdf.NOT_SET), SetPdf(b"a")]
    pdfs.close()


WRITER = f"""
import sys
from moothall.adapters.record.pdf_setting import PdfSetting
print(PdfSetting(("-c", {PROGRAM!r})).begin(b"a").result().pdf.split()[0].decode(), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells of the end of a process that isn't a child")
def test_a_writer_that_is_killed_leaves_no_process() -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    child = os.pidfd_open(int(writer.stdout.readline()))
    writer.kill()
    writer.communicate()
    ended, _, _ = select.select([child], [], [], 30)
    os.close(child)
    assert ended == [child]


def test_what_is_not_begun_starts_no_process() -> None:
    children = f"/proc/self/task/{os.getpid()}/children"
    before = _read(children)
    pdfs = PdfSetting()
    assert _read(children) == before
    pdfs.close()


def _read(path: str) -> str:
    with open(path) as file:
        return file.read()
