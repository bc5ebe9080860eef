"""Removals that are carried out again, on a log of which an older copy was put back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.adapters.store.removal_list import read_removals
from moothall.adapters.store.sqlite_file import FILE_NAME as LOG
from moothall.adapters.system.clock import SystemRandomness
from moothall.core.backup.removed import RemovedContent, TextRemoved
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import CommandId, Epoch, InterventionId, SessionId
from moothall.core.ports import LogHead
from moothall.core.sessions.state import State
from moothall.record.verify import RecordVerdict, verify
from moothall.services.backup.repeating import FollowedText, remove_again
from moothall.services.log.drafting import PendingAppend
from moothall.testing.clock import ManualClock, SeededRandomness, SeededSigner
from support.backup.houses import House, holding

ONE = SessionId("one")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    house.say("one", *(f"line {n} of one" for n in range(4)))
    yield house
    house.close()


def put_back(house: House, removes: tuple[tuple[tuple[int, ...], str], ...]) -> None:
    """Remove, and put the log back as it was before; the list of removals stays."""
    house.do(house.log.close())
    before = (house.folder / LOG).read_bytes()
    house.restart()
    recorder = house.recorder("one")
    there = recorder.offset, dict(recorder.heads)
    for offsets, reason in removes:
        house.remove("one", *offsets, reason=reason)
    house.do(house.log.close())
    (house.folder / LOG).write_bytes(before)
    recorder.offset, recorder.heads = there
    house.restart()


def listed(house: House) -> RemovedContent:
    return RemovedContent(read_removals(house.folder / LIST))


def again(house: House, acts: list[TextRemoved]) -> int:
    return house.do(
        remove_again(house.log, ONE, acts, clock=ManualClock(), randomness=SystemRandomness(), signer=house.signer)
    )


def held(house: House) -> list[TextRemoved]:
    there = house.do(house.log.held(listed(house).carried_out()))
    assert all(session == ONE for session, _ in there)
    return [act for _, act in there if isinstance(act, TextRemoved)]


def test_what_came_back_is_removed_once_more_and_the_log_says_so_for_each_reason(house: House) -> None:
    put_back(house, (((1, 3), "request"), ((4,), "not-recorded")))
    assert len(holding(house.folder, [b"line 0 of one", b"line 2 of one", b"line 3 of one"])) == 3
    acts = held(house)
    assert [len(act.events) for act in acts] == [2, 1]
    assert again(house, acts) == 3
    assert holding(house.folder, [b"line 0 of one", b"line 2 of one", b"line 3 of one"]) == []
    records = house.records("one")
    said = [decode_event(each.body) for each in records[4:6] if each.body is not None]
    assert [(each.offsets, each.reason) for each in said if isinstance(each, ev.BodyRemoved)] == [
        ((1, 3), "request"),
        ((4,), "not-recorded"),
    ]
    assert records[6].header.type == "record.checkpoint"
    found = verify(records)
    assert (found.verdict, found.broken) == (RecordVerdict.REMOVED, ())
    assert held(house) == []
    assert again(house, acts) == 0
    assert len(house.records("one")) == len(records)


def test_a_log_of_another_epoch_is_left_alone(house: House) -> None:
    line = house.list_only("one", 1)
    other = TextRemoved(id="x", at=1, session=ONE, epoch=Epoch("another"), reason="request", events=line.events)
    assert house.do(house.log.held([other])) == []
    assert again(house, [other]) == 0
    assert len(house.records("one")) == 4


def test_of_a_published_question_only_what_was_due_goes_again() -> None:
    """A snapshot of the disk has the wording that arrived once more; what was published is no removal's business."""
    received = qe.InterventionReceived(
        intervention=InterventionId("q"), number=1, kind=InterventionKind.QUESTION, text="As it arrived",
        language="en", name="", origin="remote", asker="hash", t=0,
    )  # fmt: skip
    published = made_of(qe.InterventionPublished, received)
    held = msgspec.structs.replace(received, intervention=InterventionId("held"), number=2)
    followed = FollowedText(ONE)
    log = PendingAppend(
        ONE,
        behind=LogHead(epoch=Epoch("e"), term=1, offset=0, lanes={}),
        at=0,
        state=State(id=ONE),
        randomness=SeededRandomness(),
        signer=SeededSigner(),
    )
    for event in (received, published, held):
        log.add(event, SYSTEM, CommandId(event.intervention), 0, 0)
    for record in log.records:
        followed.step(record)
    assert followed.stays({1: "due-staff"}) == []
    (stays,) = followed.stays({3: "due-staff"})
    assert isinstance(stays, qe.InterventionRemoved)
    assert (stays.intervention, stays.asker) == ("held", "")
    (stays,) = followed.stays({3: "request"})
    assert isinstance(stays, qe.InterventionRemoved)
    assert stays.asker == "hash"
    assert [type(each) for each in followed.stays({1: "request", 2: "request"})] == [
        qe.InterventionRemoved,
        qe.InterventionPublished,
    ]
