"""The frame of the staff's pages: the pages that somebody's role links open, and the standing of the meeting.

A page passes the frame to the macro of `web/pages/lib/_staff_frame.html`. So a link shows the same tabs everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.commands import SetStatus, TagSegment, TypeSegment
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import Zone
from moothall.core.outcomes.commands import WriteMessage
from moothall.core.programme.plan import RoomId
from moothall.core.rules.authority import COMMANDS, SENDS_EVERY_SOUND, SENDS_SOUND, STAFF_ROLES
from moothall.core.sessions.state import State, Status
from moothall.services.control.standing import Standing, standing
from moothall.services.sessions.staff import HALL, Staff, opens_admin, room_scope, session_scope

OVERVIEWS = frozenset({Role.TECHNICIAN, Role.SECRETARIAT})
"""Roles that oversee more than one meeting."""


def _who(command: type[SetStatus | TagSegment | TypeSegment | WriteMessage]) -> frozenset[Role]:
    return frozenset(role for role in STAFF_ROLES if command in COMMANDS[role])


SEES_FIGURES = OVERVIEWS | _who(SetStatus)
"""Roles that may see a meeting's figures."""
WORK, CONTROL, ADMIN, GROUPS = "/staff", "/control", "/admin", "/admin/hubs"


class Tab(StrEnum):
    """A staff page of a meeting."""

    MICROPHONE = "microphone"
    TEXT = "text"
    CAPTION = "caption"
    QUESTIONS = "questions"
    PODIUM = "podium"
    REPORT = "report"
    WRITING = "writing"
    FIGURES = "figures"
    SETTINGS = "settings"


class MeetingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of a meeting that the frame shows."""

    session: SessionId
    title: str = ""
    language: str = ""
    """The title's language, BCP-47; empty where it isn't known."""
    room: str = ""
    """Title of its room; empty without one."""
    status: Status = Status.CREATED
    cancelled: bool = False
    off: bool = False
    """Whether what is said now is not recorded."""
    interpreted: bool = False
    """Whether it has an interpreter's text, for which interpreters send sound."""
    rehearsal: bool = False
    """Whether it is a rehearsal, on which nobody reports."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The requested page: the parameters of its address that links to other pages keep."""

    path: str = ""
    language: str = ""
    """The interface's language, when the address names it; else empty."""
    role: str = ""
    """The role, when the address names it; else empty."""

    def to(self, path: str, roles: Iterable[Role] = ()) -> str:
        """The address of another page; it names the role when that page is for this role."""
        place, mark, part = path.partition("#")
        kept = {"role": self.role} if self.role in set(roles) else {}
        kept |= {"ui": self.language} if self.language else {}
        return f"{place}?{urlencode(kept)}{mark}{part}" if kept else path


FrameValues = dict[str, object]
"""The values of the template macro."""
StaffOf = Callable[[web.Request], tuple[Staff, ...]]
"""Returns the staff roles with which a request comes, by its cookie; empty for strangers."""


def facts_of(state: State, room: str) -> MeetingFacts:
    """The facts of a session, whose room has the title `room`."""
    kinds = {channel.kind for channel in state.channels.values()}
    return MeetingFacts(
        session=state.id,
        title=state.title.strip(),
        language=next(iter(state.languages), ""),
        room=room,
        status=state.status,
        cancelled=state.cancelled is not None,
        off=not state.recorded,
        interpreted=ChannelKind.INTERPRETATION in kinds,
        rehearsal=state.rehearsal,
    )


def reaches(staff: Staff, session: SessionId, room: RoomId | None) -> bool:
    """Whether the scope of a link includes a meeting; `room` is the meeting's room."""
    return staff.scope in (HALL, session_scope(session)) or (room is not None and staff.scope == room_scope(room))


