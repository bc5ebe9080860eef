from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest

from moothall.core.commands import (
    AddChannel,
    AnyCommand,
    ArrangeSession,
    BeginImport,
    CancelSession,
    CloseSession,
    CreateSession,
    DescribeSession,
    EndImport,
    OpenSession,
    ReinstateSession,
    StateGround,
)
from moothall.core.events.types import Access, ChannelKind, SoundKept
from moothall.core.kernel import lanes
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import ChannelId, CommandId, Lane, SessionId
from moothall.core.ports import LogHead
from moothall.core.programme.plan import Planned, RoomId
from moothall.core.sessions.state import Status
from moothall.services.hubs.source import AHEAD_MS, PAST_MS, CentreSource
from moothall.services.log.act_queue import Receipt
from moothall.services.log.signing_times import ASKED_MS
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.services.sessions.sessions import UNUSED_MS
from moothall.testing import loop
from moothall.testing.log_memory import FailingLog
from moothall.wire.hubs.messages import OfferedText
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall

OTHER = SessionId("other")
HOUR, MINUTE = 3_600_000, 60_000


class SourceHall:
    """A centre without links."""

    def __init__(self, hall: MemoryHall) -> None:
        self.hall = hall
        self.plans: list[Planned] = []
        catalogue = SessionCatalogue(hall.log)
        hall.sessions.observe(lambda _, publication: catalogue.take(publication))
        self.source = CentreSource(
            hall.sessions,
            hall.log,
            hall.clock,
            catalogue=catalogue,
            planned=lambda: self.plans,
            place=lambda room: f"Room {room}",
        )
        self._acts = 0

    async def do(self, *commands: AnyCommand, session: SessionId = SESSION) -> None:
        self._acts += 1
        live = await self.hall.sessions.find(session)
        assert live is not None
        answer = await live.writer.send(SYSTEM, CommandId(f"a{self._acts}"), commands)
        assert isinstance(answer, Receipt), answer

    async def names(self) -> Sequence[SessionId]:
        return [each.session for each in await self.source.offered()]


def told(story: Callable[[SourceHall], Awaitable[None]], log: FailingLog | None = None) -> None:
    async def whole() -> None:
        async with memory_hall(MemoryHall(log)) as hall:
            await story(SourceHall(hall))

    loop.run(whole())


def test_a_rehearsal_is_for_no_hub() -> None:
    """It removes itself, and a hub that is away couldn't."""

    async def story(house: SourceHall) -> None:
        await house.hall.sessions.open(OTHER)
        await house.do(
            CreateSession(title="Trial", languages=("en",), access=Access.PUBLIC, rehearsal=True), session=OTHER
        )
        stand = await house.source.log_status(OTHER)
        assert stand is not None
        assert not stand.public

    told(story)


def test_what_is_cancelled_or_in_no_list_is_not_offered_and_goes_on_where_it_is_followed() -> None:
    async def story(house: SourceHall) -> None:
        await house.hall.sessions.open(SESSION)
        made = CreateSession(title="Water", languages=("en",))
        await house.do(made, AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)))
        for command, offered in (
            (CancelSession(reason="Storm"), []),
            (ReinstateSession(), [SESSION]),
            (ArrangeSession(access=Access.PUBLIC, sound=SoundKept.NONE, listed=False), []),
        ):
            await house.do(command)
            assert await house.names() == offered
            stood = await house.source.log_status(SESSION)
            assert stood is not None
            assert stood.public
        await house.do(ArrangeSession(access=Access.LINK, sound=SoundKept.NONE))
        stood = await house.source.log_status(SESSION)
        assert stood is not None
        assert not stood.public

    told(story)


def test_it_says_where_a_log_stands_and_tells_what_is_new() -> None:
    async def story(house: SourceHall) -> None:
        assert await house.source.log_status(SESSION) is None
        news: list[tuple[SessionId, frozenset[Lane]]] = []
        house.source.observe(lambda session, changed: news.append((session, changed)))
        live = await house.hall.session()
        stand = await house.source.log_status(SESSION)
        assert stand is not None
        assert (stand.epoch, stand.offset) == (live.writer.epoch, live.writer.offset)
        assert stand.heads[lanes.SESSION].offset == stand.offset
        assert (stand.public, stand.channels, stand.whole, stand.copy) == (True, (FLOOR,), True, False)
        assert news == [(SESSION, frozenset({lanes.SESSION}))]
        page = await house.source.read(SESSION, 0, 1, frozenset({lanes.SESSION}))
        assert [record.header.offset for record in page] == [1]

    told(story)


