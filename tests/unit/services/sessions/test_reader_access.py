from __future__ import annotations

from collections.abc import Sequence

import pytest

from moothall.core.chain import LogRecord
from moothall.core.commands import (
    AddChannel,
    AttachEngine,
    CloseSession,
    CommitWords,
    CreateSession,
    OpenSession,
    SegmentStart,
)
from moothall.core.events.lines import Word
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, Lane, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.ports import LogHead
from moothall.core.programme.plan import RoomId
from moothall.core.signals import StandIn
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.reader_access import ASKER, ReaderAccess
from moothall.services.sessions.staff import Staff
from moothall.testing import loop
from moothall.testing.log_memory import MemoryLog
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall


def test_a_public_session_is_read() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, access = await hall.session(), ReaderAccess(hall.sessions)
            assert await access.find(SESSION) is live.fanout
            assert access.may_read(SESSION) is None
            snapshot = await access.snapshot(SESSION, Feed(FLOOR))
            assert snapshot is not None
            assert snapshot.session.title == "Open hall"
            assert await access.page(SESSION, Feed(FLOOR), 1) == ()
            assert await access.number(SESSION, Feed(FLOOR), SegmentId("s")) is None
            assert await access.number(SessionId("none"), Feed(FLOOR), SegmentId("s")) is None
            assert await access.snapshot(SESSION, Feed(ChannelId("xx"))) is None

    loop.run(story())


def test_what_was_recognised_of_lines_is_told_by_word() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, access = await hall.session(), ReaderAccess(hall.sessions)
            name, said = SegmentId("s1"), (Word(" Good", 0, 300), Word(" day.", 300, 600, 0.2))
            heard = CommitWords(
                channel=FLOOR,
                generation=1,
                segment=name,
                first=0,
                words=said,
                start=SegmentStart(t0=0, language="en"),
            )
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            await live.writer.send(SYSTEM, CommandId("attach"), AttachEngine(channel=FLOOR, model="m"))
            assert isinstance(await live.writer.send(Actor(Role.ENGINE, "e"), CommandId("heard"), heard), Receipt)
            assert access.words(SESSION, [name, SegmentId("none")]) == {name: said}
            assert access.words(SessionId("nothing"), [name]) == {}

    loop.run(story())


def test_while_an_interpreter_is_silent_the_text_in_place_of_theirs_is_known_until_the_close() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, access, silent = await hall.session(), ReaderAccess(hall.sessions), ChannelId("fr")
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
            assert access.instead(SESSION, silent) is None
            live.writer.signal(StandIn(channel=silent, instead=ChannelId("mt-fr")))
            await hall.clock.sleep(1_000)
            assert access.instead(SESSION, silent) == "mt-fr"
            assert access.instead(SESSION, FLOOR) is None
            assert access.instead(SessionId("nothing"), silent) is None
            await live.writer.send(SYSTEM, CommandId("close"), CloseSession())
            assert access.instead(SESSION, silent) is None

    loop.run(story())


def test_any_other_session_is_as_good_as_none() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            access = ReaderAccess(hall.sessions)
            for kind in (Access.LINK, Access.STAFF):
                name = SessionId(kind.value)
                await hall.session(name, kind)
                refusal, nothing = access.may_read(name), access.may_read(SessionId("nothing"))
                assert refusal == nothing
                assert refusal is not None
                assert refusal.code is RefusalCode.UNKNOWN
                assert await access.snapshot(name, Feed(FLOOR)) is None
                assert await access.page(name, Feed(FLOOR), 1) is None
            await hall.sessions.open(SessionId("empty"))
            assert await access.find(SessionId("nothing")) is None

    loop.run(story())


def test_a_hidden_session_takes_the_same_look_as_none() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            looked: list[SessionId] = []

            async def look(session: SessionId) -> None:
                looked.append(session)

            access, hidden = ReaderAccess(hall.sessions, look=look), SessionId("hidden")
            await hall.session()
            await hall.session(hidden, Access.STAFF)
            assert await access.snapshot(SESSION, Feed(FLOOR)) is not None
            assert looked == []
            assert await access.snapshot(hidden, Feed(FLOOR)) is None
            assert looked == [hidden]

            async def unloaded(session: SessionId) -> bool:
                return session == "unloaded"

            access = ReaderAccess(hall.sessions, look=look, hidden=unloaded)
            await hall.sessions.open(SessionId("unloaded"))
            assert await access.find(SessionId("unloaded")) is None
            assert await access.find(SESSION) is not None
            assert looked == [hidden, "unloaded"]

    loop.run(story())