def meeting_frame(
    facts: MeetingFacts,
    links: Sequence[Staff],
    ui: Catalogue,
    zone: Zone,
    *,
    here: Tab,
    asked: Asked,
    microphone: str = "",
) -> FrameValues:
    """The frame of a meeting's page `here`. `links` are the links whose scope includes the meeting; `microphone` is the
    path of the microphone's page when that isn't the meeting's own.
    """
    name = quote(facts.session)
    sends = SENDS_SOUND if facts.interpreted else SENDS_EVERY_SOUND
    tabs = (
        (Tab.MICROPHONE, ui.text("Microphone"), microphone or f"/s/{name}/microphone", sends),
        (Tab.TEXT, ui.text("Text, at work"), f"/desk/{name}", STAFF_ROLES),
        (Tab.CAPTION, ui.text("Caption, at work"), f"/caption/{name}", _who(TypeSegment)),
        (Tab.QUESTIONS, ui.text("Questions, at work"), f"/moderate/{name}", _who(SetStatus)),
        (Tab.PODIUM, ui.text("Podium"), f"/podium/{name}", _who(SetStatus)),
        (Tab.REPORT, ui.text("Report, at work"), f"/desk/{name}#Outcome", _who(TagSegment)),
        (Tab.WRITING, ui.text("Write the report"), f"/report/{name}", _who(WriteMessage)),
        (Tab.FIGURES, ui.text("Figures"), f"/figures/{name}", SEES_FIGURES),
    )
    rows = [
        _tab(text, asked.to(path, roles), "page" if tab is here else "")
        for tab, text, path, roles in tabs
        if any(staff.role in roles for staff in links) and not (tab is Tab.WRITING and facts.rehearsal)
    ]
    if any(opens_admin(staff) for staff in links):
        rows.append(
            _tab(ui.text("Settings"), asked.to(f"{ADMIN}/meetings/{name}"), "page" if here is Tab.SETTINGS else "")
        )
    stands = standing(facts.status, (), off=facts.off)
    return {
        **_house(ui, zone, asked),
        "tabs": rows,
        "title": facts.title,
        "title_language": facts.language,
        "room": facts.room,
        "stands": stands.value,
        "standing": f"/control/{name}/standing",
        "states": {each.value: _said(each, ui) for each in Standing} | {stands.value: _state(facts, stands, ui)},
    }


def house_frame(links: Sequence[Staff], ui: Catalogue, zone: Zone, *, asked: Asked) -> FrameValues:
    """The frame of a page that belongs to no meeting; the page is `asked.path` or below it."""
    tabs = [(ui.text("What you can do here"), WORK, True)]
    tabs.append((ui.text("All meetings at a glance"), CONTROL, any(staff.role in OVERVIEWS for staff in links)))
    runs = any(opens_admin(staff) for staff in links)
    tabs += [(ui.text("Running the meetings"), ADMIN, runs), (ui.text("Groups that take part"), GROUPS, runs)]
    above = max((path for _, path, _ in tabs if f"{asked.path}/".startswith(f"{path}/")), key=len, default="")
    rows = [
        _tab(text, asked.to(path), "" if path != above else "page" if path == asked.path else "true")
        for text, path, opens in tabs
        if opens
    ]
    return {
        **_house(ui, zone, asked),
        "tabs": rows,
        "title": "",
        "room": "",
        "stands": "",
        "standing": "",
        "states": {},
    }


def _house(ui: Catalogue, zone: Zone, asked: Asked) -> dict[str, object]:
    place = zone.name.rpartition("/")[2].replace("_", " ")
    return {"home": asked.to(WORK), "zone": zone.name, "place": place, "language": ui.language}


def _tab(text: str, address: str, here: str) -> dict[str, str]:
    return {"name": text, "address": address, "here": here}


def _said(stands: Standing, ui: Catalogue) -> str:
    return ui.named(f"control/stands.{stands}")


def _state(facts: MeetingFacts, stands: Standing, ui: Catalogue) -> str:
    """The standing in words; of a meeting that isn't on its status, since it is no room in which nothing is on."""
    return (
        ui.named(f"page/state.{'cancelled' if facts.cancelled else facts.status}")
        if stands is Standing.IDLE
        else _said(stands, ui)
    )
