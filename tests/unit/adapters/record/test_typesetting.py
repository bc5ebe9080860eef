"""PDF: what the files are in the eyes of programs that were not made here. Each is set in this process."""

from __future__ import annotations

import re
import subprocess
import sys
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import msgspec
import pikepdf
import pytest
from pdfua import validate

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.record.forms import pdf_data, write_record
from moothall.adapters.record.texts import wording
from moothall.adapters.record.typesetting import (
    PIECE,
    SQUARE,
    FontsMissing,
    TypesettingFailed,
    breakable,
    typeset,
    typeset_block,
    typeset_data,
)
from moothall.record.documents.document import SideBySide, Style, StyledParagraph, document_of
from moothall.record.model import Record
from moothall.record.parallel import OtherText
from moothall.record.wording import Options
from support.record.golden import ARABIC, CHINESE, ENGLISH, golden_records
from support.sessions.record_maker import FLOOR, WORDING, Telling

CATALOGUES = Catalogues(find_web_folder() / "locales")
HAN = re.compile("[\u4e00-\u9fff]")


def without_han(record: Record) -> Record:
    """The record without what a machine without a Chinese font can't show."""
    kept = tuple(line for line in record.lines if not HAN.search(line.text))
    asked = tuple(each for each in record.asked if not HAN.search(each.text))
    return msgspec.structs.replace(record, lines=kept, asked=asked)


def opened(data: bytes) -> pikepdf.Pdf:
    """A PDF file that has every mark of PDF/UA-1 that pdfua knows to look for."""
    with NamedTemporaryFile(suffix=".pdf") as file:
        file.write(data)
        file.flush()
        assert [str(each) for each in validate(file.name).findings] == []
    return pikepdf.open(BytesIO(data))


def tags(pdf: pikepdf.Pdf) -> list[str]:
    """The structure's elements, in reading order."""
    found: list[str] = []
    waiting: list[Any] = [pdf.Root.StructTreeRoot.K]
    while waiting:
        here = waiting.pop()
        if isinstance(here, pikepdf.Array):
            waiting += reversed(list(here))
        elif isinstance(here, pikepdf.Dictionary):
            if "/S" in here:
                found.append(str(here.S).removeprefix("/"))
            if "/K" in here:
                waiting.append(here.K)
    return found


def paragraph_pages(pdf: pikepdf.Pdf) -> list[int]:
    """The page of each paragraph, by its first mark, in reading order."""
    numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
    marks = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and each.get("/S") == "/P"]
    return [numbers[each.Pg.objgen] for each in marks]


def languages(pdf: pikepdf.Pdf) -> set[str]:
    """The languages of texts other than that of the document, as the structure or the marks in pages say them."""
    found = {str(each.Lang) for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/Lang" in each}
    for page in pdf.pages:
        for instruction in pikepdf.parse_content_stream(page, "BDC"):
            properties = instruction.operands[1]
            if isinstance(properties, pikepdf.Dictionary) and "/Lang" in properties:
                found.add(str(properties.Lang))
    return found


def shown(pdf: pikepdf.Pdf, character: str) -> bool:
    """Whether a font of the file says that a glyph of it is this character."""
    code = f"{ord(character):04X}".encode()
    maps = [each.ToUnicode for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/ToUnicode" in each]
    return any(code in each.read_bytes() for each in maps)


def test_a_file_is_tagged_with_title_language_and_headings_without_gaps() -> None:
    record = without_han(golden_records()[FLOOR])
    words = wording(record, CATALOGUES["en"])
    pdf = opened(write_record("pdf", record, words, Options(sources=True), str))
    assert pdf.Root.MarkInfo.Marked
    assert str(pdf.Root.Lang) == "en"
    assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
    with pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"].startswith("Rights & <duties>")
    headings = [int(tag[1:]) for tag in tags(pdf) if re.fullmatch(r"H\d", tag)]
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))
    assert {1, 2, 3, 4} == set(headings)
    assert languages(pdf) >= {"en", "ar", "fr", "ru", "es", "pt-BR"}
    assert "Link" in tags(pdf)


