"""The session writer: the only code that appends to a session's log.

It takes the acts that wait in its queue, decides them all, appends all of them at once, and only when that is durable
answers the senders and publishes. A crash in between repeats nothing: a command whose id is in the log gets its old
answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

from moothall.core.commands import AnyCommand, CloseSession, OpenSession, ReopenSession, SealRecord
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import (
    PASSING,
    LogMissing,
    OutcomeUnknown,
    RecordBroken,
    Refusal,
    RefusalCode,
    StorageUnavailable,
    not_allowed,
    refuse,
)
from moothall.core.kernel.ids import CommandId, Epoch, SessionId, is_command_id, reader_epoch
from moothall.core.kernel.visible import all_visible
from moothall.core.outcomes.commands import PublishDocument, PublishReport
from moothall.core.ports import Clock, EventLog, LogHead, Randomness, Signer
from moothall.core.removal.selection import ErasedSelection
from moothall.core.rules.authority import may_send
from moothall.core.rules.decide import decide
from moothall.core.sessions.state import State, evolve
from moothall.core.signals import AnySignal
from moothall.core.views.mended_names import MendedNames
from moothall.core.views.quality import QualityView
from moothall.services.log.act_queue import ActQueue, PendingAct, Receipt, kind_of, no_id, unavailable
from moothall.services.log.drafting import PendingAppend
from moothall.services.log.erasing import Erasure, TextOffsets, draft_erasure, due, nothing_partial, requested
from moothall.services.log.folding import PAGE, FoldedLog, fold
from moothall.services.log.publication import Publication, republished, signals_of
from moothall.services.log.signing_times import SigningTimes
from moothall.services.metrics.measures import Measures

logger = logging.getLogger(__name__)

INSIST_MS = 1_000
_SIGNED = CloseSession | SealRecord | PublishReport | PublishDocument
"""Commands whose events are signed at once, since a version is complete."""


@dataclass(eq=False, repr=False)
class SessionWriter:
    """Owns a session's log while it is loaded. Create it, call `load()`, and keep `run()` running."""

    session: SessionId
    _: KW_ONLY
    log: EventLog
    clock: Clock
    randomness: Randomness
    signer: Signer
    measures: Measures | None = None
    """The measures of the whole server; None for private ones."""

    def __post_init__(self) -> None:
        self._measures = self.measures or Measures(self.clock)
        self._publish: Callable[[Publication], None] = lambda _: None
        self._listeners: list[Callable[[Publication], None]] = []
        self._orders = ActQueue()
        self._log_so_far = FoldedLog(self.session)
        self.signing = SigningTimes(
            self._checkpoint, lambda: self._log_so_far.checkpoint, lambda: self._log_so_far.unsigned, self.clock
        )
        self._unpurged = asyncio.Event()
        """Set while the log may hold words that are not to be recorded."""
        self._head = LogHead(epoch=Epoch("0"), term=0, offset=0, lanes={})
        self.handed_on = 0
        """Offset of the last event that was published, or was in the log when it was loaded."""
        self._in_doubt = False
        """Whether an append failed since the log's head was last known."""
        self._unanswered = False
        """Whether that append may still be stored later, or the log is lost, unless it is acquired anew."""
        self._held_back: Callable[[], Refusal | None] = lambda: None

    @property
    def state(self) -> State:
        """The session's state by the log."""
        return self._log_so_far.state

    @property
    def text_offsets(self) -> TextOffsets:
        """Offsets of texts in the log."""
        return self._log_so_far.text_offsets

    @property
    def quality(self) -> QualityView:
        """The quality of the session's texts."""
        return self._log_so_far.quality

    @property
    def mended_names(self) -> MendedNames:
        """Names that people had to correct twice."""
        return self._log_so_far.mended_names

    @property
    def epoch(self) -> Epoch:
        """The log's epoch."""
        return self._head.epoch

    @property
    def reader_epoch(self) -> Epoch:
        """The epoch in readers' positions. It changes where the log lost its end, which some readers have read."""
        return reader_epoch(self._head.epoch, self._head.lost)

    @property
    def at(self) -> int:
        """When the newest event was written, in Unix ms by the clock of its writer."""
        return self._log_so_far.at

    @property
    def term(self) -> int:
        """The term in which the log is held."""
        return self._head.term

    @property
    def offset(self) -> int:
        """Offset of the last event."""
        return self._head.offset

    def publish_to(self, publish: Callable[[Publication], None]) -> None:
        """Set `publish`, which is called with every publication and must not wait."""
        self._publish = publish

    def hold_back_with(self, held_back: Callable[[], Refusal | None]) -> None:
        """Set `held_back`, which is called before the session is opened or reopened; a refusal prevents that."""
        self._held_back = held_back

    def listen(self, hear: Callable[[Publication], None]) -> Callable[[], None]:
        """Register `hear`, which is called with every publication before readers get it and must not wait. Call the
        returned function to end that.
        """
        self._listeners.append(hear)
        return lambda: self._listeners.remove(hear)

    async def load(self) -> None:
        """Take over the log and read it.

        Raises StorageUnavailable, and RecordBroken for bytes that aren't what was written. What the log
        still holds of a span that was not recorded is removed first.
        """
        await self._take_over(new=True)
        self.handed_on = self._head.offset

    async def load_again(self) -> None:
        """Read the log anew after `run` has failed; `run` then publishes what is after `handed_on`. Raises as
        `load`.
        """
        await self._take_over(new=False)
        self.handed_on = min(self.handed_on, self._head.offset)
        self._orders.open()

    @property
    def asked(self) -> bool:
        """Whether any sender waits for an answer."""
        return self._orders.waiting

    async def send(
        self,
        actor: Actor,
        command_id: CommandId,
        commands: AnyCommand | Sequence[AnyCommand],
        signals: Sequence[AnySignal] = (),
    ) -> Receipt | Refusal:
        """Carry out one command, or several as one act: all of them or none.

        Returns once it is durable and published, or refused. An id that is in the log already gets the first receipt
        and changes nothing. `signals` are shown in the same update as the events.
        """
        acts = tuple(commands) if isinstance(commands, Sequence) else (commands,)
        if any(isinstance(each, OpenSession | ReopenSession) for each in acts) and self.receipt(command_id) is None:
            held_back = self._held_back()
            if held_back is not None:
                return self._counted(held_back)
        tracing = self._measures.tracing
        with tracing.span("act", session=self.session, commands=_kinds(acts)):
            order = PendingAct(actor=actor, id=command_id, commands=acts, signals=tuple(signals), trace=tracing.here())
            return self._counted(await self._orders.enqueue(order))

    async def remove(self, actor: Actor, command_id: CommandId, selection: ErasedSelection) -> Receipt | Refusal:
        """Erase from the log what `selection` names (`moothall.core.removal.selection`), for good.

        Where a span cuts through a line, the words outside of it stay as a new line. Answers as `send` does.
        """
        return self._counted(await self._orders.enqueue(PendingAct(actor=actor, id=command_id, erases=selection)))

    def _counted(self, answer: Receipt | Refusal) -> Receipt | Refusal:
        if isinstance(answer, Refusal):
            self._measures.refusals[answer.code.value] += 1
        return answer

    def receipt(self, command_id: CommandId) -> Receipt | None:
        """The receipt of a command that is in the log; None for any other."""
        known = self._log_so_far.causes.get(command_id)
        return None if known is None else Receipt(*known)

    async def insist(self, actor: Actor, command_id: CommandId, command: AnyCommand) -> Receipt | Refusal:
        """Send a command until it is stored or refused for good, however long storage is unavailable."""
        while True:
            answer = await self.send(actor, command_id, command)
            if isinstance(answer, Receipt) or answer.code not in PASSING:
                return answer
            await self.clock.sleep(INSIST_MS)

    def signal(self, signal: AnySignal) -> None:
        """Publish a signal, which is shown and not stored."""
        self._hand_on(Publication(session=self.session, signals=(signal,)))

    async def run(self) -> None:
        """Carry out acts until cancelled; then the waiting ones are refused as unavailable.

        Raises StaleWriter when another has taken over the log.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.signing.run())
                group.create_task(self._purges())
                if self.handed_on < self._head.offset:
                    await self._recover()
                while True:
                    await self._carry_out(await self._orders.batch())
        finally:
            self._orders.close()

    def _hand_on(self, publication: Publication) -> None:
        if publication.records:
            self.handed_on = publication.records[-1].header.offset
        for hear in tuple(self._listeners):
            hear(publication)
        self._publish(publication)

    async def _take_over(self, *, new: bool) -> None:
        """Acquire the log and fold it.

        `new`: whether the session may have no log yet; once it had one, a lost log isn't begun again.
        """
        head = await self.log.acquire(self.session, Epoch(self.randomness.bytes(6).hex()), new=new)
        self._unanswered = False
        self._log_so_far = await fold(self.log, self.session)
        self._head = head  # Set only now: a head whose log could not be read would pass for a known one.
        await self._purge()

    async def _checkpoint(self) -> None:
        if self._head.offset > self._log_so_far.checkpoint:
            await self.send(SYSTEM, CommandId(f"checkpoint:{self._head.term}:{self._head.offset}"), ())

    async def _purges(self) -> None:
        """Retry removals of unrecorded words that could not be carried out at once."""
        while True:
            await self._unpurged.wait()
            await self.clock.sleep(INSIST_MS)
            if self._unpurged.is_set():
                await self.send(SYSTEM, CommandId(f"purge:{self._head.term}:{self._head.offset}"), ())

    async def _carry_out(self, batch: Sequence[PendingAct]) -> None:
        try:
            if self._in_doubt:
                await self._recover()
            answers, publication = await self._store(batch)
        except (StorageUnavailable, RecordBroken) as error:
            self._doubt(error)
            self._measures.append_refused()
            logger.warning("session %s: %d commands can't be stored (%s)", self.session, len(batch), kind_of(error))
            for order in batch:
                order.answer(self.receipt(order.id) or unavailable())
            return
        except BaseException:
            for order in batch:
                order.answer(unavailable())
            raise
        purged = None
        try:
            purged = await self._purge_now()
        finally:
            try:  # Published together, so that readers don't see again what is erased.
                for each in (publication, purged):
                    if each is not None:
                        with self._measures.tracing.span(
                            "publish", batch[0].trace, session=self.session, events=len(each.records)
                        ):
                            self._hand_on(each)
            finally:  # It is stored, even if an observer fails.
                for order, answer in zip(batch, answers, strict=True):
                    order.answer(answer)

    def _doubt(self, error: StorageUnavailable | RecordBroken) -> None:
        self._in_doubt = True
        self._unanswered = self._unanswered or isinstance(error, OutcomeUnknown | LogMissing)

    async def _recover(self) -> None:
        """Find out what the log holds, after a failed append and before anything is built on it.

        It may fail as often as the log does, and then continues where it was. A new term prevents that a failed append
        is stored later.
        """
        head = None if self._unanswered else await self.log.head(self.session)
        if head is None or head.offset != self._head.offset or head.term != self._head.term:
            await self._take_over(new=False)
        while page := await self.log.read(self.session, self.handed_on, PAGE):
            self._hand_on(republished(self.session, page))
            self.handed_on = page[-1].header.offset
        self._in_doubt = False

    async def _store(self, batch: Sequence[PendingAct]) -> tuple[list[Receipt | Refusal], Publication | None]:
        if batch[0].erases is not None:
            return await self._remove(batch[0], batch[0].erases)
        draft, wall = self._draft(), self.clock.wall()
        answers: list[Receipt | Refusal] = []
        signals: list[AnySignal] = []
        receipts: dict[CommandId, Receipt] = {}
        for order in batch:
            known = self.receipt(order.id) or receipts.get(order.id)
            answer = known or self._decide(draft, order, wall)
            if isinstance(answer, Receipt) and known is None:
                receipts[order.id] = answer
                signals += [*signals_of(order.commands, draft.state), *order.signals]
            answers.append(answer)
        if not draft.records:
            return answers, None
        await self._append(draft, batch)
        self._head = draft.head
        self._log_so_far.note_all(draft.records, draft.events, draft.state)
        if any(isinstance(event, ev.NotRecordedBegan | ev.SessionPaused) for event in draft.events):
            self._unpurged.set()
        return answers, self._publication(draft, tuple(signals))

    async def _append(self, draft: PendingAppend, batch: Sequence[PendingAct]) -> None:
        """Append the events, with measures and a trace."""
        began, events = self.clock.monotonic(), len(draft.records)
        size = sum(len(record.body or b"") for record in draft.records)
        span = self._measures.tracing.span(
            "append", batch[0].trace, session=self.session, acts=len(batch), events=events, bytes=size
        )
        with span:
            await self.log.append(self.session, self._head.term, self._head.offset, draft.records)
        self._measures.appended(began, events)

    async def _purge_now(self) -> Publication | None:
        """Remove unrecorded words, if there may be any; where that fails, `_purges` retries it."""
        if not self._unpurged.is_set():
            return None
        try:
            return await self._purge()
        except (StorageUnavailable, RecordBroken) as error:
            self._doubt(error)
            logger.warning("session %s: unrecorded words can't be removed yet (%s)", self.session, kind_of(error))
            return None

    async def _purge(self) -> Publication | None:
        """Remove what the log holds of spans that were not recorded. What is due follows from the state alone."""
        self._unpurged.set()
        erasure, publication = due(self.state, self._head.offset), None
        if erasure is not None:
            publication = await self._erase(erasure)
        self._unpurged.clear()
        return publication

    async def _remove(
        self, order: PendingAct, selection: ErasedSelection
    ) -> tuple[list[Receipt | Refusal], Publication | None]:
        if (known := self.receipt(order.id)) is not None:
            return [known], None
        if not is_command_id(order.id):
            return [no_id()], None
        erasure = requested(self.state, self.text_offsets, selection, order.actor, order.id)
        if isinstance(erasure, Refusal):
            return [erasure], None
        publication = await self._erase(erasure)
        return [Receipt(publication.records[0].header.offset, publication.records[-1].header.offset)], publication

    async def _erase(self, erasure: Erasure) -> Publication:
        draft = self._draft()
        offsets = draft_erasure(draft, erasure, self.text_offsets, self.clock.wall())
        await self.log.remove(self.session, self._head.term, self._head.offset, offsets, draft.records)
        # Folded anew, since what followed from the erased events is no longer true.
        self._log_so_far = await fold(self.log, self.session)
        self._head = draft.head
        logger.info("session %s: the server removed %d lines, %s", self.session, len(erasure.cuts), erasure.reason)
        return self._publication(draft, nothing_partial(erasure.cuts))

    def _draft(self) -> PendingAppend:
        return PendingAppend(
            self.session,
            behind=self._head,
            at=self._log_so_far.at,
            state=self.state,
            randomness=self.randomness,
            signer=self.signer,
        )

    def _publication(self, draft: PendingAppend, signals: tuple[AnySignal, ...]) -> Publication:
        return Publication(
            session=self.session, records=tuple(draft.records), events=tuple(draft.events), signals=signals
        )

    def _decide(self, draft: PendingAppend, order: PendingAct, wall: int) -> Receipt | Refusal:
        if not is_command_id(order.id):
            return no_id()
        if not order.commands and order.actor != SYSTEM:
            return refuse(RefusalCode.INVALID, "An act needs at least one command.")
        state, events, at = draft.state, list[ev.AnyEvent](), max(draft.at, wall)
        for command in map(all_visible, order.commands):
            if not may_send(order.actor.role, command, hub=order.actor.hub):
                return not_allowed(order.actor.role)
            decision = decide(state, command, order.actor, wall)
            if isinstance(decision, Refusal):
                return decision
            for event in decision:
                state = evolve(state, event, at)
            events += decision
        first = draft.offset + 1
        for n, event in enumerate(events):
            draft.add(event, order.actor, order.id, n, wall)
        if not order.commands or isinstance(order.commands[-1], _SIGNED):
            draft.sign(order.actor, order.id, len(events), wall)
        draft.state = state
        return Receipt(first, draft.offset)


def _kinds(commands: Sequence[AnyCommand]) -> str:
    """Kinds of an act's commands, each once, for a trace."""
    return " ".join(dict.fromkeys(str(type(each).__struct_config__.tag) for each in commands))
