"""One hub's link, from its `HubHello` to its end: sends by priority, and handles received messages in their order.

One task writes. It takes the most urgent message: answers first, then, session by session, where the hub begins, its
own lanes, signals and live events; then the programme; then missed events, of the sessions in turn. It makes the next
message only once the connection has accepted the one before, so only a few answers wait in memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from moothall.core.kernel.errors import ProtocolError, RecordBroken, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, Lane, SessionId, is_name
from moothall.core.ports import Clock
from moothall.services.hubs.act_commands import HubActing
from moothall.services.hubs.cosigning import Cosigning, HubCosigning
from moothall.services.hubs.cursor import Torn
from moothall.services.hubs.feeding import CLOSED, Feeding
from moothall.services.hubs.ports import ActTaker, HubConnection, Identity, LinkSource, Pack, RemovalsAtHubs
from moothall.services.hubs.signals import HubSignals
from moothall.services.hubs.translating import HubTranslating, TranslateForHub, none_translated
from moothall.services.metrics.tracing import NotTraced, SpanWriter
from moothall.services.supervision.supervising import note_failure
from moothall.services.supervision.waiting import until_set
from moothall.wire.close_codes import MEANINGS, CloseCode
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.programme import changed, changes, portion
from moothall.wire.kinds import UnknownKind, passed_over
from moothall.wire.token_bucket import Allowance, Bucket

logger = logging.getLogger(__name__)

MOST_FOLLOWED = 64
"""Most sessions that one hub follows. Overflow: the next `Follow` is answered by `Stopped`."""
MOST_LANES = 1_000
"""Most lanes that one `Follow` may name: each is stored, and looked up in the log."""
MOST_ANSWERS = 256
"""Most answers that wait to be sent. Overflow: the link ends, and the hub tries again later."""
MESSAGES = Allowance(per_second=20, burst=500)
"""The rate of messages accepted from one hub; beyond it the server stops reading for a while (back-pressure)."""
MEASURE_MS = 300_000
"""How often a hub's round trip is measured."""
OFFER_MS = 2_000
"""How often the programme is checked for changes."""
UNKNOWN_ACT = "The server above is of an earlier release and can't do this: bring it up to date."
FOLLOWED_ANEW = "A newer request for this session has replaced this one."


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """The dependencies that all links of a server share."""

    source: LinkSource
    acts: ActTaker
    clock: Clock
    pack: Pack
    offers: Callable[[], Awaitable[Sequence[wire.Offered]]]
    """Returns the sessions that hubs may follow: the identical object as long as nothing has changed."""
    removals: RemovalsAtHubs
    signals: HubSignals
    there: Callable[[str, str, int], None]
    """Called with hub, machine and Unix ms of the last message, while they are connected."""
    translate: TranslateForHub = none_translated
    witnesses: Cosigning | None = None
    """The witnesses of this server's public tree; None at a hub, which has none."""
    age: Callable[[], int] = lambda: 0
    """Returns how many ms ago anything was last received from the centre."""
    tracing: SpanWriter = NotTraced()