def test_a_hub_that_asks_where_a_session_stands_does_not_keep_it_in_memory() -> None:
    async def story(house: SourceHall) -> None:
        await house.hall.session()
        await house.hall.clock.sleep(2 * MINUTE)  # It is signed.
        stand = await house.source.log_status(SESSION)
        for _ in range(2 * UNUSED_MS // MINUTE):
            await house.hall.clock.sleep(MINUTE)
            assert await house.source.log_status(SESSION) == stand
        assert house.hall.sessions.loaded(SESSION) is None
        await house.do(DescribeSession(title="Another title"))
        later = await house.source.log_status(SESSION)
        assert stand is not None
        assert later is not None
        assert later.offset > stand.offset
        assert house.hall.sessions.loaded(SESSION) is not None

    told(story)


def test_it_is_signed_soon_where_a_hub_asks_for_it() -> None:
    async def story(house: SourceHall) -> None:
        live = await house.hall.session()
        await house.source.sign(SessionId("none"), 0)
        before = live.writer.offset
        await house.source.sign(SESSION, before)
        await house.hall.clock.sleep(1)
        assert live.writer.offset == before + 1
        assert (await house.source.read(SESSION, before, 1))[0].header.type == "record.checkpoint"
        await house.source.sign(SESSION, before)
        await house.hall.clock.sleep(ASKED_MS + 1)
        assert live.writer.offset == before + 1, "there is one behind that event"

    told(story)


@pytest.mark.parametrize("access", [Access.LINK, Access.STAFF])
def test_what_is_not_public_is_not_offered(access: Access) -> None:
    async def story(house: SourceHall) -> None:
        await house.hall.session(access=access)
        stand = await house.source.log_status(SESSION)
        assert stand is not None
        assert not stand.public
        house.plans = [Planned(session=SESSION, title="Secret")]
        assert await house.names() == []

    told(story)


@pytest.mark.parametrize(("ago", "offered"), [(HOUR, [SESSION]), (PAST_MS + HOUR, [])])
def test_an_imported_meeting_is_for_hubs_as_long_as_a_ground_is_stated(ago: int, offered: list[SessionId]) -> None:
    async def story(house: SourceHall) -> None:
        await house.hall.sessions.open(SESSION)
        await house.do(
            CreateSession(title="Past", languages=("en",), access=Access.STAFF),
            AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
            BeginImport(channel=FLOOR, form="vtt", digest="0" * 64),
            EndImport(channel=FLOOR, wall=house.hall.clock.wall() - ago, t=1_000),
        )
        for access, public in ((None, False), (Access.PUBLIC, True), (Access.STAFF, False)):
            if access is not None:
                await house.do(StateGround(access=access, ground="It was held in public."))
            stand = await house.source.log_status(SESSION)
            assert stand is not None
            assert (stand.public, await house.names()) == (public, offered if public else [])

    told(story)


def test_a_log_that_says_nothing_yet_is_none() -> None:
    async def story(house: SourceHall) -> None:
        await house.hall.sessions.open(SESSION)
        assert await house.source.log_status(SESSION) is None

    told(story)


def test_a_meeting_is_offered_with_its_texts_as_they_change() -> None:
    async def story(house: SourceHall) -> None:
        await house.hall.session()
        now = house.hall.clock.wall()
        house.plans = [
            Planned(session=SESSION, title="Plan", room=RoomId("main"), starts=now + HOUR, ends=now + 2 * HOUR),
            Planned(session=OTHER, title="Later", starts=now + 3 * HOUR),
        ]
        first, later = await house.source.offered()
        assert (first.session, first.title, first.place) == (SESSION, "Open hall", "Room main")
        assert (first.begins, first.ends, first.status) == (now + HOUR, now + 2 * HOUR, Status.CREATED)
        assert first.texts == (OfferedText(channel=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),)
        assert (later.title, later.status, later.texts, later.place) == ("Later", Status.CREATED, (), "")
        await house.do(DescribeSession(title="Open hall", languages=("en", "es")))
        first, _ = await house.source.offered()
        assert [text.languages for text in first.texts] == [("en", "es")]
        french = AddChannel(channel=ChannelId("fr"), kind=ChannelKind.TRANSLATION, languages=("fr",))
        await house.do(french, DescribeSession(title="Plenary"), OpenSession())
        first, _ = await house.source.offered()
        assert [text.channel for text in first.texts] == ["floor", "fr"]
        assert (first.title, first.status) == ("Plenary", Status.OPEN)
        house.plans = []
        (first,) = await house.source.offered()
        assert (first.begins, first.ends) == (now, None)

    told(story)


def test_only_what_is_near_is_offered() -> None:
    async def story(house: SourceHall) -> None:
        now = house.hall.clock.wall()
        times = {
            "gone": (now - PAST_MS - 2, now - PAST_MS - 1),
            "just": (now - PAST_MS - 2, now - PAST_MS),
            "soon": (now + AHEAD_MS, now + AHEAD_MS + HOUR),
            "far": (now + AHEAD_MS + 1, None),
            "any": (None, None),
        }
        house.plans = [
            Planned(session=SessionId(name), title=name, starts=starts, ends=ends)
            for name, (starts, ends) in times.items()
        ]
        house.plans.append(Planned(session=SessionId("try"), title="Rehearsal", rehearsal=True))
        assert await house.names() == ["just", "soon", "any"]
        await house.hall.session()
        await house.do(OpenSession())
        await house.hall.clock.sleep(2 * PAST_MS)
        assert SESSION in await house.names()
        await house.do(CloseSession())
        await house.hall.clock.sleep(PAST_MS + HOUR)
        assert SESSION not in await house.names()

    told(story)


def test_texts_of_a_meeting_of_before_are_read_once() -> None:
    log = FailingLog()

    async def before(house: SourceHall) -> None:
        await house.hall.session()

    async def after(house: SourceHall) -> None:
        (offered,) = await house.source.offered()
        assert [text.channel for text in offered.texts] == ["floor"]
        assert house.hall.sessions.loaded(SESSION) is not None

    told(before, log)
    told(after, log)


class Unreadable(FailingLog):
    """Its heads can't be read."""

    broken = False

    async def head(self, session: SessionId) -> LogHead | None:
        if self.broken:
            raise RecordBroken("Its head can't be read.")
        return await super().head(session)


def test_a_meeting_whose_log_cant_be_read_is_offered_without_texts() -> None:
    log = Unreadable()

    async def before(house: SourceHall) -> None:
        await house.hall.session()

    async def after(house: SourceHall) -> None:
        log.broken = True
        (offered,) = await house.source.offered()
        assert offered.texts == ()

    told(before, log)
    told(after, log)
