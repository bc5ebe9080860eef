"""The record as Akoma Ntoso 3.0 (OASIS LegalDocML): a `debate`, as parliaments and their archives keep it.

A turn is a `speech`, a line a `p`, a span without text a `scene`; what was taken up is a `debateSection`, in which
questions that had their turn meanwhile have sections of their own; what was asked stands in `questions`, each with its
answer in writing. `eId` counts, as Akoma Ntoso's naming convention has it; the line's own id, which never changes, is
`wId`. What Akoma Ntoso has no place for stands in attributes of `NAMESPACE`: media times in ms, and how a line came
about.

A record knows no country, so addresses of works (FRBR) have `xx`, which ISO 3166 leaves to its users.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

import msgspec

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import SegmentId
from moothall.core.kernel.languages import primary
from moothall.core.translation.routes import languages_of
from moothall.record.chapters import RecordedChapter
from moothall.record.model import Missing, Record, RecordedLine
from moothall.record.questions import RecordedQuestion
from moothall.record.sections import SectionRow, sections
from moothall.record.wording import Options, Wording
from moothall.record.wrapping import plain
from moothall.record.xml import attributes, date, document, language, languages, moment

NAMESPACE = "urn:moothall:record:1"
UNKNOWN_DAY = "0001-01-01"
"""The day of a session that was never opened: addresses of works have one."""
_TEXT, _ASKED, _SOURCE = "dbsect_1", "questions_1", "#moothall"
_ISO_639_2 = (
    "af=afr am=amh ar=ara az=aze be=bel bg=bul bn=ben bs=bos ca=cat cs=ces cy=cym da=dan de=deu el=ell en=eng "
    "eo=epo es=spa et=est eu=eus fa=fas fi=fin fr=fra ga=gle gl=glg gu=guj ha=hau he=heb hi=hin hr=hrv hu=hun "
    "hy=hye id=ind ig=ibo is=isl it=ita ja=jpn ka=kat kk=kaz km=khm kn=kan ko=kor ky=kir lo=lao lt=lit lv=lav "
    "mg=mlg mk=mkd ml=mal mn=mon mr=mar ms=msa mt=mlt my=mya nb=nob ne=nep nl=nld nn=nno no=nor pa=pan pl=pol "
    "ps=pus pt=por ro=ron ru=rus rw=kin si=sin sk=slk sl=slv sn=sna so=som sq=sqi sr=srp st=sot sv=swe sw=swa "
    "ta=tam te=tel tg=tgk th=tha tk=tuk tl=tgl tn=tsn tr=tur uk=ukr ur=urd uz=uzb vi=vie wo=wol xh=xho yo=yor "
    "zh=zho zu=zul"
)
"""Codes of three letters (ISO 639-2/T), which the naming convention wants in place of BCP 47's two."""
_THREE_LETTERS: dict[str, str] = dict(re.findall(r"(\w+)=(\w+)", _ISO_639_2))


class _Writing(msgspec.Struct, frozen=True):
    """What is written, and who is referred to."""

    record: Record
    wording: Wording
    options: Options
    main: str
    """The tag of the document's language; empty where it has none."""
    around: str | None
    """The tag of texts in the body that are not the record's own; None where it is `main`."""
    speakers: dict[str, str]
    """Each speaker's name → the `eId` of the person."""
    askers: dict[str, str]
    """The same for names of those who asked."""
    written: dict[SegmentId, str]
    """The `eId` of each line that has been written."""

    @property
    def texts(self) -> str:
        """The attribute of a text that is not the record's own."""
        return attributes(xml__lang=self.around)

    def language(self, tag: str) -> str:
        """The attribute of a text with this tag."""
        return attributes(xml__lang=language(tag, self.main))

    def time(self, ms: int | None) -> str | None:
        """Media ms as a date and time; None where there is none, or where times are not wanted."""
        opened = self.record.session.opened
        return moment(opened + ms) if self.options.times and ms is not None and opened is not None else None

    def span(self, t0: int, t1: int | None) -> str:
        """The attributes with media times; empty where times are not wanted."""
        if not self.options.times:
            return ""
        return attributes(m__begin=str(t0), m__end=None if t1 is None else str(t1))


