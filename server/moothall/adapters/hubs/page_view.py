"""View data of a hub's page: its questions, its notes, and the programme in its own time zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

import msgspec

from moothall.adapters.hubs.texts import HubText
from moothall.adapters.hubs.view import moment
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.questions import asking_texts
from moothall.adapters.reading.front_page import Day, SessionRow, by_day, meeting_row
from moothall.core.desks.notes_and_tags import HubNote
from moothall.core.events.question_parts import HUB
from moothall.core.hubs.entry import Hub, belongs
from moothall.core.hubs.presence import HubsPresent
from moothall.core.kernel.actors import Role
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone
from moothall.core.programme.plan import Expectation, Planned, expectation
from moothall.core.questions.interventions import Intervention
from moothall.core.sessions.state import ON, State, Status
from moothall.services.questions.author_view import Own
from moothall.services.sessions.catalogue import Entry

MOST_ASKED = 50
"""Questions of a hub on its page. Overflow: the oldest are left out."""
MOST_PAST = 10


class HubMeetings(msgspec.Struct, frozen=True, kw_only=True):
    """The meetings in which a hub may take part."""

    on: tuple[SessionRow, ...]
    coming: tuple[Day, ...]
    overdue: tuple[Day, ...]
    """Meetings that have not begun by the end of their planned time, newest first."""
    past: tuple[SessionRow, ...]
    """The latest past meetings, newest first."""


def programme(
    hub: str, entries: Iterable[Entry], plans: Sequence[Planned], *, zone: Zone, now: int, ui: Catalogue
) -> HubMeetings:
    """The meetings of `entries`, with their planned times, and of plans without a log, for the hub named `hub`."""
    planned, known = {each.session: each for each in plans}, {entry.session: entry for entry in entries}
    made = (Entry(session=plan.session, title=plan.title, languages=plan.languages) for plan in plans if not plan.made)
    known = {entry.session: entry for entry in made} | known
    rows = [
        meeting_row(each, planned.get(each.session), f"/hub/{quote(hub)}/{quote(each.session)}", ui, zone=zone, now=now)
        for each in known.values()
    ]
    rows.sort(key=lambda row: (row.at is None, row.at or 0, row.address))
    unbegun: dict[Expectation, list[SessionRow]] = {each: [] for each in Expectation}
    for row in rows:
        if row.status in (Status.CREATED, Status.ABSENT):
            unbegun[expectation(planned.get(row.session), now)].append(row)
    past = [row for row in rows if row.status == Status.CLOSED]
    return HubMeetings(
        on=tuple(row for row in rows if row.status in ON),
        coming=tuple(by_day(unbegun[Expectation.COMING], ui, zone)),
        overdue=tuple(by_day(reversed(unbegun[Expectation.OVERDUE]), ui, zone)),
        past=tuple(past[::-1][:MOST_PAST]),
    )


def asked_of(state: State, hub: str) -> list[Intervention]:
    """Questions of the hub and of the hubs below it, newest first, at most `MOST_ASKED`."""
    found = [
        each
        for _, each in state.questions.interventions.items()
        if each.origin.startswith(HUB) and belongs(each.origin.removeprefix(HUB), hub)
    ]
    return sorted(found, key=lambda each: -each.number)[:MOST_ASKED]


def question_row(own: Own, page: str, hub: str, hubs: HubsPresent, ui: Catalogue) -> dict[str, object]:
    """The row of one question. `page`: the address of its author's page; `hubs`: the hubs of the session."""
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
    """Who has read a note, as its author sees it; empty while nobody has."""
    roles = [role for role in note.read if role is not Role.HUB or note.by is not Role.HUB]
    names = [f"\u2068{hub.title}\u2069" if role is Role.HUB else ui.named(f"admin/role.{role}") for role in roles]
    return ui.text("Read by: {names}", names=ui.listed(names)) if names else ""
