from __future__ import annotations

import re
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZipFile

import docx
import mammoth
import msgspec
import pytest
from hypothesis import given
from lxml import etree

from moothall.adapters.record.forms import write_record
from moothall.adapters.record.packing import packed
from moothall.record.documents.document import SideBySide, Style, StyledParagraph, document_of
from moothall.record.documents.docx import write_docx
from moothall.record.model import Record
from moothall.record.parallel import OtherText
from moothall.record.wording import Options
from support.record.golden import ARABIC, CHINESE, ENGLISH, GONE, NAMES, TITLE, golden_records
from support.sessions.record_maker import FLOOR, WORDING, Telling, meeting, questioned, records

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
ARABIC_WORDING = msgspec.structs.replace(WORDING, language="ar", direction="rtl", name="Arabic")
KNOWN = re.compile(r"Unrecognised (paragraph|run) style: (Title|Record \w+) ")
"""What mammoth says of styles for which it has no element of HTML."""


def body(record: Record, options: Options | None = None, **others: object) -> etree._Element:
    parts = write_docx(document_of(record, WORDING, options or Options()))
    return etree.fromstring(parts["word/document.xml"].encode())


def html(data: bytes) -> str:
    """What mammoth reads, and nothing that it complains of."""
    found = mammoth.convert_to_html(BytesIO(data))
    assert [each.message for each in found.messages if not KNOWN.match(each.message)] == []
    return str(found.value)


def test_every_part_is_xml_and_equal_records_give_equal_files() -> None:
    record = golden_records()[FLOOR]
    data = write_record("docx", record, WORDING, Options(sources=True), str)
    assert data == write_record("docx", record, WORDING, Options(sources=True), str)
    with ZipFile(BytesIO(data)) as package:
        assert package.testzip() is None
        names = package.namelist()
        for name in names:
            etree.fromstring(package.read(name))
    assert names[0] == "[Content_Types].xml"


def test_mammoth_reads_headings_links_and_text() -> None:
    found = html(write_record("docx", golden_records()[FLOOR], WORDING, Options(), str))
    assert "<h1>Contents by time</h1>" in found
    assert '<h1><a id="at0"></a>0:00</h1><h2>Ms. Añez, &quot;the &lt;Chair&gt;&quot; &amp; co</h2>' in found
    assert '<a href="#answer1">Answered at 2:32</a>' in found
    assert '<a id="answer1"></a>2:32\tTo the first question' in found
    assert "<h3>The answer</h3>" in found
    assert "Not recorded from 1:32 to 2:30" in found
    assert not [word for word in GONE if word in found]
    assert "<script" not in found


def test_python_docx_reads_styles_title_and_language() -> None:
    read = docx.Document(BytesIO(write_record("docx", questioned().record(), WORDING, Options(sources=True), str)))
    assert (read.core_properties.title, read.core_properties.language) == ("Plenary", "en")
    styles = [paragraph.style.name for paragraph in read.paragraphs if paragraph.style is not None]
    assert styles[:5] == ["Title", "Record Facts", "Record Notice", "Heading 1", "Record Line"]
    assert {"Record Source", "Record Text", "Heading 2", "Heading 3"} <= set(styles)
    kept = [each.style.name for each in read.paragraphs if each.style and each.paragraph_format.keep_with_next]
    assert kept.count("Record Line") == styles.count("Record Source") > 0
    assert set(kept) == {"Record Line", "Record Facts"}


def test_each_run_has_its_language_and_direction() -> None:
    tree = body(golden_records()[FLOOR])
    said = {
        "".join(paragraph.itertext()): paragraph
        for paragraph in tree.iter(f"{W}p")
        if paragraph.find(f"{W}pPr/{W}pStyle[@{W}val='RecordLine']") is not None
    }
    arabic = next(each for text, each in said.items() if "سيدتي" in text)
    chinese = next(each for text, each in said.items() if "数字治理" in text)
    portuguese = next(each for text, each in said.items() if "A água" in text)
    assert arabic.find(f"{W}pPr/{W}bidi") is not None
    run = arabic.findall(f"{W}r")[-1]
    assert run.find(f"{W}rPr/{W}rtl") is not None
    assert run.find(f"{W}rPr/{W}lang").attrib == {f"{W}val": "ar", f"{W}bidi": "ar"}
    assert chinese.find(f"{W}pPr/{W}bidi") is None
    properties = chinese.findall(f"{W}r")[-1].find(f"{W}rPr")
    assert properties.find(f"{W}lang").attrib == {f"{W}val": "zh", f"{W}eastAsia": "zh"}
    assert properties.find(f"{W}rFonts").attrib == {f"{W}hint": "eastAsia"}
    assert portuguese.findall(f"{W}r")[-1].find(f"{W}rPr/{W}lang").attrib == {f"{W}val": "pt-BR"}


