"""The questions of the people in a hub's room and their support for others: stored on the hub, passed on by its outbox.

The book is the source of truth. The acts for the meeting are derived from it, and derived again after a crash. The id
of an act is made of its content, so that the outbox and the meeting accept each act once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from moothall.core.commands import SetStatus
from moothall.core.events.question_parts import SUPPORTED
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_QUESTION, Refusal, RefusalCode, StorageUnavailable, refuse
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.ports import BookEntry
from moothall.core.questions.interventions import Questions
from moothall.core.questions.tokens import Tokens
from moothall.core.rules.turn_times import may_type
from moothall.core.sessions.state import Status
from moothall.services.questions.asking import (
    LONGEST_AGE_MS,
    AskRequest,
    RejectedQuestion,
    asked_by,
    kept_tokens,
    unfit_words,
)
from moothall.services.questions.author_view import Own, OwnAct
from moothall.services.questions.translations import QuestionTranslations
from moothall.services.questions.typing import InProgress, TypingReceived, TypingUpdate, Untyped, fits, typed_by
from moothall.services.supervision.waiting import every
from moothall.wire.hubs.acts import AskAct, HoldAct, ReportAct, StandAct, SupportAct, TypeAct
from moothall.wire.hubs.messages import ActDone
from moothall_hub.outbox.outbox import MOST_OWN_ACTS, MOST_OWN_LINES, ActStatus
from moothall_hub.outbox.outbox import HubOutbox as DiskOutbox
from moothall_hub.room import local_questions, own_view
from moothall_hub.room.hands import RoomHands
from moothall_hub.room.local_questions import Local, LocalQuestion, LocalQuestions, Mode, SentAct
from moothall_hub.room.ports import Meetings, RoomParts

logger = logging.getLogger(__name__)

KEY_NAMESPACE, QUESTIONS, SUPPORTS, SESSIONS, COUNTS = (
    "room-key",
    "room-question",
    "room-support",
    "room-session",
    "room-count",
)
"""Namespaces of the book."""
PASS_ON_MS = 5_000
"""Milliseconds between two reports of how many support a question; single presses are not reported."""


class _Kept(msgspec.Struct, frozen=True):
    """What the book keeps of a session beside its questions."""

    mode: Mode = Mode.COORDINATOR
    cleared: int | None = None


class RoomQuestions:
    """The questions of a hub's room, and its support for questions. Call `load` first; `run` passes both on."""

    def __init__(self, room: RoomParts) -> None:
        self._room = room
        self._tokens = Tokens(b"")
        # Bounded by the number of questions in each session that the rules allow (`core/questions/limits.py`).
        self._of_session: dict[SessionId, LocalQuestions] = {}
        self._told: dict[tuple[SessionId, InterventionId], tuple[int, int]] = {}
        """For each question the count that was put into the outbox last, and the number of counts that were put so
        far."""
        self._due: dict[tuple[SessionId, InterventionId], None] = {}
        """Questions whose act is not known to be in the outbox. The dict serves as an ordered set."""
        self._reports: dict[tuple[SessionId, InterventionId], CommandId] = {}
        """The newest known report of each question. Bounded by the meeting's questions."""
        self._changed: list[Callable[[SessionId], None]] = []
        self._one = asyncio.Lock()
        """Lets one change run at a time. The number of waiting changes is bounded by the requests that the doors let
        in."""

    async def load(self) -> None:
        """Read the book; raises StorageUnavailable."""
        self._tokens = await kept_tokens(self._room.book, KEY_NAMESPACE, self._room.randomness)
        for name, body in (await self._room.book.read(SESSIONS)).items():
            kept = msgspec.json.decode(body, type=_Kept)
            self._of_session[SessionId(name)] = LocalQuestions(
                session=SessionId(name), mode=kept.mode, cleared=kept.cleared
            )
        for key, body in (await self._room.book.read(QUESTIONS)).items():
            session = SessionId(key.partition(":")[0])
            question = msgspec.json.decode(body, type=LocalQuestion)
            self._put(self.of(session).with_(question))
            if question.forwarded:
                self._due[session, question.id] = None
        for key in await self._room.book.read(SUPPORTS):
            name, what, by = key.split(":")
            self._put(self.of(SessionId(name)).supported(InterventionId(what), by))
        for key, body in (await self._room.book.read(COUNTS)).items():
            name, _, what = key.partition(":")
            self._told[SessionId(name), InterventionId(what)] = msgspec.json.decode(body, type=tuple[int, int])

    @property
    def cookie_key(self) -> bytes:
        """The key that makes the tokens of visitors' browsers; empty before `load`."""
        return self._tokens.cookie_key

    async def run(self) -> None:
        """Pass on questions and counts every PASS_ON_MS, until cancelled."""

        def unavailable(error: StorageUnavailable) -> None:
            logger.warning("the outbox can't store questions at the moment: %s", error)

        await every(PASS_ON_MS, self.pass_on, self._room.clock, unavailable)

    def when_changed(self, tell: Callable[[SessionId], None]) -> None:
        """Call `tell` whenever something in a session's questions has changed. `tell` must not block."""
        self._changed.append(tell)

    def of(self, session: SessionId) -> LocalQuestions:
        """The room's questions in a session."""
        return self._of_session.get(session) or LocalQuestions(session=session)

    # What people in the room do (`moothall.services.questions.ports`)

    async def ask(
        self, session: SessionId, request: AskRequest, visitor: str, address: str = ""
    ) -> InterventionId | RejectedQuestion:
        """Store a question; it is durable when this returns. The same form with the same words is the same question."""
        unfit, state = unfit_words(request), await self._room.meetings.state(session)
        name = local_questions.name_of(
            session, request.form, kind=request.kind, text=request.text, language=request.language, name=request.name
        )
        who = ("name", session, request.name.casefold())
        wall = self._room.clock.wall()
        sent = made_of(
            LocalQuestion,
            request,
            id=name,
            number=0,
            asker=self._tokens.code(*who) if request.hub else self._visitor(session, visitor or f"form {request.form}"),
            at=wall - min(request.age, LONGEST_AGE_MS),
        )
        async with self._one:
            local = self.of(session)
            if unfit is not None or name in local.by_id:
                return unfit or name
            if state is not None and state.questions.known_only and not visitor and not request.hub:
                return RejectedQuestion.COOKIE
            taken = own_view.ask(local, sent, state, wall)
            if isinstance(taken, RejectedQuestion):
                return taken
            try:
                await self._keep(session, [taken])
            except StorageUnavailable:
                return RejectedQuestion.UNAVAILABLE
        return name

    def token(self, session: SessionId, name: InterventionId, /) -> str:
        """The token at the end of the address of the author's page."""
        return self._tokens.page(session, name)

    def of_token(self, session: SessionId, token: str) -> LocalQuestion | None:
        """The question whose author's page has this token; None for a token that is not ours."""
        name = self._tokens.author_of(session, token)
        return None if name is None else self.of(session).by_id.get(name)

    async def own(self, session: SessionId, token: str) -> Own | None:
        """What the author of a question may see; None for a token that is not ours. Raises StorageUnavailable."""
        question = self.of_token(session, token)
        return None if question is None else await self.seen(session, question)

    async def seen(self, session: SessionId, question: LocalQuestion, *, queue: bool = True) -> Own:
        """What the author of a question may see; without `queue` its position in the queue is left out.

        Raises StorageUnavailable.
        """
        asked = await self._room.outbox.state(asked_by(question.id)) if question.forwarded else None
        acts = await self._acts(question)
        typing = {sent.id for sent, now in acts if sent.act is None and own_view.waits(now)}
        waiting = [each.act for each in await self._room.outbox.waiting(session)] if typing else []
        lines = [each.act.text for each in waiting if each.id in typing and isinstance(each.act, TypeAct)]
        return own_view.own_here(
            self.of(session),
            question,
            await self._room.meetings.state(session),
            asked,
            acts,
            typed=lines,
            wall=self._room.clock.wall(),
            up=self._room.up(),
            queue=queue,
        )

    async def mine(self, session: SessionId, visitor: str) -> tuple[tuple[str, Own], ...]:
        """A browser's own questions, newest first, each with its author's token. Raises StorageUnavailable."""
        asker = self._visitor(session, visitor)
        mine = [each for each in self.of(session).by_id.values() if each.asker == asker] if visitor else []
        return tuple([(self.token(session, each.id), await self.seen(session, each)) for each in reversed(mine)])

    async def own_of(self, session: SessionId, visitor: str) -> frozenset[InterventionId]:
        """The ids of a browser's own questions, and of those with which they were joined. Raises StorageUnavailable."""
        state, by = await self._room.meetings.state(session), self._visitor(session, visitor)
        return local_questions.own_of(self.of(session), by, None if state is None else state.questions)

    async def bring(self, session: SessionId, token: str, act: OwnAct) -> Refusal | None:
        """Carry out an author's act on a question: here, or by the outbox once the question was passed on.

        Return the refusal, or None when it is done. Raises StorageUnavailable.
        """
        state = await self._room.meetings.state(session)
        async with self._one:
            question = self.of_token(session, token)
            if question is None:
                return NO_QUESTION
            waiting = await self._waiting(question)
            brought = own_view.bring(self.of(session), question, state, waiting, act, wall=self._room.clock.wall())
            if isinstance(brought, Refusal):
                return None if brought.code is RefusalCode.STALE else brought
            if question.forwarded:
                if sum(sent.act is not None for sent in waiting) >= MOST_OWN_ACTS:
                    message = f"{MOST_OWN_ACTS} of your changes already wait; try again once the connection is back."
                    return refuse(RefusalCode.BUSY, message)
                command, made = act.command(question.id), f"own:{question.id}:{self._room.randomness.bytes(8).hex()}"
                does: StandAct | HoldAct = HoldAct(intervention=question.id)
                if isinstance(command, SetStatus):
                    does = StandAct(intervention=question.id, status=command.status)
                await self._act(session, brought, waiting, SentAct(id=CommandId(made), act=act), does)
            else:
                await self._keep(session, [brought])
        return None

    def in_progress(self, _session: SessionId, _name: InterventionId) -> InProgress | None:
        """Return None always (`TypedTurns`): four updates of unfinished text a second are too much for an uplink."""
        return None

    async def write(self, session: SessionId, name: InterventionId, written: TypingUpdate) -> TypingReceived | Untyped:
        """Send the lines that an author has finished in their turn, each once (`TypedTurns`).

        While the meeting is not recorded, no new line is accepted, since lines that wait for the uplink are stored on a
        disk. Raises StorageUnavailable.
        """
        state = await self._room.meetings.state(session)
        if state is None or not may_type(state, name) or name not in self.of(session).by_id:
            return Untyped.TURN
        if not fits(written):
            return Untyped.TEXT
        if state.status is Status.PAUSED:
            return Untyped.BREAK
        if not state.recorded:
            # An answer may have been lost. It is given again, so that the browser does not have to keep these lines.
            there = await self._room.outbox.states([typed_by(name, done.line) for done in written.done])
            kept = tuple(done.line for done in written.done if typed_by(name, done.line) in there)
            return TypingReceived(kept=kept, recorded=False) if kept else Untyped.NOT_RECORDED
        if any(done.unkept for done in written.done):
            return Untyped.RECORDED
        for done in written.done:
            async with self._one:
                question, sent = self.of(session).by_id[name], SentAct(id=typed_by(name, done.line))
                if sent in question.acts:
                    continue
                waiting = await self._waiting(question)
                if sum(each.act is None for each in waiting) >= MOST_OWN_LINES:
                    return Untyped.OFTEN
                act = TypeAct(intervention=name, line=done.line, text=done.text.strip())
                await self._act(session, question, waiting, sent, act)
        return TypingReceived(kept=tuple(done.line for done in written.done), recorded=True)

    async def report(self, session: SessionId, name: InterventionId, act: CommandId) -> Refusal | None:
        """Report a question as rude to the meeting's desks (`abuse_reports.Tell`).

        One report of a question waits in the outbox at most, and stands for all others. Raises StorageUnavailable.
        """
        async with self._one:
            if not await self._report_waits(session, name):
                await self._room.outbox.put(session, act, "", ReportAct(intervention=name), self._room.clock.wall())
                self._reports[session, name] = act
        return None

    async def _report_waits(self, session: SessionId, name: InterventionId) -> bool:
        known = self._reports.get((session, name))
        if known is not None:
            return own_view.waits((await self._room.outbox.states((known,))).get(known))
        # This is asked once for each question after a start: acts that were put before the start are known only to the
        # outbox.
        for each in await self._room.outbox.waiting(session):
            if isinstance(each.act.act, ReportAct) and each.act.act.intervention == name:
                self._reports[session, name] = each.act.id
                return True
        return False

    async def support(
        self, session: SessionId, number: int, visitor: str, address: str, *, too: bool = True, hasty: bool = False
    ) -> Refusal | None:
        """Add or, with `too` False, withdraw a visitor's support for a question of the meeting (`Supports`).

        Raises StorageUnavailable.
        """
        local = await self.meeting(session)
        each = None if local is None else local.numbered(number)
        if each is None or not each.published or not await self.support_one(session, each.id, visitor, too=too):
            return NO_QUESTION
        return None

    async def support_one(self, session: SessionId, what: InterventionId, token: str, *, too: bool = True) -> bool:
        """Add or, with `too` False, withdraw somebody's support for a question of the room or of the meeting. Return
        whether there is such a question to support.

        Without a token nobody is counted, since two people could not be told apart. Raises StorageUnavailable.
        """
        there, by = await self.meeting(session), self._visitor(session, token)
        local = self.of(session)
        here = local.by_id.get(what)
        if here is None:
            each = None if there is None else there.get(what)
            fit = each is not None and each.published and each.status in SUPPORTED
        else:
            fit = here.stands in (Local.HERE, Local.FORWARDED)
        if not (fit and token) or what in local_questions.own_of(local, by, there):
            return here is not None or fit
        if too != (by in local.supporters.get(what, ())):
            await self._room.book.write([BookEntry(SUPPORTS, f"{session}:{what}:{by}", b"1" if too else None)])
            self._put(self.of(session).supported(what, by, too=too))
        return True

    def supported(self, session: SessionId, visitor: str) -> frozenset[InterventionId]:
        """The ids of the questions that a browser supports."""
        by = self._visitor(session, visitor)
        return frozenset(what for what, those in self.of(session).supporters.items() if by in those)

    async def meeting(self, session: SessionId) -> Questions | None:
        """The meeting's questions; None where there is no copy. Raises StorageUnavailable."""
        state = await self._room.meetings.state(session)
        return None if state is None else state.questions

    # What the coordinator does

    async def set_mode(self, session: SessionId, mode: Mode) -> None:
        """Set who passes questions on. Raises StorageUnavailable."""
        async with self._one:
            await self._room.book.write([_entry(msgspec.structs.replace(self.of(session), mode=mode))])
            self._put(msgspec.structs.replace(self.of(session), mode=mode))

    async def forward(self, session: SessionId, names: Iterable[InterventionId]) -> None:
        """Pass questions on to the meeting. Raises StorageUnavailable."""
        async with self._one:
            await self._keep(session, local_questions.forward(self.of(session), names))

    async def keep_here(self, session: SessionId, names: Iterable[InterventionId]) -> None:
        """Keep questions in the room. Raises StorageUnavailable."""
        async with self._one:
            await self._keep(session, local_questions.keep(self.of(session), names))

    async def join(self, session: SessionId, names: Iterable[InterventionId]) -> None:
        """Join questions with the one among them that `local_questions.join` chooses. Raises StorageUnavailable."""
        async with self._one:
            await self._keep(session, local_questions.join(self.of(session), names))

    async def put_on_wall(self, session: SessionId, names: Iterable[InterventionId], on_wall: bool) -> None:
        """Put questions on the local wall, or take them off it. Raises StorageUnavailable."""
        async with self._one:
            await self._keep(session, local_questions.put_on_wall(self.of(session), names, on_wall))

    async def clear_wall(self, session: SessionId) -> None:
        """Clear the local wall, whether the uplink is up or not. Raises StorageUnavailable."""
        async with self._one:
            local, gone = local_questions.clear_wall(self.of(session), self._room.clock.wall())
            await self._room.book.write([_entry(local), *(_question(session, each) for each in gone)])
            self._put(msgspec.structs.replace(self.of(session).with_(*gone), cleared=local.cleared))

    async def erase_removed(self, session: SessionId) -> None:
        """Erase from this disk the words that the meeting has removed. Called for each `body.removed`.

        Raises StorageUnavailable.
        """
        state = await self._room.meetings.state(session)
        async with self._one:
            own = () if state is None else self.of(session).by_id.values()
            # Questions that were not passed on from here are checked too: their authors may have sent them by another
            # machine.
            known = [(each, state.questions.get(each.id)) for each in own if state is not None]
            gone = [each for each, there in known if there is not None and there.removed and (each.text or each.name)]
            if not gone:
                return
            erased = [msgspec.structs.replace(each, text="", name="", on_wall=False) for each in gone]
            await self._room.book.write([_question(session, each) for each in erased])
            self._put(self.of(session).with_(*erased))

    async def forget(self, session: SessionId) -> None:
        """Erase everything of a session that the hub may no longer have. Raises StorageUnavailable."""
        async with self._one:
            entries = [BookEntry(SESSIONS, session, None)]
            for namespace in (QUESTIONS, SUPPORTS, COUNTS):
                kept = await self._room.book.read(namespace)
                entries += [BookEntry(namespace, key, None) for key in kept if key.partition(":")[0] == session]
            await self._room.book.write(entries)
            self._of_session.pop(session, None)
            self._told = {key: many for key, many in self._told.items() if key[0] != session}
            self._due = {key: None for key in self._due if key[0] != session}
            self._reports = {key: act for key, act in self._reports.items() if key[0] != session}
            for tell in self._changed:
                tell(session)

    async def _acts(self, question: LocalQuestion) -> list[tuple[SentAct, ActStatus]]:
        """The acts of a question's author since it was passed on that the outbox has, each with its state."""
        found = await self._room.outbox.states([sent.id for sent in question.acts])
        return [(sent, found[sent.id]) for sent in question.acts if sent.id in found]

    async def _waiting(self, question: LocalQuestion) -> list[SentAct]:
        """The unanswered acts of a question's author, oldest first."""
        return [sent for sent, now in await self._acts(question) if own_view.waits(now)]

    def _visitor(self, session: SessionId, token: str) -> str:
        """The keyed hash under which a browser is known in a session."""
        return self._tokens.code("visitor", session, token)

    # What is sent to the meeting

    async def pass_on(self) -> None:
        """Put outstanding questions and counts into the outbox. Raises StorageUnavailable; `run` then tries again."""
        for session, name in list(self._due):
            await self._send(session, self.of(session).by_id[name])
        for local in list(self._of_session.values()):
            await self._tell_counts(local)

    async def _tell_counts(self, local: LocalQuestions) -> None:
        counts = {
            what: many
            for what, many in local_questions.counted(local).items()
            if many != self._told.get((local.session, what), (0, 0))[0]
        }
        state = await self._room.meetings.state(local.session) if counts else None
        for what, many in counts.items():
            there = None if state is None else state.questions.get(what)
            if there is None or not there.published or there.status not in SUPPORTED:
                continue  # The meeting accepts counts only for questions that everybody can read.
            act = SupportAct(intervention=what, count=many)
            told = (many, self._told.get((local.session, what), (0, 0))[1] + 1)
            act_id = CommandId(f"support:{self._room.node}:{what}:{told[1]}:{many}")
            await self._room.outbox.put(local.session, act_id, "", act, self._room.clock.wall())
            await self._room.book.write([BookEntry(COUNTS, f"{local.session}:{what}", msgspec.json.encode(told))])
            self._told[local.session, what] = told

    async def _send(self, session: SessionId, question: LocalQuestion) -> None:
        asked = made_of(AskAct, question, intervention=question.id)
        await self._room.outbox.put(session, asked_by(question.id), "", asked, question.at)
        self._due.pop((session, question.id), None)

    async def _act(
        self,
        session: SessionId,
        question: LocalQuestion,
        waiting: Sequence[SentAct],
        sent: SentAct,
        does: StandAct | HoldAct | TypeAct,
    ) -> None:
        """Put an author's act into the outbox, after the question itself, and store the question with it.

        `waiting` are the author's earlier acts that have no answer.
        """
        await self._send(session, question)
        await self._room.outbox.put(session, sent.id, "", does, self._room.clock.wall())
        changed = msgspec.structs.replace(question, acts=(*waiting, sent))
        await self._room.book.write([_question(session, changed)])
        self._put(self.of(session).with_(changed))

    async def _keep(self, session: SessionId, changed: list[LocalQuestion]) -> None:
        """Store changed questions, and put those that are passed on into the outbox. What that refuses, `run` tries
        again.
        """
        if not changed:
            return
        await self._room.book.write([_question(session, each) for each in changed])
        self._put(self.of(session).with_(*changed))
        for each in (each for each in changed if each.forwarded):
            self._due[session, each.id] = None
            try:
                await self._send(session, each)
            except StorageUnavailable as error:
                logger.warning("question %s: the outbox can't store it yet: %s", each.id, error)

    def _put(self, local: LocalQuestions) -> None:
        self._of_session[local.session] = local
        for tell in self._changed:
            tell(local.session)


