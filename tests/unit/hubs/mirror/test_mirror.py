"""The copies on a hub's disk. `integration/hubs/test_hub_disk.py` tests what a kill and a lost write leave of them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from moothall.core.chain import seal
from moothall.core.kernel.errors import ConfigurationError, RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.kernel.lanes import QUESTIONS as FLOOR_LANE
from moothall.core.kernel.lanes import SESSION as SESSION_LANE
from moothall.core.kernel.lanes import channel_lane
from moothall.wire.hubs.messages import FeedPart
from moothall_hub.mirror.copied import CopyStep, EventRange, SessionCopy
from moothall_hub.mirror.copying import batch, began, follow
from moothall_hub.mirror.mirror import Mirror
from moothall_hub.mirror.store import FILE_NAME
from support.hubs.log_above import FLOOR, OWN, SIGNED, LogAbove, Served
from support.sessions.recorder import EPOCH, SESSION, Recorder

NEW = SessionCopy(session=SESSION)
LANE = channel_lane(FLOOR)


@pytest.fixture
async def mirror(tmp_path: Path) -> AsyncIterator[Mirror]:
    opened = await Mirror.open(tmp_path / FILE_NAME)
    yield opened
    await opened.close()


def steps(log: LogAbove) -> list[CopyStep]:
    """What a copy with a hole is made of, and what fills it."""
    asked, message = follow(NEW, (FLOOR,), words=False)
    served = Served(log, message, little=0, back=4)
    made = [began(asked, served.live)]
    for part in (FeedPart.LIVE, FeedPart.OWN, FeedPart.MISSED):
        last = made[-1]
        assert isinstance(last, CopyStep)
        found = served.missed() if part is FeedPart.MISSED else served.own() if part is FeedPart.OWN else served.now()
        records = found[1] if isinstance(found, tuple) else found
        assert isinstance(records, list)
        made.append(batch(last.copy, part, records, SIGNED, number=1))
    return [each for each in made if isinstance(each, CopyStep)]


def a_log() -> LogAbove:
    log = LogAbove()
    for kind in ("line", "note", "own", "line", "check", "line", "line"):
        log.happens(kind)
    return log


def there(folder: Path, text: bytes) -> bool:
    return any(text in each.read_bytes() for each in folder.iterdir())


async def test_steps_are_kept_with_what_comes_into_the_middle(mirror: Mirror) -> None:
    log = a_log()
    made = steps(log)
    for step in made[:3]:
        await mirror.keep(step)
    assert [each.header.offset for each in await mirror.read(SESSION, 0, 100)] == [6, 10, 11, 12, 13]
    await mirror.keep(made[3])
    copy = await mirror.copy(SESSION)
    assert copy == made[3].copy
    assert copy is not None
    assert copy.known is not None
    assert list(await mirror.read(SESSION, 0, 100, copy.known.lanes)) == log.of(copy.known.lanes)
    assert [each.header.offset for each in await mirror.read(SESSION, 2, 2, frozenset({LANE, OWN}))] == [3, 4]
    assert list(await mirror.copies()) == [copy]
    assert list(await mirror.sessions()) == [SESSION]
    head = await mirror.head(SESSION)
    assert head is not None
    assert (head.epoch, head.offset, head.lanes[LANE]) == (EPOCH, 13, log.recorder.heads[LANE])
    assert [each.header.offset for each in await mirror.caused("and-7")] == [7]


async def test_what_is_not_there_is_nothing(mirror: Mirror) -> None:
    assert await mirror.copy(SESSION) is None
    assert await mirror.head(SESSION) is None
    assert list(await mirror.read(SESSION, 0, 10)) == []
    await mirror.keep(CopyStep(copy=NEW))
    assert await mirror.head(SESSION) is None, "it was asked for, and nothing has come"
    assert list(await mirror.sessions()) == []
    assert await mirror.copy(SESSION) == NEW


async def test_it_is_there_when_opened_again(tmp_path: Path) -> None:
    made = steps(a_log())
    mirror = await Mirror.open(tmp_path / FILE_NAME)
    for step in made:
        await mirror.keep(step)
    await mirror.close()
    await mirror.close()
    with pytest.raises(StorageUnavailable, match="closed"):
        await mirror.copy(SESSION)
    with pytest.raises(StorageUnavailable, match="closed"):
        await mirror.keep(made[0])
    again = await Mirror.open(tmp_path / FILE_NAME)
    assert await again.copy(SESSION) == made[-1].copy
    assert len(await again.read(SESSION, 0, 100)) == 12
    await again.close()


async def test_records_of_another_session_are_refused(mirror: Mirror) -> None:
    other = Recorder(SessionId("other"))
    with pytest.raises(ValueError, match="Event 1 of session other can't be one of session plenary"):
        await mirror.keep(CopyStep(copy=NEW, records=(LogAbove(other).records[0],)))
    await mirror.keep(CopyStep(copy=NEW))


async def test_the_same_command_twice_is_no_matter(mirror: Mirror) -> None:
    first = LogAbove().records[0]
    same = msgspec.structs.replace(first.header, offset=2, cause=CommandId(first.header.cause))
    assert first.salt is not None
    assert first.body is not None
    second = seal(first.digest, same, first.salt, first.body)
    await mirror.keep(CopyStep(copy=NEW, records=(first, second)))
    assert list(await mirror.read(SESSION, 0, 100)) == [first, second]
    assert list(await mirror.caused(first.header.cause)) == [first, second]


async def test_what_goes_is_in_no_file_any_more(mirror: Mirror, tmp_path: Path) -> None:
    log = a_log()
    made = steps(log)
    for step in made:
        await mirror.keep(step)

    assert there(tmp_path, b" Line 2.")
    await mirror.keep(CopyStep(copy=made[-1].copy, erase=(4, 77)))
    assert not there(tmp_path, b" Line 2.")
    assert [each.header.offset for each in await mirror.read(SESSION, 0, 100) if each.body is None] == [4]
    assert there(tmp_path, b" Line 9.")
    await mirror.keep(CopyStep(copy=made[-1].copy, forget=EventRange(10, 12)))
    assert not there(tmp_path, b" Line 9.")
    assert [each.header.offset for each in await mirror.read(SESSION, 5, 100)] == [6, 7, 8, 9, 10, 13]
    await mirror.keep(CopyStep(copy=made[-1].copy, forget=EventRange(0, 13)))
    assert [each.header.lane for each in await mirror.read(SESSION, 0, 100)] == [OWN]
    await mirror.keep(CopyStep(copy=NEW, anew=True))
    assert list(await mirror.read(SESSION, 0, 100)) == []


async def test_a_copy_that_is_dropped_leaves_its_count(mirror: Mirror, tmp_path: Path) -> None:
    made = steps(a_log())
    for step in made:
        await mirror.keep(step)
    left = await mirror.drop(SESSION)
    assert (left.fills, left.known) == (made[-1].copy.fills + 1, None)
    assert await mirror.copy(SESSION) == left
    assert list(await mirror.sessions()) == []
    assert not there(tmp_path, b" Line")
    assert (await mirror.drop(SessionId("other"))).fills == 1


async def test_a_copy_that_cant_be_read_is_said_so(mirror: Mirror, tmp_path: Path) -> None:
    await mirror.keep(CopyStep(copy=NEW))
    await mirror.close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as file, file:
        file.execute("UPDATE session SET copy = x'7b'")
    file.close()
    again = await Mirror.open(tmp_path / FILE_NAME)
    with pytest.raises(RecordBroken, match="its copy of session plenary can't be read"):
        await again.copy(SESSION)
    (copy,) = await again.copies()  # A hub starts all the same, and its desk offers to fetch this one anew.
    assert copy.broken is not None
    assert "Fetch it again" in copy.broken.reason
    assert (await again.drop(SESSION)).broken is None
    assert not again.damaged.is_set()
    await again.close()


async def test_a_file_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other")) as file, file:
        file.execute("CREATE TABLE t (n)")
    file.close()
    with pytest.raises(ConfigurationError, match="is not a Moothall copy of the sessions"):
        await Mirror.open(tmp_path / "other")


async def test_lanes_are_read_without_the_others(mirror: Mirror) -> None:
    for step in steps(a_log()):
        await mirror.keep(step)
    assert list(await mirror.read(SESSION, 0, 100, frozenset({FLOOR_LANE}))) == []
    assert [each.header.offset for each in await mirror.read(SESSION, 0, 100, frozenset({SESSION_LANE}))] == [1, 2, 9]
