"""The texts of the written formats in one language. Callers pass them in, since the catalogues are no part of
a record.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import UnsetType

from moothall.core.events.lines import MadeFrom, Origin
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.events.types import SealVersion
from moothall.core.kernel.times import media_time
from moothall.core.sessions.roughness import unquotable
from moothall.core.views.reading_order import BREAK, BREAK_SET_BACK
from moothall.record.chapters import RecordedChapter
from moothall.record.model import Absence, Missing, Record, RecordedLine
from moothall.record.questions import RecordedQuestion
from moothall.record.wrapping import plain

MAX_BYTES = 120
"""UTF-8 bytes of the title in a file name: file systems allow 255 for the whole name, and limit paths too."""
_UNFIT = re.compile(r'[\\/:*?"<>|]+')
"""Characters that some operating system does not allow in file names."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader wants in the record."""

    speakers: bool = True
    """Whether speakers are named."""
    times: bool = True
    """Whether times are shown. Captions always have them."""
    sources: bool = False
    """Whether plain text and captions have the source of each line; the other formats can always show it."""
    marks: bool = False
    """Whether right-to-left captions have U+200F at both ends of a row, for players that guess the direction."""


class AskedWording(msgspec.Struct, frozen=True, kw_only=True):
    """Texts about interventions in one language. Docstrings name the {placeholders} of a text."""

    heading: str
    figures: tuple[str, ...]
    """How many asked, how many were answered, and how long they waited; empty where nobody asked."""
    kinds: Mapping[InterventionKind, str]
    """With {n}, the number."""
    statuses: Mapping[InterventionStatus, str]
    joined: str
    """With {n}, the number of the question with which it was joined."""
    asked_at: str
    """With {time}, when it was asked."""
    answered_at: str
    """With {time}, when it was answered."""
    answered: str
    """The link to the line in which it was answered, where times are not shown."""
    answer: str
    """The heading of an answer in writing."""
    removed: str
    """For an intervention whose words were removed."""
    left: str
    """For an intervention whose turn had not come when the meeting was closed."""
    ended: str
    """For an intervention whose turn it was when the meeting was closed."""

    def number_of(self, each: RecordedQuestion) -> str:
        """The kind of an intervention, with its number."""
        return self.kinds[each.kind].format(n=each.number)

    def stands(self, each: RecordedQuestion) -> str:
        """The status of an intervention in words."""
        if each.status is InterventionStatus.JOINED:
            return self.joined.format(n="?" if each.joined_with is None else each.joined_with)
        if each.over:
            return self.ended if each.status is InterventionStatus.CALLED else self.left
        return self.statuses[each.status]

    def answered_in(self, t0: int, options: Options) -> str:
        """The link to the line in which it was answered, which begins at `t0` (media ms)."""
        return self.answered_at.format(time=media_time(t0)) if options.times else self.answered

    def about(self, each: RecordedQuestion, options: Options) -> tuple[str, ...]:
        """The facts below the heading of an intervention."""
        asked_at = (self.asked_at.format(time=media_time(each.t)),) if options.times else ()
        return (self.stands(each), *asked_at, *((self.removed,) if each.removed else ()))


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """Texts of a record in one language. Docstrings name the {placeholders} of a text."""

    language: str
    """BCP-47 tag of these texts."""
    direction: str
    """`ltr` or `rtl`."""
    title: str
    """The title of a record whose session has none."""
    about: tuple[str, ...]
    """What the text is (date, kind, languages), in the order in which it is shown; none is empty."""
    notice: str
    """What the text may be used for, and its limits."""
    label: str
    """For a machine's translation, what it is in a few words, and where its original is; empty for another text."""
    original: str = ""
    """The address of a translation's original, as `notice` and `label` have it; empty for another text."""
    quality: str
    """Quality figures of the text; empty when there is too little text."""
    so_far: str
    """For a session that is not closed; with {time}, the media time up to which the text extends."""
    version: str
    """With {version}, the position that identifies this state of the text."""
    not_recorded: str
    """With {start} and {end}."""
    not_recorded_since: str
    """With {start}."""
    break_since: str
    """With {start}."""
    unnamed: str
    """For a speaker who isn't named, after one who was."""
    mended: str
    """For a line that a person corrected."""
    accepted: str
    """For a line in which a person only accepted a machine's proposal."""
    skip: str
    """The link that skips to the text."""
    contents: str
    """The heading of the table of contents."""
    policy_question: str
    """With {n}, its number."""
    show_sources: str
    """The label of the check box that shows the sources."""
    origins: Mapping[Origin, str]
    tool: str
    """For a line from an outside tool, with {name}."""
    respoken: str
    """For a line in which a machine recognised a respeaker."""
    rough: str
    """For a line that a machine wrote roughly."""
    translated: Callable[[MadeFrom], str]
    """A function that says from which language a line was translated, and through which others."""
    gaps: Mapping[str, str]
    """With {start} and {end}; by the same reasons as on a reader's page."""
    seals: Mapping[SealVersion, str]
    asked: AskedWording
    name: str = ""
    """The name of the text, above its column in the bilingual form."""
    unshown: str = ""
    """For a document in which a square (U+25A1) stands for characters that no font has."""

    def title_of(self, record: Record) -> str:
        """The record's title as a single row."""
        return plain(record.session.title) or self.title

    def chapter(self, chapter: RecordedChapter) -> str:
        """What a chapter is, before its title: a policy question or one from the queue, with its number; empty for
        another topic.
        """
        if chapter.kind is not None:
            return self.asked.kinds[chapter.kind].format(n=chapter.number)
        return self.policy_question.format(n=chapter.number) if chapter.number else ""

    def source(self, line: RecordedLine) -> str:
        """The source of a line in words: a machine, a person, a machine with corrections by a person, and so on."""
        origin = self.origins[line.origin]
        if not isinstance(line.tool, UnsetType):
            origin = self.tool.format(name=plain(line.tool))
        elif unquotable(line):
            origin = self.rough
        elif line.respoken:
            origin = self.respoken
        if line.made_from is not None and line.origin is Origin.TRANSLATED:
            made = self.translated(line.made_from)
            origin = made if isinstance(line.tool, UnsetType) else f"{made} · {origin}"
        if not line.mended:
            return origin
        return f"{origin} · {self.accepted if line.accepted else self.mended}"

    def missing(self, span: Missing) -> str:
        """Why a span has no text, in words."""
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
        """The facts above the text: what it is, in what state, and how far it extends."""
        facts = list(self.about)
        if record.seal is not None:
            facts.append(self.seals[record.seal.version])
        if not record.finished:
            facts.append(self.so_far.format(time=media_time(record.until)))
        return tuple(facts)

    def named(self, record: Record) -> str:
        """The name of this state of the text, for citing and verifying it."""
        return self.version.format(version=record.position)


def file_name(record: Record, form: str, beside: Record | None = None) -> str:
    """A file name from date, title and language: `2026-11-24 Opening ceremony (en).vtt`; without a title it has the
    session's id. `beside`: the record of the other text in the bilingual form, `… (en, es).docx`.
    """
    title = "".join(
        " " if unicodedata.category(each)[0] in "CZ" and each not in "\u200c\u200d" else each
        for each in record.session.title
    )
    title = " ".join(_UNFIT.sub(" ", title).split()).encode()[:MAX_BYTES].decode(errors="ignore").strip(" .")
    opened = record.session.opened
    date = "" if opened is None else f"{datetime.fromtimestamp(opened // 1000, UTC):%Y-%m-%d} "
    tags = [record.language, *([] if beside is None else [beside.language])]
    languages = ", ".join(tag for tag in tags if re.fullmatch(r"[A-Za-z0-9-]{1,35}", tag))
    return f"{date}{title or record.id}{f' ({languages})' if languages else ''}.{form}"
