from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from moothall.core import commands as do
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, CommandId, Lane, SegmentId, SessionId
from moothall.core.kernel.lanes import SESSION as SESSION_LANE
from moothall.core.sessions.state import Status
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.services.sessions.catalogue import Entry, SessionCatalogue
from moothall.services.sessions.live_session import LiveSession
from moothall.testing import loop
from moothall.testing.log_memory import MemoryLog
from support.memory.hall import FLOOR, MemoryHall, memory_hall
from support.sessions.meeting import Meeting, ended, opened, partial, words
from support.sessions.recorder import MORNING

SECRETARIAT = Actor(Role.SECRETARIAT, "s1")


class WatchedLog(MemoryLog):
    """Tells what is read, can wait before an answer, and can be broken."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[SessionId, frozenset[Lane] | None]] = []
        self.broken: dict[SessionId, Exception] = {}
        self.gate: asyncio.Event | None = None
        self.reading = asyncio.Event()

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        self.asked.append((session, lanes))
        if session in self.broken:
            raise self.broken[session]
        found = await super().read(session, after, limit, lanes)
        if self.gate is not None:
            self.reading.set()
            await self.gate.wait()
        return found


async def make(hall: MemoryHall, name: str, *more: do.AnyCommand, **fields: object) -> LiveSession:
    live = await hall.sessions.open(SessionId(name))
    created = {"title": f"About {name}", "languages": ("en", "fr"), **fields}
    commands: list[do.AnyCommand] = [
        do.CreateSession(**created),  # type: ignore[arg-type]
        do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
        do.AddChannel(channel=ChannelId("fr"), kind=ChannelKind.INTERPRETATION, languages=("fr",)),
        *more,
    ]
    assert isinstance(await live.writer.send(SYSTEM, CommandId("make"), commands), Receipt)
    return live


async def act(live: LiveSession, *commands: do.AnyCommand) -> None:
    answer = await live.writer.send(SECRETARIAT, CommandId(f"act:{live.writer.offset}"), commands)
    assert isinstance(answer, Receipt), answer


async def names(catalogue: SessionCatalogue) -> list[str]:
    return [entry.session for entry in await catalogue.listed()]


def test_what_is_hidden_is_in_no_list_and_what_is_cancelled_is() -> None:
    async def story() -> None:
        log = WatchedLog()
        async with memory_hall(MemoryHall(log)) as hall:
            live = await make(hall, "a")
            other = await make(hall, "b", do.CancelSession(reason="Storm"))
            public, kept = Access.PUBLIC, ev.SoundKept.UNTIL_CHECKED
            catalogues = [SessionCatalogue(log), SessionCatalogue(log)]
            hall.sessions.observe(lambda _, publication: catalogues[0].take(publication))
            hall.sessions.tell_forgotten(catalogues[0].drop)
            (_, cancelled) = await catalogues[0].listed()
            assert cancelled.cancelled == "Storm"
            for command, listed in (
                (do.ArrangeSession(access=public, sound=kept, listed=False), ["b"]),
                (do.ArrangeSession(access=Access.LINK, sound=kept), ["b"]),
                (do.ArrangeSession(access=public, sound=kept), ["a", "b"]),
            ):
                await system(live, command)
                assert await names(catalogues[0]) == listed
            assert not await catalogues[0].hidden(SessionId("a"))
            await system(other, do.ReinstateSession())
            assert [each.cancelled for each in await catalogues[0].all()] == [None, None]
            assert await catalogues[1].all() == await catalogues[0].all()
            await hall.sessions.forget(SessionId("a"))
            assert [each.session for each in await catalogues[0].all()] == ["b"]

    loop.run(story())


async def system(live: LiveSession, command: do.AnyCommand) -> None:
    answer = await live.writer.send(SYSTEM, CommandId(f"act:{live.writer.offset}"), command)
    assert isinstance(answer, Receipt), answer


def test_it_lists_what_anybody_may_read_and_no_rehearsals() -> None:
    async def story() -> None:
        log = WatchedLog()
        async with memory_hall(MemoryHall(log)) as hall:
            await make(hall, "b", do.OpenSession())
            await make(hall, "a")
            await make(hall, "hidden", access=Access.STAFF)
            await make(hall, "linked", access=Access.LINK)
            await make(hall, "trial", rehearsal=True)
            await hall.sessions.open(SessionId("empty"))
            opened = hall.clock.wall()
        log.asked.clear()
        catalogue = SessionCatalogue(log)
        whether = [await catalogue.hidden(SessionId(name)) for name in ("a", "hidden", "linked", "empty", "none")]
        assert whether == [False, True, True, False, False]
        coming, live = await catalogue.listed()
        assert (coming.session, coming.status, coming.opened) == ("a", Status.CREATED, None)
        assert live == Entry(
            session=SessionId("b"),
            title="About b",
            languages=("en", "fr"),
            status=Status.OPEN,
            opened=opened,
            access=Access.PUBLIC,
            channel=FLOOR,
            texts=frozenset({"en", "fr"}),
            offset=4,
        )
        assert {lanes for _, lanes in log.asked} == {frozenset({SESSION_LANE})}
        log.asked.clear()
        assert await names(catalogue) == ["a", "b"]
        assert log.asked == []
        hidden = catalogue.known(SessionId("hidden"))
        assert hidden is not None
        assert not hidden.listed

    loop.run(story())


def test_no_session_is_missing_while_words_are_removed_from_several() -> None:
    """A session that is missing for a moment is told to programs as hidden."""

    async def story() -> None:
        log = WatchedLog()
        async with memory_hall(MemoryHall(log)) as hall:
            await make(hall, "a")
            await make(hall, "b")
        catalogue = SessionCatalogue(log)
        assert await names(catalogue) == ["a", "b"]
        log.gate = asyncio.Event()
        catalogue.read_again(SessionId("a"))
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(names(catalogue))
            await log.reading.wait()
            catalogue.read_again(SessionId("b"))
            log.gate.set()
        assert asked.result() == ["a", "b"]

    loop.run(story())


def test_it_follows_what_is_published() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            old = await make(hall, "old")
            catalogue = SessionCatalogue(hall.log)
            hall.sessions.observe(lambda _, publication: catalogue.take(publication))
            await act(old, do.DescribeSession(title="Not asked for yet"))
            assert catalogue.known(old.id) is None
            assert [entry.title for entry in await catalogue.listed()] == ["Not asked for yet"]
            new = await make(hall, "new", do.OpenSession())
            assert await names(catalogue) == ["new", "old"]
            for command, status in (
                (do.PauseSession(), Status.PAUSED),
                (do.ResumeSession(), Status.OPEN),
                (do.CloseSession(), Status.CLOSED),
                (do.ReopenSession(), Status.OPEN),
                (do.CloseSession(), Status.CLOSED),
            ):
                await hall.clock.sleep(1_000)
                await act(new, command)
                entry = catalogue.known(new.id)
                assert entry is not None
                assert (entry.status, entry.closed) == (
                    status,
                    hall.clock.wall() if status is Status.CLOSED else None,
                )
            new.writer.signal(partial("x"))
            fresh = SessionCatalogue(hall.log)
            assert list(await fresh.listed()) == list(await catalogue.listed())

    loop.run(story())


def test_what_is_published_while_a_log_is_read_is_not_lost() -> None:
    async def story() -> None:
        log = WatchedLog()
        async with memory_hall(MemoryHall(log)) as hall:
            live = await make(hall, "a")
            catalogue = SessionCatalogue(log)
            hall.sessions.observe(lambda _, publication: catalogue.take(publication))
            log.gate = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                first, second = (group.create_task(names(catalogue)) for _ in range(2))
                await log.reading.wait()
                await act(live, do.DescribeSession(title="Renamed"))
                log.gate.set()
            assert first.result() == second.result() == ["a"]
            entry = catalogue.known(SessionId("a"))
            assert entry is not None
            assert entry.title == "Renamed"
            assert len(log.asked) == 1 + 1  # one when it was loaded, one for both who asked

    loop.run(story())


async def test_a_removed_title_is_said_no_more() -> None:
    meeting = Meeting()
    await meeting.open()
    catalogue = SessionCatalogue(meeting.log)
    assert [entry.title for entry in await catalogue.listed()] == ["Plenary"]
    described = await meeting.store(ev.SessionDescribed(title="Slander"))
    catalogue.take(described)
    assert [entry.title for entry in await catalogue.listed()] == ["Slander"]
    catalogue.take(await meeting.remove(described.records[0].header.offset))
    assert [entry.title for entry in await catalogue.listed()] == ["Plenary"]


async def test_a_meeting_that_is_opened_again_has_no_correction_after_its_end() -> None:
    meeting = Meeting()
    await meeting.open()
    following = SessionCatalogue(meeting.log)
    await following.fill()

    async def mended(*events: ev.AnyEvent) -> list[int | None]:
        following.take(await meeting.store(*events, by=SECRETARIAT))
        return [(await catalogue.all())[0].mended for catalogue in (following, SessionCatalogue(meeting.log))]

    def corrected(revision: int, text: str) -> le.SegmentCorrected:
        name = SegmentId("s1")
        return le.SegmentCorrected(
            channel=FLOOR, segment=name, base_revision=revision, base_words=1, text=text, tail=""
        )

    line = (opened("s1"), words("s1", 0, "Wun."), ended("s1", "Wun."))
    assert await mended(*line, corrected(0, "One."), ev.SessionClosed(t=9)) == [None, None]
    after = MORNING + 40 * (meeting.recorder.offset + 1)
    assert await mended(corrected(1, "1.")) == [after, after]
    assert await mended(ev.SessionReopened(t=9)) == [None, None]
    assert await mended(ev.SessionClosed(t=10)) == [None, None]


async def test_a_correction_in_the_millisecond_of_the_end_was_made_after_it() -> None:
    meeting = Meeting()
    await meeting.open()
    line = (opened("s1"), words("s1", 0, "Wun."), ended("s1", "Wun."))
    await meeting.store(*line, ev.SessionClosed(t=9), by=SECRETARIAT)
    meeting.recorder.later = -40
    correction = le.SegmentCorrected(
        channel=FLOOR, segment=SegmentId("s1"), base_revision=0, base_words=1, text="One.", tail=""
    )
    await meeting.store(correction, by=SECRETARIAT)
    [entry] = await SessionCatalogue(meeting.log).all()
    assert entry.mended == entry.closed is not None


async def test_long_logs_are_read_whole_and_other_publications_are_passed_over() -> None:
    meeting = Meeting()
    await meeting.open()
    await meeting.store(*[ev.ClockMapped(t=n, wall=n) for n in range(2_000)])
    await meeting.store(ev.SessionClosed(t=9))
    catalogue = SessionCatalogue(meeting.log)
    (entry,) = await catalogue.listed()
    assert (entry.status, entry.offset) == (Status.CLOSED, 2_004)
    catalogue.take(Publication(session=SessionId("plenary")))
    assert list(await catalogue.listed()) == [entry]


async def test_a_log_that_cannot_be_read_is_left_out_and_one_that_is_away_is_asked_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = WatchedLog()
    for name in ("a", "b"):
        meeting = Meeting(log, name)
        await meeting.open()
    catalogue = SessionCatalogue(log)
    log.broken[SessionId("b")] = StorageUnavailable("away")
    with pytest.raises(StorageUnavailable):
        await catalogue.listed()
    log.broken[SessionId("b")] = RecordBroken("Offset 2 can't be read.")
    assert await names(catalogue) == ["a"]
    assert "session b" in caplog.text


async def test_what_came_into_the_middle_is_read_again_also_when_it_is_just_being_read() -> None:
    log = WatchedLog()
    house = Meeting(log)
    await house.open()
    catalogue = SessionCatalogue(log)
    gate = log.gate = asyncio.Event()
    reading = asyncio.ensure_future(catalogue.all())
    await log.reading.wait()
    catalogue.read_again(house.session)
    log.gate = None
    gate.set()
    assert [entry.session for entry in await reading] == [house.session]
    before = len(log.asked)
    assert [entry.title for entry in await catalogue.all()] == ["Plenary"]
    assert len(log.asked) == before + 1
    await catalogue.all()
    assert len(log.asked) == before + 1
    catalogue.read_again(house.session)
    assert catalogue.known(house.session) is None
