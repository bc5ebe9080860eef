from __future__ import annotations

from datetime import timedelta, timezone

from moothall.adapters.hubs.page_view import MOST_PAST, asked_of, note_rows, programme
from moothall.adapters.hubs.view import hours, public_row, staff_row
from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.core.desks.notes_and_tags import HubNote
from moothall.core.events.question_parts import InterventionKind
from moothall.core.hubs.entry import Details, Hub
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import InterventionId, NoteId, SessionId
from moothall.core.kernel.times import Zone
from moothall.core.programme.plan import OVERDUE_MS, Planned
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.sessions.state import State, Status
from moothall.services.sessions.catalogue import Entry

UI = Catalogues(find_web_folder() / "locales")["en"]
NAIROBI = Zone("Africa/Nairobi", timezone(timedelta(hours=3)))
HOUR, DAY = 3_600_000, 86_400_000
NOON = 20_000 * DAY + 12 * HOUR
KISUMU = Hub(name="kisumu", title="Kisumu", link="l1")


def entry(name: str, status: Status, opened: int | None = None) -> Entry:
    return Entry(session=SessionId(name), title=name.title(), status=status, opened=opened)


def plan(name: str, starts: int | None, ends: int | None = None, made: int = 0) -> Planned:
    return Planned(session=SessionId(name), title=name.title(), languages=("en",), starts=starts, ends=ends, made=made)


def test_meetings_come_in_order_by_the_hubs_own_days() -> None:
    entries = [entry("on", Status.OPEN, NOON), entry("made", Status.CREATED), entry("sometime", Status.CREATED)]
    entries += [entry("gone-too", Status.CREATED), entry("missed", Status.CREATED)]
    plans = [
        plan("made", NOON + 10 * HOUR, made=NOON),  # after midnight in Nairobi
        plan("backstage", NOON + HOUR, made=NOON),  # its log isn't among the entries
        plan("later", NOON + 2 * HOUR),
        plan("gone", NOON - 2 * OVERDUE_MS, NOON - OVERDUE_MS),
        plan("gone-too", NOON - 2 * OVERDUE_MS, NOON - OVERDUE_MS, made=1),
        plan("missed", NOON - 2 * HOUR, NOON - HOUR, made=1),
        plan("late", NOON - HOUR, NOON),
    ]
    found = programme("kisumu", entries, plans, zone=NAIROBI, now=NOON, ui=UI)
    assert [row.title for row in found.on] == ["On"]
    assert found.on[0].address == "/hub/kisumu/on"
    days = [(day.name, [row.title for row in day.rows]) for day in found.coming]
    assert [rows for _, rows in days] == [["Later"], ["Made"], ["Sometime"]]
    assert days[2][0] == ""
    assert [row.title for day in found.overdue for row in day.rows] == ["Late", "Missed"]
    later, made = found.coming[0].rows[0], found.coming[1].rows[0]
    assert (later.address, later.state, later.moment) == ("", "", "2024-10-04T17:00:00+03:00")
    assert (later.time, made.time) == ("17:00", "01:00")
    assert (made.address, made.state) == ("/hub/kisumu/made", "Not begun")


def test_of_past_meetings_the_last_ones_are_shown() -> None:
    entries = [entry(f"m{n:02}", Status.CLOSED, NOON + n) for n in range(MOST_PAST + 2)]
    found = programme("kisumu", entries, (), zone=NAIROBI, now=NOON, ui=UI)
    assert [row.title for row in found.past] == [f"M{n:02}" for n in range(MOST_PAST + 1, 1, -1)]


def test_a_hub_sees_its_own_questions_and_of_those_below() -> None:
    questions = Questions()
    for number, origin in enumerate(("hub:kisumu", "hub:kisumu.ward", "hub:kisumu2", "remote"), 1):
        made = Intervention(
            id=InterventionId(f"q{number}"), number=number, kind=InterventionKind.QUESTION, received="", text="",
            language="en",
            name="", origin=origin, asker="", t=0,
        )  # fmt: skip
        questions = questions.with_(made.id, number=number, origin=origin)
    state = State(id=SessionId("s"), questions=questions)
    assert [each.number for each in asked_of(state, "kisumu")] == [2, 1]


def test_who_wrote_a_note_is_told_who_has_read_it() -> None:
    own = HubNote(note=NoteId("a"), hub="kisumu", by=Role.HUB, text="A", at=0, read=(Role.CHAIR, Role.HUB))
    theirs = HubNote(note=NoteId("b"), hub="kisumu", by=Role.MODERATOR, text="B", at=1)
    other = HubNote(note=NoteId("c"), hub="lima", by=Role.CHAIR, text="C", at=2)
    rows = note_rows([own, theirs, other], KISUMU, NAIROBI, UI)
    assert [(row["by"], row["read"], row["to_read"]) for row in rows] == [
        ("Moderator", "", True),
        ("From the group", "Read by: Chair", False),
    ]


def test_hours_have_a_tenth_while_they_are_few() -> None:
    assert [hours(ms, UI) for ms in (0, 90 * 60_000, 9 * HOUR, 12 * HOUR + HOUR // 4)] == ["0", "1.5", "9", "12"]


def test_everybody_sees_no_coordinator_and_the_secretariat_does() -> None:
    hub = Hub(
        name="kisumu", title="Kisumu", link="l1", digest="d", node="n1", machine="laptop", seen=NOON, paired=NOON,
        details=Details(city="Kisumu", country="Kenya", coordinator="Ms. Achieng", expected=20),
    )  # fmt: skip
    assert "Achieng" not in str(public_row(hub, 23, UI))
    row = staff_row(hub, None, UI, here=False, zone=NAIROBI)
    assert "Ms. Achieng" in str(row["coordinator"])
    assert (row["place"], row["people"], row["expected"]) == ("Kisumu, Kenya", "", "Expected: 20")
    assert (row["machine"], row["state"]) == ("laptop · n1", "Not connected")
