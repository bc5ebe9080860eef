"""The meetings on `/admin`: those that are running, and either a day as a table of rooms and times or search results.

It works without scripts: a form sends `q` (words), `day`, `room` and `state`. Values that can't be read are ignored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import urlencode

import msgspec
from babel.dates import format_date

from moothall.adapters.admin.day_table import DayCell, starts_of, table
from moothall.adapters.admin.plan_form import form_time
from moothall.adapters.admin.view import Rows, day_name, meeting_row, planned_of, state_of, times_of
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.commands import SetStatus
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import iso_time, time_of_day
from moothall.core.programme.plan import Planned, RoomId, clashes, in_order
from moothall.core.rules.authority import COMMANDS, SENDS_EVERY_SOUND, STAFF_ROLES
from moothall.core.sessions.state import ON, Status
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry

LONGEST_WORDS = 200
"""Characters of a search that are read; the rest is ignored."""
CANCELLED = "cancelled"
STATES = (Status.CREATED, Status.OPEN, Status.PAUSED, Status.CLOSED, CANCELLED)
MOST_FOUND = 400
"""The most meetings in a list. Overflow: the later ones aren't shown; a narrower search finds them."""
MOST_CLASHES = 50
"""The most pairs of clashing meetings shown, the earliest first."""
MODERATES = frozenset(role for role in STAFF_ROLES if SetStatus in COMMANDS[role])
MOST_COLUMNS = 8
"""Up to so many rooms, the table also shows rooms in which nothing is planned."""


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """A search for meetings; an empty field matches any."""

    words: str = ""
    day: str = ""
    """ISO 8601, in the programme's time zone."""
    room: RoomId = RoomId("")
    state: str = ""

    @property
    def any(self) -> bool:
        """Whether the search matches all meetings."""
        return self == Sought()

    @property
    def sifts(self) -> bool:
        """Whether it filters by anything else than the day."""
        return self != Sought(day=self.day)


def sought(query: Mapping[str, str]) -> Sought:
    """Parse a search from a query string."""
    state = query.get("state", "")
    return Sought(
        words=" ".join(query.get("q", "")[:LONGEST_WORDS].split()),
        day=query.get("day", "")[:10],
        room=RoomId(query.get("room", "")),
        state=state if state in STATES else "",
    )


def all_meetings(known: Mapping[SessionId, Entry], programme: Programme) -> tuple[Planned, ...]:
    """The meetings of the programme and those made elsewhere, by starting time, without those that are being deleted.

    `known`: all sessions, listed without loading them.
    """
    planned = programme.planned()
    here = {each.session for each in (*planned, *programme.deleted())}
    return in_order([*planned, *(planned_of(entry) for name, entry in known.items() if name not in here)])


