"""View data of the agenda: its texts, the public sessions by day and room, and recent changes.

Everything is derived from the list of public sessions. Changes of other sessions are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import groupby
from urllib.parse import quote

import msgspec
from babel.dates import format_date, format_skeleton

from moothall.adapters.admin.view import when
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.text_languages import TextLanguage, more_than_spoken, text_languages
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone, iso_time, time_span
from moothall.core.programme.agenda import AgendaPart, Block, blocks, written
from moothall.core.programme.changes import AgendaChange, AgendaChangeKind
from moothall.core.programme.plan import Expectation, Planned, RoomId, expectation
from moothall.core.sessions.state import ON, Status
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry

MOST_NEW = 12
"""The most new sessions of one day that are named; above that they are counted, such as after a programme's import."""
SHOWN_CHANGES = 10
"""Lines of changes that are shown at once; the others appear after a click."""

ReadableIn = Callable[[SessionId, Sequence[str]], Sequence[str]]
"""Returns the languages (BCP 47) in which a session can be read, from its id and its spoken languages."""


class PublicSession(msgspec.Struct, frozen=True, kw_only=True):
    """A public session, with its plan and its access statement."""

    entry: Entry
    plan: Planned | None
    statement: str

    @property
    def starts(self) -> int | None:
        """When it begins or began, in Unix ms; None where no time is known."""
        return self.entry.opened if self.plan is None or self.plan.starts is None else self.plan.starts


class AgendaRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session on the page."""

    session: SessionId
    address: str
    title: str
    language: str
    """BCP-47 tag of the title; empty for the placeholder."""
    moment: str
    """When it begins, ISO 8601; empty without a time."""
    time: str
    state: str
    """In words; empty while it is expected, and where it is cancelled."""
    status: str
    imported: bool
    """Whether it was held elsewhere, and imported."""
    on: bool
    """Whether its text comes now, or goes on after a break."""
    spoken: str
    """The languages that are spoken, in words; empty where it can be read in these alone."""
    readable: tuple[TextLanguage, ...]
    statement: str
    cancelled: str | None
    """Why it was cancelled, empty where no reason was given; None where it isn't cancelled."""
    calendar: str
    """The address of its calendar; empty where it has no time, and where it is not expected any more."""


class AgendaPlace(msgspec.Struct, frozen=True):
    """The sessions of one day in one room."""

    name: str
    """The room's title; empty for sessions without a room."""
    rows: tuple[AgendaRow, ...]


class AgendaDay(msgspec.Struct, frozen=True):
    """The sessions of one day, by room."""

    id: str
    name: str
    """The date in words; empty for sessions without a time."""
    short: str
    is_today: bool
    past: bool
    places: tuple[AgendaPlace, ...]
    kept: bool
    """Whether the texts of a session that is closed can be taken home."""


class AgendaPartTexts(msgspec.Struct, frozen=True):
    """One part of the agenda's texts, in one language."""

    part: AgendaPart
    title: str
    language: str
    direction: str
    blocks: tuple[Block, ...]


class ChangeDay(msgspec.Struct, frozen=True):
    """The changes of one day."""

    name: str
    lines: tuple[str, ...]


