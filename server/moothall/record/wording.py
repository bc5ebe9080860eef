"""What the written formats say in somebody's language: given from outside, since catalogues are no part of a record."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import UnsetType

from moothall.core.events.question_parts import InterventionStatus, Kind
from moothall.core.events.types import MadeFrom, Origin, SealVersion
from moothall.core.kernel.times import media_time
from moothall.core.views.reading_order import BREAK, BREAK_SET_BACK
from moothall.record.model import Absence, Missing, Record, RecordedLine
from moothall.record.questions import RecordedQuestion
from moothall.record.wrapping import plain

MAX_BYTES = 120
"""UTF-8 bytes of the title in a name: file systems take 255 for all of it, and paths have their limits too."""
_UNFIT = re.compile(r'[\\/:*?"<>|]+')
"""What one system or another doesn't take in a name."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader wants of the record."""

    speakers: bool = True
    """Whether speakers are named."""
    times: bool = True
    """Whether times are told. Captions always have them."""
    sources: bool = False
    """Whether each line of plain text says its source; the other formats always can."""
    marks: bool = False
    """Whether right-to-left captions carry U+200F at both ends of a line, for players that guess the direction."""


class AskedWording(msgspec.Struct, frozen=True, kw_only=True):
    """Texts around what was asked, in one language. Those with {places} say so."""

    heading: str
    figures: tuple[str, ...]
    """How many asked, were answered, and waited how long; nothing where nobody asked."""
    kinds: Mapping[Kind, str]
    """With {n}, its number."""
    statuses: Mapping[InterventionStatus, str]
    joined: str
    """With {n}."""
    asked_at: str
    """With {time}."""
    answered_at: str
    """With {time}."""
    answered: str
    """The link to the line at which it was answered, where no times are told."""
    answer: str
    """The heading of an answer in writing."""
    removed: str
    """Of one whose words were removed."""
    left: str
    """For a question whose turn had not come when the meeting was closed."""
    ended: str
    """Of one whose turn it was then."""

    def number_of(self, each: RecordedQuestion) -> str:
        """What it is, with its number."""
        return self.kinds[each.kind].format(n=each.number)

    def stands(self, each: RecordedQuestion) -> str:
        """Where it stands."""
        if each.status is InterventionStatus.JOINED:
            return self.joined.format(n="?" if each.joined_with is None else each.joined_with)
        if each.over:
            return self.ended if each.status is InterventionStatus.CALLED else self.left
        return self.statuses[each.status]

    def about(self, each: RecordedQuestion, options: Options) -> tuple[str, ...]:
        """What is said below the heading."""
        asked_at = (self.asked_at.format(time=media_time(each.t)),) if options.times else ()
        return (self.stands(each), *asked_at, *((self.removed,) if each.removed else ()))


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """Texts in one language. Those with {places} say so."""

    language: str
    """BCP-47 tag of these texts."""
    direction: str
    """`ltr` or `rtl`."""
    title: str
    """What the record is called where the session has no title."""
    about: tuple[str, ...]
    """What the text is: date, kind, languages, in the order in which they are shown; none of them empty."""
    notice: str
    """What the text is good for and what it isn't."""
    quality: str
    """How good this text is, in figures; empty where there is too little of it."""
    so_far: str
    """The session goes on; with {time}, up to which the text goes."""
    version: str
    """With {version}, the position that names this state of the text."""
    not_recorded: str
    """With {start} and {end}."""
    not_recorded_since: str
    """With {start}."""
    break_since: str
    """With {start}."""
    unnamed: str
    """Stands for a speaker who isn't named, after one who was."""
    mended: str
    """Of a line that a person corrected."""
    accepted: str
    """Of a line in which a person accepted what a machine proposed, and wrote nothing."""
    skip: str
    """The link to the text."""
    contents: str
    """The heading of the table of contents."""
    show_sources: str
    """The label of the box that shows the sources."""
    origins: Mapping[Origin, str]
    tool: str
    """Of a line of an outside tool, with {name}."""
    respoken: str
    """Of a line in which a machine heard a respeaker."""
    translated: Callable[[MadeFrom], str]
    """How a line was translated: from which language, and through which others."""
    gaps: Mapping[str, str]
    """With {start} and {end}, by the reasons of a reader's page."""
    seals: Mapping[SealVersion, str]
    asked: AskedWording

    def title_of(self, record: Record) -> str:
        """The record's title, on one line."""
        return plain(record.session.title) or self.title

    def source(self, line: RecordedLine) -> str:
        """How the line came about: a machine, a person, a machine whose words a person mended, and so on."""
        origin = self.origins[line.origin]
        if not isinstance(line.tool, UnsetType):
            origin = self.tool.format(name=plain(line.tool))
        elif line.respoken:
            origin = self.respoken
        if line.made_from is not None and line.origin is Origin.TRANSLATED:
            made = self.translated(line.made_from)
            origin = made if isinstance(line.tool, UnsetType) else f"{made} · {origin}"
        if not line.mended:
            return origin
        return f"{origin} · {self.accepted if line.accepted else self.mended}"

    def missing(self, span: Missing) -> str:
        """Why a span has no text."""
        start = media_time(span.t0)
        pause = span.absence is Absence.BREAK
        if span.t1 is None:
            return (self.break_since if pause else self.not_recorded_since).format(start=start)
        if pause:
            text = self.gaps[BREAK_SET_BACK if span.set_back else BREAK]
        else:
            text = self.not_recorded if span.reason is None else self.gaps[span.reason]
        return text.format(start=start, end=media_time(span.t1))

    def facts(self, record: Record) -> tuple[str, ...]:
        """What is said above the text: what it is, in what state, and how far it goes."""
        facts = list(self.about)
        if record.seal is not None:
            facts.append(self.seals[record.seal.version])
        if not record.finished:
            facts.append(self.so_far.format(time=media_time(record.until)))
        return tuple(facts)

    def named(self, record: Record) -> str:
        """The name of this state of the text, to cite and check it by."""
        return self.version.format(version=record.position)


def file_name(record: Record, form: str) -> str:
    """Date, title and language: `2026-11-24 Opening ceremony (en).vtt`; the session's id where there is no title."""
    title = "".join(
        " " if unicodedata.category(each)[0] in "CZ" and each not in "\u200c\u200d" else each
        for each in record.session.title
    )
    title = " ".join(_UNFIT.sub(" ", title).split()).encode()[:MAX_BYTES].decode(errors="ignore").strip(" .")
    opened = record.session.opened
    date = "" if opened is None else f"{datetime.fromtimestamp(opened // 1000, UTC):%Y-%m-%d} "
    return f"{date}{title or record.id}{_language(record)}.{form}"


def _language(record: Record) -> str:
    return f" ({record.language})" if re.fullmatch(r"[A-Za-z0-9-]{1,35}", record.language) else ""
