"""The record as a book in EPUB 3 (W3C): the sections of the HTML file as chapters, for e-readers, phones and braille.

It has no scripts and no pictures, and asks the network for nothing. Its pages turn in the direction of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from moothall.core.kernel.languages import direction
from moothall.record.html import Href, contents, questions, section
from moothall.record.model import Record, RecordedLine
from moothall.record.sections import Section, sections
from moothall.record.wording import Options, Wording
from moothall.record.xml import attributes, date, document, languages, moment

FOLDER = "EPUB"
FRONT, CONTENTS, ASKED, STYLE, PACKAGE = "front.xhtml", "contents.xhtml", "questions.xhtml", "style.css", "record.opf"
_SHEET = """\
body { line-height: 1.5; overflow-wrap: anywhere; }
h1, h2, h3, h4 { line-height: 1.2; break-after: avoid; text-align: start; }
h2 { font-size: 1.15em; }
h3, h4 { font-size: 1em; margin-block: 1.5em 0.25em; }
p { margin-block: 0 0.5em; }
.line { margin-block-end: 0.5em; }
.facts, .missing, .source, .time { font-size: 0.85em; }
.missing { font-style: italic; margin-block: 1em; }
.notice { border: 1px solid; padding: 0.5em; }
:lang(ar) .missing, :lang(zh) .missing { font-style: normal; }
"""
_CONTAINER = f"""\
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles>
<rootfile full-path="{FOLDER}/{PACKAGE}" media-type="application/oebps-package+xml"/>
</rootfiles>
</container>
"""
_ACCESSIBLE = """\
<meta property="schema:accessMode">textual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">readingOrder</meta>
<meta property="schema:accessibilityFeature">structuralNavigation</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityFeature">unlocked</meta>
<meta property="schema:accessibilityHazard">none</meta>
"""
"""What EPUB Accessibility 1.1 asks of a package; no text of ours is claimed to have been evaluated by anybody."""


def write_epub(record: Record, wording: Wording, options: Options) -> dict[str, str]:
    """The files of the book by their paths, in the order in which they are packed; the first is not compressed."""
    chapters = list(sections(record, options))
    asked = bool(record.figures.received)
    pages = [FRONT, *(_chapter(number) for number in range(len(chapters))), *([ASKED] if asked else [])]
    href = _addresses(chapters)
    listed = chapters if options.times else ()
    title, around = wording.title_of(record), _Page(wording)
    files = {
        PACKAGE: document(_package(record, wording, pages)),
        CONTENTS: around.page(wording.contents, _contents(title, listed, wording, asked, href)),
        FRONT: around.page(title, _front(record, wording)),
    }
    for number, (start, rows) in enumerate(chapters):
        said = section(start, rows, wording, options, sources=options.sources)
        files[_chapter(number)] = around.page(title, said)
    if asked:
        files[ASKED] = around.page(wording.asked.heading, questions(record, wording.asked, options, href))
    files[STYLE] = _SHEET
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": document([_CONTAINER]),
        **{f"{FOLDER}/{name}": text for name, text in files.items()},
    }


class _Page:
    """What is around the text of each page."""

    def __init__(self, wording: Wording) -> None:
        tag = next(languages([wording.language], "und"))
        self._html = attributes(lang=tag, xml__lang=tag, dir=wording.direction)

    def page(self, title: str, body: Iterator[str]) -> str:
        """A whole page."""
        head = (
            '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
            f"{self._html}>\n<head>\n<title>{escape(title)}</title>\n"
            f'<link rel="stylesheet" type="text/css" href="{STYLE}"/>\n</head>\n<body>\n'
        )
        return document([head, *body, "</body>\n</html>\n"])


def _chapter(number: int) -> str:
    return f"text-{number + 1}.xhtml"


def _addresses(chapters: Sequence[Section]) -> Href:
    """Return the function that finds a line, a section or the questions in the pages."""
    pages = {"questions": ASKED}
    for number, (start, rows) in enumerate(chapters):
        pages[f"at-{start // 1000}"] = _chapter(number)
        lines = (item for row in rows for item in row.items if isinstance(item, RecordedLine))
        pages |= {f"line-{line.segment}": _chapter(number) for line in lines}
    return lambda name: f"{pages[name]}#{name}"


def _package(record: Record, wording: Wording, pages: Sequence[str]) -> Iterator[str]:
    """Yield the package document: what the book is, which files it has, and their order."""
    yield '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="book"'
    yield f"{attributes(xml__lang=next(languages([wording.language], 'und')))}>\n"
    yield '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
    name = f"{record.position.epoch}/{record.id}/{record.channel}"
    yield f'<dc:identifier id="book">{escape(name)}</dc:identifier>\n'
    yield f"<dc:title>{escape(wording.title_of(record))}</dc:title>\n"
    for tag in dict.fromkeys(languages(record.languages, wording.language)):
        yield f"<dc:language>{escape(tag)}</dc:language>\n"
    if record.session.opened is not None:
        yield f"<dc:date>{date(record.session.opened)}</dc:date>\n"
    for fact in (*wording.facts(record), wording.notice, wording.named(record)):
        yield f"<dc:description>{escape(fact)}</dc:description>\n"
    yield f'<meta property="dcterms:modified">{moment(record.at, "seconds")}</meta>\n{_ACCESSIBLE}</metadata>\n'
    yield f'<manifest>\n<item id="contents" href="{CONTENTS}" media-type="application/xhtml+xml" properties="nav"/>\n'
    yield f'<item id="style" href="{STYLE}" media-type="text/css"/>\n'
    for page in pages:
        yield f'<item id="{page}" href="{page}" media-type="application/xhtml+xml"/>\n'
    towards = "rtl" if direction(record.language) == "rtl" else "ltr"
    yield f'</manifest>\n<spine page-progression-direction="{towards}">\n'
    yield f'<itemref idref="{pages[0]}"/>\n<itemref idref="contents"/>\n'
    yield from (f'<itemref idref="{page}"/>\n' for page in pages[1:])
    yield "</spine>\n</package>\n"


def _front(record: Record, wording: Wording) -> Iterator[str]:
    yield f"<h1><bdi>{escape(wording.title_of(record))}</bdi></h1>\n"
    yield from (f'<p class="facts">{escape(fact)}</p>\n' for fact in wording.facts(record))
    yield f'<p class="notice">{escape(wording.notice)}</p>\n'
    yield f'<p class="facts">{escape(wording.quality)}</p>\n' if wording.quality else ""
    yield f'<p class="facts"><bdi>{escape(wording.named(record))}</bdi></p>\n'


def _contents(title: str, chapters: Sequence[Section], wording: Wording, asked: bool, href: Href) -> Iterator[str]:
    heading = escape(wording.contents)
    yield f'<nav epub:type="toc" role="doc-toc" aria-labelledby="contents">\n<h1 id="contents">{heading}</h1>\n<ol>\n'
    yield f'<li><a href="{FRONT}"><bdi>{escape(title)}</bdi></a></li>\n'
    for name, entry, excerpt in contents(chapters, wording, asked=asked):  # A link has all of an entry's text.
        yield f'<li><a href="{href(name)}">{entry}{excerpt}</a></li>\n'
    yield "</ol>\n</nav>\n"
