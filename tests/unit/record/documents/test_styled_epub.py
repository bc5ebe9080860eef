from __future__ import annotations

from xml.etree import ElementTree

import msgspec

from moothall.record.documents.document import ParagraphPair, SideBySide, Style, StyledDocument, StyledParagraph
from moothall.record.documents.styled_epub import write_styled_epub


def paragraph(style: Style, text: str, language: str = "en", *, level: int = 0, time: str = "") -> StyledParagraph:
    return StyledParagraph(style=style, text=text, language=language, level=level, time=time)


def document(*blocks: StyledParagraph | ParagraphPair | SideBySide, right_to_left: bool = False) -> StyledDocument:
    return StyledDocument(
        title="Outcomes & <more>",
        language="ar" if right_to_left else "en",
        right_to_left=right_to_left,
        contents="Contents",
        columns=(),
        blocks=blocks,
        states=("Version 1",),
        unshown="",
    )


def test_each_heading_of_the_first_level_begins_a_page() -> None:
    files = write_styled_epub(
        document(
            paragraph(Style.NOTICE, "Binds nobody."),
            paragraph(Style.HEADING, "Access", level=1),
            paragraph(Style.HEADING, "Views <all>", level=2),
            msgspec.structs.replace(paragraph(Style.LINE, "لا أحد", "ar", time="0:04"), with_next=True),
            ParagraphPair(),
            SideBySide(sides=((paragraph(Style.WORDS, "One."),), (paragraph(Style.WORDS, "Two."),))),
            paragraph(Style.HEADING, "Trust", level=1),
        ),
        identifier="https://meet.example/outcomes/a?n=1",
        at=0,
    )
    assert next(iter(files)) == "mimetype"
    assert [name for name in files if name.endswith(".xhtml")] == [
        "EPUB/contents.xhtml",
        "EPUB/front.xhtml",
        "EPUB/part-1.xhtml",
        "EPUB/part-2.xhtml",
    ]
    assert '<p class="notice" lang="en" xml:lang="en" dir="ltr">Binds nobody.</p>' in files["EPUB/front.xhtml"]
    first = files["EPUB/part-1.xhtml"]
    assert '<h2 lang="en" xml:lang="en" dir="ltr">Access</h2>' in first
    assert '<h3 lang="en" xml:lang="en" dir="ltr">Views &lt;all&gt;</h3>' in first
    assert '<p class="line kept" lang="ar" xml:lang="ar" dir="rtl">0:04 لا أحد</p>' in first
    assert first.index("One.") < first.index("Two.")
    assert "Trust" in files["EPUB/part-2.xhtml"]
    assert '<a href="part-2.xhtml"><bdi>Trust</bdi></a>' in files["EPUB/contents.xhtml"]
    for name, text in files.items():
        if name.endswith((".xhtml", ".opf", ".xml")):
            ElementTree.fromstring(text.encode())  # noqa: S314  # our own file


def test_it_turns_its_pages_in_the_direction_of_its_language() -> None:
    files = write_styled_epub(document(paragraph(Style.WORDS, "x"), right_to_left=True), identifier="a", at=0)
    assert 'page-progression-direction="rtl"' in files["EPUB/record.opf"]
    assert 'dir="rtl"' in files["EPUB/front.xhtml"]
