"""Takes questions, comments and requests to speak from readers, and lets their authors find them again.

Nothing is stored about who the authors are. A browser's random token becomes a keyed hash. The address of an author's
page consists of the intervention's id and a code that only this house can make, so it needs no stored entry, and is
valid for as long as the house keeps its key.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import StrEnum

import msgspec

from moothall.core.commands import Ask
from moothall.core.events.question_parts import HUB, OPEN, REMOTE, InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_QUESTION, PASSING, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.questions.blocked_words import BlockedWords
from moothall.core.questions.interventions import Intervention, Questions
from moothall.core.questions.limits import full
from moothall.core.questions.order import queue
from moothall.core.questions.tokens import KEY_BYTES, Tokens
from moothall.core.rules.questions import MAX_NAME, MAX_TEXT
from moothall.core.sessions.state import State, Status
from moothall.services.questions.asking_addresses import SHARE, AskingAddresses
from moothall.services.questions.author_view import Own, OwnAct, own_of, own_with_joined
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.wire.hubs.acts import AskAct

NAMESPACE, KEY = "asking", "key"
"""Namespace and name of the key's entry in the book."""
MOST_QUEUES = 64
"""Sessions of which the order of the queue is cached."""
LONGEST_AGE_MS = 86_400_000
"""The largest age of a question that is believed; an older one counts as this old."""


class AskRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The form that somebody sent."""

    kind: InterventionKind
    text: str
    language: str
    """BCP-47 tag of the text."""
    form: str
    """A random id of the form: the same form sent twice with the same words is one request."""
    name: str = ""
    age: int = 0
    """How many ms ago it was written: the browser may have been offline since."""
    hub: str = ""
    """The hub for which its coordinator asks; empty: a remote participant asks for themselves."""


class RejectedQuestion(StrEnum):
    """Why a request was not accepted."""

    TEXT = "text"
    """The text is empty or too long."""
    NAME = "name"
    """The name is too long."""
    OVER = "over"
    """The meeting is closed."""
    CANCELLED = "cancelled"
    """The meeting will not be held."""
    FULL = "full"
    """The session takes no more, or no more from the author's hub or address."""
    REQUESTED = "requested"
    """The author is waiting to speak already."""
    MANY = "many"
    """Too many interventions of the author are open."""
    ADDRESS = "address"
    """Too many interventions from the author's address are open."""
    COOKIE = "cookie"
    """The session takes nothing from browsers without cookies."""
    HUB = "hub"
    """It is for a hub whose role link this browser doesn't have, or no longer has."""
    UNAVAILABLE = "unavailable"
    """It can't be stored at the moment."""


