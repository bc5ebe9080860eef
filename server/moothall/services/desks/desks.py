"""Runs the desks of the staff: who is there, what they do, its result, and its undoing.

A desk follows one text of one session on a feed that carries the staff's lane too. Its commands go to the session
writer like anybody's, and the answer says how to undo them. The last acts are read from the log, so that they can be
undone after a restart too. Who is there is kept in memory only.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.commands import AnyCommand, CloseSession, CorrectSegment, OpenSession, ReopenSession
from moothall.core.events.questions import QuestionFact
from moothall.core.events.types import BodyRemoved
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import NO_MEETING, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, Position, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.visible import visible
from moothall.core.ports import Clock, EventLog, Randomness
from moothall.core.removal.moves import short
from moothall.core.rules.acts import DeskAct
from moothall.core.rules.authority import COMMANDS, REMOVERS, STAFF_ROLES
from moothall.core.sessions.state import State
from moothall.services.capture.closing import Closing
from moothall.services.desks.acts import ActNews, DeskActs, DeskPresence, shown
from moothall.services.desks.calls import Call
from moothall.services.desks.notes_and_tags import TOLD, staff_notes
from moothall.services.desks.questions import LEADERS
from moothall.services.desks.session_desks import FOR_LEADERS, DeskConnection, Push, SessionDesks
from moothall.services.desks.typed_ahead import TypedAhead
from moothall.services.desks.undoing import HoldChannel, undo_act
from moothall.services.log.act_queue import Receipt
from moothall.services.log.publication import Publication
from moothall.services.reading.feed import Outlet
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.sessions.staff import Staff
from moothall.wire.frames import Format

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
"""Interval at which `news` is polled for changes that are in no publication (reports, alarms, turns that run over), in
ms."""
SHOWN_ACTS = 30
"""Number of the last undoable acts that a desk shows."""
NAME = 60
"""Most characters of the name that a person gives themselves at a desk."""
WORDS_LINES = 40
"""Number of last lines of which a desk gets the single words, with their certainty, when it is opened."""


NewsOf = Callable[[SessionId], object]
"""Returns the present state of one kind of news in a session, of plain values for JSON; None where there is none."""


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """The answer that an act is in the log."""

    receipt: Receipt
    undo: tuple[AnyCommand, ...]


UndoMove = Callable[[DeskConnection, DeskAct], Awaitable[Receipt | Refusal]]
"""Undoes a move of lines to another session, for a desk (`LineMoves.undo`)."""


@dataclass(eq=False, repr=False)
class Desks:
    """All open desks. They get news that is polled only while `run` is running."""

    sessions: Sessions
    _: KW_ONLY
    log: EventLog
    closing: Closing
    clock: Clock
    randomness: Randomness
    held: HoldChannel
    undo_move: UndoMove
    label: Callable[[str], str]
    """Returns the label of the link with this id; empty where the link is gone."""
    news: Mapping[str, NewsOf]
    """What is sent to desks whenever it changes, by the name of the message."""
    room_conflict: Callable[[SessionId], Refusal | None] = lambda _: None
    """Returns a refusal with what a person should know before a session is opened, or None."""
    named: Callable[[CommandId, str], AbstractContextManager[None]] = lambda *_: nullcontext()
    """Context in which the act with this id is ascribed to this name."""
    ahead: TypedAhead | None = None
    """Lines that are shown while they are typed. Given where others than desks type too; else the desks have their own.
    """

    def __post_init__(self) -> None:
        self._of_session: dict[SessionId, SessionDesks] = {}
        self.sessions.observe(self._seen)
        self.typed_ahead = self.ahead or TypedAhead(self.sessions)

    async def run(self) -> None:
        """Poll for news until cancelled."""
        while True:
            await self.clock.sleep(LOOK_MS)
            for session, session_desks in list(self._of_session.items()):
                if session_desks.connections:
                    self._look(session, session_desks)
                elif self.sessions.loaded(session) is None:  # The next desk that is opened reads the acts anew.
                    del self._of_session[session]

    def _session_desks(self, session: SessionId) -> SessionDesks:
        return self._of_session.setdefault(session, SessionDesks(DeskActs(session, self.log)))

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        session_desks = self._of_session.get(live.id)
        if session_desks is not None:
            self._tell_acts(session_desks, session_desks.acts.hear(live.writer, publication))
            removed = any(isinstance(event, BodyRemoved) for event in publication.events)
            if removed or any(isinstance(event, QuestionFact) for event in publication.events):
                # The line that was being said when something was asked may have been removed.
                session_desks.tell_questions(live.state, self.clock.wall(), anew=removed)
            if any(isinstance(event, TOLD) for event in publication.events):
                self._look(live.id, session_desks)

    def _tell_acts(self, session_desks: SessionDesks, news: ActNews) -> None:
        for act in news.acts:
            session_desks.tell("acted", shown(act, self._who(session_desks, act), session_desks.acts.state))
        if news.forgotten:
            # Once words were removed, no act holds them any more, neither new text nor the text that it replaced.
            session_desks.tell("forgotten", list(news.forgotten))
            for name in news.forgotten:
                session_desks.who.pop(name, None)

    def _who(self, session_desks: SessionDesks, act: DeskAct) -> DeskPresence:
        """The person who did an act. The log knows only their link."""
        doing = session_desks.doing.get(short(act.id))
        if doing is not None:
            session_desks.who.setdefault(act.id, doing)
        nobody = DeskPresence(desk="", role=act.by.role, label=self.label(act.by.id))
        return session_desks.who.get(act.id, nobody)

    def look(self, session: SessionId) -> None:
        """Send changed news to the desks at once, after something that they should see without delay."""
        session_desks = self._of_session.get(session)
        if session_desks is not None:
            self._look(session, session_desks)

    def _look(self, session: SessionId, session_desks: SessionDesks) -> None:
        """Send the changed news to the desks."""
        for kind, look in self.news.items():
            body = look(session)
            if session_desks.sent.get(kind) != body:
                session_desks.sent[kind] = body
                session_desks.tell(kind, body, LEADERS if kind in FOR_LEADERS else STAFF_ROLES)
        live = self.sessions.loaded(session)
        if live is not None:
            session_desks.tell_questions(live.state, self.clock.wall())

    async def join(
        self,
        staff: Staff,
        session: SessionId,
        *,
        outlet: Outlet,
        push: Push,
        channel: ChannelId | None = None,
        after: Position | None = None,
        name: str = "",
    ) -> tuple[DeskConnection, dict[str, object]] | Refusal:
        """Open a desk. Returns its connection and all that it shows except the text, which goes to `outlet` (as SSE).

        The outlet gets a snapshot, or the frames after position `after`. Raises StorageUnavailable and RecordBroken.
        """
        if staff.role not in STAFF_ROLES:
            return refuse(RefusalCode.FORBIDDEN, "Your link opens no desk of a meeting.")
        live = await self.sessions.find(session)
        if live is None:
            return NO_MEETING
        wanted = channel if channel is not None else next(iter(live.state.channels), None)
        if wanted is None or wanted not in live.state.channels:
            return refuse(RefusalCode.UNKNOWN, "The meeting has no such text.")
        presence = DeskPresence(
            desk=self.randomness.bytes(6).hex(), role=staff.role, label=staff.label, name=_plain_name(name)
        )
        desk = DeskConnection(staff, live, wanted, presence, push)
        notes = await staff_notes(self.log, session)
        session_desks = self._session_desks(session)
        self._tell_acts(session_desks, await session_desks.acts.load(live.writer))
        subscription = await live.fanout.subscribe(outlet, Feed(wanted, staff=True), Format.SSE, after, pulse=True)
        if isinstance(subscription, Refusal):
            return subscription
        desk.subscription = subscription
        session_desks = self._of_session.setdefault(session, session_desks)
        self._look(session, session_desks)
        leads = staff.role in LEADERS
        news = {kind: session_desks.sent.get(kind) for kind in self.news if leads or kind not in FOR_LEADERS}
        if leads:
            session_desks.tell_questions(live.state, self.clock.wall(), anew=True)
            news["interventions"] = session_desks.questions.whole()
        session_desks.connections[presence.desk] = desk
        self._tell_presence(session_desks)
        logger.info("session %s: a desk is open (%s)", session, staff.role)
        return desk, {
            "session": session,
            "channel": wanted,
            "desk": presence.desk,
            "role": staff.role,
            "label": staff.label,
            "may": sorted(_may(staff.role)),
            "now": self.clock.wall(),
            "presence": _here(session_desks),
            "acts": [
                shown(act, self._who(session_desks, act), session_desks.acts.state)
                for act in session_desks.acts.all()[-SHOWN_ACTS:]
            ],
            "notes": notes,
            "words": _words(live.state, wanted),
            "news": news,
        }

    def leave(self, desk: DeskConnection) -> None:
        """Close a desk. May be repeated."""
        if desk.subscription is not None:
            desk.live.fanout.unsubscribe(desk.subscription)
            desk.subscription = None
        self.typed_ahead.leave(desk)
        session_desks = self._of_session.get(desk.live.id)
        if session_desks is not None and session_desks.connections.pop(desk.presence.desk, None) is not None:
            self._tell_presence(session_desks)

    def call(self, desk: DeskConnection, name: str) -> None:
        """Set the name that the person at the desk gives themselves."""
        desk.presence = msgspec.structs.replace(desk.presence, name=_plain_name(name))
        session_desks = self._of_session.get(desk.live.id)
        if session_desks is not None:
            self._tell_presence(session_desks)

    def correcting(self, desk: DeskConnection, segment: SegmentId | None) -> None:
        """Record which line the person at the desk has opened to correct it (None: no line) and notify the
        other desks.
        """
        known = segment if segment is not None and segment in desk.live.state.segments else None
        if CorrectSegment not in COMMANDS[desk.staff.role] or known == desk.correcting:
            return
        desk.correcting = known
        session_desks = self._of_session.get(desk.live.id)
        if session_desks is not None:
            self._tell_presence(session_desks)

    def presence(self, session: SessionId) -> list[dict[str, object]]:
        """The people at the desks of a session, of plain values for JSON."""
        session_desks = self._of_session.get(session)
        connections = [] if session_desks is None else session_desks.connections.values()
        return [msgspec.to_builtins(desk.presence) for desk in connections]

    def here(self, session: SessionId, actor: str) -> bool:
        """Whether a desk of this pseudonym is open in the session."""
        session_desks = self._of_session.get(session)
        connections = [] if session_desks is None else session_desks.connections.values()
        return any(desk.actor.id == actor for desk in connections)

    async def act(
        self, desk: DeskConnection, command_id: CommandId, commands: Sequence[AnyCommand], *, anyway: bool = False
    ) -> Acknowledged | Refusal:
        """Carry out commands as one act, all of them or none. The same id again gets the first answer.

        Where the person should know something first the answer is a refusal, unless the act is to be done `anyway`.
        """
        session_desks = self._session_desks(desk.live.id)
        self._tell_acts(session_desks, await session_desks.acts.load(desk.live.writer))
        new = desk.live.writer.receipt(command_id) is None
        if new and not anyway and (first := self._first_know(desk.live.id, commands)) is not None:
            return first
        at, state, calls = self.clock.monotonic(), desk.live.state, commands if new else ()
        other = session_desks.calls.begin(state, command_id, calls, desk.presence, at, known=anyway)
        if isinstance(other, Refusal):
            return other
        with self.doing(desk, command_id):
            answer = await self.closing.send(desk.live.writer, desk.actor, command_id, commands)
        session_desks.calls.ended(command_id, done=isinstance(answer, Receipt))
        if isinstance(answer, Refusal):
            return answer
        if other is not None:
            _tell_overridden(session_desks, other, desk)
        act = session_desks.acts.get(command_id)
        return Acknowledged(receipt=answer, undo=() if act is None else act.undo)

    def _first_know(self, session: SessionId, commands: Sequence[AnyCommand]) -> Refusal | None:
        """What a person should know before they open or close the session, as a refusal; None where there is
        nothing.
        """
        if any(isinstance(command, OpenSession | ReopenSession) for command in commands):
            return self.room_conflict(session)
        closes = any(isinstance(command, CloseSession) for command in commands)
        return self.closing.first_know(session) if closes else None

    @contextmanager
    def doing(self, desk: DeskConnection, command_id: CommandId) -> Iterator[None]:
        """Context in which the act with this id is ascribed to this desk."""
        session_desks = self._session_desks(desk.live.id)
        session_desks.doing[short(command_id)] = desk.presence
        try:
            with self.named(command_id, desk.presence.known_as):
                yield
        finally:
            session_desks.doing.pop(short(command_id), None)

    async def undo(self, desk: DeskConnection, command_id: CommandId) -> Receipt | Refusal:
        """Undo an act of this session, whoever did it. It is undone once: a second call gets the first answer.

        Raises StorageUnavailable and RecordBroken.
        """
        session_desks = self._session_desks(desk.live.id)
        self._tell_acts(session_desks, await session_desks.acts.load(desk.live.writer))
        act = session_desks.acts.get(command_id)
        if act is None or not act.undo:
            return refuse(RefusalCode.UNKNOWN, "This act can't be undone any more.")
        if act.moved is not None:
            answer = await self.undo_move(desk, act)
        else:
            answer = await undo_act(
                desk.live.writer, desk.actor, act, log=self.log, closing=self.closing, held=self.held
            )
        self._tell_acts(session_desks, session_desks.acts.mark(act.id, undone=isinstance(answer, Receipt)))
        self._look(desk.live.id, session_desks)
        return answer

    def older(self, desk: DeskConnection, before: int) -> dict[str, object]:
        """The questions whose numbers are below `before`, as many as one message holds."""
        return self._session_desks(desk.live.id).questions.older(before)

    def _tell_presence(self, session_desks: SessionDesks) -> None:
        session_desks.tell("presence", _here(session_desks))


def _here(session_desks: SessionDesks) -> list[dict[str, object]]:
    """The people at the desks, each with their link and the line that they are correcting."""
    here = session_desks.connections.values()
    return [
        msgspec.to_builtins(desk.presence) | {"correcting": desk.correcting, "link": desk.staff.link} for desk in here
    ]


def _tell_overridden(session_desks: SessionDesks, other: Call, desk: DeskConnection) -> None:
    """Notify the earlier caller who has called another question, and which one had its turn."""
    questions = desk.live.state.questions
    first, before = session_desks.connections.get(other.by.desk), questions.interventions.get(other.intervention)
    now = None if questions.called is None else questions.interventions.get(questions.called)
    if first is not None and now is not None and before is not None and now.id != before.id:
        body = {"by": msgspec.to_builtins(desk.presence), "number": now.number, "instead": before.number}
        first.push("overridden", body)


def _may(role: Role) -> set[str]:
    """Names of what a role may do: its commands, and `remove`."""
    return {str(kind.__struct_config__.tag) for kind in COMMANDS[role]} | ({"remove"} if role in REMOVERS else set())


def _plain_name(name: str) -> str:
    return " ".join(visible(name).split())[:NAME]


def _words(state: State, channel: ChannelId) -> dict[SegmentId, list[tuple[str, float]]]:
    """The words of the last lines as they were committed, each with the recogniser's certainty (0 to 1)."""
    lines = [line for _, line in state.segments.items() if line.channel == channel and line.words and not line.gone]
    last = sorted(lines, key=lambda line: line.t0)[-WORDS_LINES:]
    return {line.id: [(word.text, word.p) for word in line.words] for line in last}
