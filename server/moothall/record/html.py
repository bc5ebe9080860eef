"""The record as a single HTML file without scripts or requests, with its style sheet in it.

It is accessible: it has landmarks, headings for times and turns, the language and direction of each line, and a check
box for the sources that needs no script. The style sheet comes from outside (`web/css`); the file's
Content-Security-Policy has its digest.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html import escape

from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import media_time
from moothall.record.model import Missing, Record, RecordedLine
from moothall.record.text import RecordRow, reading
from moothall.record.wording import AskedWording, Options, Wording

SHORT_SECTION, LONG_SECTION = 5 * 60_000, 10 * 60_000
"""Length of a section in ms, for records up to an hour and for longer ones."""
HOUR = 3_600_000
EXCERPT = 60
"""Characters of a section's first line in the table of contents."""


def policy(style: str) -> str:
    """The Content-Security-Policy of a file with this style sheet, which permits nothing but the style sheet."""
    digest = b64encode(sha256(style.encode()).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def write_html(record: Record, wording: Wording, options: Options, style: str) -> str:
    """The record as an HTML file; `style` is its style sheet."""
    return "".join(_document(record, wording, options, style))


def _document(record: Record, wording: Wording, options: Options, style: str) -> Iterator[str]:
    title = escape(wording.title_of(record))
    yield f'<!doctype html>\n<html lang="{escape(wording.language)}" dir="{wording.direction}">\n<head>\n'
    yield '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(policy(style))}">\n'
    yield '<meta name="color-scheme" content="light dark">\n'
    yield f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
    yield f'<a class="skip" href="#text">{escape(wording.skip)}</a>\n<header>\n'
    yield f"<h1><bdi>{title}</bdi></h1>\n"
    yield f'<p class="facts">{" · ".join(map(escape, wording.facts(record)))}</p>\n'
    yield f'<p class="notice">{_leading(wording)}</p>\n'
    yield f'<p class="facts">{escape(wording.quality)}</p>\n' if wording.quality else ""
    checked = " checked" if options.sources else ""
    box = f'<input type="checkbox" id="sources"{checked}>'
    yield f'<p class="choice"><label>{box} {escape(wording.show_sources)}</label></p>\n</header>\n'
    sections = list(_sections(record, options))
    if options.times and len(sections) > 1:
        yield from _contents(sections, wording, asked=bool(record.figures.received))
    yield '<main id="text" tabindex="-1">\n'
    for start, rows in sections:
        yield from _section(start, rows, wording, options)
    if record.figures.received:
        yield from _questions(record, wording.asked, options)
    yield f"</main>\n<footer><p><bdi>{escape(wording.named(record))}</bdi></p></footer>\n</body>\n</html>\n"


def _leading(wording: Wording) -> str:
    """The notice, in which the address of a translation's original is a link."""
    notice, address = escape(wording.notice), escape(wording.original)
    return notice.replace(address, f'<a href="{address}" dir="ltr">{address}</a>') if address else notice


def _sections(record: Record, options: Options) -> Iterator[tuple[int, list[RecordRow]]]:
    """Yield the sections: the media ms at which each begins, and its rows. Without times there is only one section."""
    size = (SHORT_SECTION if record.until <= HOUR else LONG_SECTION) if options.times else record.until + 1
    start, rows = 0, list[RecordRow]()
    for row in reading(record, options):
        mine = max(start, row.item.t0 // size * size)
        if mine != start and rows:
            yield start, rows
            rows = []
        start = mine
        rows.append(row)
    if rows:
        yield start, rows


def _contents(sections: list[tuple[int, list[RecordRow]]], wording: Wording, *, asked: bool) -> Iterator[str]:
    yield f'<nav aria-labelledby="contents">\n<h2 id="contents">{escape(wording.contents)}</h2>\n<ol>\n'
    for start, rows in sections:
        first = next((row.item for row in rows if isinstance(row.item, RecordedLine)), None)
        excerpt = "" if first is None else f" <bdi{_lang(first.language)}>{escape(_excerpt(first.text))}</bdi>"
        yield f'<li><a href="#at-{start // 1000}">{media_time(start)}</a>{excerpt}</li>\n'
    if asked:
        yield f'<li><a href="#questions">{escape(wording.asked.heading)}</a></li>\n'
    yield "</ol>\n</nav>\n"


def _section(start: int, rows: list[RecordRow], wording: Wording, options: Options) -> Iterator[str]:
    name = f"at-{start // 1000}"
    yield f'<section aria-labelledby="{name}">\n<h2 id="{name}">{media_time(start)}</h2>\n' if options.times else ""
    for number, row in enumerate(rows):
        if isinstance(row.item, Missing):
            yield f'<p class="missing">{escape(wording.missing(row.item))}</p>\n'
            continue
        if row.turn is not None and (row.begins or not number):
            level = "h3" if options.times else "h2"
            yield f"<{level}><bdi>{escape(row.turn or wording.unnamed)}</bdi></{level}>\n"
        yield _line(row.item, wording, options)
    yield "</section>\n" if options.times else ""


def _line(line: RecordedLine, wording: Wording, options: Options) -> str:
    name = f"line-{line.segment}"
    time = f'<a class="time" href="#{name}">{media_time(line.t0)}</a>\n' if options.times else ""
    text = f'<p{_lang(line.language)} dir="{direction(line.language)}">{escape(line.text)}</p>'
    source = f'<p class="source">{escape(wording.source(line))}</p>'
    return f'<div class="line" id="{name}">\n{time}{text}\n{source}\n</div>\n'


def _questions(record: Record, words: AskedWording, options: Options) -> Iterator[str]:
    """Yield the section with the questions, below their figures."""
    yield f'<section aria-labelledby="questions">\n<h2 id="questions">{escape(words.heading)}</h2>\n'
    yield from (f'<p class="facts">{escape(figure)}</p>\n' for figure in words.figures)
    lines = record.by_source()
    for each in record.asked:
        name = f" · <bdi>{escape(each.name)}</bdi>" if each.name and options.speakers else ""
        yield f'<div class="asked" id="no-{each.number}">\n<h3>{escape(words.number_of(each))}{name}</h3>\n'
        yield f'<p class="facts">{" · ".join(map(escape, words.about(each, options)))}</p>\n'
        yield _words(each.text, each.language)
        line = None if each.segment is None else lines.get(each.segment)
        if line is not None:
            said = words.answered_at.format(time=media_time(line.t0)) if options.times else words.answered
            yield f'<p class="facts"><a href="#line-{line.segment}">{escape(said)}</a></p>\n'
        if each.answer is not None:
            yield f"<h4>{escape(words.answer)}</h4>\n" + _words(each.answer.text, each.answer.language)
        yield "</div>\n"
    yield "</section>\n"


def _words(text: str, language: str) -> str:
    """A text as HTML, with one paragraph for each row."""
    start = f'<p{_lang(language)} dir="{direction(language)}">'
    return "".join(f"{start}{escape(line)}</p>\n" for line in text.splitlines())


def _lang(language: str) -> str:
    return f' lang="{escape(language)}"' if language else ""


def _excerpt(text: str) -> str:
    """The beginning of a text, cut after a whole word if possible."""
    if len(text) <= EXCERPT:
        return text
    return (text[:EXCERPT].rpartition(" ")[0] or text[:EXCERPT]) + "…"
