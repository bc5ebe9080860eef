"""View data of the pages for the secretariat and the technicians: values for their templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec
from babel.dates import format_datetime
from markupsafe import Markup

from moothall.adapters.admin.request import AdminRequest
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.staff_frame import FrameValues, Tab, facts_of, meeting_frame, reaches
from moothall.adapters.reading.page_rows import times_are
from moothall.core.commands import SetStatus
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import UTC_ZONE, Zone, offset_name, time_span
from moothall.core.programme.changes import Change, ChangeKind
from moothall.core.programme.plan import Planned, RoomId, Timetable
from moothall.core.programme.times import moment
from moothall.core.rules.authority import COMMANDS, SENDS_EVERY_SOUND, STAFF_ROLES
from moothall.core.rules.imports import is_imported
from moothall.core.sessions.state import State, Status
from moothall.services.control.standing import Standing, standing
from moothall.services.programme.meeting_plan import left_out
from moothall.services.programme.programme import Programme
from moothall.services.sessions.browsers import SignedIn
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.link_terms import LinkTerms
from moothall.services.sessions.role_links import ROLES as LINK_ROLES
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import HALL, Staff

Rows = list[dict[str, object]]
QrSvg = Callable[[str], Markup]


def when(starts: int | None, ends: int | None, ui: Catalogue, zone: Zone = UTC_ZONE) -> str:
    """A period in a time zone, in the reader's language; empty when `starts` is None. Times are in Unix ms.

    The page names the zone. The UTC offsets are added where they differ between start and end.
    """
    if starts is None:
        return ""
    first = zone.at(starts)
    begins = ui.moment(first)
    if ends is None:
        return begins
    last = zone.at(ends)
    same_day = last.date() == first.date()
    ending = format_datetime(last, "HH:mm", locale=ui.locale) if same_day else ui.moment(last)
    if first.utcoffset() != last.utcoffset():
        begins, ending = f"{begins} {offset_name(first)}", f"{ending} {offset_name(last)}"
    return f"{begins} \N{EN DASH} {ending}"


def settings_frame(asked: AdminRequest, state: State, programme: Programme) -> FrameValues:
    """The frame of a page for the settings of a meeting."""
    room = programme.room_of(state.id)
    return meeting_frame(
        facts_of(state, programme.room_title(state.id)),
        [staff for staff in asked.links if reaches(staff, state.id, room)],
        asked.ui,
        programme.zone(),
        here=Tab.SETTINGS,
        asked=asked.place,
    )


def times_of(planned: Planned, programme: Programme) -> str:
    """The planned times of day of a meeting, from start to end; empty without times."""
    at = programme.zone().at
    starts, ends = (None if each is None else at(each) for each in (planned.starts, planned.ends))
    return time_span(starts, ends)


def day_name(day: str, ui: Catalogue) -> str:
    """A day (ISO 8601) in short form, in the reader's language."""
    return ui.day(date.fromisoformat(day))


def clock_of(programme: Programme, ui: Catalogue) -> str:
    """A sentence that names the time zone of the times shown."""
    return times_are(programme.zone(), programme.now(), ui)


def planned_of(entry: Entry) -> Planned:
    """The plan of a session that was made outside the programme."""
    return Planned(
        session=entry.session,
        title=entry.title,
        languages=entry.languages,
        starts=entry.opened,
        rehearsal=entry.rehearsal,
    )


def meeting_row(
    planned: Planned, state: State | Entry | None, programme: Programme, ui: Catalogue
) -> dict[str, object]:
    """The row of one meeting. `state`: the session's state; in a list its entry, which is known without loading the
    session.
    """
    status = Status.CREATED if state is None else state.status
    room = None if planned.room is None else programme.room(planned.room)
    return {
        "id": planned.session,
        "title": planned.title if state is None or not state.title else state.title,
        "when": when(planned.starts, planned.ends, ui, programme.zone()),
        "place": "" if room is None else room.title,
        "status": status.value,
        **state_of(planned, status, ui),
        "access": "" if state is None else ui.named(f"admin/access.{state.access}"),
        "language": next(iter(planned.languages), ""),
        "languages": ui.listed(ui.language_name(tag) for tag in planned.languages),
        "rehearsal": planned.rehearsal,
        "hidden": state is not None and not (state.named if isinstance(state, Entry) else state.listed),
        "young_people": isinstance(state, State) and state.young_people,
        "imported": state is not None and (is_imported(state) if isinstance(state, State) else state.imported),
    }


