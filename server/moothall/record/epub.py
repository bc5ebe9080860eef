"""The record as a book in EPUB 3 (W3C): the sections of the HTML file as chapters, for e-readers, phones and braille.

It has no scripts and no pictures, and asks the network for nothing. Its pages turn in the direction of the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

import msgspec

from moothall.core.kernel.languages import direction
from moothall.record.html import contents, questions, section
from moothall.record.model import Record, RecordedLine
from moothall.record.sections import sections
from moothall.record.wording import Options, Wording
from moothall.record.xml import attributes, date, document, languages, moment

FOLDER = "EPUB"
FRONT, CONTENTS, ASKED, STYLE, PACKAGE = "front.xhtml", "contents.xhtml", "questions.xhtml", "style.css", "record.opf"
SHEET = """\
body { line-height: 1.5; overflow-wrap: anywhere; }
h1, h2, h3, h4 { line-height: 1.2; break-after: avoid; text-align: start; }
h2 { font-size: 1.15em; }
h3, h4 { font-size: 1em; margin-block: 1.5em 0.25em; }
p { margin-block: 0 0.5em; }
.line { margin-block-end: 0.5em; }
.facts, .missing, .source, .time { font-size: 0.85em; }
.missing { font-style: italic; margin-block: 1em; }
.notice { border: 1px solid; padding: 0.5em; }
.kept { break-after: avoid; }
.source { break-before: avoid; }
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


class BookFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a package says of its book."""

    identifier: str
    title: str
    language: str
    """BCP-47 tag of the texts around the records."""
    languages: tuple[str, ...]
    """BCP-47 tags of the records' texts."""
    opened: int | None
    """Unix ms of its day; None where that isn't known."""
    descriptions: tuple[str, ...]
    at: int
    """Unix ms of the last event in it."""
    towards: str
    """Where its pages turn: `ltr` or `rtl`."""


def write_epub(record: Record, wording: Wording, options: Options) -> dict[str, str]:
    """The files of the book by their paths, in the order in which they are packed; the first is not compressed."""
    text = TextPages(record, wording, options)
    title, around = wording.title_of(record), PageFrame(wording.language, wording.direction)
    written = dict(text.pages())
    facts = BookFacts(
        identifier=f"{record.position.epoch}/{record.id}/{record.channel}",
        title=title,
        language=wording.language,
        languages=record.languages,
        opened=record.session.opened,
        descriptions=(*wording.facts(record), wording.notice, wording.named(record)),
        at=record.at,
        towards="rtl" if direction(record.language) == "rtl" else "ltr",
    )
    entries = [f'<li><a href="{FRONT}"><bdi>{escape(title)}</bdi></a></li>\n', *text.entries()]
    return {
        **opening(),
        f"{FOLDER}/{PACKAGE}": package(facts, [FRONT, *written]),
        f"{FOLDER}/{CONTENTS}": around.page(wording.contents, table(wording.contents, entries)),
        f"{FOLDER}/{FRONT}": around.page(title, text.front()),
        **{f"{FOLDER}/{name}": page for name, page in written.items()},
        f"{FOLDER}/{STYLE}": SHEET,
    }


def opening() -> dict[str, str]:
    """The files with which each book begins; the first is not compressed."""
    return {"mimetype": "application/epub+zip", "META-INF/container.xml": document([_CONTAINER])}


class PageFrame:
    """What is around the text of each page, in a language (BCP-47) with its direction."""

    def __init__(self, language: str, way: str) -> None:
        tag = next(languages([language], "und"))
        self._html = attributes(lang=tag, xml__lang=tag, dir=way)

    def page(self, title: str, body: Iterable[str]) -> str:
        """A whole page."""
        head = (
            '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
            f"{self._html}>\n<head>\n<title>{escape(title)}</title>\n"
            f'<link rel="stylesheet" type="text/css" href="{STYLE}"/>\n</head>\n<body>\n'
        )
        return document([head, *body, "</body>\n</html>\n"])


