"""The record as a single HTML file without scripts or requests, with its style sheet in it; in its bilingual form two
texts stand beside each other.

It is accessible: it has landmarks, headings for times and turns, the language and direction of each line, and a check
box for the sources that needs no script. The style sheet comes from outside (`web/css`); the file's
Content-Security-Policy has its digest.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from html import escape

from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import media_time
from moothall.record.model import Missing, Record, RecordedLine
from moothall.record.parallel import OtherText, ParallelRow, RecordItem
from moothall.record.sections import Section, excerpt, heading_of, sections, states_of
from moothall.record.wording import AskedWording, Options, Wording

Href = Callable[[str], str]
"""Returns the address of an element by its id."""


def here(name: str) -> str:
    """The address of an element of the same file."""
    return f"#{name}"


def policy(style: str) -> str:
    """The Content-Security-Policy of a file with this style sheet, which permits nothing but the style sheet."""
    digest = b64encode(sha256(style.encode()).digest()).decode("ascii")
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def write_html(record: Record, wording: Wording, options: Options, style: str, beside: OtherText | None = None) -> str:
    """The record as an HTML file; `style` is its style sheet, `beside` the text beside it in the bilingual form."""
    return "".join(_document(record, wording, options, style, beside))


def _document(
    record: Record, wording: Wording, options: Options, style: str, beside: OtherText | None
) -> Iterator[str]:
    title = escape(wording.title_of(record))
    yield f'<!doctype html>\n<html lang="{escape(wording.language)}" dir="{wording.direction}">\n<head>\n'
    yield '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(policy(style))}">\n'
    yield '<meta name="color-scheme" content="light dark">\n'
    yield f"<title>{title}</title>\n<style>{style}</style>\n</head>\n"
    yield "<body>\n" if beside is None else '<body class="bilingual">\n'
    yield f'<a class="skip" href="#text">{escape(wording.skip)}</a>\n<header>\n'
    yield f"<h1><bdi>{title}</bdi></h1>\n"
    yield from _facts(record, wording)
    if beside is not None:
        yield from _facts(beside.record, beside.wording)
    checked = " checked" if options.sources else ""
    box = f'<input type="checkbox" id="sources"{checked}>'
    yield f'<p class="choice"><label>{box} {escape(wording.show_sources)}</label></p>\n</header>\n'
    parts = list(sections(record, options, beside))
    if options.times and len(parts) > 1:
        yield f'<nav aria-labelledby="contents">\n<h2 id="contents">{escape(wording.contents)}</h2>\n<ol>\n'
        for name, heading, first in contents(parts, wording, asked=bool(record.figures.received)):
            yield f'<li><a href="#{name}">{heading}</a>{first}</li>\n'
        yield "</ol>\n</nav>\n"
    yield '<main id="text" tabindex="-1">\n'
    if beside is not None:
        names = "".join(f"<p>{escape(words.name)}</p>" for words in (wording, beside.wording))
        yield f'<div class="pair names">{names}</div>\n'
    for part in parts:
        yield from section(part, wording, options, beside=beside)
    if record.figures.received:
        yield from questions(record, wording.asked, options)
    states = "".join(f"<p><bdi>{escape(each)}</bdi></p>" for each in states_of(record, wording, beside))
    yield f"</main>\n<footer>{states}</footer>\n</body>\n</html>\n"


def _facts(record: Record, wording: Wording) -> Iterator[str]:
    """Yield what a text is, and its limits."""
    yield f'<p class="facts">{" · ".join(map(escape, wording.facts(record)))}</p>\n'
    yield f'<p class="notice">{_leading(wording)}</p>\n'
    yield f'<p class="facts">{escape(wording.quality)}</p>\n' if wording.quality else ""


def _leading(wording: Wording) -> str:
    """The notice, in which the address of a translation's original is a link."""
    notice, address = escape(wording.notice), escape(wording.original)
    return notice.replace(address, f'<a href="{address}" dir="ltr">{address}</a>') if address else notice


