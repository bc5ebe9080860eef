"""What the readers of all kinds of files share: sessions as they are found in one, and how they become a timetable."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import TypeVar

import msgspec

from moothall.core.errors import ProgrammeError
from moothall.core.ids import SessionId, SpeakerId
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
from moothall.core.visible import all_visible, visible

MOST_SESSIONS = 5_000
MOST_SPEAKERS = 200
"""Of one session."""
LONGEST_TITLE = 500
LONGEST_SPEAKER = 200
MOST_SENTENCES = 50
"""Sentences on what is wrong in one file; of further ones the number is said."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the reader of a file is told beside the file."""

    zones: Zones
    zone: tzinfo
    """Of times that name none, where the file names none for all."""
    languages: tuple[str, ...] = ()
    """Of sessions that name none; empty: nobody has said, and whoever imports is asked."""
    language_names: Mapping[str, str] = {}
    """What languages are called, without case (`str.casefold`) → tag: what files may write in place of tags."""


Found = TypeVar("Found")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A session as a file has it."""

    where: str
    """How an error names it, such as `Line 3`."""
    id: str
    """The source's own id; empty when it has none, and the title has to do."""
    title: str
    room: str = ""
    starts: int | None = None
    """Unix ms."""
    ends: int | None = None
    """Unix ms."""
    languages: tuple[str, ...] = ()
    speakers: tuple[tuple[str, str], ...] = ()
    """(the source's id or nothing, name)."""
    zone: str = ""
    """The time zone that it names for itself."""


def all_wrong(sentences: Sequence[str]) -> ProgrammeError:
    """The error that says everything that is wrong with a file."""
    more = len(sentences) - MOST_SENTENCES
    last = (f"And {more} more.",) if more > 0 else ()
    return ProgrammeError(*sentences[:MOST_SENTENCES], *last)


def stop_at_most(count: int) -> None:
    """Raises ProgrammeError once a file has more sessions than are taken, so that the rest of it isn't read."""
    if count > MOST_SESSIONS:
        msg = f"The file holds more than {MOST_SESSIONS} sessions, which are the most that are taken at once."
        raise ProgrammeError(msg)


def drafts_of(events: Iterable[Found], read: Callable[[Found], Draft]) -> list[Draft]:
    """Each event of a file as `read` reads it; raises ProgrammeError with what is wrong in all of them."""
    drafts: list[Draft] = []
    wrong: list[str] = []
    for number, event in enumerate(events, 1):
        stop_at_most(number)
        try:
            drafts.append(read(event))
        except ProgrammeError as error:
            wrong.extend(error.sentences)
    if wrong:
        raise all_wrong(wrong)
    return drafts


def timetable(
    *, source: str, title: str, drafts: Sequence[Draft], reading: Reading, notes: Sequence[str], zone: str = ""
) -> Timetable:
    """The drafts as rooms and planned sessions, with ids that stay the same when the file is read again.

    `zone` is what the file names for all of them; without it, the one that most sessions name counts.
    Raises ProgrammeError with a sentence for each of them that can't be a session.
    """
    if not drafts:
        msg = "The file holds no sessions."
        raise ProgrammeError(msg)
    stop_at_most(len(drafts))
    wrong: list[str] = []
    rooms: dict[RoomId, Room] = {}
    sessions: dict[SessionId, Planned] = {}
    prefix = readable_name(source)[:15].strip("-") if source else ""
    for draft in drafts:
        try:
            planned = _planned(draft, prefix, reading)
        except ProgrammeError as error:
            wrong.extend(error.sentences)
            continue
        if planned.session in sessions:
            what = f"the id '{draft.id[:60]}'" if draft.id else "that title"
            wrong.append(f"{draft.where}: another session has {what} already; give each an id of its own.")
            continue
        sessions[planned.session] = planned
        if planned.room is not None:
            rooms.setdefault(planned.room, Room(id=planned.room, title=visible(draft.room).strip()[:LONGEST_TITLE]))
    if wrong:
        raise all_wrong(wrong)
    return Timetable(
        source=prefix or "programme",
        title=visible(title).strip()[:LONGEST_TITLE],
        rooms=tuple(rooms.values()),
        sessions=tuple(sessions.values()),
        zone=zone or _most_named(drafts),
        notes=tuple(notes),
    )


def _most_named(drafts: Sequence[Draft]) -> str:
    named = Counter(draft.zone for draft in drafts if draft.zone)
    return named.most_common(1)[0][0] if named else ""


def _planned(draft: Draft, prefix: str, reading: Reading) -> Planned:
    draft = all_visible(draft)
    title = " ".join(draft.title.split())
    if not 0 < len(title) <= LONGEST_TITLE:
        msg = f"{draft.where}: a title has 1 to {LONGEST_TITLE} characters; this one has {len(title)}."
        raise ProgrammeError(msg)
    if draft.ends is not None and (draft.starts is None or not 0 < draft.ends - draft.starts <= _LONGEST_MS):
        msg = f"{draft.where}: it has to end after it starts, and within a week."
        raise ProgrammeError(msg)
    own = name_of(draft.id) if draft.id.strip() else readable_name(title)
    return Planned(
        session=SessionId(f"{prefix}-{own}" if prefix else own),
        room=RoomId(readable_name(draft.room)) if draft.room.strip() else None,
        title=title,
        starts=draft.starts,
        ends=draft.ends,
        languages=tuple(dict.fromkeys(draft.languages)) or reading.languages,
        speakers=_speakers(draft),
        source=prefix or "programme",
    )


_LONGEST_MS = round(LONGEST.total_seconds() * 1000)


def _speakers(draft: Draft) -> tuple[Speaker, ...]:
    if len(draft.speakers) > MOST_SPEAKERS:
        msg = f"{draft.where}: it has {len(draft.speakers)} speakers; at most {MOST_SPEAKERS} are taken."
        raise ProgrammeError(msg)
    found: dict[SpeakerId, Speaker] = {}
    for own, given in draft.speakers:
        name = " ".join(given.split())[:LONGEST_SPEAKER]
        if name:
            # A name alone is its own id; one that is mended in the file is then somebody else.
            speaker = SpeakerId(f"p-{name_of(own)}" if own.strip() else readable_name(name))
            found.setdefault(speaker, Speaker(id=speaker, name=name))
    return tuple(found.values())


def languages_in(text: str, where: str, names: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """`en, fr`, `en;fr`, `en fr` or `English / français` as tags; raises ProgrammeError that begins with `where`.

    `names` are what languages are called, as `Reading` has them.
    """
    known = names or {}
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    found: list[str] = []
    for part in parts:
        words = (part,) if part.casefold() in known else tuple(part.split())
        tags = [known.get(word.casefold()) or _tag(word) for word in words]
        if not all(_LANGUAGE.match(tag) for tag in tags):
            msg = f"{where}: '{part[:60]}' names no language; write a name or a tag, such as English or en."
            raise ProgrammeError(msg)
        found += tags
    return tuple(dict.fromkeys(found))


_BETWEEN = re.compile(r"[,;/+&\n\u060c\u061b\u3001\uff0c]")


def _tag(text: str) -> str:
    first, between, rest = text.replace("_", "-").partition("-")
    return first.lower() + between + rest


def one_each(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Speakers of whom only the name is known."""
    return tuple(("", name.strip()) for name in names if name.strip())