@dataclass(eq=False, repr=False)
class Asking:
    """Takes questions and comments from readers, and finds them again by their author's token. Call `load` first."""

    sessions: Sessions
    _: KW_ONLY
    book: Book
    clock: Clock
    randomness: Randomness
    blocked: BlockedWords | None = None
    """Words for which an intervention is flagged; none unless given."""
    share: int = SHARE
    """How many open interventions one address may have."""

    def __post_init__(self) -> None:
        self.addresses = AskingAddresses(self.randomness, self.share)
        self._blocked = self.blocked or BlockedWords()
        self._tokens = Tokens(b"")
        # Whenever the queue moves, all authors' pages ask for their rank at once, so it is computed once.
        # Bound: MOST_QUEUES. Overflow: the cache is emptied.
        self._positions: dict[SessionId, tuple[Questions, dict[InterventionId, int]]] = {}

    def block(self, words: BlockedWords) -> None:
        """Replace the words for which interventions are flagged."""
        self._blocked = words

    def flags(self, language: str, text: str, name: str) -> tuple[str, ...]:
        """The flags of a text in a language (BCP-47) and of its author's name."""
        return self._blocked.flags(language, text, name)

    async def load(self) -> None:
        """Read the house's key, or create it. Raises StorageUnavailable."""
        self._tokens = await kept_tokens(self.book, NAMESPACE, self.randomness)

    @property
    def cookie_key(self) -> bytes:
        """The key for making the tokens of visitors' browsers; valid after `load`."""
        return self._tokens.cookie_key

    async def ask(
        self, session: SessionId, request: AskRequest, visitor: str, address: str = ""
    ) -> InterventionId | RejectedQuestion:
        """Store a question, comment or request to speak; the same form with the same words again is the same
        intervention.

        `visitor` is the browser's token or empty; `address` the client's network. The caller has checked that the
        visitor may read the session and has the role link of the request's hub. Raises StorageUnavailable when the
        session can't be loaded.
        """
        unfit = unfit_words(request)
        live = None if unfit is not None else await self.sessions.find(session)
        if live is None:
            return unfit or RejectedQuestion.UNAVAILABLE
        said = (
            request.form,
            request.kind.value,
            request.text,
            request.language,
            request.name,
            *((request.hub,) if request.hub else ()),
        )
        name = InterventionId(self._tokens.mac("form", session, *said).hex())
        asker = self._asker(session, request, visitor)
        if not request.hub and live.state.questions.get(name) is None:
            if live.state.questions.known_only and not visitor:
                return RejectedQuestion.COOKIE
            if self.addresses.full(session, live.state.questions, address):
                return RejectedQuestion.ADDRESS
            if self.addresses.spent(session, address):
                return RejectedQuestion.FULL
        asked = made_of(
            Ask,
            request,
            intervention=name,
            asker=asker,
            origin=f"{HUB}{request.hub}" if request.hub else REMOTE,
            age=min(request.age, LONGEST_AGE_MS),
            flags=self._blocked.flags(request.language, request.text, request.name),
        )
        # The actor is public. It is the intervention itself, so that nobody learns which others the same person asked.
        by = Actor(Role.HUB, name, hub=request.hub) if request.hub else Actor(Role.PARTICIPANT, name)
        answer = await live.writer.send(by, asked_by(name), asked)
        if isinstance(answer, Refusal):
            return why_rejected(live.state, request.kind, asker, answer)
        if not request.hub:
            self.addresses.note(session, name, address)
        return name

    async def ask_from_hub(self, live: LiveSession, hub: str, asked: AskAct, age: int) -> Refusal | None:
        """Store what somebody asked in a hub's room `age` ms ago; None when it is in the log, also if repeated.

        `hub` is the room's name as a dotted path. The asker is stored as a hash, and the limits are those of remote
        readers.
        """
        asker = self._tokens.code("in hub", live.id, hub, asked.asker or asked.name.casefold())
        name = asked.intervention
        command = made_of(
            Ask,
            asked,
            asker=asker,
            origin=f"{HUB}{hub}",
            age=min(max(0, age), LONGEST_AGE_MS),
            flags=self._blocked.flags(asked.language, asked.text, asked.name),
        )
        answer = await live.writer.send(Actor(Role.HUB, name, hub=hub), asked_by(name), command)
        return answer if isinstance(answer, Refusal) else None

    def author_of(self, session: SessionId, token: str) -> InterventionId | None:
        """The intervention to whose author's page a token leads; None for a token that this house has not made."""
        return self._tokens.author_of(session, token)

    def token(self, session: SessionId, intervention: InterventionId) -> str:
        """The last part of the address of the author's page."""
        return self._tokens.page(session, intervention)

    async def mine(self, session: SessionId, visitor: str) -> tuple[tuple[str, Own], ...]:
        """The interventions that a browser's user asked, newest first, each with its author's token.

        Raises StorageUnavailable.
        """
        live, wall = await self.sessions.find(session) if visitor else None, self.clock.wall()
        return tuple(
            (self.token(session, each.id), own_of(live.state, each, self._ahead(live, each.id), wall))
            for each in sorted(self._asked(live, visitor), key=lambda each: -each.number)
            if live is not None
        )

    async def own_of(self, session: SessionId, visitor: str) -> frozenset[InterventionId]:
        """The ids of interventions that a browser asked, and of those that they were joined with. Raises
        StorageUnavailable.
        """
        mine = self._asked(await self.sessions.find(session) if visitor else None, visitor)
        joined = (each.into for each in mine if each.status is InterventionStatus.JOINED and each.into is not None)
        return frozenset((*(each.id for each in mine), *joined))

    async def own(self, session: SessionId, token: str) -> Own | None:
        """An intervention as its author may see it; None for an unknown token. Raises StorageUnavailable."""
        name = self._tokens.author_of(session, token)
        live = None if name is None else await self.sessions.find(session)
        each = None if live is None or name is None else live.state.questions.get(name)
        if live is None or each is None:
            return None
        return own_with_joined(live.state, each, lambda one: self._ahead(live, one), self.clock.wall())

    def _ahead(self, live: LiveSession, name: InterventionId) -> int | None:
        """How many interventions are before this one in the queue; None where it isn't in the queue."""
        questions = live.state.questions
        known = self._positions.get(live.id)
        if known is None or known[0] is not questions:
            if len(self._positions) >= MOST_QUEUES:
                self._positions.clear()
            known = (questions, {each.intervention: n for n, each in enumerate(queue(questions))})
            self._positions[live.id] = known
        return known[1].get(name)

    async def bring(self, session: SessionId, token: str, act: OwnAct) -> Refusal | None:
        """Carry out an author's act on their intervention; None when it is done. Raises StorageUnavailable.

        Asking again is refused while the address that it came from has its full share waiting.
        """
        name = self._tokens.author_of(session, token)
        live = None if name is None else await self.sessions.find(session)
        if live is None or name is None:
            return NO_QUESTION
        if act is OwnAct.AGAIN and self.addresses.full_for(session, live.state.questions, name):
            return refuse(RefusalCode.CONFLICT, "Too many questions from this address are waiting; try again later.")
        # A double click is refused as stale, since nothing would change. The offset lets the act be done again later.
        command_id = CommandId(f"own:{name}:{act}:{live.writer.offset}")
        answer = await live.writer.send(Actor(Role.PARTICIPANT, name), command_id, act.command(name))
        return answer if isinstance(answer, Refusal) and answer.code is not RefusalCode.STALE else None

    def _asked(self, live: LiveSession | None, visitor: str) -> list[Intervention]:
        if live is None:
            return []
        asker = self._visitor(live.id, visitor)
        return [each for _, each in live.state.questions.interventions.items() if each.asker == asker]

    def _asker(self, session: SessionId, request: AskRequest, visitor: str) -> str:
        """The keyed hash of who asks, for the limits and the order of the queue.

        At a hub one browser asks for many people: each name is one person, and all without a name are one together.
        """
        if request.hub:
            return self._tokens.code("hub", session, request.hub, request.name.casefold())
        return self._visitor(session, visitor or f"form {request.form}")

    def _visitor(self, session: SessionId, visitor: str) -> str:
        return self._tokens.code("asker", session, visitor)