class ServedHub:
    """Serves one hub's link. `run` owns the link until it ends; the other methods may be called meanwhile."""

    def __init__(
        self, connection: HubConnection, identity: Identity, hello: wire.HubHello, served: Served, *, path: str
    ) -> None:
        """`path` is the hub's path from the centre, by which its own lane is named."""
        self.identity = identity
        self.node = hello.node
        self.release = hello.release
        self._takes_signals = hello.signals >= wire.SIGNALS
        self.since = served.clock.wall()
        self.round_trip: int | None = None
        """The last measured round trip in ms; None before the first."""
        self.ended = asyncio.Event()
        self.connection = connection
        self._served = served
        self._clock = served.clock
        self._path = path
        self._feedings: dict[SessionId, Feeding] = {}
        # Overflow: see MOST_ANSWERS.
        self._answers: deque[wire.ToHub] = deque()
        self._programme: wire.HubProgramme | None = None
        """The programme that the hub has received; None before the first."""
        self._programme_due = False
        self._offered: Sequence[wire.Offered] | None = None
        self._names: frozenset[SessionId] = frozenset()
        """The sessions in the current programme."""
        self._acting = HubActing(served.acts, identity.hub, hello.node, self.say)
        self._translating = HubTranslating(served.translate, self.say)
        self._cosigning = HubCosigning(
            served.witnesses if hello.cosigns else None, identity.hub, self.say, served.clock
        )
        self._news = asyncio.Event()
        self._over: asyncio.Future[tuple[CloseCode, str]] = asyncio.get_running_loop().create_future()
        self._heard = self._said = self._clock.monotonic()
        self._passed_over = 0
        """The number of received messages whose kind this release doesn't know."""
        self._measured: int | None = None
        self._owes_since: int | None = None
        """Since when the hub has lacked something that it follows, monotonic ms; None while it has everything."""
        self._bucket = Bucket.full(MESSAGES, self._heard)

    @property
    def heard(self) -> int:
        """When the last message was received, Unix ms."""
        return self._clock.wall() - (self._clock.monotonic() - self._heard)

    @property
    def behind(self) -> int:
        """For how many ms the hub has lacked part of what it follows; 0 while it has everything."""
        return 0 if self._owes_since is None else self._clock.monotonic() - self._owes_since

    @property
    def follows(self) -> tuple[SessionId, ...]:
        """The sessions that the hub follows."""
        return tuple(self._feedings)

    def reads(self, session: SessionId) -> tuple[ChannelId, ...]:
        """The channels of a session that the hub receives; none before its `Follow` was answered."""
        feeding = self._feedings.get(session)
        return () if feeding is None or feeding.begun is None else feeding.begun.channels

    def end(self, code: CloseCode, reason: str = "") -> None:
        """End the link. `reason` is a sentence of at most 123 bytes, the limit of a close frame; empty: that of the
        code.
        """
        if not self._over.done():
            self._over.set_result((code, reason or MEANINGS[code].reason))

    def say(self, message: wire.ToHub) -> None:
        """Queue a message that is sent before all others."""
        if len(self._answers) >= MOST_ANSWERS:
            self.end(CloseCode.TRY_LATER, "Too many answers wait to be sent to this hub.")
            return
        self._answers.append(message)
        self._news.set()

    def notify(self, session: SessionId, lanes: frozenset[Lane]) -> None:
        """Note that a session's log has new events in these lanes."""
        feeding = self._feedings.get(session)
        if feeding is not None and feeding.notify(lanes):
            self._owe()

    def _owe(self) -> None:
        if self._owes_since is None:
            self._owes_since = self._clock.monotonic()
        self._news.set()

    def signalled(self, session: SessionId) -> None:
        """Note that a signal of a session has changed."""
        if session in self._feedings:
            self._news.set()

    async def run(self) -> None:
        """Serve the link until one side ends it. A failure ends this link alone."""
        parts = (self._receive, self._send, self._acting.run, self._translating.run, self._keep_time, self._offer)
        tasks = [asyncio.ensure_future(part()) for part in (*parts, self._cosigning.run)]
        try:
            ends: list[asyncio.Future[Any]] = [self._over, *tasks]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self.ended.set()
        for task in tasks:
            if not task.cancelled() and (failure := task.exception()) is not None:
                self._failed(failure)
        code, reason = self._over.result() if self._over.done() else (CloseCode.NORMAL, "The connection has ended.")
        if self._passed_over:
            logger.info("hub %s: %s", self.identity.hub, passed_over(self._passed_over))
        logger.info("hub %s: the link of machine %s ended with code %d: %s", self.identity.hub, self.node, code, reason)
        await self.connection.close(code, reason)

    def _failed(self, failure: BaseException) -> None:
        match failure:
            case ProtocolError():
                logger.warning("hub %s: %s", self.identity.hub, failure)
                self.end(CloseCode.PROTOCOL_ERROR, str(failure))
            case Torn():
                logger.info("hub %s: %s", self.identity.hub, failure)
                self.end(CloseCode.GOING_AWAY, "The log does not continue from here; follow it again.")
            case StorageUnavailable():
                self.end(CloseCode.TRY_LATER, "The log can't be read at the moment.")
            case Exception():
                note_failure(failure, f"hub {self.identity.hub}: the link failed")
                self.end(CloseCode.INTERNAL_ERROR)
            case _:
                raise failure

    # Received messages

    async def _receive(self) -> None:
        while True:
            message: wire.FromHub | UnknownKind | None
            try:
                message = await self.connection.receive()
            except UnknownKind as unknown:
                message = unknown
            if message is None:
                return
            self._heard = self._clock.monotonic()
            self._bucket, wait = self._bucket.take(MESSAGES, self._heard, 60_000)
            if wait:
                await self._clock.sleep(wait)
            if isinstance(message, UnknownKind):
                self._pass_over(message)
            else:
                self._take(message)

    def _pass_over(self, unknown: UnknownKind) -> None:
        self._passed_over += 1
        if isinstance(unknown, wire.UnknownAct):
            self.say(wire.ActNotDone(id=unknown.id, code=RefusalCode.INVALID, message=UNKNOWN_ACT))

    def _take(self, message: wire.FromHub) -> None:
        match message:
            case wire.HubHello():
                self.end(CloseCode.PROTOCOL_ERROR, "A hub may send Hello only once.")
            case wire.Follow():
                self._follow(message)
            case wire.Leave():
                self._feedings.pop(message.session, None)
            case wire.Taken():
                if (feeding := self._feedings.get(message.session)) is not None:
                    feeding.taken(message.number)
                    self._news.set()
            case wire.Erased():
                self._served.removals.erased(self.identity.hub, self.node, message.session, message.offset)
            case wire.Act():
                self._acting.put(message)
            case wire.TranslateQuestion():
                self._translating.put(message)
            case wire.CheckpointAnswer():
                self._cosigning.take(message)
            case wire.HubPulse(echo=0):
                self.say(self._pulse(message.sent))
            case wire.HubPulse():
                self._measured, self.round_trip = self._heard, max(0, self._heard - message.echo)

    def _follow(self, follow: wire.Follow) -> None:
        session = follow.session
        heads = [held.heads for held in (follow.known, follow.live) if held is not None]
        if len(follow.channels) + sum(map(len, (follow.own, *heads))) > MOST_LANES:
            raise ProtocolError(f"A hub followed a meeting with more than {MOST_LANES} lanes.")
        if not is_name(session):
            self.say(wire.Stopped(session=session, message=CLOSED))
            return
        if session not in self._feedings and len(self._feedings) >= MOST_FOLLOWED:
            message = f"A hub follows {MOST_FOLLOWED} meetings at most; leave another one first."
            self.say(wire.Stopped(session=session, message=message))
            return
        before = self._feedings.get(session)
        if before is not None and not before.answered:  # Each `Follow` is answered once: hubs count the answers.
            self.say(wire.Stopped(session=session, message=FOLLOWED_ANEW))
        self._feedings[session] = Feeding(self._served.source, self._served.pack, follow, self._path)
        self._owe()

    # Time

    async def _keep_time(self) -> None:
        pulse_at = self._clock.monotonic() + wire.PULSE_MS
        while True:
            now = self._clock.monotonic()
            await self._clock.sleep(min(pulse_at, self._heard + wire.SILENT_MS) - now)
            now = self._clock.monotonic()
            if now - self._heard >= wire.SILENT_MS:
                self.end(CloseCode.TRY_LATER, "Nothing was heard from this hub for 50 seconds.")
                return
            if now < pulse_at:
                continue
            pulse_at = now + wire.PULSE_MS
            self._served.there(self.identity.hub, self.node, self.heard)
            # If something was sent since the last pulse, the hub knows that this side is alive.
            quiet = now - self._said > wire.PULSE_MS
            if quiet or self._measured is None or now - self._measured >= MEASURE_MS:
                self.say(self._pulse())

    def _pulse(self, echo: int = 0) -> wire.HubPulse:
        now, age = self._clock.monotonic(), self._served.age()
        return wire.HubPulse(sent=max(1, now), echo=echo, wall=self._clock.wall(), age=age)

    async def _offer(self) -> None:
        """Announce the programme when it has changed, and have sessions ended that it doesn't have any more."""
        while True:
            try:
                offered = await self._served.offers()
            except (StorageUnavailable, RecordBroken) as error:
                logger.warning("hub %s: the programme can't be read: %s", self.identity.hub, error)
            else:
                if offered is not self._offered:
                    self._offered, self._names = offered, frozenset(each.session for each in offered)
                    self._programme_due = True
                    for feeding in self._feedings.values():
                        feeding.look_again()
                    self._news.set()
            await self._clock.sleep(OFFER_MS)

    # Sent messages

    async def _send(self) -> None:
        while True:
            self._news.clear()
            message = self._answers.popleft() if self._answers else await self._next()
            if message is not None:
                await self._write(message)
                self._said = self._clock.monotonic()
                continue
            if not self._news.is_set():
                if all(each.whole for each in self._feedings.values()):
                    self._owes_since = None
                await until_set(self._news, self._clock, self._rest())

    async def _write(self, message: wire.ToHub) -> None:
        if not isinstance(message, wire.Batch):
            await self.connection.send(message)
            return
        with self._served.tracing.span(
            "hub batch",
            hub=self.identity.hub,
            session=message.session,
            part=message.part.name.lower(),
            bytes=len(message.data),
        ):
            await self.connection.send(message)

    def _rest(self) -> int | None:
        """Ms until a live batch is due; None while none is."""
        due = [at for each in self._feedings.values() if (at := each.live_due()) is not None]
        return max(1, min(due) - self._clock.monotonic()) if due else None

    async def _next(self) -> wire.ToHub | None:
        """Make the most urgent message; None when nothing is due."""
        now = self._clock.monotonic()
        for feeding in tuple(self._feedings.values()):
            if (message := await self._urgent(feeding, now)) is not None:
                return message
        if self._programme_due:
            return self._next_programme()
        return await self._next_missed()

    def _next_programme(self) -> wire.HubProgramme:
        before, whole = self._programme, wire.HubProgramme(sessions=tuple(self._offered or ()))
        told = portion(whole if before is None else changes(before, whole))
        self._programme, self._programme_due = changed(before, told), told.more
        return told

    async def _urgent(self, feeding: Feeding, now: int) -> wire.ToHub | None:
        message: wire.ToHub | None = None
        try:
            offered = feeding.follow.session in self._names
            if feeding.begun is None and not feeding.waits and self._offered is not None:
                message = await feeding.begin(offered=offered)
                if isinstance(message, wire.Live):
                    await self._note_held(feeding.follow, message)
            elif feeding.looks and not await feeding.stays_open(offered=offered):
                message = wire.Stopped(session=feeding.follow.session, message=CLOSED)
            elif feeding.has_own:
                message = await feeding.own()
            if message is None and self._takes_signals:
                message = feeding.signal(self._served.signals.of(feeding.follow.session))
            if message is None and (due := feeding.live_due()) is not None and due <= now:
                message = await feeding.live(now)
        except RecordBroken:
            message = _unreadable(feeding)
        return self._of(feeding, message)

    async def _note_held(self, follow: wire.Follow, told: wire.Live) -> None:
        """Store that the machine holds the session, before it gets any of it. A machine with a copy that nobody noted
        has to erase everything that was ever removed.
        """
        since = 0 if follow.epoch == told.epoch and follow.known is not None else told.begin
        await self._served.removals.holds(self.identity, self.node, told.session, told.epoch, since)

    async def _next_missed(self) -> wire.ToHub | None:
        """Make a batch of missed events, of the sessions in turn: the session that was served moves to the end."""
        room = wire.WINDOW_BYTES - sum(each.on_way for each in self._feedings.values())
        for session, feeding in tuple(self._feedings.items()):
            if not feeding.may_miss(room):
                continue
            try:
                message = self._of(feeding, await feeding.missed(room))
            except RecordBroken:
                message = self._of(feeding, _unreadable(feeding))
            if message is not None:
                if self._feedings.get(session) is feeding:
                    self._feedings[session] = self._feedings.pop(session)
                return message
        return None

    def _of(self, feeding: Feeding, message: wire.ToHub | None) -> wire.ToHub | None:
        """The message, or None if the hub has meanwhile left the session or followed it anew."""
        session = feeding.follow.session
        if self._feedings.get(session) is not feeding:
            self._news.set()
            return None
        if isinstance(message, wire.Stopped):
            del self._feedings[session]
        feeding.answered = feeding.answered or message is not None
        return message


def _unreadable(feeding: Feeding) -> wire.Stopped:
    logger.error("session %s: the log can't be read for a hub", feeding.follow.session)
    return wire.Stopped(session=feeding.follow.session, message="The record of this meeting can't be read.")
