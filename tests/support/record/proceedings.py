"""Proceedings of two sessions, for tests: the golden one and a short one, which has no day."""

from __future__ import annotations

from moothall.record.documents.document import Style, StyledParagraph
from moothall.record.model import Record
from moothall.record.proceedings.front import ProceedingsFront, ProceedingsWording
from moothall.record.proceedings.report import SessionReport
from support.record.golden import golden_records
from support.sessions.record_maker import FLOOR, Telling

WORDS = ProceedingsWording(
    language="en",
    direction="ltr",
    heading="Proceedings",
    notice="All that was said.",
    withdrawn="Look here:",
    contents="Contents by day",
    none="Nothing",
    report="Report",
    unshown="A square stands for a character.",
)
FRONT = ProceedingsFront(
    title="Rights & <duties>",
    dates="24 to 26 November 2025",
    address="https://hall.example/proceedings.epub?day=2025-11-24",
    withdrawals="https://hall.example/withdrawals.json",
)
REPORT = SessionReport(
    title="Water & <schools>",
    language="es",
    n=2,
    at=1_764_000_000_000,
    address="https://hall.example/s/1/outcome",
    paragraphs=(
        StyledParagraph(style=Style.NOTICE, text="Binds nobody.", language="en"),
        StyledParagraph(style=Style.HEADING, text="Acuerdos", language="es", level=1),
        StyledParagraph(style=Style.LINE, text="لا أحد", language="ar", right_to_left=True),
    ),
    data=b'{"version":2}',
)
MONDAY = "Monday, 24 November 2025"


def two_records() -> tuple[Record, Record]:
    """The golden session's floor, and a meeting without a time."""
    short = Telling("Later", opened=False)
    return golden_records()[FLOOR], short.record()
