from __future__ import annotations

from msgspec.structs import replace

from moothall.core.kernel.ids import SessionId
from moothall.core.programme.agenda import (
    AgendaChange,
    AgendaChangeKind,
    AgendaPart,
    Block,
    WrittenPart,
    blocks,
    changes_of_plan,
    written,
)
from moothall.core.programme.plan import Deleted, Planned, RoomId

A = SessionId("a")
PLAN = Planned(session=A, title="Opening", starts=1_000, ends=2_000, room=RoomId("hall"), made=1)


def test_paragraphs_and_lists_are_told_apart() -> None:
    text = "One line\nand its next.\n\nTopics:\n- Access\n* Rights\n•  Power \n\n- Alone\nBehind it\n\n\n-no item\n- \n"
    assert blocks(text) == (
        Block(("One line and its next.",)),
        Block(("Topics:",)),
        Block(("Access", "Rights", "Power"), is_list=True),
        Block(("Alone",), is_list=True),
        Block(("Behind it",)),
        Block(("-no item -",)),
    )
    assert blocks(" \n\n ") == ()


def test_a_part_is_read_in_ones_language_else_in_the_first_that_has_it() -> None:
    texts = {"en": {AgendaPart.THEME: "Water"}, "fr": {AgendaPart.THEME: "Eau", AgendaPart.TOPICS: "Prix"}}
    order = ("ar", "en", "fr")
    assert written(texts, AgendaPart.THEME, "fr", order) == WrittenPart("fr", "Eau")
    assert written(texts, AgendaPart.THEME, "es", order) == WrittenPart("en", "Water")
    assert written(texts, AgendaPart.TOPICS, "en", order) == WrittenPart("fr", "Prix")
    assert written(texts, AgendaPart.EMERGING, "en", order) is None


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
