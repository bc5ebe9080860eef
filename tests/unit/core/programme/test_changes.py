from __future__ import annotations

import msgspec
from msgspec.structs import replace

from moothall.core.events.types import Access, SoundKept
from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.programme.changes import (
    AgendaChange,
    AgendaChangeKind,
    ChangeKind,
    MeetingPlan,
    changes,
    changes_of_plan,
    merge_edits,
    merged,
    with_languages,
    without_language,
)
from moothall.core.programme.plan import Deleted, Planned, RoomId, Speaker
from support.files.programme_files import table

A = SessionId("a")
PLAN = Planned(session=A, title="Opening", starts=1_000, ends=2_000, room=RoomId("hall"), made=1)
FIRST = table("a,Opening,Hall,1970-01-01,1:00,en,Ana", "b,Closing,Hall,1970-01-02,1:00,en,Bo")


def kinds(*rows: str) -> list[tuple[ChangeKind, str | None]]:
    found = changes(FIRST.rooms, FIRST.sessions, table(*rows))
    return [(change.kind, change.session or change.room) for change in found]


def test_a_new_file_is_all_new() -> None:
    found = changes((), (), FIRST)
    assert [(change.kind, change.session or change.room) for change in found] == [
        (ChangeKind.ROOM_ADDED, "hall"),
        (ChangeKind.ADDED, "a"),
        (ChangeKind.ADDED, "b"),
    ]


def test_the_same_file_changes_nothing() -> None:
    assert changes(FIRST.rooms, FIRST.sessions, FIRST) == ()


def test_each_difference_is_said() -> None:
    closing = "b,Closing,Hall,1970-01-02,1:00,en,Bo"
    assert kinds("a,Beginning,Hall,1970-01-01,1:00,en,Ana", closing) == [(ChangeKind.TITLE, "a")]
    assert kinds("a,Opening,Hall,1970-01-01,2:00,en,Ana", closing) == [(ChangeKind.TIMES, "a")]
    assert kinds("a,Opening,Hall,1970-01-01,1:00,en,Ana;Cy", closing) == [(ChangeKind.SPEAKERS, "a")]
    assert kinds("a,Opening,Hall,1970-01-01,1:00,en;fr,Ana", closing) == [(ChangeKind.LANGUAGES, "a")]
    assert kinds("a,Opening,Tent,1970-01-01,1:00,en,Ana", closing) == [
        (ChangeKind.ROOM_ADDED, "tent"),
        (ChangeKind.ROOM, "a"),
    ]
    assert kinds(closing) == [(ChangeKind.VANISHED, "a")]


def test_what_came_from_elsewhere_is_not_missed() -> None:
    other = msgspec.structs.replace(FIRST.sessions[0], source="")
    assert changes(FIRST.rooms, [other, FIRST.sessions[1]], table("b,Closing,Hall,1970-01-02,1:00,en,Bo")) == ()


def with_speakers(planned: Planned, *speakers: tuple[str, str]) -> Planned:
    named = tuple(Speaker(id=SpeakerId(own), name=name) for own, name in speakers)
    return msgspec.structs.replace(planned, speakers=named)


def test_somebody_of_the_same_name_is_the_same_and_a_mended_name_is_not_new() -> None:
    known = with_speakers(FIRST.sessions[0], ("p-1", "Ana"), ("p-2", "Bo"))

    def said(*speakers: tuple[str, str]) -> list[ChangeKind]:
        wanted = msgspec.structs.replace(FIRST, sessions=(with_speakers(known, *speakers),))
        return [change.kind for change in changes(FIRST.rooms, [known], wanted)]

    assert said(("ana", "Ana"), ("bo", "Bo")) == []
    assert said(("p-1", "Anna"), ("p-2", "Bo")) == [ChangeKind.SPEAKERS]


def test_what_is_taken_over_is_all_but_the_languages() -> None:
    before = msgspec.structs.replace(FIRST.sessions[0], made=7, languages=("en",))
    after = msgspec.structs.replace(FIRST.sessions[1], session=before.session, languages=("fr",))
    taken = merged(before, after)
    assert (taken.title, taken.starts, taken.speakers) == (after.title, after.starts, after.speakers)
    assert (taken.languages, taken.made) == (("en",), 7)


