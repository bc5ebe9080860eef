"""The session writer: the one place that appends to a session's log.

It takes what waits in its queue, decides it all, appends all of it at once, and only when that is durable tells
the senders and publishes. A crash in between repeats nothing: a command id that is in the log gets its old answer.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Sequence

import msgspec

from moothall.core import events as ev
from moothall.core.actors import SYSTEM, Actor
from moothall.core.authority import may_send
from moothall.core.chain import GENESIS, SALT_BYTES, Header, LogRecord, checkpoint_bytes, seal
from moothall.core.commands import AnyCommand, CloseSession, CommitWords, EndSegment, SealRecord
from moothall.core.decide import decide
from moothall.core.errors import Refusal, RefusalCode, StorageUnavailable
from moothall.core.event_codec import UnknownEvent, decode_event, encode_event, type_name
from moothall.core.ids import CommandId, Epoch, Lane, SessionId, is_command_id
from moothall.core.lanes import is_public
from moothall.core.ports import Clock, EventLog, LogHead, Randomness, Signer
from moothall.core.session import State, evolve
from moothall.core.signals import AnySignal, Partial
from moothall.services.publication import Publication

logger = logging.getLogger(__name__)

QUEUE = 256
"""Orders that may wait; one more is refused as busy, and its sender sends it again."""
BATCH = 256
"""Orders that one append may carry."""
PAGE = 1000
CHECKPOINT_MS = 60_000
INSIST_MS = 1_000


class Receipt(msgspec.Struct, frozen=True):
    """The command is in the log for good, at these offsets."""

    first: int
    last: int


class _Order(msgspec.Struct, frozen=True):
    actor: Actor
    id: CommandId
    commands: tuple[AnyCommand, ...]
    signals: tuple[AnySignal, ...]
    answer: asyncio.Future[Receipt | Refusal]


class _Draft:
    """The log as it will stand if the append succeeds."""

    def __init__(self, state: State, offset: int, at: int, lanes: dict[Lane, ev.LaneHead]) -> None:
        self.state = state
        self.offset = offset
        self.at = at
        self.lanes = dict(lanes)
        self.records: list[LogRecord] = []
        self.events: list[ev.AnyEvent] = []
        self.checkpoint: int | None = None
        """Offset of the newest checkpoint among them."""


class SessionWriter:
    """Owns a session's log while it is loaded. Make it, `load()`, and keep `run()` going."""

    def __init__(
        self,
        session: SessionId,
        *,
        log: EventLog,
        clock: Clock,
        randomness: Randomness,
        signer: Signer,
    ) -> None:
        self.session = session
        self._log = log
        self._clock = clock
        self._randomness = randomness
        self._signer = signer
        self._publish: Callable[[Publication], None] = _nowhere
        self._orders: asyncio.Queue[_Order] = asyncio.Queue(QUEUE)
        self._causes: dict[CommandId, Receipt] = {}
        self._state = State(id=session)
        self._head = LogHead(epoch=Epoch("0"), term=0, offset=0, lanes={})
        self._at = 0
        self._in_doubt = False
        self._checkpoint_offset = 0
        self._running = True

    @property
    def state(self) -> State:
        """The session as the log has it."""
        return self._state

    @property
    def epoch(self) -> Epoch:
        """The log's epoch."""
        return self._head.epoch

    @property
    def offset(self) -> int:
        """Offset of the last event."""
        return self._head.offset

    def publish_to(self, publish: Callable[[Publication], None]) -> None:
        """From now on hand every publication to `publish`, which must not wait."""
        self._publish = publish

    async def load(self) -> None:
        """Take over the log and read it; raises StorageUnavailable, and RecordBroken for unreadable bytes."""
        epoch = Epoch(self._randomness.bytes(6).hex())
        self._head = await self._log.acquire(self.session, epoch)
        await self._fold()

    async def _fold(self) -> None:
        state, causes, at, offset = State(id=self.session), dict[CommandId, Receipt](), 0, 0
        while page := await self._log.read(self.session, offset, PAGE):
            for record in page:
                header = record.header
                offset, at = header.offset, max(at, header.at)
                earlier = causes.get(header.cause)
                causes[header.cause] = Receipt(earlier.first if earlier else offset, offset)
                if header.type == ev.RecordCheckpoint.__struct_config__.tag:
                    self._checkpoint_offset = offset
                state = evolve(state, None if record.body is None else decode_event(record.body))
        self._state, self._causes, self._at = state, causes, at

    async def send(
        self,
        actor: Actor,
        command_id: CommandId,
        commands: AnyCommand | Sequence[AnyCommand],
        signals: Sequence[AnySignal] = (),
    ) -> Receipt | Refusal:
        """Carry out one command, or several as one act: all of them or none.

        Comes back once it is durable and published, or refused. An id that the log has already gets the first
        receipt and changes nothing. `signals` are shown in the same update as the events.
        """
        if not self._running:
            return _unavailable()
        order = _Order(
            actor,
            command_id,
            tuple(commands) if isinstance(commands, Sequence) else (commands,),
            tuple(signals),
            asyncio.get_running_loop().create_future(),
        )
        try:
            self._orders.put_nowait(order)
        except asyncio.QueueFull:
            return Refusal(code=RefusalCode.BUSY, message="Too much waits to be stored; send it again.")
        return await order.answer

    async def insist(self, actor: Actor, command_id: CommandId, command: AnyCommand) -> Receipt | Refusal:
        """Send a command until it is stored or refused for good, however long storage is away."""
        while True:
            answer = await self.send(actor, command_id, command)
            if isinstance(answer, Receipt) or answer.code not in (RefusalCode.UNAVAILABLE, RefusalCode.BUSY):
                return answer
            await self._clock.sleep(INSIST_MS)

    def signal(self, signal: AnySignal) -> None:
        """Show something that isn't kept."""
        self._publish(Publication(session=self.session, signals=(signal,)))

    async def run(self) -> None:
        """Carry out what is sent, until cancelled; then whatever still waits is refused as unavailable."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._checkpoints())
                while True:
                    batch = [await self._orders.get()]
                    while len(batch) < BATCH and not self._orders.empty():
                        batch.append(self._orders.get_nowait())
                    await self._carry_out(batch)
        finally:
            self._running = False
            while not self._orders.empty():
                _answer(self._orders.get_nowait(), _unavailable())

    async def _checkpoints(self) -> None:
        """Each minute in which something happened ends with a checkpoint."""
        while True:
            await self._clock.sleep(CHECKPOINT_MS)
            if self._head.offset > self._checkpoint_offset:
                await self.send(SYSTEM, CommandId(f"checkpoint:{self._head.term}:{self._head.offset}"), ())

    async def _carry_out(self, batch: Sequence[_Order]) -> None:
        try:
            if self._in_doubt:
                await self._recover()
            answers, publication = await self._store(batch)
        except StorageUnavailable:
            self._in_doubt = True
            logger.warning("session %s: %d commands can't be stored", self.session, len(batch))
            for order in batch:
                _answer(order, self._causes.get(order.id) or _unavailable())
            return
        except BaseException:
            for order in batch:
                _answer(order, _unavailable())
            raise
        if publication is not None:
            self._publish(publication)
        for order, answer in zip(batch, answers, strict=True):
            _answer(order, answer)

    async def _recover(self) -> None:
        """After a failed append: find out what the log holds before anything is built on it."""
        known, head = self._head.offset, await self._log.head(self.session)
        if head is None or head.offset != known or head.term != self._head.term:
            await self.load()
            while page := await self._log.read(self.session, known, PAGE):
                known = page[-1].header.offset
                self._publish(_republished(self.session, page))
        self._in_doubt = False

    async def _store(self, batch: Sequence[_Order]) -> tuple[list[Receipt | Refusal], Publication | None]:
        draft = _Draft(self._state, self._head.offset, self._at, self._head.lanes)
        wall = self._clock.wall()
        answers: list[Receipt | Refusal] = []
        signals: list[AnySignal] = []
        receipts: dict[CommandId, Receipt] = {}
        for order in batch:
            known = self._causes.get(order.id) or receipts.get(order.id)
            answer = known or self._decide(draft, order, wall)
            if isinstance(answer, Receipt) and known is None:
                receipts[order.id] = answer
                signals += _shown_with(order, draft.state)
            answers.append(answer)
        if not draft.records:
            return answers, None
        await self._log.append(self.session, self._head.term, self._head.offset, draft.records)
        self._state, self._at = draft.state, draft.at
        self._head = LogHead(epoch=self._head.epoch, term=self._head.term, offset=draft.offset, lanes=draft.lanes)
        self._causes |= receipts
        self._checkpoint_offset = draft.checkpoint or self._checkpoint_offset
        publication = Publication(
            session=self.session,
            records=tuple(draft.records),
            events=tuple(draft.events),
            signals=tuple(signals),
        )
        return answers, publication

    def _decide(self, draft: _Draft, order: _Order, wall: int) -> Receipt | Refusal:
        if not is_command_id(order.id):
            return Refusal(code=RefusalCode.INVALID, message="A command's id has 1 to 128 plain characters.")
        if not order.commands and order.actor != SYSTEM:
            return Refusal(code=RefusalCode.INVALID, message="An act holds at least one command.")
        state, events = draft.state, list[ev.AnyEvent]()
        for command in order.commands:
            if not may_send(order.actor.role, command):
                message = f"The role '{order.actor.role}' may not do this."
                return Refusal(code=RefusalCode.FORBIDDEN, message=message)
            decision = decide(state, command, order.actor, wall)
            if isinstance(decision, Refusal):
                return decision
            for event in decision:
                state = evolve(state, event)
            events += decision
        first = draft.offset + 1
        for n, event in enumerate(events):
            self._draft(draft, order, n, event, wall)
        if not order.commands or isinstance(order.commands[-1], CloseSession | SealRecord):
            self._draft(draft, order, len(events), self._checkpoint(draft), wall)
        draft.state = state
        return Receipt(first, draft.offset)

    def _draft(self, draft: _Draft, order: _Order, n: int, event: ev.AnyEvent, wall: int) -> None:
        lane = event.lane()
        head = draft.lanes.get(lane) or ev.LaneHead(0, GENESIS.hex())
        draft.at = max(draft.at, wall)
        draft.offset += 1
        header = Header(
            session=self.session,
            epoch=self._head.epoch,
            offset=draft.offset,
            lane=lane,
            prev=head.offset,
            type=type_name(event),
            at=draft.at,
            role=order.actor.role,
            actor=order.actor.id,
            cause=order.id,
            n=n,
        )
        salt = self._randomness.bytes(SALT_BYTES)
        record = seal(bytes.fromhex(head.digest), header, salt, encode_event(event))
        draft.lanes[lane] = ev.LaneHead(draft.offset, record.digest.hex())
        draft.records.append(record)
        draft.events.append(event)

    def _checkpoint(self, draft: _Draft) -> ev.RecordCheckpoint:
        lanes = {str(lane): head for lane, head in draft.lanes.items() if is_public(lane)}
        signature = self._signer.sign(checkpoint_bytes(self.session, self._head.epoch, lanes))
        draft.checkpoint = draft.offset + 1
        return ev.RecordCheckpoint(lanes=lanes, key=self._signer.key_id, signature=base64.b64encode(signature).decode())


def _shown_with(order: _Order, state: State) -> list[AnySignal]:
    """The signals of an order, and what its commits and ends say of the partial."""
    signals: list[AnySignal] = []
    for command in order.commands:
        if not isinstance(command, CommitWords | EndSegment):
            continue
        segment = state.segments.get(command.segment)
        partial = Partial(
            channel=command.channel,
            segment=command.segment,
            first=0 if isinstance(command, EndSegment) else command.first + len(command.words),
            text="" if isinstance(command, EndSegment) else command.rest,
            language=segment.language if segment is not None else "",
        )
        signals.append(partial)
    return [*signals, *order.signals]


def _republished(session: SessionId, page: Sequence[LogRecord]) -> Publication:
    """What was stored although its append seemed to fail."""
    pairs = [(record, decode_event(record.body)) for record in page if record.body is not None]
    known = [(record, event) for record, event in pairs if not isinstance(event, UnknownEvent)]
    return Publication(
        session=session,
        records=tuple(record for record, _ in known),
        events=tuple(event for _, event in known),
    )


def _nowhere(publication: Publication) -> None:
    """Nobody follows the session yet."""


def _unavailable() -> Refusal:
    message = "It can't be stored at the moment: the disk is full or the store is away. Send it again."
    return Refusal(code=RefusalCode.UNAVAILABLE, message=message)


def _answer(order: _Order, answer: Receipt | Refusal) -> None:
    if not order.answer.done():  # A sender that was cancelled doesn't wait any more.
        order.answer.set_result(answer)
