from __future__ import annotations

from hall_in_memory import FLOOR, SESSION, memory_hall
from moothall.core.errors import RefusalCode
from moothall.core.events import Access
from moothall.core.ids import ChannelId, SessionId
from moothall.core.lanes import Feed
from moothall.services.reader_access import ReaderAccess
from moothall.testing import loop


def test_a_public_session_is_read_and_listed() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live, access = await hall.session(), ReaderAccess(hall.sessions)
            assert await access.find(SESSION) is live.fanout
            assert access.may_read(SESSION) is None
            snapshot = await access.snapshot(SESSION, Feed(FLOOR))
            assert snapshot is not None
            assert snapshot.session.title == "Open hall"
            assert await access.page(SESSION, Feed(FLOOR), 1) == ()
            assert [session.id for session in await access.listed()] == [SESSION]
            assert await access.snapshot(SESSION, Feed(ChannelId("xx"))) is None

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
            assert await access.listed() == []
            assert await access.find(SessionId("nothing")) is None

    loop.run(story())
