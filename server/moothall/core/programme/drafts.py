"""Common parts of all file readers: sessions as a file has them, and how they become a timetable."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import TypeVar

import msgspec

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.kernel.languages import is_short_language
from moothall.core.kernel.visible import all_visible, visible
from moothall.core.programme.plan import (
    Planned,
    Room,
    RoomId,
    Speaker,
    Timetable,
    name_of,
    readable_name,
)
from moothall.core.programme.times import LONGEST, Zones

MOST_SESSIONS = 5_000
MOST_SPEAKERS = 200
"""Speakers of one session."""
LONGEST_TITLE = 500
LONGEST_SPEAKER = 200
MOST_SENTENCES = 50
"""Sentences on what is wrong with one file; of further ones only the number is given."""


class FileContext(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader of a file gets besides the file."""

    zones: Zones
    calendar: CalendarReader
    """The reader of iCalendar files."""
    zone: tzinfo
    """The time zone of times without one, in a file that names none for all times."""
    languages: tuple[str, ...] = ()
    """BCP-47 tags for sessions without languages; empty: not given, so the importer is asked."""
    language_names: Mapping[str, str] = {}
    """Names of languages, case-folded → BCP-47 tag. Files may have these names in place of tags."""


Found = TypeVar("Found")


class SessionDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it is in a file."""

    where: str
    """How errors refer to it, such as `Line 3`."""
    id: str
    """The file's own id; empty when it has none, so that the id is made from the title."""
    title: str
    own: SessionId | None = None
    """The meeting's id here, in a file that was made here."""
    room: str = ""
    starts: int | None = None
    """Unix ms."""
    ends: int | None = None
    """Unix ms."""
    languages: tuple[str, ...] = ()
    speakers: tuple[tuple[str, str], ...] = ()
    """(the file's id or empty, name) of each speaker."""
    zone: str = ""
    """The time zone that is named for this session; empty for none."""
    ends_as: str = ""
    """The end as it is written in the file, for errors."""
    columns: Mapping[str, str] = {}
    """The file's names of the columns `id`, `title`, `end` and `speakers`, where it has columns."""
    wrong: tuple[str, ...] = ()
    """Sentences on parts that could not be read and are missing here."""

    def at(self, part: str) -> str:
        """How errors refer to one of the `columns`, or to the session where there are no columns."""
        return f"{self.where}, column '{self.columns[part]}'" if part in self.columns else self.where


class CalendarFile(msgspec.Struct, frozen=True, kw_only=True):
    """The content of an iCalendar file."""

    title: str
    zone: str
    """The time zone of all sessions; empty when the file names none."""
    drafts: tuple[SessionDraft, ...]
    notes: tuple[str, ...] = ()
    """Sentences on what was left out or repeated."""
    wrong: tuple[str, ...] = ()
    """Sentences on what can't be read, apart from the sessions."""


CalendarReader = Callable[[str, FileContext], CalendarFile]
"""A function that reads the text of an iCalendar file; raises ProgrammeError when the file as a whole can't be read."""


def all_wrong(sentences: Sequence[str]) -> ProgrammeError:
    """The error with all sentences on what is wrong with a file, or the first `MOST_SENTENCES` and the number of the
    others.
    """
    more = len(sentences) - MOST_SENTENCES
    last = (f"And {more} more.",) if more > 0 else ()
    return ProgrammeError(*sentences[:MOST_SENTENCES], *last)


def stop_at_most(count: int) -> None:
    """Raise ProgrammeError if a file has more sessions than are accepted, so that the rest of it isn't read."""
    if count > MOST_SESSIONS:
        msg = f"The file holds more than {MOST_SESSIONS} sessions, which are the most that are taken at once."
        raise ProgrammeError(msg)


def readable(wrong: list[str], read: Callable[[], Found], otherwise: Found) -> Found:
    """Return the result of `read`. If it raises ProgrammeError, add its sentences to `wrong` and return `otherwise`."""
    try:
        return read()
    except ProgrammeError as error:
        wrong.extend(error.sentences)
        return otherwise


def drafts_of(events: Iterable[Found], read: Callable[[Found, int], SessionDraft]) -> list[SessionDraft]:
    """Call `read` for each event of a file with its number from 1; raises ProgrammeError for too many events."""
    drafts: list[SessionDraft] = []
    for number, event in enumerate(events, 1):
        stop_at_most(number)
        drafts.append(read(event, number))
    return drafts


def called(title: str, number: int) -> str:
    """How errors refer to a session of a file without text lines: by its title, or by its number from 1."""
    return f"“{title[:60]}”" if title.strip() else f"Session {number} of the file"