def test_a_text_without_a_language_has_the_direction_of_its_letters() -> None:
    told = meeting()
    told.line("שלום", 215_000, 216_000, language="und")
    run = next(run for run in body(told.record()).iter(f"{W}r") if "".join(run.itertext()) == "שלום")
    assert run.find(f"{W}rPr/{W}lang") is None
    assert run.find(f"{W}rPr/{W}rtl") is not None


def test_switches_leave_out_times_and_speakers() -> None:
    found = html(write_record("docx", golden_records()[FLOOR], WORDING, Options(times=False, speakers=False), str))
    assert not re.search(r"\d:\d\d\t", found)
    assert not [name for name in NAMES if name in found]
    assert "Contents by time" not in found


def test_two_texts_stand_in_the_columns_of_a_table() -> None:
    records = golden_records()
    beside = OtherText(record=records[ARABIC], wording=ARABIC_WORDING)
    named = msgspec.structs.replace(WORDING, name="English")
    data = write_record("docx", records[ENGLISH], named, Options(), str, beside=beside)
    table = docx.Document(BytesIO(data)).tables[0]
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert rows[0] == ["", "English", "Arabic"]
    assert rows[1][0].startswith("Ms. Añez")
    assert rows[2] == [
        "0:01", "Good morning, and welcome to this open session on water & rights.",
        "صباح الخير، ومرحبا بكم في هذه الجلسة المفتوحة عن المياه & الحقوق.",
    ]  # fmt: skip
    assert table._tbl.find(f"{W}tblPr/{W}bidiVisual") is None
    assert table._tbl.find(f"{W}tr/{W}trPr/{W}tblHeader") is not None
    assert "<h2>" in html(data)
    bare = docx.Document(
        BytesIO(write_record("docx", records[ENGLISH], named, Options(times=False), str, beside=beside))
    )
    assert [cell.text for cell in bare.tables[0].rows[0].cells] == ["English", "Arabic"]


def side(text: str) -> tuple[StyledParagraph, ...]:
    said = StyledParagraph(style=Style.HEADING, text=text, language="en", level=2)
    return said, StyledParagraph(style=Style.LINE, text=f"“{text}”", language="en")


@pytest.mark.parametrize(("many", "cells"), [(2, ["A", "B"]), (3, ["A", "B", "C", ""]), (4, ["A", "B", "C", "D"])])
def test_texts_of_equal_form_stand_two_in_a_row(many: int, cells: list[str]) -> None:
    document = document_of(Telling().record(), WORDING, Options())
    block = SideBySide(sides=tuple(side(text) for text in "ABCD"[:many]))
    read = docx.Document(BytesIO(packed(write_docx(msgspec.structs.replace(document, blocks=(block, block))))))
    assert len(read.tables) == 2
    table = read.tables[0]
    found = [cell for row in table.rows for cell in row.cells]
    assert [cell.paragraphs[0].text for cell in found] == cells
    assert [each.style.name for each in found[0].paragraphs if each.style] == ["Heading 2", "Record Text"]
    assert len({cell.width for cell in found}) == 1
    assert table._tbl.find(f"{W}tr/{W}trPr/{W}tblHeader") is None


def test_around_an_arabic_text_columns_run_from_right_to_left() -> None:
    records = golden_records()
    beside = OtherText(record=records[CHINESE], wording=ARABIC_WORDING)
    parts = write_docx(document_of(records[ARABIC], ARABIC_WORDING, Options(), beside))
    tree = etree.fromstring(parts["word/document.xml"].encode())
    assert tree.find(f".//{W}tblPr/{W}bidiVisual") is not None
    assert tree.find(f".//{W}sectPr/{W}bidi") is not None
    assert "<w:right " in parts["word/styles.xml"]


@pytest.mark.parametrize("bilingual", [False, True])
@given(record=records())
def test_any_record_can_be_written_and_read(record: Record, *, bilingual: bool) -> None:
    beside = OtherText(record=record, wording=WORDING) if bilingual else None
    found = html(write_record("docx", record, WORDING, Options(sources=True), str, beside=beside))
    assert found.startswith("<p>")


def test_a_title_of_another_direction_is_isolated_where_it_is_shown() -> None:
    for words, title in ((ARABIC_WORDING, f"\u2068{TITLE}\u2069"), (WORDING, TITLE)):
        files = write_docx(document_of(golden_records()[FLOOR], words, Options()))
        assert f">{escape(title)}</w:t>" in files["word/document.xml"]
        assert f">{escape(title)} · </w:t>" in files["word/footer1.xml"]
        assert f"<dc:title>{escape(TITLE)}</dc:title>" in files["docProps/core.xml"]
