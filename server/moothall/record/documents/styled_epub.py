"""A document of styled paragraphs as a book in EPUB 3: a page for each heading of the first level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from moothall.core.kernel.languages import direction
from moothall.record.documents.document import Style, StyledDocument, StyledParagraph, in_one_column
from moothall.record.epub import CONTENTS, FOLDER, FRONT, PACKAGE, SHEET, STYLE, BookFacts, PageFrame, opening, package
from moothall.record.epub import table as table_of_contents
from moothall.record.xml import attributes

_CLASSES = {
    Style.FACTS: "facts",
    Style.NOTICE: "notice",
    Style.SOURCE: "source",
    Style.MISSING: "missing",
    Style.LINE: "line",
    Style.WORDS: "words",
    Style.CONTENTS: "facts",
}


def write_styled_epub(document: StyledDocument, *, identifier: str, at: int) -> dict[str, str]:
    """The files of the book by their paths, in the order in which they are packed; the first is not compressed.

    `identifier`: the address of the document; `at`: Unix ms of what it shows. It has no columns.
    """
    frame = PageFrame(document.language, "rtl" if document.right_to_left else "ltr")
    parts = list(_parts(in_one_column(document.blocks)))
    names = [FRONT, *(f"part-{number}.xhtml" for number in range(1, len(parts)))]
    title = f"<h1><bdi>{escape(document.title)}</bdi></h1>\n"
    mark = written_mark(document)
    written, entries = dict[str, str](), list[str]()
    for name, part in zip(names, parts, strict=True):
        heading = document.title if name == FRONT else part[0].text
        body = [title if name == FRONT else "", mark, *map(written_paragraph, part)]
        written[name] = frame.page(heading, body)
        entries.append(f'<li><a href="{name}"><bdi>{escape(heading)}</bdi></a></li>\n')
    facts = BookFacts(
        identifier=identifier,
        title=document.title,
        language=document.language,
        languages=(document.language,),
        opened=None,
        descriptions=document.states,
        at=at,
        towards="rtl" if document.right_to_left else "ltr",
    )
    return {
        **opening(),
        f"{FOLDER}/{PACKAGE}": package(facts, names),
        f"{FOLDER}/{CONTENTS}": frame.page(document.contents, table_of_contents(document.contents, entries)),
        **{f"{FOLDER}/{name}": page for name, page in written.items()},
        f"{FOLDER}/{STYLE}": SHEET,
    }


def _parts(paragraphs: Iterable[StyledParagraph]) -> Iterator[list[StyledParagraph]]:
    """Yield what stands before the first heading of level 1, and then each such heading with what is below it."""
    part: list[StyledParagraph] = []
    for each in paragraphs:
        if each.style is Style.HEADING and each.level == 1:
            yield part
            part = []
        part.append(each)
    yield part


def written_mark(document: StyledDocument) -> str:
    """What stands on each page of a document, as XHTML, which is HTML too; empty for nothing."""
    return f'<p class="notice">{escape(document.mark)}</p>\n' if document.mark else ""


def written_paragraph(each: StyledParagraph) -> str:
    """A paragraph as XHTML, which is HTML too."""
    said = attributes(lang=each.language, xml__lang=each.language, dir=direction(each.language))
    text = escape(f"{each.time} {each.text}" if each.time else each.text)
    if each.style is Style.HEADING:
        level = min(each.level + 1, 6)
        return f"<h{level}{said}>{text}</h{level}>\n"
    kind = f"{_CLASSES[each.style]} kept" if each.with_next else _CLASSES[each.style]
    return f'<p class="{kind}"{said}>{text}</p>\n'
