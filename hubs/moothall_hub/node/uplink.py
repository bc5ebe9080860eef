"""Run a hub's uplink: route incoming messages to mirror and outbox, and subscribe to the sessions that are wanted.

`moothall_hub.uplink.dialling` owns the socket and reports what happens; this module routes the reports. The book keeps
what must survive a restart: the difference to the centre's clock, when the uplink was last good, and the day's bytes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from moothall import __version__
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.services.hubs.signals import HubSignals
from moothall.services.reading.mirrored import MirroredSessions
from moothall.services.supervision.waiting import Listeners
from moothall.wire.frames import Freshness
from moothall.wire.hubs import messages as wire
from moothall_hub.mirror.mirror import Mirror
from moothall_hub.mirror.missed import MissedSpans
from moothall_hub.mirror.offers import Offers
from moothall_hub.mirror.replication import CopyStore, Replication
from moothall_hub.mirror.wanted import Saved, wanted
from moothall_hub.node.translations import TranslationsAbove
from moothall_hub.node.witness import HubWitness
from moothall_hub.outbox.acts_up import ActsUp
from moothall_hub.outbox.outbox import HubOutbox
from moothall_hub.pairing.pairing import CentreKeys, Pairing, Pairings
from moothall_hub.room.ports import Saving, UplinkHealth, UplinkHealthState
from moothall_hub.uplink.budget import BudgetStep, DailyUsage, Meter
from moothall_hub.uplink.centre_clock import CentreClock
from moothall_hub.uplink.dialling import BudgetStepped, CentreAddress, Dialling, UplinkEvent
from moothall_hub.uplink.link import Link
from moothall_hub.uplink.parts import FENCED, Down, FollowAgain, OfferActs, Phase, Quiet
from moothall_hub.uplink.status_bar import UplinkNow, UplinkStatus

logger = logging.getLogger(__name__)

NAMESPACE, KEPT = "line", "kept"
LOOK_MS = 20_000
"""Milliseconds after which the wanted sessions are determined again (sessions begin, days end), and the state is
stored."""
BEGINNING_MS = 20_000
"""For how many ms after the start readers are not told that the uplink is down, as it is dialled for the first time."""
_SAVING = {BudgetStep.ALL: Saving.NOTHING, BudgetStep.LINES: Saving.WORDS, BudgetStep.ONE_LANGUAGE: Saving.LANGUAGES}


class KeptUplink(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the uplink's state that survives a restart."""

    ahead: int = 0
    """How far the centre's clock is ahead of this machine's, in ms."""
    good: int | None = None
    """When the uplink was last good, in Unix ms of the centre's clock; None: never."""
    usage: DailyUsage = DailyUsage()


async def kept_of_uplink(book: Book) -> KeptUplink:
    """Return the uplink's stored state. Raises StorageUnavailable."""
    kept = (await book.read(NAMESPACE)).get(KEPT)
    return KeptUplink() if kept is None else msgspec.json.decode(kept, type=KeptUplink)