class TextPages:
    """The pages of one text in a book. `prefix` begins their names, where a book has several texts."""

    def __init__(self, record: Record, wording: Wording, options: Options, prefix: str = "") -> None:
        self._record, self._wording, self._options, self._prefix = record, wording, options, prefix
        self._chapters = list(sections(record, options))
        self._asked = bool(record.figures.received)
        # By the id of a line, a section or the questions.
        self._page_of = {"questions": f"{prefix}{ASKED}"}
        for number, part in enumerate(self._chapters):
            self._page_of[f"at-{part.name}"] = self._chapter(number)
            lines = (item for row in part.rows for item in row.items if isinstance(item, RecordedLine))
            self._page_of |= {f"line-{line.segment}": self._chapter(number) for line in lines}

    def front(self) -> Iterator[str]:
        """Yield what the text is, and its limits."""
        record, wording = self._record, self._wording
        yield f"<h1><bdi>{escape(wording.title_of(record))}</bdi></h1>\n"
        yield from (f'<p class="facts">{escape(fact)}</p>\n' for fact in wording.facts(record))
        yield f'<p class="notice">{escape(wording.notice)}</p>\n'
        yield f'<p class="facts">{escape(wording.quality)}</p>\n' if wording.quality else ""
        yield f'<p class="facts"><bdi>{escape(wording.named(record))}</bdi></p>\n'

    def entries(self) -> Iterator[str]:
        """Yield the entries of its table of contents, as items of a list."""
        listed = self._chapters if self._options.times else ()
        for name, entry, first in contents(listed, self._wording, asked=self._asked):
            yield f'<li><a href="{self._href(name)}">{entry}{first}</a></li>\n'  # A link has all of an entry's text.

    def pages(self) -> Iterator[tuple[str, str]]:
        """Yield the pages with the text and the questions, each with its name."""
        record, wording, options = self._record, self._wording, self._options
        title, around = wording.title_of(record), PageFrame(wording.language, wording.direction)
        for number, part in enumerate(self._chapters):
            said = section(part, wording, options, sources=options.sources)
            yield self._chapter(number), around.page(title, said)
        if self._asked:
            asked = questions(record, wording.asked, options, self._href)
            yield f"{self._prefix}{ASKED}", around.page(wording.asked.heading, asked)

    def _chapter(self, number: int) -> str:
        return f"{self._prefix}text-{number + 1}.xhtml"

    def _href(self, name: str) -> str:
        return f"{self._page_of[name]}#{name}"


def table(heading: str, entries: Iterable[str]) -> Iterator[str]:
    """Yield a table of contents with these items."""
    yield '<nav epub:type="toc" role="doc-toc" aria-labelledby="contents">\n'
    yield f'<h1 id="contents">{escape(heading)}</h1>\n<ol>\n'
    yield from entries
    yield "</ol>\n</nav>\n"


def package(facts: BookFacts, pages: Sequence[str]) -> str:
    """The package document: what a book is, which pages it has, and their order."""
    return document(_package(facts, pages))


def _package(facts: BookFacts, pages: Sequence[str]) -> Iterator[str]:
    yield '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="book"'
    yield f"{attributes(xml__lang=next(languages([facts.language], 'und')))}>\n"
    yield '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
    yield f'<dc:identifier id="book">{escape(facts.identifier)}</dc:identifier>\n'
    yield f"<dc:title>{escape(facts.title)}</dc:title>\n"
    for tag in dict.fromkeys(languages(facts.languages, facts.language)):
        yield f"<dc:language>{escape(tag)}</dc:language>\n"
    if facts.opened is not None:
        yield f"<dc:date>{date(facts.opened)}</dc:date>\n"
    yield from (f"<dc:description>{escape(each)}</dc:description>\n" for each in facts.descriptions)
    yield f'<meta property="dcterms:modified">{moment(facts.at, "seconds")}</meta>\n{_ACCESSIBLE}</metadata>\n'
    yield f'<manifest>\n<item id="contents" href="{CONTENTS}" media-type="application/xhtml+xml" properties="nav"/>\n'
    yield f'<item id="style" href="{STYLE}" media-type="text/css"/>\n'
    for page in pages:
        yield f'<item id="{page}" href="{page}" media-type="application/xhtml+xml"/>\n'
    yield f'</manifest>\n<spine page-progression-direction="{facts.towards}">\n'
    yield f'<itemref idref="{pages[0]}"/>\n<itemref idref="contents"/>\n'
    yield from (f'<itemref idref="{page}"/>\n' for page in pages[1:])
    yield "</spine>\n</package>\n"