class ListedMeeting(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting of the table. Times are in Unix ms."""

    starts: int
    ends: int | None
    row: dict[str, object]
    """The row that a list shows."""


class MeetingList:
    """The meetings of the programme and those made elsewhere, by starting time."""

    def __init__(
        self, planned: Sequence[Planned], known: Mapping[SessionId, Entry], programme: Programme, ui: Catalogue
    ) -> None:
        """`known`: all sessions by id, listed without loading them."""
        self._programme = programme
        self._ui = ui
        self._known = known
        self._all = [_as_held(each, known.get(each.session)) for each in planned]
        zone = programme.zone()
        self._days = {
            each.session: zone.at(each.starts).date().isoformat() for each in self._all if each.starts is not None
        }

    def values(self, looked_for: Sought, language: str = "") -> dict[str, object]:
        """The values that the template shows. `language`: the interface's language where the address names it.

        `live` holds running meetings. With a day, the rooms are in `columns` and the times in `day_rows`, and meetings
        without a room are in `elsewhere`, those without a time in `sometime`. A search by words, room or state without
        a day fills the list `meetings` with all matches.
        """
        fitting = [each for each in self._all if self._fits(each, looked_for)]
        counts = Counter(self._days[each.session] for each in fitting if each.session in self._days)
        day = looked_for.day or ("" if looked_for.sifts else self._nearest_day(counts))
        there = [each for each in fitting if self._days.get(each.session) == day] if day else []
        listed = looked_for.sifts and not looked_for.day
        rows = [self._row(each) for each in fitting] if listed else []
        # The sort is stable, so starting times still order the rest.
        rows.sort(key=lambda row: row["status"] not in ON)
        pairs = [pair for pair in clashes(self._all) if day in ("", self._days.get(pair[1].session))]
        return {
            "all_meetings": len(self._all),
            "fitting": len(fitting),
            "sought": looked_for,
            "choices_of_list": self._choices(),
            "live": self.live(Role.SECRETARIAT),
            "days": [
                {
                    "name": day_name(name, self._ui),
                    "number": number,
                    "here": name == day,
                    "address": _address(msgspec.structs.replace(looked_for, day=name), language),
                }
                for name, number in sorted(counts.items())
            ],
            "day": self._full_day(day),
            "meetings": rows[:MOST_FOUND],
            "clashes": [[self._row(each) for each in pair] for pair in pairs[:MOST_CLASHES]] if not listed else [],
            "elsewhere": [self._row(each) for each in there if each.room is None],
            "sometime": [] if listed else [self._row(each) for each in fitting if each.starts is None][:MOST_FOUND],
            **self._table(
                [each for each in there if each.room is not None],
                free=not (looked_for.words or looked_for.room or looked_for.state),
            ),
        }

    def live(self, role: Role) -> Rows:
        """The rows of running meetings, each with the pages that most work is on, of those that a role has."""
        return [self._live(each, role) for each in self._all if self._status(each) in ON]

    def _fits(self, planned: Planned, looked_for: Sought) -> bool:
        state = CANCELLED if planned.cancelled else self._status(planned)
        if looked_for.room not in ("", planned.room) or looked_for.state not in ("", state):
            return False
        if not looked_for.words:
            return True
        row = self._row(planned)
        text = f"{row['title']} {row['place']} {row['languages']} {row['id']}".casefold()
        return all(word in text for word in looked_for.words.casefold().split())

    def _row(self, planned: Planned) -> dict[str, object]:
        row = meeting_row(planned, self._known.get(planned.session), self._programme, self._ui)
        zone = self._programme.zone()
        times = {"from": form_time(planned.starts, zone), "until": form_time(planned.ends, zone)}
        return row | times | {"times": times_of(planned, self._programme)}

    def _status(self, planned: Planned) -> Status:
        known = self._known.get(planned.session)
        return Status.CREATED if known is None else known.status

    def _live(self, planned: Planned, role: Role) -> dict[str, object]:
        live = self._programme.sessions.loaded(planned.session)
        off = live is not None and not live.state.recorded
        overrun = self._programme.overrun(planned.session)
        pages = (
            (f"/s/{planned.session}/microphone", self._ui.text("Microphone"), SENDS_EVERY_SOUND),
            (f"/desk/{planned.session}", self._ui.text("Text, at work"), STAFF_ROLES),
            (f"/moderate/{planned.session}", self._ui.text("Questions, at work"), MODERATES),
        )
        return {
            **self._row(planned),
            **state_of(planned, self._status(planned), self._ui, off=off),
            "overrun": None if overrun is None else ("over" if overrun.over else "soon"),
            "left": 0 if overrun is None else max(1, -(-overrun.left // 60_000)),
            "pages": [{"address": address, "name": name} for address, name, roles in pages if role in roles],
        }

    def _table(self, planned: Sequence[Planned], *, free: bool) -> dict[str, object]:
        """A day's rooms, by title, and its times with their cells.

        `free`: also show rooms in which nothing is planned, unless there are many, since a meeting may be moved there.
        """
        rooms = {each.room: self._programme.room(each.room) for each in planned if each.room is not None}
        every = self._programme.rooms()
        if free and len(every) <= MOST_COLUMNS:
            rooms |= {each.id: each for each in every}
        titles = sorted((room.title if room is not None else name, name) for name, room in rooms.items())
        columns = [[self._meeting(each) for each in planned if each.room == name] for _, name in titles]
        at = self._programme.zone().at
        rows = zip(starts_of(columns), table(columns), strict=True)
        return {
            "columns": [title for title, _ in titles],
            "places_of_columns": [name for _, name in titles],
            "day_rows": [
                {
                    "time": time_of_day(at(start)),
                    "moment": iso_time(at(start)),
                    "field": form_time(start, self._programme.zone()),
                    "cells": [_cell(each) for each in row],
                }
                for start, row in rows
            ],
        }

    def _meeting(self, planned: Planned) -> ListedMeeting:
        return ListedMeeting(starts=planned.starts or 0, ends=planned.ends, row=self._row(planned))

    def _nearest_day(self, counts: Mapping[str, int]) -> str:
        """Today or else the next day with meetings; otherwise the last day with meetings."""
        today = self._programme.zone().at(self._programme.now()).date().isoformat()
        return next((day for day in sorted(counts) if day >= today), max(counts, default=""))

    def _full_day(self, day: str) -> str:
        return str(format_date(date.fromisoformat(day), "full", locale=self._ui.locale)) if _is_day(day) else ""

    def _choices(self) -> dict[str, Rows]:
        days = sorted(set(self._days.values()))
        there = {CANCELLED if each.cancelled else self._status(each) for each in self._all}
        return {
            "days": [{"value": day, "name": day_name(day, self._ui)} for day in days],
            "rooms": [{"value": room.id, "name": room.title} for room in self._programme.rooms()],
            "states": [
                {"value": str(state), "name": self._ui.named(f"page/state.{state}")}
                for state in STATES
                if state in there
            ],
        }


def _address(looked_for: Sought, language: str) -> str:
    asked = {"day": looked_for.day, "q": looked_for.words, "room": looked_for.room, "state": looked_for.state}
    return f"/admin?{urlencode({name: value for name, value in (asked | {'ui': language}).items() if value})}"


def _as_held(planned: Planned, known: Entry | None) -> Planned:
    """The meeting with its actual times, where none were planned."""
    if known is None or planned.starts is not None:
        return planned
    return msgspec.structs.replace(planned, starts=known.opened, ends=known.closed)


def _cell(cell: DayCell[ListedMeeting] | None) -> dict[str, object] | None:
    if cell is None:
        return None
    rows = [each.row for each in cell.meetings]
    clash = sum(row["kind"] != CANCELLED for row in rows) > 1
    return {"rows": cell.rows, "meetings": rows, "clash": clash}


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