@dataclass(eq=False, repr=False, kw_only=True)
class NodeUplink:
    """The uplink of a hub. Call `show` once, then run `run` and `look_after` as tasks."""

    book: Book
    mirror: Mirror
    copies: CopyStore
    """What stores the copies of `mirror`."""
    outbox: HubOutbox
    pairings: Pairings
    offers: Offers
    own_clock: Clock
    randomness: Randomness
    missed: MissedSpans
    budget: int | None
    """The data budget in bytes a day; None: there is no limit."""
    kept: KeptUplink
    """The stored state that `kept_of_uplink` has returned."""
    witness: HubWitness
    """Cosigns the checkpoints of the centre's public tree."""

    def __post_init__(self) -> None:
        self.clock = CentreClock(self.own_clock, self.kept.ahead)
        self._began = self.clock.monotonic()
        self._meter = Meter(self.budget, self.kept.usage, zone=lambda: self.offers.zone.rules)
        self._link = Link(self.pairings.node, __version__, self._random)
        self._dialling = Dialling(self._link, self.clock, self._meter, self.tell, where=_where(self.pairings.now))
        self._following: Replication | None = None
        self._keys = CentreKeys(self.pairings)
        self._acts = ActsUp(
            self.outbox, self.clock, offer=self._dialling.offer, up=lambda: self._link.phase is Phase.UP
        )
        self.translations = TranslationsAbove(self._dialling.say, self.clock, up=lambda: self.up)
        """Has the server above translate questions."""
        self.signals = HubSignals()
        """The states of the texts' sound and recognition that the server above has reported on this link."""
        self._look = asyncio.Event()
        self.above: tuple[str, ...] = ()
        """The names of the nodes from the centre down to the server above, as it last reported them."""
        self._cut_above: int | None = None
        """Since when the server above has had no uplink itself, in Unix ms of the centre's clock; None while it has
        one."""
        self.when_way = Listeners[[]]()
        """Called when the path to the centre has changed, been lost or come back."""
        self.when_way(self.translations.uplink_changed)
        self.offers.when_changed(self._look.set)

    async def show(self, sessions: MirroredSessions, *, closed: Callable[[SessionId], bool]) -> None:
        """Read the copies and the number of waiting acts from the disk. From now on `sessions` get new events.

        Raises StorageUnavailable, RecordBroken.
        """
        await self._acts.load()
        self._following = Replication(
            await self.mirror.copies(),
            store=self.copies,
            shown=sessions,
            closed=closed,
            signed=self._keys.signed,
            say=self._say,
            missed=self.missed,
            clock=self.clock,
        )

    @property
    def replication(self) -> Replication:
        """The copies of this hub. Raises RuntimeError before `show`."""
        if self._following is None:
            raise RuntimeError("`show` has not been called.")
        return self._following

    @property
    def up(self) -> bool:
        """Whether the centre can be reached, through all hubs in between."""
        return self._link.phase is Phase.UP and not self._link.quiet and self._cut_above is None

    @property
    def source(self) -> Freshness:
        """How fresh the copied text is: the ms since the centre was last heard, and whether the uplink is lost."""
        heard = self._link.centre_heard
        return Freshness(age=self.clock.monotonic() - (self._began if heard is None else heard), lost=not self.up)

    # Tasks

    async def run(self) -> None:
        """Dial and exchange messages, until cancelled."""
        await self._dialling.run()

    async def look_after(self) -> None:
        """Subscribe to wanted sessions, offer waiting acts, and store the state for a restart, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._acts.run())
            while True:
                self._look.clear()
                await self._want()
                await self._keep()
                try:
                    async with asyncio.timeout(LOOK_MS / 1_000):
                        await self._look.wait()
                except TimeoutError:
                    continue

    async def paired(self, pairing: Pairing) -> None:
        """Use a new pairing, with another hub's identity or the same one. Raises StorageUnavailable."""
        before = self.pairings.now
        await self.pairings.keep(pairing)
        if before is not None and (before.address, before.hub) != (pairing.address, pairing.hub):
            await self.offers.forget()
        where = _where(pairing)
        assert where is not None  # noqa: S101  # a new pairing always has an address
        self._dialling.pair(where)

    async def tell(self, told: UplinkEvent) -> None:
        """Route an event of `moothall_hub.uplink.dialling`. While the disk refuses to store one, the uplink waits."""
        match told:
            case FollowAgain():
                await self._want()
                await self.replication.linked()
            case wire.Welcome():
                await self._up(told)
            case wire.Above():
                self._way(told)
            case wire.HubProgramme():
                await self._noted(self.offers.take(told))
            case wire.Signalled():
                self.signals.put(told.session, told.signal)
            case wire.Live() | wire.Batch() | wire.Caught() | wire.Stopped() | wire.Recall():
                if isinstance(told, wire.Live | wire.Stopped):
                    self.signals.forget(told.session)  # They are sent anew.
                await self.replication.take(told)
            case wire.QuestionTranslated() | wire.QuestionNotTranslated():
                self.translations.take(told)
            case wire.ActDone() | wire.ActNotDone():
                await self._acts.answered(told)
            case wire.AddCheckpoint():
                self._dialling.say(await self.witness.answer(told))
            case OfferActs():
                self._acts.room()
            case Down():
                self._acts.uplink_changed()
                self.replication.cut()
                self.signals.forget_all()
                self.when_way.tell()
                logger.warning("the uplink is down: %s", told.sentence)
            case Quiet():
                logger.warning("the uplink gives no answer" if told.now else "the uplink answers again")
                self.when_way.tell()
            case BudgetStepped():
                self._look.set()

    # State

    def now(self) -> UplinkNow:
        """The status that this hub's readers see."""
        if self.pairings.now is None:
            return UplinkNow(state=UplinkStatus.UNPAIRED)
        if self._link.phase is Phase.UP and self._link.quiet:
            return UplinkNow(state=UplinkStatus.DOWN, since=self.clock.wall_at(self._link.heard))
        if self._link.phase is Phase.UP and self._cut_above is not None:
            return UplinkNow(state=UplinkStatus.DOWN, since=self._cut_above)
        if self._link.phase is Phase.UP:
            return UplinkNow(state=UplinkStatus.GOOD, since=self._since(), storing=self.replication.storing)
        if self._link.phase is Phase.OVER:
            state = UplinkStatus.FENCED if self._link.sentence == FENCED else UplinkStatus.REFUSED
            return UplinkNow(state=state, since=self._since(), reason=self._link.sentence)
        if self._link.welcome is None and self.clock.monotonic() - self._began < BEGINNING_MS:
            return UplinkNow(state=UplinkStatus.BEGINNING)
        return UplinkNow(state=UplinkStatus.DOWN, since=self._since())

    def health(self) -> UplinkHealth:
        """The state and figures of the uplink, for the coordinator."""
        now = self.now()
        states = {
            UplinkStatus.UNPAIRED: UplinkHealthState.UNPAIRED,
            UplinkStatus.GOOD: UplinkHealthState.GOOD,
            UplinkStatus.FENCED: UplinkHealthState.REFUSED,
            UplinkStatus.REFUSED: UplinkHealthState.REFUSED,
        }
        return UplinkHealth(
            state=states.get(now.state, UplinkHealthState.DOWN),
            since=now.since if now.since is not None else self.clock.wall(),
            reason=now.reason,
            delay_ms=self._link.usual_delay_ms,
            acts_waiting=self._acts.waiting,
            events_missing=self.replication.events_missing(),
            bytes_today=self._meter.usage.total,
            budget=self._meter.budget_bytes,
            saving=_SAVING[self._meter.step],
            clock_difference_ms=-self.clock.ahead,
            storing=self.replication.storing,
        )

    # Parts

    async def _up(self, told: wire.Welcome) -> None:
        await self._noted(self.offers.welcomed(told))
        await self._noted(self._keys.announced(told.keys))
        self._acts.uplink_changed()
        self._way(told)
        await self._want()

    def _way(self, told: wire.Welcome | wire.Above) -> None:
        self.above = told.above
        cut = self.clock.wall() - told.age if self._cut_above is None else self._cut_above
        self._cut_above = None if told.up else cut
        self.when_way.tell()

    async def _noted(self, noting: Awaitable[None]) -> None:
        """Wait until something is stored. If the disk refuses, it is in force all the same, and is stored later."""
        try:
            await noting
        except StorageUnavailable:
            logger.warning("the reports of the server above can't be stored at the moment")

    async def _want(self) -> None:
        choice = self.offers.get()
        holds = self._meter.step
        await self.replication.want(
            wanted(
                self.offers.sessions,
                chosen=None if choice.sessions is None else set(choice.sessions),
                languages=choice.languages,
                words=choice.words,
                saved=Saved(lines_only=holds is not BudgetStep.ALL, one_language=holds is BudgetStep.ONE_LANGUAGE),
                unfinished=self.replication.unfinished,
                now=self.clock.wall(),
                zone=self.offers.zone,
            )
        )

    async def _keep(self) -> None:
        good = self.clock.wall() if self.up else self.kept.good
        kept = KeptUplink(ahead=self.clock.ahead, good=good, usage=self._meter.usage)
        try:
            await self.offers.keep()
            if kept == self.kept:
                return
            await self.book.write([BookEntry(NAMESPACE, KEPT, msgspec.json.encode(kept))])
        except StorageUnavailable:
            logger.warning("the uplink's state can't be stored at the moment")
            return
        self.kept = kept

    def _say(self, message: wire.FromHub) -> None:
        match message:
            case wire.Follow():
                self._dialling.follow(message)
            case wire.Leave():
                self._dialling.leave(message.session)
            case wire.Taken() | wire.Erased():
                self._dialling.say(message)

    def _since(self) -> int | None:
        """Since when the uplink has its present state, in Unix ms of the centre's clock."""
        if self._link.phase is not Phase.UP and self._link.welcome is None:
            began = self.clock.wall_at(self._began)
            return began if self.kept.good is None else self.kept.good
        return self.clock.wall_at(self._link.since)

    def _random(self) -> float:
        return int.from_bytes(self.randomness.bytes(4), "big") / (1 << 32)


def _where(pairing: Pairing | None) -> CentreAddress | None:
    return None if pairing is None else CentreAddress(address=pairing.address, key=pairing.key)