def contents(parts: Sequence[Section], wording: Wording, *, asked: bool) -> Iterator[tuple[str, str, str]]:
    """Yield the entries of a table of contents: the id, the heading and the first words of each section, as HTML, and
    at the end of the questions where some were `asked`.
    """
    for part in parts:
        text, language = excerpt(part.rows)
        first = f" <bdi{_lang(language)}>{escape(text)}</bdi>" if text and part.chapter is None else ""
        yield f"at-{part.name}", _heading(part, wording, Options()), first
    if asked:
        yield "questions", escape(wording.asked.heading), ""


def _heading(part: Section, wording: Wording, options: Options) -> str:
    """The heading of a section: when it begins, and what was taken up then; empty where nothing of this is shown."""
    said = [media_time(part.start)] if options.times else []
    if part.chapter is not None:
        title = f"<bdi{_lang(part.chapter.language)}>{escape(part.chapter.title)}</bdi>" if part.chapter.title else ""
        said += [each for each in (escape(wording.chapter(part.chapter)), title) if each]
    return " · ".join(said)


def section(
    part: Section,
    wording: Wording,
    options: Options,
    *,
    sources: bool = True,
    beside: OtherText | None = None,
) -> Iterator[str]:
    """Yield a section; `sources`: whether the source of each line is in it, where it can be shown or hidden; `beside`:
    the other text of rows that have two.
    """
    name, above = f"at-{part.name}", _heading(part, wording, options)
    yield f'<section aria-labelledby="{name}">\n<h2 id="{name}">{above}</h2>\n' if above else ""
    for number, row in enumerate(part.rows):
        heading = heading_of(row, number, wording)
        if heading is not None:
            level = "h3" if above else "h2"
            yield f"<{level}><bdi>{escape(heading)}</bdi></{level}>\n"
        if beside is not None and isinstance(row, ParallelRow) and row.common is None:
            yield _pair(row, (wording, beside.wording), options, sources=sources)
        else:
            yield _item(row.items[0], wording, options, sources=sources)
    yield "</section>\n" if above else ""


def _item(item: RecordItem, wording: Wording, options: Options, *, sources: bool) -> str:
    if isinstance(item, Missing):
        return f'<p class="missing">{escape(wording.missing(item))}</p>\n'
    time = _time(item, options)
    return f'<div class="line" id="{_name(item)}">\n{time}{_text(item, wording, sources=sources)}</div>\n'


def _pair(row: ParallelRow, wordings: tuple[Wording, Wording], options: Options, *, sources: bool) -> str:
    """Two texts beside each other. The row has the name of its first line."""
    line = next((item for item in row.items if isinstance(item, RecordedLine)), None)
    time, name = ("", "") if line is None else (_time(line, options), f' id="{_name(line)}"')
    sides = "".join(
        "<div>\n" + "".join(_side(item, words, sources=sources) for item in items) + "</div>\n"
        for items, words in zip((row.first, row.second), wordings, strict=True)
    )
    return f'<div class="line pair"{name}>\n{time}{sides}</div>\n'


def _side(item: RecordItem, wording: Wording, *, sources: bool) -> str:
    if isinstance(item, Missing):
        return f'<p class="missing">{escape(wording.missing(item))}</p>\n'
    return _text(item, wording, sources=sources)


def _name(line: RecordedLine) -> str:
    return f"line-{line.segment}"


def _time(line: RecordedLine, options: Options) -> str:
    return f'<a class="time" href="#{_name(line)}">{media_time(line.t0)}</a>\n' if options.times else ""


def _text(line: RecordedLine, wording: Wording, *, sources: bool) -> str:
    text = f'<p{_lang(line.language)} dir="{direction(line.language)}">{escape(line.text)}</p>'
    source = f'<p class="source">{escape(wording.source(line))}</p>\n' if sources else ""
    return f"{text}\n{source}"


def questions(record: Record, words: AskedWording, options: Options, href: Href = here) -> Iterator[str]:
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
            said = escape(words.answered_in(line.t0, options))
            yield f'<p class="facts"><a href="{href(f"line-{line.segment}")}">{said}</a></p>\n'
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
