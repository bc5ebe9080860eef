from __future__ import annotations

from moothall.core.events import attendance as ae
from moothall.core.kernel.ids import RollEntryId
from moothall.core.sessions.roll import AttendanceState, RollEntry, RollStatus, evolve_attendance


def told(*events: ae.AttendanceFact) -> AttendanceState:
    attendance = AttendanceState()
    for event in events:
        attendance = evolve_attendance(attendance, event)
    return attendance


def counted(people: int, *, corrects: bool = False) -> ae.AttendanceCounted:
    return ae.AttendanceCounted(people=people, source=ae.CountSource.TYPED, at=1, corrects=corrects)


def test_a_count_that_corrects_takes_the_place_of_the_one_before() -> None:
    found = told(counted(40), counted(400), counted(41, corrects=True)).counts
    assert [each.people for each in found] == [40, 41]
    # The body of the wrong one may have been removed.
    assert [each.people for each in told(counted(41, corrects=True)).counts] == [41]


def test_a_final_list_names_everybody_anew() -> None:
    a, n = RollEntryId("a"), RollEntryId("n1")
    signed = ae.RollSigned(entry=a, name="Ana", representing="Radio", group="media", region="africa")
    opened = told(ae.RollArranged(open=True), signed)
    assert (opened.roll, opened.signed) == (RollStatus.OPEN, None)
    assert opened.entries == {a: RollEntry(name="Ana", representing="Radio", group="media", region="africa")}
    assert told(signed, ae.RollStruck(entry=a)).entries == {}
    named = ae.RollNamed(entry=n, name="Ana", representing="Radio")
    final = told(signed, ae.RollFinalised(people=1, groups={"group": {"media": None}}), named)
    assert final.entries == {n: RollEntry(name="Ana", representing="Radio")}
    assert (final.roll, final.signed, final.groups) == (RollStatus.FINAL, 1, {"group": {"media": None}})
    assert told(ae.RollArranged(open=False), ae.AttendanceReleased()).released