def write_akn(record: Record, wording: Wording, options: Options) -> str:
    """The record as an Akoma Ntoso file."""
    main = language(record.language) or ""
    named = options.speakers
    spoke = dict.fromkeys(line.name for line in record.lines if line.name and named)
    asked = dict.fromkeys(each.name for each in record.asked if each.name and named)
    writing = _Writing(
        record,
        wording,
        options,
        main,
        language(wording.language, main),
        {name: f"speaker-{n}" for n, name in enumerate(spoke, 1)},
        {name: f"asker-{n}" for n, name in enumerate(asked, 1)},
        {},
    )
    return document(_document(writing))


def _document(writing: _Writing) -> Iterator[str]:
    yield f'<akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0" xmlns:m="{NAMESPACE}">\n'
    yield '<debate name="debate" contains="singleVersion">\n<meta>\n'
    yield from _identification(writing)
    yield from _references(writing)
    yield "</meta>\n"
    yield from _preface(writing)
    yield f"<debateBody{attributes(xml__lang=writing.main or None)}>\n"
    yield from _text(writing)
    if writing.record.figures.received:
        yield from _questions(writing)
    yield "</debateBody>\n</debate>\n</akomaNtoso>\n"


def _identification(writing: _Writing) -> Iterator[str]:
    """Yield the addresses of the work (the session), the expression (this text) and the manifestation (this file)."""
    record = writing.record
    day = UNKNOWN_DAY if record.session.opened is None else date(record.session.opened)
    tags = [_code(tag) for tag in languages(record.languages, "und")]
    work = f"/akn/xx/debate/{day}/{record.id}"
    made = date(record.at) if record.at else day
    text = f"{work}/{tags[0]}@{made}"
    author = f'<FRBRauthor href="{_SOURCE}"/>\n'
    yield f'<identification source="{_SOURCE}">\n<FRBRWork>\n'
    yield _addresses(work) + _made(day, "sitting") + '<FRBRauthor href="#meeting"/>\n<FRBRcountry value="xx"/>\n'
    yield f"<FRBRname{attributes(value=writing.wording.title_of(record))}/>\n</FRBRWork>\n<FRBRExpression>\n"
    yield _addresses(text) + _made(made, "transcription") + author
    yield f'<FRBRversionNumber value="{record.position}"/>\n<FRBRauthoritative value="false"/>\n'
    yield from (f"<FRBRlanguage{attributes(language=tag)}/>\n" for tag in tags)
    yield from _translations(record, work)
    yield f"</FRBRExpression>\n<FRBRManifestation>\n{_addresses(f'{text}.akn')}{_made(made, 'markup')}{author}"
    yield '<FRBRformat value="application/akn+xml"/>\n</FRBRManifestation>\n</identification>\n'


def _addresses(address: str) -> str:
    return f'<FRBRthis value="{address}/!main"/>\n<FRBRuri value="{address}"/>\n'


def _made(day: str, name: str) -> str:
    return f'<FRBRdate date="{day}" name="{name}"/>\n'


def _translations(record: Record, work: str) -> Iterator[str]:
    """Yield an element for each language from which lines were translated by a machine, and for each way."""
    if record.kind is not ChannelKind.TRANSLATION:
        return
    ways = (languages_of(line.made_from.route) for line in record.lines if line.made_from is not None)
    for first, *through in dict.fromkeys(way for way in ways if way):
        pivot = _code(through[0]) if through else None
        given = attributes(href=f"{work}/{_code(first)}", fromLanguage=_code(first), by=_SOURCE, pivot=pivot)
        yield f'<FRBRtranslation{given} authoritative="false"/>\n'


def _references(writing: _Writing) -> Iterator[str]:
    record, wording = writing.record, writing.wording
    yield f'<references source="{_SOURCE}">\n'
    yield '<TLCOrganization eId="moothall" href="/ontology/organization/moothall" showAs="Moothall"/>\n'
    own = f"/ontology/organization/{record.id}"
    yield f"<TLCOrganization{attributes(eId='meeting', href=own, showAs=wording.title_of(record))}/>\n"
    # People are known by name within a session only: nobody may take two of the same name for one.
    people = ((wording.unnamed, "unnamed"), *writing.speakers.items(), *writing.askers.items())
    for name, person in people:
        given = attributes(eId=person, href=f"/ontology/person/{record.id}/{person}", showAs=name)
        yield f"<TLCPerson{given}/>\n"
    yield "</references>\n"