def test_pages_have_no_address_of_the_world_and_run_nothing() -> None:
    told = Telling("http://example.org/title")
    told.line('See http://example.org/a#b or #import "@preview/x:1.0.0": *; $x$ #panic()', 0, 900)
    data = write_record("pdf", told.record(), WORDING, Options(), str)
    pdf = opened(data)
    actions = {str(each.S) for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/URI" in each}
    assert actions == set()
    assert b"/JavaScript" not in data
    assert b"/EmbeddedFile" not in data


def test_an_arabic_file_says_so_and_so_does_the_bilingual_form() -> None:
    records = golden_records()
    english, arabic = without_han(records[ENGLISH]), without_han(records[ARABIC])
    words = wording(arabic, CATALOGUES["ar"])
    pdf = opened(typeset(pdf_data(arabic, words, Options())))
    assert str(pdf.Root.Lang) == "ar"
    beside = OtherText(record=english, wording=wording(english, CATALOGUES["ar"]))
    both = opened(typeset(pdf_data(arabic, words, Options(), beside)))
    assert languages(both) >= {"ar", "en"}


def test_without_a_font_a_character_is_a_square_and_a_text_is_refused() -> None:
    told = Telling()
    told.line("Thank you all for coming to this long meeting " * 4 + "李\U000f0000\U0001f9ff", 0, 900)
    data = pdf_data(told.record(), WORDING, Options())
    assert shown(opened(typeset(data, system_fonts=False)), SQUARE)
    chinese = golden_records()[CHINESE]
    with pytest.raises(FontsMissing):
        typeset(pdf_data(chinese, WORDING, Options()), system_fonts=False)


def test_equal_records_give_equal_files() -> None:
    record = without_han(golden_records()[ENGLISH])
    assert write_record("pdf", record, WORDING, Options(), str) == write_record("pdf", record, WORDING, Options(), str)


def test_a_document_may_have_more_paragraphs_than_typst_has_rounds() -> None:
    document = document_of(Telling().record(), WORDING, Options())
    line = typeset_block(StyledParagraph(style=Style.LINE, text="Hm.", language="en"))
    assert len(opened(typeset(typeset_data(document, [line] * 10_001))).pages) > 100


@pytest.mark.parametrize("kept", [True, False])
def test_no_page_ends_between_a_line_and_its_source(kept: bool) -> None:
    document = document_of(Telling().record(), WORDING, Options())
    line = StyledParagraph(style=Style.LINE, text="Hm.", language="en", with_next=kept)
    source = StyledParagraph(style=Style.SOURCE, text="A machine", language="en")
    data = [typeset_block(each) for n in range(90) for each in (*[source] * (n % 3), line, source)]
    pages = paragraph_pages(opened(typeset(typeset_data(document, data))))[-1 - len(data) : -1]
    assert pages == sorted(pages)
    ends = [at for at, (one, other) in enumerate(pairwise(pages)) if one != other]
    assert len(ends) >= 3
    assert (typeset_block(line) not in [data[at] for at in ends]) is kept


def test_what_is_kept_with_the_next_stands_where_it_would_stand_alone() -> None:
    document = document_of(Telling().record(), WORDING, Options())
    line = StyledParagraph(style=Style.LINE, text="أهلا", language="ar", right_to_left=True, time="0:04")
    drawn = []
    for each in (line, msgspec.structs.replace(line, with_next=True)):
        with opened(typeset(typeset_data(document, [typeset_block(each)] * 3))) as pdf:
            drawn.append(pdf.pages[0].Contents.read_bytes())
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_texts_of_equal_form_stand_beside_each_other_and_are_read_in_order(language: str) -> None:
    rightward = language == "ar"
    words = msgspec.structs.replace(WORDING, language=language, direction="rtl" if rightward else "ltr")
    document = document_of(Telling().record(), words, Options())

    def side(text: str) -> tuple[StyledParagraph, ...]:
        said = StyledParagraph(style=Style.HEADING, text=text, language="en", level=1)
        return said, StyledParagraph(style=Style.SOURCE, text="A machine", language="en")

    sides = tuple(side(f"View {n}") for n in range(61))
    beside = msgspec.structs.replace(document, blocks=(SideBySide(sides=sides),))
    below = msgspec.structs.replace(document, blocks=tuple(each for one in sides for each in one))
    two, one = (opened(typeset(typeset_data(each))) for each in (beside, below))
    assert [tag for tag in tags(two) if tag != "Div"] == tags(one)
    assert len(two.pages) < len(one.pages)


def test_long_words_may_be_broken_and_nothing_else_is_changed() -> None:
    assert breakable("x" * 70) == "\u200b".join(["x" * PIECE] * 3 + ["x" * 10])
    text = "Words, 水" + "数字" * 90 + " and so on."
    assert breakable(text) == text


def test_a_tag_that_is_no_language_is_left_out() -> None:
    told = Telling()
    for n, tag in enumerate(("x<y>", "und", "", "pt-BR", "zh-Hans-CN", "es-419")):
        told.line("Hm.", n * 1_000, n * 1_000 + 900, language=tag)
    data = msgspec.json.decode(typeset_data(document_of(told.record(), WORDING, Options())))
    lines = [(each["language"], each["region"]) for each in data["blocks"] if each.get("style") == "line"]
    assert lines == [
        (None, None), (None, None), (None, None), ("pt", "BR"), ("zh", "CN"), ("es", None)
    ]  # fmt: skip
    assert opened(typeset(typeset_data(document_of(told.record(), WORDING, Options()))))


def test_what_typst_refuses_is_a_sentence() -> None:
    broken = msgspec.json.decode(pdf_data(Telling().record(), WORDING, Options()))
    with pytest.raises(TypesettingFailed, match="Typst refuses"):
        typeset(msgspec.json.encode({**broken, "states": 5}))


def test_without_the_extra_it_names_it() -> None:
    program = (
        "import sys; sys.modules['typst'] = None\n"
        "from moothall.adapters.record.typesetting import typeset\n"
        "typeset(b'{}')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "TypesettingFailed: PDF needs the extra `documents`, which is not installed." in ended.stderr


def test_the_template_asks_for_nothing_outside() -> None:
    import moothall.adapters.record as package

    for name, images in (("document", 0), ("fonts", 0), ("card", 1)):
        template = (Path(package.__path__[0]) / f"{name}.typ").read_text(encoding="utf-8")
        assert not re.search(r"\b(import|include)\b|\b(plugin|read|eval|cbor|csv|yaml|toml|xml)\(", template), name
        assert re.findall(r"\bimage\(.*?,", template) == ["image(bytes(data.logo),"] * images
        assert SQUARE not in template