def original_rows(state: State, ui: Catalogue) -> list[dict[str, str]]:
    """The texts of an imported meeting whose files are kept for the staff."""
    kept = [each for each in state.channels.values() if each.original]
    return [{"channel": each.id, "name": ui.listed(ui.language_name(tag) for tag in each.languages)} for each in kept]


def state_of(planned: Planned, status: Status, ui: Catalogue, *, off: bool = False) -> dict[str, str]:
    """A meeting's state in words, and as a kind that has a colour and a shape (`.state` in page.css)."""
    if planned.cancelled and status is Status.CREATED:
        return {"state": ui.named("page/state.cancelled"), "kind": "cancelled"}
    stands = standing(status, (), off=off)
    text = ui.named(f"control/stands.{stands}" if stands is Standing.OFF else f"page/state.{status}")
    return {"state": text, "kind": stands.value}


def place_rows(programme: Programme, ui: Catalogue, rooms: Sequence[RoomId] | None = None) -> Rows:
    """Rooms with their running and next sessions; all rooms where `rooms` is None."""
    rows: Rows = []
    for room in programme.rooms():
        if rooms is None or room.id in rooms:
            now, coming = programme.now_in(room.id), programme.next_in(room.id)
            overrun = None if now is None else programme.overrun(now)
            rows.append(
                {
                    "id": room.id,
                    "title": room.title,
                    "now": _named(programme, now, ui),
                    "next": _named(programme, coming, ui),
                    "left_out": [
                        _named(programme, each.session, ui) for each in left_out(programme, room.id, programme.now())
                    ],
                    "without_text": 0 if now is None else programme.closing.without_text(now),
                    "overrun": None if overrun is None else ("over" if overrun.over else "soon"),
                    "left": 0 if overrun is None else max(1, -(-overrun.left // 60_000)),
                }
            )
    return rows


def _named(programme: Programme, session: SessionId | None, ui: Catalogue) -> dict[str, object] | None:
    planned = None if session is None else programme.plan_of(session)
    return None if planned is None else named_meeting(planned, programme, ui)


def named_meeting(planned: Planned, programme: Programme, ui: Catalogue) -> dict[str, object]:
    """A meeting for a sentence or a short list."""
    return {
        "id": planned.session,
        "title": planned.title,
        "language": next(iter(planned.languages), ""),
        "when": when(planned.starts, planned.ends, ui, programme.zone()),
    }


def role_choices(ui: Catalogue, *, readers: bool) -> list[dict[str, str]]:
    """The roles for which links can be made; `readers`: whether reading needs a link."""
    offered = [role for role in Role if role in LINK_ROLES and (role is not Role.READER or readers)]
    return [{"value": role.value, "name": ui.named(f"admin/role.{role}")} for role in offered]


def local_address(public: str) -> str:
    """The public address where it is this machine's own, which no other machine can open; otherwise empty."""
    host = urlsplit(public).hostname or ""
    try:
        local = ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
    return public if local else ""


def link_rows(shown: Sequence[Staff], links: RoleLinks, programme: Programme, ui: Catalogue) -> Rows:
    """The rows of a list of links: role, scope, label, terms, when each was made and opened."""
    return [_link_row(staff, links, programme, ui) for staff in shown]


def _link_row(staff: Staff, links: RoleLinks, programme: Programme, ui: Catalogue) -> dict[str, object]:
    use, terms, expired = links.use(staff.link), links.terms(staff.link), links.expired(staff.link)
    return {
        "id": staff.link,
        "role": ui.named(f"admin/role.{staff.role}"),
        "good_for": scope_name(staff.scope, programme, ui),
        "label": staff.label,
        "made": when(links.made(staff.link), None, ui, programme.zone()),
        "opened": when(use.last or None, None, ui, programme.zone()),
        "uses": use.uses,
        "browsers": use.browsers,
        "counted": staff.role is not Role.READER,
        "expired": expired,
        "expires": when(links.ends(staff.link), None, ui, programme.zone()),
        "with_session": terms.with_session,
        "one_browser": terms.one_browser,
        "taken": links.taken(staff.link),
        "without_sign_in": terms.without_sign_in,
    }


def wanted_terms(given: Mapping[str, str], role: Role, scope: str, zone: Zone, now: int) -> LinkTerms | str:
    """The terms of a new link from a form, or the key of a sentence that says what is wrong. `now`: Unix ms."""
    text, expires = given.get("expires", "").strip()[:30], 0
    if text:
        try:
            expires = moment(text, zone.rules, "expires")
        except ProgrammeError:
            return AdminText.EXPIRES
        if expires <= now:
            return AdminText.EXPIRES
    terms = LinkTerms(expires=expires, with_session="with_session" in given, one_browser="one_browser" in given)
    if (terms.one_browser and role is Role.READER) or (terms.with_session and not scope.startswith("session:")):
        return AdminText.CONFLICT
    return terms


def signed_rows(links: RoleLinks, programme: Programme, ui: Catalogue) -> Rows:
    """Who is signed in, by pseudonym: the role, the number of browsers, and until when the last one is valid."""
    found: dict[str, list[SignedIn]] = {}
    for each in links.signed_in():
        found.setdefault(each.staff.link, []).append(each)
    return [
        {
            "id": pseudonym,
            "role": ui.named(f"admin/role.{rows[0].staff.role}"),
            "browsers": len(rows),
            "since": when(max(each.since for each in rows), None, ui, programme.zone()),
            "until": when(max(each.until for each in rows), None, ui, programme.zone()),
        }
        for pseudonym, rows in found.items()
    ]


def scope_name(scope: str, programme: Programme, ui: Catalogue) -> str:
    """The name of a link's scope: everything, a room's title or a meeting's title."""
    kind, _, name = scope.partition(":")
    if scope == HALL:
        return ui.text(AdminText.EVERYTHING)
    if kind == "room":
        room = programme.room(RoomId(name))
        return name if room is None else room.title
    planned = programme.plan_of(SessionId(name))
    return name if planned is None else planned.title


def sheet(staff: Staff, address: str, programme: Programme, ui: Catalogue, qr: QrSvg) -> dict[str, object]:
    """The sheet of a role link."""
    reader = staff.role is Role.READER
    return {
        **about_scope(staff.scope, programme, ui),
        "job": ui.text(AdminText.READERS_LINK) if reader else ui.named(f"admin/role.{staff.role}"),
        "does": ui.named(f"links/does.{staff.role}"),
        "good_for": scope_name(staff.scope, programme, ui),
        "label": staff.label,
        "address": address,
        "qr": qr(address),
        "secret": True,
    }


def public_sheet(planned: Planned, address: str, programme: Programme, ui: Catalogue, qr: QrSvg) -> dict[str, object]:
    """The sheet of a public page."""
    return {
        **about_scope(f"session:{planned.session}", programme, ui),
        "job": ui.text(AdminText.READERS_PAGE),
        "does": ui.named(f"links/does.{Role.READER}"),
        "good_for": planned.title,
        "label": "",
        "address": address,
        "qr": qr(address),
        "secret": False,
    }


def about_scope(scope: str, programme: Programme, ui: Catalogue) -> dict[str, str]:
    """Time and room of a link's meeting; empty strings where it has no planned meeting."""
    kind, _, name = scope.partition(":")
    planned = programme.plan_of(SessionId(name)) if kind == "session" else None
    if planned is None:
        return {"when": "", "place": ""}
    return {
        "when": when(planned.starts, planned.ends, ui, programme.zone()),
        "place": programme.room_title(planned.session),
    }


class ImportView(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to show the changes of an import."""

    rooms: Mapping[RoomId, str]
    """Titles of rooms, including those in the file."""
    zone: Zone
    """The conference's time zone after the import."""
    zone_before: str
    """The name of its time zone before the import."""
    ui: Catalogue


def import_view(programme: Programme, wanted: Timetable, zone: Zone, ui: Catalogue) -> ImportView:
    """The data to show an import. Rooms that are known here have their titles here."""
    rooms = {room.id: room.title for room in (*wanted.rooms, *programme.rooms())}
    return ImportView(rooms=rooms, zone=zone, zone_before=programme.zone().name, ui=ui)


def change_rows(found: Sequence[Change], shown: ImportView) -> Rows:
    """The changes of an import, in words."""
    return [_change_row(change, shown) for change in found]


def _change_row(change: Change, shown: ImportView) -> dict[str, object]:
    title, before, after = change.title, "", ""
    if change.kind is ChangeKind.ZONE:
        title, before, after = "", shown.zone_before, change.title
    if change.before is not None:
        before = _value(change.kind, change.before, shown)
    if change.after is not None:
        after = _value(change.kind, change.after, shown)
    what = shown.ui.named(f"admin/change.{change.kind}")
    return {"kind": change.kind.value, "what": what, "title": title, "before": before, "after": after}


def clash_rows(found: Sequence[tuple[Planned, Planned]], shown: ImportView) -> Rows:
    """Pairs of meetings that would be in the same room at the same time."""
    return [
        {
            "place": shown.rooms.get(first.room, first.room) if first.room else "",
            "one": f"{first.title} ({when(first.starts, first.ends, shown.ui, shown.zone)})",
            "other": f"{second.title} ({when(second.starts, second.ends, shown.ui, shown.zone)})",
        }
        for first, second in found
    ]


def _value(kind: ChangeKind, planned: Planned, shown: ImportView) -> str:
    ui = shown.ui
    place = "" if planned.room is None else shown.rooms.get(planned.room, planned.room)
    spoken = ui.listed(ui.language_name(tag) for tag in planned.languages)
    speakers = ui.listed(speaker.name for speaker in planned.speakers)
    times = when(planned.starts, planned.ends, ui, shown.zone)
    values = {
        ChangeKind.TITLE: planned.title,
        ChangeKind.ROOM: place,
        ChangeKind.SPEAKERS: speakers,
        ChangeKind.LANGUAGES: spoken,
        ChangeKind.ADDED: " \N{MIDDLE DOT} ".join(part for part in (times, place, spoken, speakers) if part),
    }
    return values.get(kind, times)


def jobs(session: SessionId, role: Role, ui: Catalogue) -> Rows:
    """The pages that a role has in a session. An interpreter's link to the microphone is on the desk, once the session
    has a channel of interpretation.
    """
    rows: Rows = []
    if role in SENDS_EVERY_SOUND:
        rows.append({"address": f"/s/{session}/microphone", "name": ui.text(AdminText.SOUND_FROM_HERE)})
    if role in STAFF_ROLES:
        rows.append({"address": f"/desk/{session}", "name": ui.text(AdminText.WORK)})
    if role is Role.CAPTIONER:
        rows.insert(0, {"address": f"/caption/{session}", "name": ui.text(AdminText.CAPTION)})
    if SetStatus in COMMANDS[role]:
        rows.append({"address": f"/moderate/{session}", "name": ui.text(AdminText.QUESTIONS)})
        rows.append({"address": f"/podium/{session}", "name": ui.text(AdminText.PODIUM)})
    rows.append({"address": f"/s/{session}", "name": ui.text(AdminText.READ)})
    if role is Role.HUB:
        rows.append({"address": f"/s/{session}/ask", "name": ui.text(AdminText.ASK)})
    return rows


def place_jobs(room: RoomId, now: SessionId | None, role: Role, ui: Catalogue) -> Rows:
    """The pages that a role has in a room: the room's microphone page stays the same for all meetings there."""
    of_session = [] if now is None else jobs(now, role, ui)
    if role not in SENDS_EVERY_SOUND:
        return of_session
    return [{"address": f"/room/{room}/microphone", "name": ui.text(AdminText.SOUND_FROM_HERE)}, *of_session[1:]]