def _preface(writing: _Writing) -> Iterator[str]:
    record, wording = writing.record, writing.wording
    yield f'<preface eId="preface"{attributes(xml__lang=language(wording.language))}>\n'
    yield f'<p eId="preface__p_1"><docTitle>{escape(wording.title_of(record))}</docTitle></p>\n'
    facts = (*wording.facts(record), wording.notice, wording.quality, wording.named(record))
    yield from (f'<p class="facts">{escape(fact)}</p>\n' for fact in facts if fact)
    yield "</preface>\n"


class _Part(msgspec.Struct):
    """A `debateSection` that is being written: its `eId`, and how many of each it has so far."""

    name: str
    turn: bool = False
    """Whether it is of a question that had its turn."""
    sections: int = 0
    speeches: int = 0
    scenes: int = 0


def _text(writing: _Writing) -> Iterator[str]:
    """Yield the section with the whole text, and in it one for each chapter."""
    title = escape(writing.wording.title_of(writing.record))
    yield f'<debateSection eId="{_TEXT}" name="meeting">\n<heading eId="{_TEXT}__heading">{title}</heading>\n'
    inside = [_Part(_TEXT)]
    # Without times a section begins with a chapter alone, or when nothing is taken up any more.
    for each in sections(writing.record, msgspec.structs.replace(writing.options, times=False)):
        chapter = each.chapter
        turn = chapter is not None and chapter.kind is not None
        while len(inside) > 1 and (not turn or inside[-1].turn):
            inside.pop()
            yield "</debateSection>\n"
        if chapter is not None:
            around = inside[-1]
            around.sections += 1
            inside.append(_Part(f"{around.name}__dbsect_{around.sections}", turn))
            yield from _chapter(writing, chapter, inside[-1].name)
        yield from _rows(writing, each.rows, inside[-1])
    yield "</debateSection>\n" * len(inside)


def _chapter(writing: _Writing, chapter: RecordedChapter, name: str) -> Iterator[str]:
    """Yield the beginning of a chapter's section, with its number and its title."""
    policy = "policy-question" if chapter.number else "topic"
    yield f"<debateSection{attributes(eId=name, name=chapter.kind or policy)}{writing.span(chapter.t, None)}>\n"
    said = writing.wording.chapter(chapter)
    if said and chapter.title:
        yield f'<num eId="{name}__num"{writing.texts}>{escape(said)}</num>\n'
    own = writing.language(chapter.language) if chapter.title else writing.texts
    yield f'<heading eId="{name}__heading"{own}>{escape(chapter.title or said)}</heading>\n'


def _rows(writing: _Writing, rows: Sequence[SectionRow], within: _Part) -> Iterator[str]:
    """Yield turns, and the spans without text between them."""
    turn: list[SectionRow] = []
    for row in rows:
        if row.begins and turn:
            yield from _speech(writing, turn, within)
            turn = []
        (item,) = row.items
        if isinstance(item, Missing):
            within.scenes += 1
            yield _scene(writing, item, f"{within.name}__scene_{within.scenes}")
        else:
            turn.append(row)
    if turn:
        yield from _speech(writing, turn, within)


def _speech(writing: _Writing, turn: Sequence[SectionRow], within: _Part) -> Iterator[str]:
    within.speeches += 1
    name = f"{within.name}__speech_{within.speeches}"
    lines = [item for row in turn for item in row.items if isinstance(item, RecordedLine)]
    ends = [line.t1 for line in lines if line.t1 is not None]
    given = attributes(
        eId=name,
        by=f"#{writing.speakers.get(lines[0].name, 'unnamed')}",
        startTime=writing.time(lines[0].t0),
        endTime=writing.time(max(ends, default=None)),
    )
    yield f"<speech{given}>\n"
    if turn[0].turn is not None:
        named = attributes(eId=f"{name}__from_1") + ("" if turn[0].turn else writing.texts)
        yield f"<from{named}>{escape(turn[0].turn or writing.wording.unnamed)}</from>\n"
    yield from (_line(writing, line, f"{name}__p_{number}") for number, line in enumerate(lines, 1))
    yield "</speech>\n"


