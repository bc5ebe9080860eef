"""Open calls for policy questions: makes them, closes them at their deadline, and selects proposals.

A call's log has one text without lines, since visitors' doors ask for one. It is opened and closed in one act at its
end, so that it is never on: no engine, translator or alarm looks at it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.commands import AddChannel, AnyCommand, CloseSession, OpenSession
from moothall.core.events.outcomes import CallStated
from moothall.core.events.types import Access, ChannelKind, LogKind, SessionClosed
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import NO_QUESTION, RecordBroken, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import CommandId, InterventionId, PolicyQuestionId, RecipientId, SessionId
from moothall.core.outcomes import commands as do
from moothall.core.outcomes.register import Preparation, Register
from moothall.core.ports import Clock
from moothall.core.sessions.state import Status
from moothall.services.log.publication import Publication
from moothall.services.outcomes.outcome_logs import FLOOR, OutcomeLogs
from moothall.services.outcomes.policy import PolicyQuestions
from moothall.services.sessions.live_session import LiveSession
from moothall.services.supervision.waiting import every

logger = logging.getLogger(__name__)

MOST_CALLS = 200
"""Calls of a house, open or closed."""
LOOK_MS = 1_000
"""How often deadlines are looked at."""


class CallFields(msgspec.Struct, frozen=True, kw_only=True):
    """What the secretariat writes of a call."""

    title: str
    text: str
    language: str
    """BCP-47 tag of title and text."""
    until: int | None = None
    """When it ends, Unix ms; None when somebody closes it."""
    young_people: bool = False


class SelectedSubmission(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal that is to become a policy question."""

    intervention: InterventionId
    text: str
    """The wording of the policy question."""
    language: str
    sessions: tuple[SessionId, ...] = ()
    """The sessions that are to answer it."""
    recipients: tuple[RecipientId, ...] = ()


def call_of(form: str) -> SessionId:
    """The log of the call that was sent with a form: the same form is the same call."""
    return SessionId(f"call-{hashlib.sha256(form.encode('utf-8', 'replace')).hexdigest()[:12]}")


def question_of(call: SessionId, intervention: InterventionId) -> PolicyQuestionId:
    """The policy question that a proposal becomes."""
    return PolicyQuestionId(f"p-{hashlib.sha256(f'{call}/{intervention}'.encode()).hexdigest()[:12]}")


