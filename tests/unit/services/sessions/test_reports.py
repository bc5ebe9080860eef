from __future__ import annotations

import asyncio
import gc

import pytest

from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.services.sessions.reports import LAPSE_MS, LOOK_MS, MAX_REPORTS, ReportKind, ReportOutcome, Reports
from moothall.testing import loop
from moothall.testing.clock import LoopClock, ManualClock, SeededRandomness

PLENARY, OTHER = SessionId("plenary"), SessionId("other")
FLOOR, FR = ChannelId("floor"), ChannelId("fr")
READERS = {PLENARY: 210}


def service(clock: ManualClock | LoopClock | None = None) -> Reports:
    return Reports(
        clock=clock or ManualClock(),
        randomness=SeededRandomness(),
        readers=lambda session: READERS.get(session, 0),
    )


def test_each_visitor_counts_once_for_each_kind_and_session() -> None:
    reports = service()
    for visitor in ("ann", "ann", "ben"):
        assert reports.report(PLENARY, FLOOR, ReportKind.LANGUAGE, visitor) is None
    reports.report(PLENARY, FR, ReportKind.LANGUAGE, "eve")
    reports.report(PLENARY, FLOOR, ReportKind.LATE, "ann")
    reports.report(OTHER, FLOOR, ReportKind.LATE, "ann")
    tally = reports.tally(PLENARY)
    assert (tally.readers, tally.counts) == (210, {ReportKind.LANGUAGE: 3, ReportKind.LATE: 1})
    assert tally.channels == {ReportKind.LANGUAGE: {FLOOR: 2, FR: 1}, ReportKind.LATE: {FLOOR: 1}}
    assert tally.unseen == {ReportKind.LANGUAGE, ReportKind.LATE}
    assert (reports.tally(OTHER).readers, reports.tally(OTHER).counts) == (0, {ReportKind.LATE: 1})


async def test_a_report_lapses_after_five_minutes_unless_it_is_made_again() -> None:
    clock = ManualClock()
    reports = service(clock)
    reports.report(PLENARY, FLOOR, ReportKind.LATE, "ann")
    reports.report(PLENARY, FLOOR, ReportKind.LATE, "ben")
    await clock.advance(LAPSE_MS - 1)
    assert reports.tally(PLENARY).counts == {ReportKind.LATE: 2}
    reports.report(PLENARY, FLOOR, ReportKind.LATE, "ann")
    await clock.advance(1)
    assert reports.tally(PLENARY).counts == {ReportKind.LATE: 1}
    assert reports.answers(PLENARY, "ben") == {}
    await clock.advance(LAPSE_MS)
    assert reports.tally(PLENARY).counts == {}


def test_seen_and_mended_are_said_to_those_who_reported_it() -> None:
    reports = service()
    reports.report(PLENARY, FLOOR, ReportKind.WORD, "ann")
    reports.report(PLENARY, FLOOR, ReportKind.NO_TEXT, "ann")
    assert reports.answers(PLENARY, "ann") == {
        ReportKind.NO_TEXT: ReportOutcome.SENT,
        ReportKind.WORD: ReportOutcome.SENT,
    }
    reports.seen(PLENARY, ReportKind.WORD)
    assert reports.tally(PLENARY).unseen == {ReportKind.NO_TEXT}
    reports.report(PLENARY, FLOOR, ReportKind.WORD, "ben")
    assert reports.tally(PLENARY).unseen == {ReportKind.NO_TEXT, ReportKind.WORD}
    reports.mended(PLENARY, ReportKind.WORD)
    reports.seen(PLENARY, ReportKind.WORD)  # too late: mended stays mended
    assert reports.answers(PLENARY, "ann") == {
        ReportKind.NO_TEXT: ReportOutcome.SENT,
        ReportKind.WORD: ReportOutcome.MENDED,
    }
    assert reports.answers(PLENARY, "ben") == {ReportKind.WORD: ReportOutcome.MENDED}
    assert reports.tally(PLENARY).counts == {ReportKind.NO_TEXT: 1}
    reports.report(PLENARY, FLOOR, ReportKind.WORD, "ann")  # it is wrong again
    assert reports.tally(PLENARY).counts == {ReportKind.NO_TEXT: 1, ReportKind.WORD: 1}
    assert reports.answers(PLENARY, "nobody") == reports.answers(OTHER, "ann") == {}
    reports.seen(OTHER, ReportKind.WORD)
    reports.mended(OTHER, ReportKind.WORD)


def test_a_reporter_waits_for_the_answer() -> None:
    async def story() -> None:
        clock = LoopClock()
        reports = service(clock)
        await reports.changed(PLENARY, "ann", {})  # nothing to wait for
        reports.report(PLENARY, FLOOR, ReportKind.LATE, "ann")
        reports.report(PLENARY, FLOOR, ReportKind.NAME, "ben")
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(reports.changed(PLENARY, "ann", {ReportKind.LATE: ReportOutcome.SENT}))
            await clock.sleep(1)
            reports.seen(PLENARY, ReportKind.NAME)
            await clock.sleep(1)
            assert not waiting.done()
            reports.seen(PLENARY, ReportKind.LATE)
        assert reports.answers(PLENARY, "ann") == {ReportKind.LATE: ReportOutcome.SEEN}

    loop.run(story())


def test_desks_are_told_of_changes_once_each() -> None:
    async def story() -> None:
        clock = LoopClock()
        reports = service(clock)
        changes = reports.subscribe()
        reports.report(PLENARY, FLOOR, ReportKind.LATE, "ann")
        reports.report(PLENARY, FLOOR, ReportKind.LATE, "ben")
        reports.report(OTHER, FLOOR, ReportKind.LATE, "ann")
        assert [await anext(changes), await anext(changes)] == [PLENARY, OTHER]
        async with asyncio.TaskGroup() as group:
            running = group.create_task(reports.run())
            began = clock.monotonic()
            async for session in changes:  # The reports lapse by themselves, and that is a change.
                assert LAPSE_MS <= clock.monotonic() - began <= LAPSE_MS + LOOK_MS
                assert reports.tally(session).counts == {}
                if session == OTHER:
                    break
            running.cancel()
        reports.seen(PLENARY, ReportKind.LATE)  # nothing to see: no change
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(changes), 60)

    loop.run(story())


def test_who_has_left_is_told_nothing() -> None:
    reports = service()
    gone = reports.subscribe()
    del gone
    gc.collect()
    reports.report(PLENARY, FLOOR, ReportKind.LATE, "ann")
    assert len(reports._subscribers) == 0


def test_a_flood_is_refused_and_those_who_are_known_are_not() -> None:
    reports = service()
    for n in range(MAX_REPORTS):
        assert reports.report(PLENARY, FLOOR, ReportKind.LATE, str(n)) is None
    refused = reports.report(PLENARY, FLOOR, ReportKind.LATE, "one more")
    assert isinstance(refused, Refusal)
    assert refused.code is RefusalCode.BUSY
    assert reports.report(PLENARY, FLOOR, ReportKind.LATE, "0") is None
    assert reports.report(OTHER, FLOOR, ReportKind.LATE, "one more") is None
    assert reports.tally(PLENARY).counts == {ReportKind.LATE: MAX_REPORTS}


def test_a_visitor_cannot_be_followed_from_one_session_to_another() -> None:
    reports = service()
    reports.report(PLENARY, FLOOR, ReportKind.LATE, "ann")
    reports.report(OTHER, FLOOR, ReportKind.LATE, "ann")
    names = [name for there in reports._sessions.values() for name, _ in there.reports]
    assert len(set(names)) == 2
    assert b"ann" not in b"".join(names)