def test_a_file_without_a_language_changes_none_and_new_sessions_are_asked_about() -> None:
    silent = table("a,Opening,Hall,1970-01-01,1:00,,Ana", "c,Water,Hall,1970-01-03,1:00,,Bo")
    found = changes(FIRST.rooms, FIRST.sessions, silent)
    assert [(each.kind, each.session) for each in found] == [(ChangeKind.ADDED, "c"), (ChangeKind.VANISHED, "b")]
    assert without_language(found) == ("Water",)
    said = with_languages(silent, ("sw", "en"))
    assert [each.languages for each in said.sessions] == [("sw", "en"), ("sw", "en")]
    assert without_language(changes(FIRST.rooms, FIRST.sessions, with_languages(FIRST, ("fr",)))) == ()


BASE = MeetingPlan(
    title="Water",
    languages=("en",),
    room=RoomId("hall"),
    starts=1_000,
    ends=2_000,
    access=Access.PUBLIC,
    sound=SoundKept.NONE,
)


def plan(**fields: object) -> MeetingPlan:
    return msgspec.structs.replace(BASE, **fields)


def test_what_only_one_of_two_has_changed_is_changed() -> None:
    assert merge_edits(BASE, plan(title="Rain"), plan(ends=3_000)) == (plan(title="Rain", ends=3_000), ())
    assert merge_edits(BASE, BASE, plan(room=None)) == (plan(room=None), ())
    assert merge_edits(BASE, plan(access=Access.LINK), BASE) == (plan(access=Access.LINK), ())


def test_what_both_have_changed_alike_is_no_conflict() -> None:
    assert merge_edits(BASE, plan(title="Rain"), plan(title="Rain")) == (plan(title="Rain"), ())


def test_what_both_have_changed_to_something_else_is_told_and_stays() -> None:
    mine, theirs = plan(title="Rain", starts=500, ends=9_000), plan(title="Snow", starts=700)
    assert merge_edits(BASE, mine, theirs) == (plan(title="Snow", starts=700, ends=9_000), ("title", "starts"))


def test_a_new_session_is_one_change_and_one_that_is_taken_over_none() -> None:
    assert changes_of_plan(None, PLAN, 9) == (AgendaChange(at=9, session=A, kind=AgendaChangeKind.NEW),)
    assert changes_of_plan(None, replace(PLAN, made=0), 9) == ()
    assert changes_of_plan(None, replace(PLAN, rehearsal=True), 9) == ()
    assert changes_of_plan(PLAN, replace(PLAN, languages=("fr",), source="file"), 9) == ()


def test_title_time_and_room_are_changes_of_their_own_with_what_was_before() -> None:
    after = replace(PLAN, title="Welcome", starts=1_500, room=None)
    assert changes_of_plan(PLAN, after, 9) == (
        AgendaChange(at=9, session=A, kind=AgendaChangeKind.TITLE, title="Opening"),
        AgendaChange(at=9, session=A, kind=AgendaChangeKind.TIME, starts=(1_000, 1_500), ends=(2_000, 2_000)),
        AgendaChange(at=9, session=A, kind=AgendaChangeKind.ROOM, rooms=(RoomId("hall"), None)),
    )


def test_that_it_is_cancelled_or_held_after_all_is_a_change() -> None:
    off = replace(PLAN, cancelled=True)
    assert changes_of_plan(PLAN, off, 9) == (AgendaChange(at=9, session=A, kind=AgendaChangeKind.CANCELLED),)
    assert changes_of_plan(off, PLAN, 9) == (AgendaChange(at=9, session=A, kind=AgendaChangeKind.RESTORED),)


def test_a_deletion_and_taking_it_back_are_no_change() -> None:
    gone = replace(PLAN, cancelled=True, deleted=Deleted(at=5))
    assert changes_of_plan(PLAN, gone, 9) == ()
    assert changes_of_plan(gone, PLAN, 9) == ()