class CountedLog(MemoryLog):
    """Notes what is read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def head(self, session: SessionId) -> LogHead | None:
        self.asked.append("head")
        return await super().head(session)

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        self.asked.append("read")
        return await super().read(session, after, limit, lanes)


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("kind", [Access.LINK, Access.STAFF])
def test_to_find_a_hidden_session_takes_as_much_reading_as_to_find_none(kind: Access, *, loaded: bool) -> None:
    async def story() -> None:
        log = CountedLog()
        async with memory_hall(MemoryHall(log=log)) as hall:
            live = await hall.session(SessionId("hidden"), kind)
            if not loaded:
                await hall.clock.sleep(24 * 3_600_000)
                assert hall.sessions.loaded(live.id) is None
            catalogue = SessionCatalogue(log)
            # As the server puts it together (`moothall.app.web`).
            access = ReaderAccess(hall.sessions, look=lambda _: log.head(SessionId("")), hidden=catalogue.hidden)
            await catalogue.fill()
            costs: list[list[str]] = []
            for name in ("nothing", "hidden", "hidden", "nothing"):
                log.asked.clear()
                assert await access.snapshot(SessionId(name), Feed(FLOOR)) is None
                costs.append(list(log.asked))
            assert costs == [["head"]] * 4

    loop.run(story())


def test_whoever_has_a_link_reads_what_it_is_good_for() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            rooms = {SessionId("link"): RoomId("main")}
            access = ReaderAccess(hall.sessions, rooms.get)
            for kind in (Access.LINK, Access.STAFF):
                await hall.session(SessionId(kind.value), kind)

            def open_to(role: Role, scope: str) -> list[str]:
                reset = ASKER.set((Staff(link="x", role=role, scope=scope, label=""),))
                try:
                    return [name for name in ("link", "staff") if access.may_read(SessionId(name)) is None]
                finally:
                    ASKER.reset(reset)

            assert open_to(Role.READER, "session:link") == ["link"]
            assert open_to(Role.READER, "session:other") == []
            assert open_to(Role.READER, "session:staff") == []
            assert open_to(Role.HUB, "room:main") == ["link"]
            assert open_to(Role.CAPTIONER, "room:main") == ["link"]
            assert open_to(Role.CAPTIONER, "session:staff") == ["staff"]
            assert open_to(Role.TECHNICIAN, "hall") == ["link", "staff"]
            assert access.may_read(SessionId("link")) is not None

    loop.run(story())


def test_whoever_has_a_hubs_link_asks_for_the_hub_where_the_link_is_good() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            access = ReaderAccess(hall.sessions, {SessionId("a"): RoomId("main")}.get)
            links = (
                Staff(link="1", role=Role.HUB, scope="room:main", label="Kisumu Library"),
                Staff(link="2", role=Role.HUB, scope="session:b", label=""),
                Staff(link="3", role=Role.CHAIR, scope="hall", label="Chair"),
            )
            reset = ASKER.set(links)
            try:
                assert access.hubs(SessionId("a")) == {"kisumu-library": "Kisumu Library"}
                assert access.hubs(SessionId("b")) == {"2": "2"}
                assert access.hubs(SessionId("c")) == {}
            finally:
                ASKER.reset(reset)
            assert access.hubs(SessionId("a")) == {}

    loop.run(story())


def test_a_rehearsal_is_read_by_whoever_has_its_address() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            access = ReaderAccess(hall.sessions)
            rehearsal = await hall.sessions.open(SessionId("rehearsal"))
            made = CreateSession(title="T", languages=("en",), rehearsal=True)
            floor = AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))
            await rehearsal.writer.send(SYSTEM, CommandId("c"), [made, floor])
            assert access.may_read(SessionId("rehearsal")) is None

    loop.run(story())