def _line(writing: _Writing, line: RecordedLine, name: str) -> str:
    writing.written[line.segment] = name
    made = line.made_from
    route = "" if made is None else made.route
    given = attributes(
        eId=name,
        wId=f"line-{line.segment}",
        status="translated" if route else None,
        m__origin=line.origin,
        m__mended="true" if line.mended else None,
        m__accepted="true" if line.accepted else None,
        m__respoken=None if line.respoken is msgspec.UNSET else "true",
        m__tool=None if isinstance(line.tool, msgspec.UnsetType) else plain(line.tool),
        m__route=route or None,
        m__rough="true" if (made is not None and made.rough) or line.rough is True else None,
    )
    source = ""
    if writing.options.sources:
        source = f' <remark status="editorial"{writing.texts}>[{escape(writing.wording.source(line))}]</remark>'
    own = writing.language(line.language) + writing.span(line.t0, line.t1)
    return f"<p{given}{own}>{escape(line.text)}{source}</p>\n"


def _scene(writing: _Writing, span: Missing, name: str) -> str:
    given = attributes(eId=name, status="editorial", m__absence=span.absence, m__reason=span.reason)
    text = escape(writing.wording.missing(span))
    return f"<scene{given}{writing.texts}{writing.span(span.t0, span.t1)}>{text}</scene>\n"


def _questions(writing: _Writing) -> Iterator[str]:
    """Yield the section with the questions, below their figures."""
    words = writing.wording.asked
    yield f'<questions eId="{_ASKED}"{writing.texts}>\n<heading>{escape(words.heading)}</heading>\n'
    yield from (f'<narrative status="editorial">{escape(figure)}</narrative>\n' for figure in words.figures)
    lines = writing.record.by_source()
    for each in writing.record.asked:
        line = None if each.segment is None else lines.get(each.segment)
        yield from _question(writing, each, line)
    yield "</questions>\n"


def _question(writing: _Writing, each: RecordedQuestion, line: RecordedLine | None) -> Iterator[str]:
    words, options = writing.wording.asked, writing.options
    name = f"{_ASKED}__question_{each.number}"
    given = attributes(
        eId=name,
        wId=f"question-{each.id}",
        by=f"#{writing.askers.get(each.name, 'unnamed')}",
        startTime=writing.time(each.t),
        m__state=each.status,
        m__origin=each.origin,
    )
    yield f"<question{given}>\n<num>{escape(words.number_of(each))}</num>\n"
    if each.name and options.speakers:
        yield f"<from>{escape(each.name)}</from>\n"
    yield f'<p class="facts" status="editorial">{escape(" · ".join(words.about(each, options)))}</p>\n'
    yield from _paragraphs(writing, each.text, each.language)
    if line is not None:
        link = f'<ref href="#{writing.written[line.segment]}">{escape(words.answered_in(line.t0, options))}</ref>'
        yield f'<p class="facts" status="editorial">{link}</p>\n'
    yield "</question>\n"
    if each.answer is not None:
        yield f"<answer{attributes(eId=f'{_ASKED}__answer_{each.number}', by='#meeting')}>\n"
        yield f"<heading>{escape(words.answer)}</heading>\n"
        yield from _paragraphs(writing, each.answer.text, each.answer.language)
        yield "</answer>\n"


def _paragraphs(writing: _Writing, text: str, tag: str) -> Iterator[str]:
    given = attributes(xml__lang=language(tag, writing.around or writing.main))
    yield from (f"<p{given}>{escape(row)}</p>\n" for row in text.splitlines())


def _code(tag: str) -> str:
    """The code of three letters of a BCP-47 tag's language; where none is known, its primary subtag."""
    return _THREE_LETTERS.get(primary(tag), primary(tag))
