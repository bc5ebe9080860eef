from __future__ import annotations

import base64

from moothall.core.chain import checkpoint_bytes
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.ids import CommandId, Epoch, Lane
from moothall.core.ports import LogHead
from moothall.core.sessions.state import State
from moothall.record.verify import RecordVerdict, verify
from moothall.services.log.drafting import PendingAppend
from moothall.testing.clock import SeededRandomness, SeededSigner
from support.memory.writer import SESSION

HEAD = LogHead(epoch=Epoch("e1"), term=3, offset=0, lanes={})
CHAIR = Actor(Role.CHAIR, "chair")


def draft(head: LogHead = HEAD, at: int = 0) -> PendingAppend:
    return PendingAppend(
        SESSION,
        behind=head,
        at=at,
        state=State(id=SESSION),
        randomness=SeededRandomness(),
        signer=SeededSigner(),
    )


def test_records_are_chained_from_the_head_on() -> None:
    first = draft()
    first.add(ev.SessionPaused(t=1), CHAIR, CommandId("c1"), 0, 1_000)
    first.add(ne.NoteLeft(text="x"), CHAIR, CommandId("c1"), 1, 1_000)
    second = draft(first.head, first.at)
    second.add(ev.SessionResumed(t=2), CHAIR, CommandId("c2"), 0, 1_100)
    records = [*first.records, *second.records]
    assert verify(records).verdict is RecordVerdict.INTACT
    assert [(record.header.offset, record.header.prev, record.header.lane) for record in records] == [
        (1, 0, "session"),
        (2, 0, "staff"),
        (3, 1, "session"),
    ]
    assert (second.head.offset, second.head.term, second.head.epoch) == (3, 3, "e1")
    assert first.head.lanes == {
        record.header.lane: ev.LaneHead(n, record.digest.hex()) for n, record in enumerate(first.records, 1)
    }


def test_the_time_of_writing_never_runs_back() -> None:
    made = draft(at=5_000)
    for wall in (4_000, 6_000, 5_500):
        made.add(ev.SessionPaused(t=1), CHAIR, CommandId("c"), 0, wall)
    assert [record.header.at for record in made.records] == [5_000, 6_000, 6_000]


def test_a_checkpoint_signs_the_public_lanes_as_they_stand() -> None:
    made = draft()
    made.add(ev.SessionPaused(t=1), CHAIR, CommandId("c1"), 0, 1_000)
    made.add(ne.NoteLeft(text="x"), CHAIR, CommandId("c1"), 1, 1_000)
    heads = {str(lane): head for lane, head in made.lanes.items() if lane == Lane("session")}
    made.sign(SYSTEM, CommandId("k"), 0, 1_000)
    checkpoint = made.events[-1]
    assert isinstance(checkpoint, ev.RecordCheckpoint)
    assert checkpoint.lanes == heads
    expected = SeededSigner().sign(checkpoint_bytes(SESSION, Epoch("e1"), heads))
    assert base64.b64decode(checkpoint.signature) == expected


def test_headers_and_lines_hold_no_word_that_the_release_before_cannot_read() -> None:
    """A hub or a node of it fails at the whole session else, and so does a step back."""
    roles = (
        "system engine technician chair moderator captioner interpreter rapporteur hub secretariat participant reader"
    )
    assert {Actor(role, "x").logged_as for role in Role} == {Role(name) for name in f"{roles} translator".split()}
    assert set(le.Origin) == {"machine", "person", "interpreter", "speaker", "translated"}
    draft_of_tool = draft()
    draft_of_tool.add(ev.SessionPaused(t=1), Actor(Role.TOOL, "tool"), CommandId("c1"), 0, 1_000)
    assert draft_of_tool.records[0].header.role is Role.ENGINE