def timetable(
    *,
    source: str,
    title: str,
    drafts: Sequence[SessionDraft],
    reading: FileContext,
    notes: Sequence[str],
    zone: str = "",
    wrong: Sequence[str] = (),
) -> Timetable:
    """The drafts as rooms and planned sessions, with ids that stay the same when the file is read again.

    `zone`: the time zone that the file names for all sessions; if empty, the zone that most sessions name counts.
    `wrong`: sentences on other parts of the file that could not be read. Raises ProgrammeError with everything that is
    wrong.
    """
    if not drafts:
        raise ProgrammeError("The file holds no sessions.")
    stop_at_most(len(drafts))
    told = list(wrong)
    rooms: dict[RoomId, Room] = {}
    sessions: dict[SessionId, Planned] = {}
    prefix = readable_name(source)[:15].strip("-") if source else ""
    for draft in map(all_visible, drafts):
        told += [*draft.wrong, *misfits(draft)]
        planned = _planned(draft, prefix, reading)
        if planned.session in sessions and (planned.title or draft.id.strip() or draft.own):
            given = draft.own or draft.id
            column = "own" if draft.own else "id"
            column, what = (column, f"the id '{given[:60]}'") if given.strip() else ("title", "that title")
            told.append(f"{draft.at(column)}: another session has {what} already; give each an id of its own.")
        sessions[planned.session] = planned
        if planned.room is not None:
            rooms.setdefault(planned.room, Room(id=planned.room, title=draft.room.strip()[:LONGEST_TITLE]))
    if told:
        raise all_wrong(told)
    return Timetable(
        source=prefix or "programme",
        title=visible(title).strip()[:LONGEST_TITLE],
        rooms=tuple(rooms.values()),
        sessions=tuple(sessions.values()),
        zone=zone or _most_named(drafts),
        notes=tuple(notes),
    )


def _most_named(drafts: Sequence[SessionDraft]) -> str:
    named = Counter(draft.zone for draft in drafts if draft.zone)
    return named.most_common(1)[0][0] if named else ""


def misfits(draft: SessionDraft) -> Iterator[str]:
    """Yield sentences on values of a session that were read but are not acceptable."""
    title = " ".join(draft.title.split())
    if not title:
        yield f"{draft.at('title')}: there is no title; write one of at most {LONGEST_TITLE} characters."
    elif len(title) > LONGEST_TITLE:
        yield f"{draft.at('title')}: '{title[:60]}…' has {len(title)} characters; a title has at most {LONGEST_TITLE}."
    if draft.ends is not None:
        end = f"{draft.at('end')}: the end '{draft.ends_as[:60]}'" if draft.ends_as else f"{draft.where}: the end"
        if draft.starts is None:
            yield f"{end} has no start beside it; write when it starts too."
        elif draft.ends <= draft.starts:
            yield f"{end} is not after its start; write a later end."
        elif draft.ends - draft.starts > _LONGEST_MS:
            yield f"{end} is more than a week after its start; write an earlier end."
    if len(draft.speakers) > MOST_SPEAKERS:
        yield f"{draft.at('speakers')}: it has {len(draft.speakers)} speakers; at most {MOST_SPEAKERS} are taken."


def _planned(draft: SessionDraft, prefix: str, reading: FileContext) -> Planned:
    title = " ".join(draft.title.split())
    own = name_of(draft.id) if draft.id.strip() else readable_name(title)
    return Planned(
        session=draft.own or SessionId(f"{prefix}-{own}" if prefix else own),
        room=RoomId(readable_name(draft.room)) if draft.room.strip() else None,
        title=title,
        starts=draft.starts,
        ends=draft.ends,
        languages=tuple(dict.fromkeys(draft.languages)) or reading.languages,
        speakers=_speakers(draft),
        source=prefix or "programme",
    )


_LONGEST_MS = round(LONGEST.total_seconds() * 1000)


def _speakers(draft: SessionDraft) -> tuple[Speaker, ...]:
    found: dict[SpeakerId, Speaker] = {}
    for own, given in draft.speakers:
        name = " ".join(given.split())[:LONGEST_SPEAKER]
        if name:
            # A name without an id is the id itself, so that a corrected name in the file counts as another person.
            speaker = SpeakerId(f"p-{name_of(own)}" if own.strip() else readable_name(name))
            found.setdefault(speaker, Speaker(id=speaker, name=name))
    return tuple(found.values())


def languages_in(text: str, where: str, names: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The tags that `tags_of` finds; raises ProgrammeError for any other parts, with sentences that begin
    with `where`.
    """
    tags, others = tags_of(text, names or {})
    if others:
        what = "names no language; write a name or a tag, such as English or en."
        raise ProgrammeError(*(f"{where}: '{part[:60]}' {what}" for part in others))
    return tags


def tags_of(text: str, names: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The languages of `en, fr`, `en;fr`, `en fr` or `English / français` as tags, without repetition, and the parts
    that are none.

    `names`: names of languages, as in `FileContext`.
    """
    found: list[str] = []
    others: list[str] = []
    for part in (part.strip() for part in _BETWEEN.split(text) if part.strip()):
        words = (part,) if part.casefold() in names else tuple(part.split())
        tags = [names.get(word.casefold()) or _tag(word) for word in words]
        if all(is_short_language(tag) for tag in tags):
            found += tags
        else:
            others.append(part)
    return tuple(dict.fromkeys(found)), tuple(others)


_BETWEEN = re.compile(r"[,;/+&\n\u060c\u061b\u3001\uff0c]")


def _tag(text: str) -> str:
    first, between, rest = text.replace("_", "-").partition("-")
    return first.lower() + between + rest


def one_each(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Speakers of whom only the name is known, in the form of `SessionDraft.speakers`."""
    return tuple(("", name.strip()) for name in names if name.strip())