def _question(session: SessionId, each: LocalQuestion) -> BookEntry:
    return BookEntry(QUESTIONS, f"{session}:{each.id}", msgspec.json.encode(each))


def _entry(local: LocalQuestions) -> BookEntry:
    return BookEntry(SESSIONS, local.session, msgspec.json.encode(_Kept(local.mode, local.cleared)))


@dataclass(eq=False, repr=False)
class RoomWords:
    """Erases words of questions that the hub's disk holds outside the copies
    (`moothall_hub.mirror.erasing.RoomErasing`).

    These are the room's own questions, and acts that wait for their answer.
    """

    local: RoomQuestions
    hands: RoomHands
    translations: QuestionTranslations
    outbox: DiskOutbox
    meetings: Meetings

    async def erase_removed(self, session: SessionId) -> None:
        """Erase what the meeting has removed (`RoomErasing`).

        The meeting must have received what it removed. So the act that asks it counts as done, also one of a hub below.
        """
        state = await self.meetings.state(session)
        for waiting in await self.outbox.waiting(session) if state is not None else ():
            act = waiting.act
            there = state.questions.get(act.act.intervention) if state and isinstance(act.act, AskAct) else None
            if there is not None and there.removed:
                await self.outbox.answered(act.id, ActDone(id=act.id))
        await self.local.erase_removed(session)

    async def forget(self, session: SessionId) -> None:
        """Erase everything of a session that the hub may no longer have (`RoomErasing`).

        Acts that wait are sent all the same: a meeting that was deleted or is not public refuses them, and if it
        becomes public again, it still gets what was asked before.
        """
        self.translations.forget()
        await self.local.forget(session)
        await self.hands.forget(session)
