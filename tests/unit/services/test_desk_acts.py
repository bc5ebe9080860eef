from __future__ import annotations

from hall_in_memory import FLOOR
from moothall.core.actors import Role
from moothall.core.commands import AnyCommand, CorrectSegment, LeaveNote, MoveLinesAway, TypeLine
from moothall.core.ids import CommandId, SegmentId, SessionId
from moothall.services.desk_acts import Act, Presence

A = SegmentId("a")
ANN = Presence(seat="1", role=Role.TECHNICIAN, label="Ann's laptop")
TYPED = TypeLine(channel=FLOOR, segment=A, text="A name.", language="en")
EMPTIED = CorrectSegment(channel=FLOOR, segment=A, base_revision=0, base_words=0, text="")


def act(*commands: AnyCommand, undo: tuple[AnyCommand, ...] = ()) -> Act:
    return Act(id=CommandId("x"), at=5, by=ANN, commands=commands, undo=undo)


def test_an_act_has_words_when_it_or_its_undoing_carries_some() -> None:
    note, moved = LeaveNote(text="x"), MoveLinesAway(channel=FLOOR, segments=(A,), session=SessionId("o"))
    assert act(note, TYPED).has_words
    assert act(note, undo=(EMPTIED,)).has_words
    assert not act(note, moved, undo=(note,)).has_words


def test_an_act_is_told_of_in_plain_values() -> None:
    shown = act(LeaveNote(text="x")).shown()
    assert shown == {
        "id": "x",
        "at": 5,
        "by": {"seat": "1", "role": "technician", "label": "Ann's laptop", "name": ""},
        "commands": ({"do": "note", "text": "x"},),
        "undo": (),
        "undone": False,
    }
