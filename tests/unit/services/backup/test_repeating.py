"""Removals that are carried out again, on a log of which an older copy was put back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.adapters.store.removal_list import read_removals
from moothall.adapters.store.sqlite_file import FILE_NAME as LOG
from moothall.adapters.system.clock import SystemRandomness
from moothall.core.backup.removed import RemovedContent, TextRemoved
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import Epoch, SessionId
from moothall.record.verify import RecordVerdict, verify
from moothall.services.backup.repeating import remove_again
from moothall.testing.clock import ManualClock
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
