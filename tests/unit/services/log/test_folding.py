from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import CommandId, Lane, SegmentId, SessionId
from moothall.core.removal.selection import Lines
from moothall.core.sessions.state import Status
from moothall.services.log.folding import PAGE, fold
from moothall.services.log.signing_times import CHECKPOINT_MS
from moothall.testing.log_memory import FailingLog, MemoryLog
from support.memory.writer import FLOOR, SESSION, TECHNICIAN, opened, said, stage


async def test_an_empty_log_is_nothing_yet() -> None:
    folded = await fold(FailingLog(), SESSION)
    assert (folded.state.status, folded.causes, folded.at, folded.checkpoint) == (Status.ABSENT, {}, 0, 0)


async def test_a_log_of_several_pages_says_what_its_writer_knew() -> None:
    async with stage() as made:
        await opened(made)
        await said(made, "a", 0, "Good", " day.")
        await made.clock.advance(CHECKPOINT_MS)
        for n in range(PAGE // 2 + 1):
            await made.done(f"pause-{n}", do.PauseSession(), do.ResumeSession())
        folded = await fold(made.log, SESSION)
        assert folded.state == made.writer.state
        assert folded.checkpoint == 8
        assert folded.causes[CommandId("w-a-0")] == (5, 6)
        assert folded.causes[CommandId("pause-0")] == (9, 10)
        assert folded.at == made.clock.wall()
        assert folded.text_offsets.of_lines([SegmentId("a")]) == [5, 6, 7]
        assert folded.quality == made.writer.quality
        assert folded.quality.texts[FLOOR].figures.words == 2


async def test_what_was_removed_counts_for_its_command_and_for_nothing_else() -> None:
    async with stage() as made:
        await opened(made)
        await said(made, "a", 0, "Good", " day.")
        await made.writer.remove(TECHNICIAN, CommandId("r"), Lines((SegmentId("a"),)))
        folded = await fold(made.log, SESSION)
        assert folded.causes[CommandId("w-a-0")] == (5, 6)
        assert folded.text_offsets.of_lines([SegmentId("a")]) == []
        assert len(folded.state.segments) == 0
        assert folded.state.channels[FLOOR].committed_through == 900
        assert folded.state == made.writer.state
        assert folded.quality == made.writer.quality
        assert folded.quality.texts == {}


async def test_the_next_records_are_noted_as_if_they_had_been_read() -> None:
    async with stage() as made:
        await opened(made)
        folded = await fold(made.log, SESSION)
        await said(made, "a", 0, "Good", " day.")
        records = (await made.records())[4:]
        folded.note_all(records, made.events[4:], made.writer.state)
        again = await fold(made.log, SESSION)
        assert folded.quality == again.quality
        assert folded.mended_names == again.mended_names
        assert (folded.state, folded.causes, folded.at) == (again.state, again.causes, again.at)
        assert isinstance(made.events[-1], le.SegmentEnded)


async def test_what_people_corrected_is_told_however_the_log_is_read() -> None:
    async with stage() as made:
        await opened(made)
        folded = await fold(made.log, SESSION)
        for line in ("a", "b"):
            await said(made, line, 0 if line == "a" else 5_000, "At", " moot", " hall.")
            fix = do.CorrectSegment(
                channel=FLOOR, segment=SegmentId(line), base_revision=0, base_words=3, text="At Moothall."
            )
            await made.done(f"fix-{line}", fix, actor=TECHNICIAN)
        folded.note_all((await made.records())[4:], made.events[4:], made.writer.state)
        again = await fold(made.log, SESSION)
        assert folded.mended_names == again.mended_names == made.writer.mended_names
        assert made.writer.mended_names.proposed(made.writer.state) == ("Moothall",)
        await made.writer.remove(TECHNICIAN, CommandId("r"), Lines((SegmentId("a"),)))
        assert made.writer.mended_names.proposed(made.writer.state) == ()


class DamagedLog(MemoryLog):
    """Reads as it was damaged: whatever `records` holds."""

    def __init__(self, records: Sequence[LogRecord]) -> None:
        super().__init__()
        self._records = records

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        return [record for record in self._records if record.header.offset > after][:limit]


async def test_a_log_in_which_something_is_missing_or_changed_is_not_taken_for_a_whole_one() -> None:
    async with stage() as made:
        await opened(made)
        await said(made, "a", 0, "Good", " day.")
        whole = list(await made.log.read(SESSION, 0, PAGE))
    changed = msgspec.structs.replace(whole[4], body=b"{}")
    gone = msgspec.structs.replace(whole[4], body=None, salt=None)
    assert (await fold(DamagedLog(whole), SESSION)).at
    for damaged in ([*whole[:4], *whole[5:]], [*whole[:4], changed, *whole[5:]], [*whole[:4], gone, *whole[5:]]):
        with pytest.raises(RecordBroken, match=r"is damaged at event [56]"):
            await fold(DamagedLog(damaged), SESSION)
