"""The record as DOCX (Office Open XML, ECMA-376), for people who work on with the text in a word processor.

Headings are headings, each run has its language and direction, and everything has a named style (`docx_styles`). In
the bilingual form two texts stand in the columns of a table, a row for each line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from xml.sax.saxutils import escape

from moothall.core.kernel.languages import direction
from moothall.record import xml
from moothall.record.cues import isolated
from moothall.record.documents.document import (
    ParagraphPair,
    SideBySide,
    Style,
    StyledDocument,
    StyledParagraph,
    begins_right_to_left,
)
from moothall.record.documents.docx_styles import (
    CONTENT_TYPES,
    DOCUMENT_RELATIONSHIPS,
    GUTTER,
    MAIN,
    OFFICE,
    RELATIONSHIPS,
    core_properties,
    lang,
    settings,
    styles,
)

WIDTH = 9_638
"""Width of the text on A4 with margins of 2 cm, in twentieths of a point."""
_NAMES = {
    Style.FACTS: "RecordFacts",
    Style.NOTICE: "RecordNotice",
    Style.CONTENTS: "RecordContents",
    Style.LINE: "RecordLine",
    Style.SOURCE: "RecordSource",
    Style.MISSING: "RecordMissing",
    Style.WORDS: "RecordText",
}
_IN_CELLS = {Style.LINE: "RecordText", Style.SOURCE: "RecordFacts", Style.MISSING: "RecordFacts"}
"""Styles in the columns of the bilingual form, where the time has a column of its own."""

_BESIDE = {**_NAMES, **_IN_CELLS}
"""Styles of texts side by side."""


def write_docx(document: StyledDocument) -> dict[str, str]:
    """The parts of the file by their names, in the order in which they are packed into a ZIP file."""
    title, language = document.title, document.language
    parts: dict[str, Iterable[str]] = {
        "[Content_Types].xml": [CONTENT_TYPES],
        "_rels/.rels": [RELATIONSHIPS],
        "word/document.xml": _Writer(document).parts(),
        "word/_rels/document.xml.rels": [DOCUMENT_RELATIONSHIPS],
        "word/styles.xml": [styles(language)],
        "word/settings.xml": [settings(language)],
        "word/footer1.xml": [_footer(document)],
        "docProps/core.xml": [core_properties(title, language, " · ".join(document.states))],
    }
    return {name: xml.document(part) for name, part in parts.items()}


class _Writer:
    """Writes the text of one document; counts its bookmarks, whose ids have to differ."""

    def __init__(self, document: StyledDocument) -> None:
        self._document = document
        self._bookmarks = 0

    def parts(self) -> Iterator[str]:
        document = self._document
        yield f'<w:document xmlns:w="{MAIN}"><w:body>'
        yield self._own("Title", isolated(document.title, document.language))
        contents = False
        pairs: list[ParagraphPair] = []
        for block in document.blocks:
            if isinstance(block, ParagraphPair):
                pairs.append(block)
                continue
            yield from self._table(pairs)
            pairs = []
            if isinstance(block, SideBySide):
                yield from self._beside(block)
                continue
            if block.style is Style.CONTENTS and not contents:
                contents = True
                yield self._own("Heading1", document.contents)
            yield self._alone(block)
        yield from self._table(pairs)
        for state in document.states:
            yield self._own("RecordFacts", state)
        bidi = "<w:bidi/>" if document.right_to_left else ""
        yield (
            f'<w:sectPr><w:footerReference xmlns:r="{OFFICE}" w:type="default" r:id="rId3"/>'
            '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" '
            f'w:header="567" w:footer="567" w:gutter="0"/>{bidi}</w:sectPr></w:body></w:document>'
        )

    def _table(self, pairs: Sequence[ParagraphPair]) -> Iterator[str]:
        """Yield a table: a row for each pair, below the names of the texts, which stand on each page again. Without
        pairs there is none.
        """
        if not pairs:
            return
        document = self._document
        times = GUTTER if any(pair.time for pair in pairs) else 0
        widths = [*([times] if times else []), *[(WIDTH - times) // 2] * 2]
        yield self._opening(widths, first_row=1)
        names = [self._own("RecordColumn", name) for name in (*([""] if times else []), *document.columns)]
        yield _row(widths, names, "<w:tblHeader/>")
        for pair in pairs:
            if pair.heading is not None:
                yield _across(widths, self._paragraph(pair.heading, f"Heading{pair.heading.level}"))
            cells = ["".join(map(self._in_cell, side)) or self._own("RecordText", "") for side in pair.sides]
            if times:
                cells.insert(0, self._own("RecordFacts", pair.time))
            yield _row(widths, cells, "")
        yield "</w:tbl>"

    def _beside(self, block: SideBySide) -> Iterator[str]:
        """Yield a table without names of columns: a row for each two texts."""
        widths = [WIDTH // 2] * 2
        yield self._opening(widths, first_row=0)
        cells = ["".join(self._alone(each, _BESIDE) for each in side) for side in block.sides]
        for first, second in zip_longest(cells[::2], cells[1::2], fillvalue=self._own("RecordText", "")):
            yield _row(widths, (first, second), "")
        yield "</w:tbl>"
        yield self._own("RecordText", "")  # Two tables without a paragraph between them would be one.

    def _opening(self, widths: Sequence[int], *, first_row: int) -> str:
        """The beginning of a table."""
        bidi = "<w:bidiVisual/>" if self._document.right_to_left else ""
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        return (
            f'<w:tbl><w:tblPr><w:tblStyle w:val="RecordTable"/>{bidi}<w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
            f'<w:tblLayout w:type="fixed"/><w:tblLook w:val="00{first_row * 2}0" w:firstRow="{first_row}" '
            'w:lastRow="0" w:firstColumn="0" w:lastColumn="0" w:noHBand="1" w:noVBand="1"/></w:tblPr>'
            f"<w:tblGrid>{grid}</w:tblGrid>"
        )

    def _alone(self, paragraph: StyledParagraph, names: Mapping[Style, str] = _NAMES) -> str:
        return self._paragraph(paragraph, names.get(paragraph.style, f"Heading{paragraph.level}"))

    def _in_cell(self, paragraph: StyledParagraph) -> str:
        return self._paragraph(paragraph, _IN_CELLS[paragraph.style])

    def _own(self, style: str, text: str) -> str:
        """A paragraph in the language of the texts around the record."""
        document = self._document
        return _paragraph(style, _runs(text, document.language), right_to_left=document.right_to_left)

    def _paragraph(self, paragraph: StyledParagraph, style: str) -> str:
        runs = _runs(paragraph.text, paragraph.language)
        if paragraph.link:
            runs = f'<w:hyperlink w:anchor="{paragraph.link}" w:history="1">{runs}</w:hyperlink>'
        if paragraph.time:
            time = f'<w:r><w:rPr><w:rStyle w:val="RecordTime"/></w:rPr><w:t>{paragraph.time}</w:t></w:r>'
            runs = f"{time}<w:r><w:tab/></w:r>{runs}"
        if paragraph.anchor:
            self._bookmarks += 1
            begins = f'<w:bookmarkStart w:id="{self._bookmarks}" w:name="{paragraph.anchor}"/>'
            runs = f'{begins}{runs}<w:bookmarkEnd w:id="{self._bookmarks}"/>'
        return _paragraph(style, runs, right_to_left=paragraph.right_to_left, with_next=paragraph.with_next)


def _paragraph(style: str, runs: str, *, right_to_left: bool, with_next: bool = False) -> str:
    layout = ("<w:keepNext/>" if with_next else "") + ("<w:bidi/>" if right_to_left else "")
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{layout}</w:pPr>{runs}</w:p>'


def _runs(text: str, language: str) -> str:
    """A text as a run with its language and direction; none for an empty text."""
    if not text:
        return ""
    way = direction(language)
    tag = lang("lang", language) if way != "auto" else ""
    # A word processor takes the font and the order of a run's neutral characters from this mark.
    marked = "<w:rtl/>" if way == "rtl" or (way == "auto" and begins_right_to_left(text)) else ""
    hint = '<w:rFonts w:hint="eastAsia"/>' if "w:eastAsia" in tag else ""
    return f'<w:r><w:rPr>{hint}{marked}{tag}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def _row(widths: Sequence[int], cells: Sequence[str], kind: str) -> str:
    columns = (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>{cell}</w:tc>'
        for width, cell in zip(widths, cells, strict=True)
    )
    return f"<w:tr><w:trPr><w:cantSplit/>{kind}</w:trPr>{''.join(columns)}</w:tr>"


def _across(widths: Sequence[int], cell: str) -> str:
    """A row with a single cell."""
    merged = f'<w:tcW w:w="{sum(widths)}" w:type="dxa"/><w:gridSpan w:val="{len(widths)}"/>'
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr><w:tc><w:tcPr>{merged}</w:tcPr>{cell}</w:tc></w:tr>"


def _footer(document: StyledDocument) -> str:
    """The foot of each page: the title, the mark, and the number of the page."""
    number = '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    parts = (isolated(document.title, document.language), *([document.mark] if document.mark else []))
    runs = _runs("".join(f"{part} · " for part in parts), document.language) + number
    paragraph = _paragraph("Footer", runs, right_to_left=document.right_to_left)
    return f'<w:ftr xmlns:w="{MAIN}">{paragraph}</w:ftr>'
