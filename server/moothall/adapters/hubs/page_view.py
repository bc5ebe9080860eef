"""What the page of a hub shows of a meeting: its questions, its notes, and the programme by its own clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from urllib.parse import quote

import msgspec
from babel.dates import format_date

from moothall.adapters.hubs.texts import HubText
from moothall.adapters.hubs.view import moment
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.questions import asking_texts
from moothall.core.events.question_parts import HUB
from moothall.core.hubs.entry import Hub, belongs
from moothall.core.hubs.standing import Hubs
from moothall.core.kernel.actors import Role
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone, iso_time, offset_name, time_of_day
from moothall.core.programme.plan import Planned
from moothall.core.questions.interventions import Intervention
from moothall.core.session.state import ON, State, Status
from moothall.core.staff.backstage import HubNote
from moothall.services.questions.author_view import Own
from moothall.services.sessions.catalogue import Entry

MOST_ASKED = 50
"""Questions of a hub on its page. Overflow: the oldest are left out."""
MOST_PAST = 10
LONG_PAST_MS = 12 * 3_600_000


class Meeting(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting in the list."""

    address: str
    """Empty where there is nothing to follow yet."""
    title: str
    language: str
    """Of the title; empty where it is the page's."""
    at: int | None
    moment: str
    """When it began or begins, ISO 8601."""
    time: str
    """The same by the hub's clock, in words."""
    state: str
    status: str


class Day(msgspec.Struct, frozen=True):
    """Meetings of one day."""

    name: str
    rows: tuple[Meeting, ...]


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """The meetings that a hub may take part in."""

    on: tuple[Meeting, ...]
    coming: tuple[Day, ...]
    past: tuple[Meeting, ...]
    """The last ones, newest first."""


def programme(
    hub: str, entries: Iterable[Entry], plans: Sequence[Planned], *, zone: Zone, now: int, ui: Catalogue
) -> Programme:
    """The meetings of `entries`, and of plans that have none, for the hub of that name."""
    planned, known = {each.session: each for each in plans}, {entry.session: entry for entry in entries}
    coming_up = [plan for plan in plans if (plan.ends or plan.starts or now) >= now - LONG_PAST_MS]
    made = (Entry(session=plan.session, title=plan.title, languages=plan.languages) for plan in coming_up)
    known = {entry.session: entry for entry in made} | known
    rows = [_meeting(hub, each, planned.get(each.session), zone=zone, now=now, ui=ui) for each in known.values()]
    rows.sort(key=lambda row: (row.at is None, row.at or 0, row.address))
    coming = [row for row in rows if row.status in (Status.CREATED, Status.ABSENT)]
    past = [row for row in rows if row.status == Status.CLOSED]
    return Programme(
        on=tuple(row for row in rows if row.status in ON),
        coming=tuple(Day(name, tuple(there)) for name, there in groupby(coming, lambda row: _day(row, zone, ui))),
        past=tuple(past[::-1][:MOST_PAST]),
    )


def _meeting(hub: str, entry: Entry, plan: Planned | None, *, zone: Zone, now: int, ui: Catalogue) -> Meeting:
    at = entry.opened if entry.opened is not None or plan is None else plan.starts
    when = None if at is None else zone.at(at)
    time = "" if when is None else time_of_day(when)
    if when is not None and when.utcoffset() != zone.at(now).utcoffset():
        time = f"{time} {offset_name(when)}"
    return Meeting(
        address="" if entry.status is Status.ABSENT else f"/hub/{quote(hub)}/{quote(entry.session)}",
        title=entry.title.strip() or ui.text("Meeting without a title"),
        language=entry.languages[0] if entry.title.strip() and entry.languages else "",
        at=at,
        moment="" if when is None else iso_time(when),
        time=time,
        state=ui.named(f"page/state.{entry.status}") if entry.status is not Status.ABSENT else "",
        status=entry.status.value,
    )


def _day(row: Meeting, zone: Zone, ui: Catalogue) -> str:
    return "" if row.at is None else format_date(zone.at(row.at), "full", locale=ui.locale)


def asked_of(state: State, hub: str) -> list[Intervention]:
    """What the hub and those below it have asked, the newest first."""
    found = [
        each
        for _, each in state.floor.interventions.items()
        if each.origin.startswith(HUB) and belongs(each.origin.removeprefix(HUB), hub)
    ]
    return sorted(found, key=lambda each: -each.number)[:MOST_ASKED]


def question_row(own: Own, page: str, hub: str, hubs: Hubs, ui: Catalogue) -> dict[str, object]:
    """A question of the hub; `page` is the address of its author's page, `hubs` are those of the session."""
    each = own.intervention
    path = each.origin.removeprefix(HUB)
    below = hubs[path].title if path in hubs else path.removeprefix(f"{hub}.")
    return {
        "id": each.id,
        "heading": ui.text(asking_texts.NUMBERED[each.kind], n=each.number),
        "name": each.name,
        "below": "" if path == hub else below,
        "text": each.text,
        "language": each.language,
        "direction": direction(each.language),
        "stands": asking_texts.stands(own, ui),
        "page": page,
    }


def note_rows(notes: Iterable[HubNote], hub: Hub, zone: Zone, ui: Catalogue) -> list[dict[str, object]]:
    """The notes to and from the hub, newest first."""
    return [
        {
            "note": note.note,
            "by": ui.text(HubText.GROUP) if note.by is Role.HUB else ui.named(f"admin/role.{note.by}"),
            "at": moment(note.at, zone, ui),
            "text": note.text,
            "read": _read(note, hub, ui),
            "to_read": note.by is not Role.HUB and Role.HUB not in note.read,
        }
        for note in reversed(list(notes))
        if note.hub == hub.name
    ]


def _read(note: HubNote, hub: Hub, ui: Catalogue) -> str:
    """Who has read it, as its author sees."""
    roles = [role for role in note.read if role is not Role.HUB or note.by is not Role.HUB]
    names = [f"\u2068{hub.title}\u2069" if role is Role.HUB else ui.named(f"admin/role.{role}") for role in roles]
    return ui.text("Read by: {names}", names=", ".join(names)) if names else ""
