"""What a hub serves the hubs below it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import CommandId, Lane, SessionId
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State, Status
from moothall.services.hubs.ports import LanesChanged
from moothall.testing.clock import ManualClock
from moothall.wire.hubs.acts import HeadCountAct
from moothall.wire.hubs.messages import Act, ActDone, ActNotDone, Offered, OfferedText
from moothall_hub.mirror.checking import Broken, first_run, live_run, take
from moothall_hub.mirror.copied import SessionCopy, lanes_of
from moothall_hub.node.below import PATIENCE_MS, CopySource, PassingOn
from moothall_hub.outbox.outbox import ActState, ActStatus
from support.hubs.log_above import FLOOR, FRENCH, OWN, LogAbove
from support.memory.fanout import settle
from support.sessions.recorder import EPOCH, SESSION

ACT = Act(id=CommandId("heads:1"), session=SessionId("plenary"), at=1, act=HeadCountAct(people=23))


class Waiting:
    """An outbox, whose answers the test gives."""

    def __init__(self) -> None:
        self.kept: list[Act] = []
        self.standing: ActStatus | None = ActStatus(state=ActState.WAITING)
        self.told: Callable[[CommandId], None] = lambda _: None

    async def pass_on(self, act: Act) -> None:
        self.kept.append(act)

    async def state(self, act_id: CommandId) -> ActStatus | None:
        return self.standing

    def when_answered(self, told: Callable[[CommandId], None]) -> None:
        self.told = told


def passing(outbox: Waiting, clock: ManualClock) -> PassingOn:
    return PassingOn(outbox, clock, {"kisumu": "Kisumu"}.__getitem__)


async def test_an_act_goes_on_with_its_path_and_is_answered_as_above() -> None:
    outbox, clock = Waiting(), ManualClock()
    task = asyncio.ensure_future(passing(outbox, clock).take("kisumu", ACT, "node"))
    await clock.advance(PATIENCE_MS // 2)
    outbox.told(CommandId("another"))
    await settle()
    assert not task.done()
    outbox.standing = ActStatus(state=ActState.DONE)
    outbox.told(ACT.id)
    assert await task == ActDone(id=ACT.id)
    assert outbox.kept == [msgspec.structs.replace(ACT, hub="kisumu", title="Kisumu")]


async def test_one_from_further_down_keeps_what_its_hub_is_called() -> None:
    outbox, clock = Waiting(), ManualClock()
    outbox.standing = ActStatus(state=ActState.REFUSED, code=RefusalCode.CONFLICT, message="The meeting is over.")
    act = msgspec.structs.replace(ACT, hub="library", title="The library")
    answer = await passing(outbox, clock).take("kisumu.library", act, "node")
    assert answer == ActNotDone(id=ACT.id, code=RefusalCode.CONFLICT, message="The meeting is over.")
    assert [(each.hub, each.title) for each in outbox.kept] == [("kisumu.library", "The library")]


async def test_without_a_link_it_is_to_be_sent_again() -> None:
    outbox, clock = Waiting(), ManualClock()
    outbox.standing = None
    task = asyncio.ensure_future(passing(outbox, clock).take("kisumu", ACT, "node"))
    await clock.advance(PATIENCE_MS)
    answer = await task
    assert isinstance(answer, ActNotDone)
    assert answer.code is RefusalCode.UNAVAILABLE


class Disk:
    """Copies as they are on the disk."""

    def __init__(self, copy: SessionCopy | None) -> None:
        self.of = copy

    async def copy(self, session: SessionId) -> SessionCopy | None:
        return self.of if session == SESSION else None

    async def read(
        self, session: SessionId, after: int, limit: int, lanes: frozenset[Lane] | None = None
    ) -> Sequence[LogRecord]:
        return ()


class Loaded:
    """A session that is shown."""

    def __init__(self, state: State) -> None:
        self.state = state


class Shown:
    def __init__(self, live: Loaded | None) -> None:
        self.live = live

    async def find(self, session: SessionId) -> Loaded | None:
        return self.live


def copied(log: LogAbove, *, hole: bool = False) -> SessionCopy:
    """A copy of all that happened, or of its beginning and its end."""
    lanes = lanes_of([FLOOR], words=False)
    run = first_run(SESSION, EPOCH, lanes)
    records = log.of(lanes)
    behind = records[-2:] if hole else []
    for record in records[:2] if hole else records:
        grown = take(run, record, lambda *_: True)
        assert not isinstance(grown, Broken)
        run = grown
    begin = behind[0].header.offset - 1 if behind else 0
    live = live_run(run, begin=begin, base={lane: log.stood[begin][lane] for lane in lanes if lane in log.stood[begin]})
    for record in behind:
        grown = take(live, record, lambda *_: True)
        assert not isinstance(grown, Broken)
        live = grown
    own = {lane: head for lane, head in log.stood[-1].items() if lane == OWN}
    return SessionCopy(session=SESSION, followed=(FLOOR,), known=run, live=live if hole else None, own=own)


def source(copy: SessionCopy | None, *, shown: bool = True, offered: Sequence[Offered] = ()) -> CopySource:
    channels = {each: Channel(id=each, kind=ChannelKind.FLOOR, languages=("en",)) for each in (FLOOR, FRENCH)}
    live = Loaded(State(id=SESSION, access=Access.PUBLIC, channels=channels)) if shown else None
    told: list[LanesChanged] = []
    made = CopySource(Shown(live), Disk(copy), offers=lambda: offered, listen=told.append)
    made.observe(lambda *_: None)
    assert len(told) == 1
    return made


def log_with_lines() -> LogAbove:
    log = LogAbove()
    for kind in ("line", "own", "line", "line"):
        log.happens(kind)
    return log


async def test_a_whole_copy_stands_where_it_ends_with_the_notes_of_the_hubs() -> None:
    log = log_with_lines()
    stand = await source(copied(log)).log_status(SESSION)
    assert stand is not None
    assert stand.whole
    assert stand.offset == len(log.records)
    assert stand.heads == log.stood[-1]
    assert (stand.public, stand.channels, stand.copy) == (True, (FLOOR,), True)
    assert list(await source(copied(log)).read(SESSION, 0, 10)) == []


async def test_one_with_a_hole_says_where_it_is() -> None:
    log = log_with_lines()
    stand = await source(copied(log, hole=True)).log_status(SESSION)
    assert stand is not None
    assert not stand.whole
    assert (stand.complete_through, stand.offset) == (2, len(log.records))
    assert stand.begin == len(log.records) - 2


async def test_what_is_not_there_or_not_as_it_was_written_is_not_served() -> None:
    copy = copied(log_with_lines())
    assert await source(None).log_status(SESSION) is None
    assert await source(SessionCopy(session=SESSION)).log_status(SESSION) is None
    assert await source(copy, shown=False).log_status(SESSION) is None
    broken = msgspec.structs.replace(copy, broken=Broken(3, "It was altered."))
    assert await source(broken).log_status(SESSION) is None
    assert copy.known is not None
    begun = msgspec.structs.replace(copy, known=msgspec.structs.replace(copy.known, offset=0, heads={}))
    assert await source(begun).log_status(SESSION) is None  # Whether everybody may read it isn't known yet.


async def test_only_texts_that_are_here_are_offered() -> None:
    texts = tuple(
        OfferedText(channel=channel, kind=ChannelKind.FLOOR, languages=("en",)) for channel in (FLOOR, FRENCH)
    )
    one = Offered(session=SESSION, title="Plenary", status=Status.OPEN, texts=texts)
    two = Offered(session=SessionId("other"), title="Other", status=Status.CREATED, texts=texts)
    found = await source(copied(log_with_lines()), offered=[one, two]).offered()
    assert [each.texts for each in found] == [texts[:1], ()]