@dataclass(eq=False, repr=False)
class AgendaRows:
    """Makes the view data from the programme. `readable`: the languages in which a session can be read."""

    programme: Programme
    _: KW_ONLY
    readable: ReadableIn = lambda _, spoken: spoken

    def public(self, listed: Iterable[Entry]) -> list[PublicSession]:
        """The sessions of the agenda from the public entries `listed`, by starting time."""
        agenda, found = self.programme.agenda, []
        for entry in listed:
            note = agenda.note(entry.session)
            plan = self.programme.plan_of(entry.session)
            found.append(PublicSession(entry=entry, plan=plan, statement=note.statement))
        return sorted(found, key=lambda each: (each.starts is None, each.starts or 0, each.entry.session))

    def parts(self, ui: Catalogue, languages: Sequence[str]) -> list[AgendaPartTexts]:
        """The texts that have been written, in the page's language where they exist in it, otherwise in another."""
        found = ((part, written(self.programme.agenda.texts, part, ui.language, languages)) for part in AgendaPart)
        return [
            AgendaPartTexts(
                part, ui.named(f"agenda/part.{part}"), text.language, direction(text.language), blocks(text.text)
            )
            for part, text in found
            if text is not None
        ]

    def days(self, sessions: Sequence[PublicSession], ui: Catalogue, query: str, now: int) -> list[AgendaDay]:
        """The sessions by day, and within each day by room, in order of time. Sessions without a time or a room come
        last.

        `now`: Unix ms. `query`: the query string of links on the page.
        """
        zone = self.programme.zone()
        today = zone.at(now).date().isoformat()
        closed = [each.entry for each in sessions if each.entry.status is Status.CLOSED]
        # A bundle has those that were held on its day, which their plan needn't say.
        kept = {zone.at(each.opened).date().isoformat() for each in closed if each.opened is not None}

        def day(each: PublicSession) -> str:
            return "" if each.starts is None else zone.at(each.starts).date().isoformat()

        days = []
        for date, there in groupby(sessions, day):
            on_it = list(there)
            first = None if on_it[0].starts is None else zone.at(on_it[0].starts)
            name = "" if first is None else format_date(first, "full", locale=ui.locale)
            short = "" if first is None else format_skeleton("MMMEd", first, locale=ui.locale)
            places: dict[str, list[AgendaRow]] = {}
            for each in on_it:
                places.setdefault(self.place(each.plan), []).append(self._row(each, ui, zone, query, now))
            ordered = sorted(places.items(), key=lambda place: (not place[0], place[0]))
            rooms = tuple(AgendaPlace(place, tuple(rows)) for place, rows in ordered)
            past = bool(date) and date < today
            days.append(
                AgendaDay(date, name, short, is_today=date == today, past=past, places=rooms, kept=date in kept)
            )
        return days

    def texts_of(self, sessions: Iterable[PublicSession], ui: Catalogue) -> tuple[TextLanguage, ...]:
        """The languages in which any of the sessions that are closed can be read."""
        closed = [each.entry for each in sessions if each.entry.status is Status.CLOSED]
        tags = (tag for entry in closed for tag in self.readable(entry.session, entry.languages))
        return text_languages(SessionId(""), tags, ui, linked=False)

    def place(self, plan: Planned | None) -> str:
        """The title of a plan's room; empty where there is none."""
        return "" if plan is None or plan.room is None else self._room(plan.room)

    def changes(self, sessions: Sequence[PublicSession], ui: Catalogue) -> list[ChangeDay]:
        """Changes of sessions on the agenda, by day, newest first."""
        titles = {each.entry.session: title_of(each.entry, ui) for each in sessions}
        zone = self.programme.zone()

        def day(change: AgendaChange) -> str:
            return format_date(zone.at(change.at), "long", locale=ui.locale)

        found = [change for change in self.programme.agenda.changes() if change.session in titles]
        return [ChangeDay(name, tuple(self._lines(list(there), titles, ui))) for name, there in groupby(found, day)]

    def changed(self, sessions: Sequence[PublicSession], ui: Catalogue) -> Iterator[tuple[AgendaChange, str]]:
        """Each change of sessions on the agenda, newest first, with its sentence."""
        titles = {each.entry.session: title_of(each.entry, ui) for each in sessions}
        for change in self.programme.agenda.changes():
            if change.session in titles:
                yield change, self._line(change, titles[change.session], ui)

    def _lines(self, changes: Sequence[AgendaChange], titles: Mapping[SessionId, str], ui: Catalogue) -> Iterable[str]:
        new = [change for change in changes if change.kind is AgendaChangeKind.NEW]
        if len(new) > MOST_NEW:
            yield ui.counted("{n} new meeting", len(new))
        for change in changes:
            if change.kind is not AgendaChangeKind.NEW or len(new) <= MOST_NEW:
                yield self._line(change, titles[change.session], ui)

    def _line(self, change: AgendaChange, title: str, ui: Catalogue) -> str:
        before = after = ""
        match change.kind:
            case AgendaChangeKind.TITLE:
                before = change.title
            case AgendaChangeKind.TIME:
                zone = self.programme.zone()
                times = zip(change.starts, change.ends, strict=True)
                before, after = (when(starts, ends, ui, zone) or ui.text("without a time") for starts, ends in times)
            case AgendaChangeKind.ROOM:
                before, after = (self._room(room) or ui.text("without a place") for room in change.rooms)
            case _:
                pass
        values = {"title": title, "before": before, "after": after}
        needed = {name: f"\u2068{value}\u2069" for name, value in values.items() if value}
        return ui.named(f"agenda/change.{change.kind}", **needed)

    def _room(self, room: RoomId | None) -> str:
        known = None if room is None else self.programme.room(room)
        return "" if known is None else known.title

    def _row(self, each: PublicSession, ui: Catalogue, zone: Zone, query: str, now: int) -> AgendaRow:
        entry, starts = each.entry, each.starts
        ends = None if each.plan is None or each.plan.starts is None else each.plan.ends
        moment = None if starts is None else zone.at(starts)
        coming = entry.status is Status.CREATED and expectation(each.plan, now) is Expectation.COMING
        tags = self.readable(entry.session, entry.languages)
        return AgendaRow(
            session=entry.session,
            address=f"/s/{quote(entry.session)}{query}",
            title=title_of(entry, ui),
            language=entry.languages[0] if entry.title.strip() and entry.languages else "",
            moment="" if moment is None else iso_time(moment),
            time=time_span(moment, None if moment is None or ends is None else zone.at(ends)),
            state="" if coming or entry.cancelled is not None else ui.named(f"page/state.{entry.status}"),
            imported=entry.imported,
            status=entry.status.value,
            on=entry.status in ON,
            spoken=ui.listed(ui.language_name(tag) for tag in entry.languages)
            if more_than_spoken(tags, entry.languages, ui)
            else "",
            readable=text_languages(entry.session, tags, ui),
            statement=each.statement,
            cancelled=entry.cancelled,
            calendar=f"/agenda/{quote(entry.session)}.ics{query}" if starts is not None and coming else "",
        )


def title_of(entry: Entry, ui: Catalogue) -> str:
    """The title of a session, or a placeholder where it has none."""
    return entry.title.strip() or ui.text("Meeting without a title")
