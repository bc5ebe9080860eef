"""The attendance report of a session, and of a year: the one place where each figure is computed.

People are counted in the room, at hubs and online: in the first two by the highest count, online as `online.py` says.
Whoever sits in the room or at a hub may read on a phone as well, so all of them together are at least those of the
larger part and at most the sum (`ranges.py`). What is too small to be shown is None (`hiding.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from moothall.core.attendance.facts import AttendanceFacts
from moothall.core.attendance.hiding import fewest, large_enough, shown
from moothall.core.attendance.online import HOUR_MS, MOST_HOURS, OnlineCount
from moothall.core.attendance.ranges import NOBODY, UNKNOWN, PeopleRange, apart, exactly, perhaps_same
from moothall.core.kernel.ids import SessionId
from moothall.core.sessions.roll import RollEntry, RollStatus

NOT_COUNTED = OnlineCount(people=UNKNOWN)
"""Of a session of which nobody counted who read: one that was imported, or held before readers were counted."""


class HubAttendance(msgspec.Struct, frozen=True, kw_only=True):
    """The people at a hub; `title` is empty for all hubs together that no list names."""

    title: str
    people: PeopleRange
    hubs: int = 1


class HourAttendance(msgspec.Struct, frozen=True, kw_only=True):
    """The people of one hour."""

    at: int
    """Unix ms of its beginning."""
    room: int | None
    """The highest count of the room in it; None where nobody counted then."""
    hubs: int | None
    """The same, of all hubs in which somebody counted then."""
    online: PeopleRange | None
    """None where so few are not told."""


class LanguageRead(msgspec.Struct, frozen=True, kw_only=True):
    """The browsers that read a text in one language."""

    language: str
    people: PeopleRange | None
    """None where so few are not told."""


class SessionAttendance(msgspec.Struct, frozen=True, kw_only=True):
    """The report of one session."""

    session: SessionId
    title: str
    languages: tuple[str, ...]
    texts: tuple[str, ...]
    """The languages of texts that have lines."""
    opened: int | None
    closed: int | None
    public: bool
    released: bool
    fewest: int
    """The least number of people that a figure of it concerns."""
    total: PeopleRange | None
    """Everybody; None where so few are not told."""
    room: PeopleRange | None
    hubs: tuple[HubAttendance, ...]
    at_hubs: PeopleRange | None
    online: PeopleRange | None
    elsewhere: int
    uncounted: bool
    hours: tuple[HourAttendance, ...]
    read: tuple[LanguageRead, ...]
    topics: tuple[str, ...]
    asked: int
    taken: int
    taken_remotely: int
    answered: int
    recorded_ms: int
    roll: RollStatus
    signed: int | None
    """As in `AttendanceFacts`."""
    named: tuple[RollEntry, ...]
    """Who is named, once the list is final."""
    groups: dict[str, dict[str, int | None]]
    """Who signed in, by group and region; None where so few are not told."""
    asked_by: dict[str, dict[str, int | None]]
    """Who asked, in the same form, by what they said of themselves; empty until those sums are final."""
    young_people: bool

    @property
    def by_place(self) -> bool:
        """Whether people are told by place: of a session with young people only all together are."""
        return not self.young_people


def report(
    facts: AttendanceFacts,
    online: OnlineCount = NOT_COUNTED,
    unlisted: Iterable[str] = (),
    asked_by: Mapping[str, Mapping[str, int | None]] | None = None,
) -> SessionAttendance:
    """The report of a session. `unlisted`: the hubs that no list names; `asked_by`: the final sums of who asked."""
    least = fewest(young_people=facts.young_people)
    room = exactly(max((each.people for each in facts.counts), default=None))
    hubs = _hubs(facts, frozenset(unlisted))
    at_hubs = apart(each.people for each in hubs)
    total = perhaps_same((apart((room, at_hubs)), online.all_people))
    told = not facts.young_people
    final = facts.roll is RollStatus.FINAL
    return SessionAttendance(
        session=facts.session,
        title=facts.title,
        languages=facts.languages,
        texts=facts.texts,
        opened=facts.opened,
        closed=facts.closed,
        public=facts.public,
        released=facts.released,
        fewest=least,
        total=total if told or large_enough(total, least) else None,
        room=room if told else None,
        hubs=hubs if told else (),
        at_hubs=at_hubs if told else None,
        online=online.all_people if told else None,
        elsewhere=online.elsewhere if told else 0,
        uncounted=online.uncounted,
        hours=_hours(facts, online, least) if told else (),
        read=_read(online.languages, least) if told else (),
        topics=facts.topics,
        asked=facts.asked,
        taken=facts.taken,
        taken_remotely=facts.taken_remotely,
        answered=facts.answered,
        recorded_ms=facts.recorded_ms,
        roll=facts.roll,
        signed=facts.signed,
        named=facts.entries if final else (),
        groups=facts.groups if told else {},
        asked_by={dimension: dict(cells) for dimension, cells in (asked_by or {}).items()} if told else {},
        young_people=facts.young_people,
    )


def _hubs(facts: AttendanceFacts, unlisted: frozenset[str]) -> tuple[HubAttendance, ...]:
    named = tuple(
        HubAttendance(title=each.title or each.hub, people=exactly(each.people))
        for each in facts.hubs
        if each.hub not in unlisted
    )
    others = [exactly(each.people) for each in facts.hubs if each.hub in unlisted]
    return (*named, HubAttendance(title="", people=apart(others), hubs=len(others))) if others else named


def _hours(facts: AttendanceFacts, online: OnlineCount, least: int) -> tuple[HourAttendance, ...]:
    room: dict[int, int] = {}
    for each in facts.counts:
        hour = each.at // HOUR_MS * HOUR_MS
        room[hour] = max(each.people, room.get(hour, 0))
    hubs: dict[int, int] = {}
    for hub in facts.hubs:
        for hour, people in hub.hours.items():
            hubs[hour] = hubs.get(hour, 0) + people
    absent = NOBODY if online.people.known and len(online.hours) < MOST_HOURS else UNKNOWN
    rows = []
    for hour in sorted(room.keys() | hubs.keys() | online.hours.keys()):
        followed = online.hours.get(hour, absent)
        told = followed if large_enough(followed, least) else None
        rows.append(HourAttendance(at=hour, room=room.get(hour), hubs=hubs.get(hour), online=told))
    return tuple(rows)


def _read(languages: Mapping[str, PeopleRange], least: int) -> tuple[LanguageRead, ...]:
    may = shown({name: each.most or 0 for name, each in languages.items()}, least)
    names = sorted(languages, key=lambda name: (-(languages[name].most or 0), name))
    return tuple(LanguageRead(language=name, people=None if may[name] is None else languages[name]) for name in names)


class YearAttendance(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a year: of its public meetings that are over.

    What the record tells is of all of them; people are of those whose report is released.
    """

    year: int
    meetings: int
    sessions: tuple[SessionAttendance, ...]
    """The released ones, in order of time."""
    total: PeopleRange
    room: PeopleRange
    at_hubs: PeopleRange
    online: PeopleRange
    untold: int
    """Released meetings of which no number of people is told, since it is too small: the sums are without them."""
    hubs: int
    """Different hubs."""
    recorded_ms: int
    languages: tuple[str, ...]
    """In which there was a text."""
    topics: int
    """Different policy questions: one that several meetings take up counts once."""
    asked: int
    taken: int
    taken_remotely: int
    answered: int
    named: int
    """Entries of final attendance lists."""


