"""The frame of the staff's pages: tabs by what links permit, addresses that stay valid, and one
word for the meeting.
"""

from __future__ import annotations

from typing import Any

import pytest

from moothall.adapters.admin import view
from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.staff_frame import (
    Asked,
    MeetingFacts,
    Tab,
    house_frame,
    meeting_frame,
    reaches,
)
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.sound.audio_door import may_send
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.programme.plan import RoomId
from moothall.core.sessions.state import Status
from moothall.services.sessions.staff import Staff

UI = Catalogues(find_web_folder() / "locales")["en"]
S = SessionId("plenary")
FACTS = MeetingFacts(session=S, title="Who <pays>?", language="en", room="Hall <A>", status=Status.OPEN)


def link(role: Role, scope: str = "hall") -> Staff:
    return Staff(link="a", role=role, scope=scope, label="")


def meeting(*links: Staff, facts: MeetingFacts = FACTS, **more: Any) -> dict[str, Any]:
    given = {"here": Tab.TEXT, "asked": Asked(path=f"/desk/{S}"), **more}
    return meeting_frame(facts, links, UI, UTC_ZONE, **given)


def names(frame: dict[str, Any]) -> list[str]:
    return [tab["name"] for tab in frame["tabs"]]


EVERYTHING = ("Microphone", "Text", "Caption", "Questions", "Podium")


@pytest.mark.parametrize(
    ("role", "tabs"),
    [
        (Role.SECRETARIAT, [*EVERYTHING, "Report", "Write the report", "Figures", "Settings"]),
        (Role.TECHNICIAN, ["Microphone", "Text", "Caption", "Questions", "Podium", "Report", "Figures"]),
        (Role.MODERATOR, ["Microphone", "Text", "Questions", "Podium", "Report", "Figures"]),
        (Role.RAPPORTEUR, ["Text", "Report", "Write the report"]),
        (Role.CAPTIONER, ["Text", "Caption"]),
        (Role.INTERPRETER, ["Text", "Caption"]),
        (Role.HUB, []),
        (Role.READER, []),
    ],
)
def test_tabs_are_the_pages_that_a_link_opens(role: Role, tabs: list[str]) -> None:
    assert names(meeting(link(role))) == tabs


def test_nobody_reports_on_a_rehearsal() -> None:
    facts = MeetingFacts(session=S, rehearsal=True)
    assert names(meeting(link(Role.RAPPORTEUR), facts=facts)) == ["Text", "Report"]


def test_the_microphone_is_for_those_whose_sound_is_taken() -> None:
    for role in Role:
        taken = {kind for kind in ChannelKind if may_send(link(role), kind)}
        facts = MeetingFacts(session=S, interpreted=ChannelKind.INTERPRETATION in taken)
        assert ("Microphone" in names(meeting(link(role), facts=facts))) == bool(taken)
        jobs = [row["address"] for row in view.jobs(S, role, UI)]
        assert (f"/s/{S}/microphone" in jobs) == (ChannelKind.FLOOR in taken)


def test_two_links_open_what_either_opens_and_settings_are_the_whole_houses() -> None:
    both = meeting(link(Role.CAPTIONER), link(Role.MODERATOR, f"session:{S}"))
    assert names(both) == ["Microphone", "Text", "Caption", "Questions", "Podium", "Report", "Figures"]
    assert "Settings" not in names(meeting(link(Role.SECRETARIAT, f"session:{S}")))


def test_an_interpreter_sends_sound_where_there_is_an_interpreters_text() -> None:
    facts = MeetingFacts(session=S, interpreted=True)
    assert names(meeting(link(Role.INTERPRETER), facts=facts)) == ["Microphone", "Text", "Caption"]


def test_the_page_that_one_is_on_is_marked_and_addresses_keep_language_and_a_job_that_fits() -> None:
    asked = Asked(path=f"/desk/{S}", language="fr", role="captioner")
    links = (link(Role.CAPTIONER), link(Role.MODERATOR))
    frame = meeting(*links, asked=asked)
    assert frame["tabs"] == [
        {"name": "Microphone", "address": "/s/plenary/microphone?ui=fr", "here": ""},
        {"name": "Text", "address": "/desk/plenary?role=captioner&ui=fr", "here": "page"},
        {"name": "Caption", "address": "/caption/plenary?role=captioner&ui=fr", "here": ""},
        {"name": "Questions", "address": "/moderate/plenary?ui=fr", "here": ""},
        {"name": "Podium", "address": "/podium/plenary?ui=fr", "here": ""},
        {"name": "Report", "address": "/desk/plenary?ui=fr#Outcome", "here": ""},
        {"name": "Figures", "address": "/figures/plenary?ui=fr", "here": ""},
    ]
    assert frame["home"] == "/staff?ui=fr"
    sends = meeting(link(Role.TECHNICIAN), here=Tab.MICROPHONE, microphone="/room/a/microphone")
    assert sends["tabs"][0] == {"name": "Microphone", "address": "/room/a/microphone", "here": "page"}


@pytest.mark.parametrize(
    ("status", "off", "kind", "text"),
    [
        (Status.OPEN, False, "live", "Live"),
        (Status.OPEN, True, "off", "Not recorded"),
        (Status.PAUSED, False, "break", "Break"),
        (Status.CLOSED, False, "closed", "Closed"),
        (Status.CREATED, False, "idle", "Not begun"),
    ],
)
def test_one_word_says_how_the_meeting_stands(status: Status, off: bool, kind: str, text: str) -> None:
    frame = meeting(facts=MeetingFacts(session=S, status=status, off=off))
    assert (frame["stands"], frame["states"][kind]) == (kind, text)


@pytest.mark.parametrize(
    ("path", "marks"),
    [
        ("/staff", ["page", "", "", ""]),
        ("/control", ["", "page", "", ""]),
        ("/admin", ["", "", "page", ""]),
        ("/admin/programme", ["", "", "true", ""]),
        ("/admin/hubs", ["", "", "", "page"]),
        ("/admin/hubs/kisumu", ["", "", "", "true"]),
        ("/admins", ["", "", "", ""]),
    ],
)
def test_the_houses_pages_have_tabs_of_their_own(path: str, marks: list[str]) -> None:
    frame: Any = house_frame([link(Role.SECRETARIAT)], UI, UTC_ZONE, asked=Asked(path=path))
    assert [tab["here"] for tab in frame["tabs"]] == marks


def test_whoever_runs_nothing_sees_what_they_can_do_and_no_more() -> None:
    def tabs(*links: Staff) -> list[str]:
        return names(house_frame(links, UI, UTC_ZONE, asked=Asked(path="/staff")))

    assert tabs(link(Role.CAPTIONER)) == ["What you can do here"]
    assert tabs(link(Role.TECHNICIAN, "room:a")) == ["What you can do here", "All meetings at a glance"]


def test_a_link_is_for_a_meeting_by_its_scope() -> None:
    room = RoomId("a")
    assert all(reaches(link(Role.CHAIR, scope), S, room) for scope in ("hall", f"session:{S}", "room:a"))
    assert not any(reaches(link(Role.CHAIR, scope), S, room) for scope in ("session:b", "room:b"))
    assert not reaches(link(Role.CHAIR, "room:a"), S, None)