@dataclass(eq=False, repr=False)
class OpenCalls:
    """The calls of a house. Call `observe` with every publication, and keep `run` running."""

    logs: OutcomeLogs
    policy: PolicyQuestions
    _: KW_ONLY
    clock: Clock

    def __post_init__(self) -> None:
        # The open calls, and their deadlines. Bound: MOST_CALLS.
        self._until: dict[SessionId, int] = {}
        self._open: set[SessionId] = set()
        self._begun = False

    @property
    def there_are_open(self) -> bool:
        """Whether any call is open, as far as they are known here."""
        return bool(self._open)

    async def all(self) -> Sequence[LiveSession]:
        """All calls, by name. Raises StorageUnavailable."""
        found = [await self.find(entry.session) for entry in await self.logs.of_kind(LogKind.CALL)]
        return [each for each in found if each is not None]

    async def find(self, call: SessionId) -> LiveSession | None:
        """A call; None where there is none of that name, or its log can't be read. Raises StorageUnavailable."""
        try:
            return await self.logs.find(call, LogKind.CALL)
        except RecordBroken:
            logger.warning("call %s: the log can't be read", call)
            return None

    async def make(self, form: str, by: Actor, fields: CallFields) -> SessionId | Refusal:
        """Make a call; the same `form` again is the same call, gone on with where it was left. Raises
        StorageUnavailable.
        """
        name = call_of(form)
        if await self.find(name) is None and len(await self.logs.of_kind(LogKind.CALL)) >= MOST_CALLS:
            return refuse(RefusalCode.CONFLICT, f"There are {MOST_CALLS} calls, the most that this house takes.")
        live = await self.logs.make(
            name, LogKind.CALL, fields.title, access=Access.PUBLIC, young_people=fields.young_people
        )
        if isinstance(live, Refusal):
            return live
        stated = do.StateCall(text=fields.text, language=fields.language, until=fields.until)
        text = AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=(fields.language,))
        answer = await live.writer.send(by, CommandId("call:begin"), (text, stated))
        return answer if isinstance(answer, Refusal) else name

    async def restate(self, call: SessionId, act: CommandId, by: Actor, stated: do.StateCall) -> Refusal | None:
        """State anew what a call asks for, or until when; None when it is done. Raises StorageUnavailable."""
        live = await self.find(call)
        return NO_QUESTION if live is None else await _send(live, act, by, stated)

    async def close(self, call: SessionId, by: Actor = SYSTEM) -> Refusal | None:
        """End a call; None when it has ended. Raises StorageUnavailable."""
        live = await self.find(call)
        if live is None:
            return NO_QUESTION
        if live.state.status is Status.CLOSED:
            return None
        return await _send(live, CommandId("call:end"), by, (OpenSession(), CloseSession()))

    async def select(self, call: SessionId, act: str, by: Actor, chosen: SelectedSubmission) -> Refusal | None:
        """Make a proposal a policy question, and assign it to sessions; None when it is done.

        `act`: an id of the form, with which the same act is gone on with where it was left. Raises StorageUnavailable.
        """
        live = await self.find(call)
        proposal = None if live is None else live.state.questions.get(chosen.intervention)
        if live is None or proposal is None or not proposal.published:
            return NO_QUESTION
        question = question_of(call, chosen.intervention)
        commands = _of_register(await self.policy.register(), call, question, chosen)
        if commands and (refused := await self.policy.send(by, CommandId(f"select:{act}"), commands)) is not None:
            return refused
        for session in chosen.sessions:
            await self.policy.hand_on(session)
        selected = do.SelectSubmission(intervention=chosen.intervention, question=question, sessions=chosen.sessions)
        known = live.state.outcomes.call.selected.get(chosen.intervention)
        if known is not None and (known.question, known.sessions) == (question, chosen.sessions):
            return None
        return await _send(live, CommandId(f"select:{act}"), by, selected)

    async def take_back(
        self, call: SessionId, act: str, by: Actor, intervention: InterventionId, reason: str
    ) -> Refusal | None:
        """Take a selection back: the policy question is no longer asked, because of `reason`; None when it is done.

        Raises StorageUnavailable.
        """
        live = await self.find(call)
        known = None if live is None else live.state.outcomes.call.selected.get(intervention)
        if live is None or known is None:
            return NO_QUESTION
        asked = (await self.policy.register()).questions.get(known.question)
        if asked is not None and asked.closed is None:
            closing = do.CloseQuestion(question=known.question, reason=reason)
            if (refused := await self.policy.send(by, CommandId(f"back:{act}"), closing)) is not None:
                return refused
        return await _send(
            live, CommandId(f"back:{act}"), by, do.SelectSubmission(intervention=intervention, question=None)
        )

    def observe(self, live: LiveSession, publication: Publication) -> None:
        """Note deadlines. For `Sessions.observe`."""
        if live.state.kind is LogKind.CALL and any(
            isinstance(event, CallStated | SessionClosed) for event in publication.events
        ):
            self._note(live)

    async def run(self) -> None:
        """Close calls at their deadlines until cancelled; at first, go on with what was left half done."""

        def unavailable(_: StorageUnavailable) -> None:
            logger.warning("calls: the store can't be reached; deadlines wait for it")

        await every(LOOK_MS, self.look, self.clock, unavailable)

    async def look(self) -> None:
        """Close the calls whose deadline has passed. Raises StorageUnavailable."""
        if not self._begun:
            for live in await self.all():
                self._note(live)
                await self._go_on(live)
            self._begun = True
        now = self.clock.wall()
        for call in [name for name, until in self._until.items() if until <= now]:
            if (refused := await self.close(call)) is None:
                self._until.pop(call, None)
            else:
                logger.warning("call %s: it can't be closed now: %s", call, refused.code)

    def _note(self, live: LiveSession) -> None:
        until = live.state.outcomes.call.until
        self._until.pop(live.id, None)
        self._open.discard(live.id)
        if live.state.status is not Status.CLOSED:
            self._open.add(live.id)
            if until is not None:
                self._until[live.id] = until

    async def _go_on(self, live: LiveSession) -> None:
        """Note what became of proposals whose policy question is in the register already."""
        register, selected = await self.policy.register(), live.state.outcomes.call.selected
        for each in register.questions.values():
            name = each.intervention
            if each.call == live.id and each.closed is None and name is not None and name not in selected:
                command = do.SelectSubmission(
                    intervention=name, question=each.id, sessions=register.sessions_of(each.id)
                )
                await live.writer.insist(SYSTEM, CommandId(f"select:{each.id}:{live.writer.offset}"), command)


def _of_register(
    register: Register, call: SessionId, question: PolicyQuestionId, chosen: SelectedSubmission
) -> Sequence[AnyCommand]:
    """What the register lacks of a selection, as one act."""
    stated = do.StateQuestion(
        question=question,
        text=" ".join(chosen.text.split()),
        language=chosen.language,
        recipients=chosen.recipients,
        call=call,
        intervention=chosen.intervention,
    )
    known = register.questions.get(question)
    now = None if known is None else (known.text, known.language, known.recipients)
    commands: list[AnyCommand] = [] if now == (stated.text, stated.language, stated.recipients) else [stated]
    if known is not None and known.closed is not None:
        commands.append(do.CloseQuestion(question=question, reason=None))
    for session in chosen.sessions:
        prepared = register.prepared.get(session, Preparation(questions=()))
        if question not in prepared.questions:
            commands.append(
                do.PrepareSession(
                    session=session,
                    questions=(*prepared.questions, question),
                    objectives=prepared.objectives,
                    feeds=prepared.feeds,
                )
            )
    return commands


async def _send(
    live: LiveSession, act: CommandId, by: Actor, commands: AnyCommand | Sequence[AnyCommand]
) -> Refusal | None:
    answer = await live.writer.send(by, act, commands)
    return answer if isinstance(answer, Refusal) else None
