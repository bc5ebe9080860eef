"""The list of meetings on `/admin`: what is on first, and only those that are looked for, by the address's query.

Without scripts: a form sends `q` (words), `day`, `room` and `state`. What can't be read is as if it weren't there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from babel.dates import format_date

from moothall.adapters.admin.view import Rows, meeting_row
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, RoomId
from moothall.core.session.state import ON, Status
from moothall.services.programme.programme import Programme
from moothall.services.sessions.catalogue import Entry

LONGEST_WORDS = 200
"""Characters of what is searched for; the rest is passed over."""
STATES = (Status.CREATED, Status.OPEN, Status.PAUSED, Status.CLOSED)


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """Which meetings are looked for; an empty field is any."""

    words: str = ""
    day: str = ""
    """ISO 8601, in the zone of the programme."""
    room: RoomId = RoomId("")
    state: str = ""

    @property
    def any(self) -> bool:
        """Whether all meetings are."""
        return self == Sought()


def sought(query: Mapping[str, str]) -> Sought:
    """What a query asks for."""
    state = query.get("state", "")
    return Sought(
        words=" ".join(query.get("q", "")[:LONGEST_WORDS].split()),
        day=query.get("day", "")[:10],
        room=RoomId(query.get("room", "")),
        state=state if state in STATES else "",
    )


class MeetingList:
    """The meetings of the programme and those beside it, in the order of their starts."""

    def __init__(
        self, planned: Sequence[Planned], known: Mapping[SessionId, Entry], programme: Programme, ui: Catalogue
    ) -> None:
        """`known`: what is known of sessions without loading them, by id."""
        self._programme = programme
        self._ui = ui
        self._all = [(each, meeting_row(each, known.get(each.session), programme, ui)) for each in planned]

    def values(self, looked_for: Sought) -> dict[str, object]:
        """What the template shows: the rows that fit, what is on before the rest, and what can be chosen."""
        rows = [row for planned, row in self._all if self._fits(planned, row, looked_for)]
        rows.sort(key=lambda row: row["status"] not in ON)  # Stable: by their starts besides.
        return {"meetings": rows, "all_meetings": len(self._all), "sought": looked_for, "choices": self._choices()}

    def _fits(self, planned: Planned, row: Mapping[str, object], looked_for: Sought) -> bool:
        text = f"{row['title']} {row['place']} {row['languages']} {row['id']}".casefold()
        return (
            all(word in text for word in looked_for.words.casefold().split())
            and looked_for.day in ("", self._day(planned))
            and looked_for.room in ("", planned.room)
            and looked_for.state in ("", row["status"])
        )

    def _day(self, planned: Planned) -> str | None:
        return None if planned.starts is None else self._programme.zone().at(planned.starts).date().isoformat()

    def _choices(self) -> dict[str, Rows]:
        zone, locale = self._programme.zone(), self._ui.locale
        starts = [planned.starts for planned, _ in self._all if planned.starts is not None]
        days = sorted({zone.at(start).date() for start in starts})
        there = {row["status"] for _, row in self._all}
        return {
            "days": [{"value": day.isoformat(), "name": format_date(day, "EEE d MMM", locale=locale)} for day in days],
            "rooms": [{"value": room.id, "name": room.title} for room in self._programme.rooms()],
            "states": [
                {"value": state.value, "name": self._ui.named(f"page/state.{state}")}
                for state in STATES
                if state in there
            ],
        }
