from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import types as ev
from moothall.core.kernel.errors import RecordBroken
from moothall.core.ports import LogHead
from moothall.services.cluster.copying import PAGE, copy, refuse_contradiction
from moothall.testing.log_memory import MemoryLog
from support.sessions.recorder import EPOCH, SESSION, Recorder

PAUSED = ev.SessionPaused(t=1)


async def logs(events: int) -> tuple[MemoryLog, MemoryLog, Recorder]:
    """One with so many events, and one with none."""
    source, target, recorder = MemoryLog(), MemoryLog(), Recorder()
    await source.acquire(SESSION, EPOCH)
    await source.append(SESSION, 1, 0, [recorder.record(PAUSED) for _ in range(events)])
    await target.acquire(SESSION, EPOCH)
    return source, target, recorder


async def head_of(log: MemoryLog) -> LogHead:
    head = await log.head(SESSION)
    assert head is not None
    return head


async def test_events_come_as_they_are_page_by_page() -> None:
    source, target, _ = await logs(2 * PAGE + 1)
    end = await copy(source, target, SESSION, await head_of(target))
    assert (end.offset, end) == (2 * PAGE + 1, await head_of(target))
    assert list(await target.read(SESSION, 0, 9_999)) == list(await source.read(SESSION, 0, 9_999))
    assert await copy(source, target, SESSION, end) == end


async def test_what_was_removed_goes_in_the_copy_too() -> None:
    source, target, recorder = await logs(3)
    await copy(source, target, SESSION, await head_of(target))
    for offset in (1, 3):
        removal = recorder.record(ev.BodyRemoved(offsets=(offset,), reason="request", by="staff-1"))
        await source.remove(SESSION, 1, removal.header.offset - 1, [offset], [removal])
    await source.append(SESSION, 1, 5, [recorder.record(PAUSED)])
    assert (await copy(source, target, SESSION, await head_of(target))).offset == 6
    assert [each.body is None for each in await target.read(SESSION, 0, 9)] == [True, False, True, False, False, False]


async def test_a_removal_that_says_nothing_any_more_is_not_guessed() -> None:
    source, target, recorder = await logs(1)
    removal = recorder.record(ev.BodyRemoved(offsets=(1,), reason="request", by="staff-1"))
    await source.append(SESSION, 1, 1, [msgspec.structs.replace(removal, salt=None, body=None)])
    with pytest.raises(RecordBroken, match="can't be read"):
        await copy(source, target, SESSION, await head_of(target))


async def test_a_log_that_goes_on_from_another_contradicts_nothing() -> None:
    source, target, recorder = await logs(2)
    await copy(source, target, SESSION, await head_of(target))
    await source.append(SESSION, 1, 2, [recorder.record(PAUSED)])
    head = await target.head(SESSION)
    assert head is not None
    await refuse_contradiction(SESSION, head, source)
    lanes = {lane: msgspec.structs.replace(each, digest="00" * 32) for lane, each in head.lanes.items()}
    with pytest.raises(RecordBroken, match="contradict each other at event 2"):
        await refuse_contradiction(SESSION, msgspec.structs.replace(head, lanes=lanes), source)
    longer = LogHead(
        epoch=EPOCH,
        term=1,
        offset=9,
        lanes={lane: msgspec.structs.replace(each, offset=9) for lane, each in head.lanes.items()},
    )
    with pytest.raises(RecordBroken, match="event 9"):
        await refuse_contradiction(SESSION, longer, source)


async def test_what_does_not_go_on_from_the_copy_is_not_appended() -> None:
    source, target, recorder = await logs(2)
    await copy(source, target, SESSION, await head_of(target))
    wrong = recorder.record(PAUSED)
    await source.append(SESSION, 1, 2, [msgspec.structs.replace(wrong, digest=bytes(32))])
    with pytest.raises(RecordBroken, match="contradict each other at event 3"):
        await copy(source, target, SESSION, await head_of(target))
    assert (await head_of(target)).offset == 2