def year_of(year: int, reports: Sequence[SessionAttendance]) -> YearAttendance:
    """The report of a year. `reports`: those of its meetings; others than public, closed ones are left out."""
    found = sorted(
        (each for each in reports if each.public and each.closed is not None),
        key=lambda each: (each.opened or 0, each.session),
    )
    released = tuple(each for each in found if each.released)
    told = [each.total for each in released if each.total is not None]
    by_place = [each for each in released if each.by_place]
    return YearAttendance(
        year=year,
        meetings=len(found),
        sessions=released,
        total=_all(told),
        room=_all(each.room for each in by_place if each.room is not None),
        at_hubs=_all(each.at_hubs for each in by_place if each.at_hubs is not None),
        online=_all(each.online for each in by_place if each.online is not None),
        untold=len(released) - len(told),
        hubs=len({hub.title for each in by_place for hub in each.hubs if hub.title})
        + max((hub.hubs for each in by_place for hub in each.hubs if not hub.title), default=0),
        recorded_ms=sum(each.recorded_ms for each in found),
        languages=tuple(sorted({language for each in found for language in each.texts})),
        topics=len({topic for each in found for topic in each.topics}),
        asked=sum(each.asked for each in found),
        taken=sum(each.taken for each in found),
        taken_remotely=sum(each.taken_remotely for each in found),
        answered=sum(each.answered for each in found),
        named=sum(each.signed or 0 for each in released if each.roll is RollStatus.FINAL),
    )


def _all(parts: Iterable[PeopleRange]) -> PeopleRange:
    """The people of several sessions, who may be the same; unknown where there is none."""
    found = list(parts)
    return perhaps_same(found) if found else UNKNOWN
