from __future__ import annotations

from moothall.record.documents.document import Style, StyledParagraph
from moothall.record.proceedings.document import proceedings_document, record_blocks
from moothall.record.proceedings.front import ProceedingsEntry
from support.record.golden import TITLE
from support.record.proceedings import FRONT, REPORT, WORDS, two_records
from support.sessions.record_maker import WORDING


def test_a_report_stands_before_the_record_with_its_headings_below_its_own() -> None:
    entry = ProceedingsEntry(
        title=TITLE,
        day="",
        time="",
        address="https://h/s/1",
        name="meeting1",
        report=WORDS.report_of(REPORT.title),
        report_name="meeting1report",
    )
    said = [*record_blocks(two_records()[0], WORDING, entry, day="", report=REPORT)]
    headings = [each for each in said if isinstance(each, StyledParagraph) and each.style is Style.HEADING]
    assert [(each.text, each.level) for each in headings[:3]] == [
        (TITLE, 2),
        ("Report: Water & <schools>", 3),
        ("Acuerdos", 4),
    ]
    front = proceedings_document(FRONT, WORDS, (entry,)).blocks
    links = [each.link for each in front if isinstance(each, StyledParagraph)]
    assert links[-2:] == ["meeting1", headings[1].anchor] == ["meeting1", "meeting1report"]


def test_a_report_is_a_document_of_its_own_too() -> None:
    document = REPORT.document(around="ar", right_to_left=True, contents="C", unshown="U")
    assert (document.title, document.language, document.right_to_left) == (REPORT.title, "ar", True)
    assert (document.blocks, document.states) == (REPORT.paragraphs, (REPORT.address,))