async def kept_tokens(book: Book, namespace: str, randomness: Randomness) -> Tokens:
    """The tokens made with the key in a namespace of the book; the key is created if missing. Raises
    StorageUnavailable.
    """
    key = (await book.read(namespace)).get(KEY, b"")
    if not key:
        key = randomness.bytes(KEY_BYTES)
        await book.write([BookEntry(namespace, KEY, key)])
    return Tokens(key)


def asked_by(intervention: InterventionId) -> CommandId:
    """The command id of the act that asks an intervention: the same from whichever machine it is sent."""
    return CommandId(f"ask:{intervention}")


def unfit_words(request: AskRequest) -> RejectedQuestion | None:
    """Why the text or the name of a request is invalid; None where both are valid."""
    if not 0 < len(request.text) <= MAX_TEXT and (request.text or request.kind is not InterventionKind.REQUEST):
        return RejectedQuestion.TEXT
    return RejectedQuestion.NAME if len(request.name) > MAX_NAME else None


def why_rejected(state: State, kind: InterventionKind, asker: str, refused: Refusal) -> RejectedQuestion:
    """Find the reason behind a refusal of the session's rules, in the order in which they check."""
    if refused.code in PASSING:
        return RejectedQuestion.UNAVAILABLE
    if state.status is Status.CLOSED:
        return RejectedQuestion.OVER
    if state.cancelled is not None:
        return RejectedQuestion.CANCELLED
    if full(state.questions):
        return RejectedQuestion.FULL
    waits = [
        each
        for each in state.questions.with_status(*OPEN)
        if each.asker == asker and each.kind is InterventionKind.REQUEST
    ]
    return RejectedQuestion.REQUESTED if waits and kind is InterventionKind.REQUEST else RejectedQuestion.MANY
