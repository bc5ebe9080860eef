"""The staff at their desks: who is there, what they do, what came of it, and how it is undone.

A desk follows one text of one session on a feed that carries the staff's lane too. What it wants goes to the
session writer as anybody's commands do; the answer says how to undo it. Who is there and what was done last is kept
in memory only: the log has what counts.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from moothall.core.actors import Actor, Role
from moothall.core.authority import COMMANDS, REMOVERS, STAFF_ROLES
from moothall.core.commands import AnyCommand
from moothall.core.errors import Refusal, RefusalCode
from moothall.core.event_codec import decode_event
from moothall.core.events import BodyRemoved, NoteLeft
from moothall.core.ids import ChannelId, CommandId, Position, SegmentId, SessionId
from moothall.core.lanes import STAFF, Feed
from moothall.core.ports import Clock, EventLog, Randomness
from moothall.core.session import State
from moothall.services.closing import Closing
from moothall.services.desk_acts import Act, Presence
from moothall.services.feed import Outlet, Subscription
from moothall.services.orders import Receipt
from moothall.services.publication import Publication
from moothall.services.role_links import Staff
from moothall.services.sessions import LiveSession, Sessions
from moothall.services.undoing import undo_act, undo_id
from moothall.wire.frames import Format

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
"""How often news that nobody publishes (reports, alarms, times that run over) is looked at."""
ACTS = 200
"""Acts of a session that are remembered, for their undoing and for desks that send one twice."""
SHOWN_ACTS = 30
"""Of these, the last that a desk is shown."""
NOTES = 50
NAME = 60
"""Characters of the name that somebody gives themselves at a desk."""
WORDS_LINES = 40
"""Lines whose single words, with times and certainty, a desk gets when it comes."""


class Push(Protocol):
    """What hands a desk its news; must not wait."""

    def __call__(self, event: str, body: object, /) -> None:
        """`body` is of plain values, for JSON."""
        ...


Inverse = Callable[[State, Sequence[AnyCommand]], Sequence[AnyCommand]]
"""`core/undo.py`: what undoes commands that are about to be carried out in a state; empty when nothing does."""
News = Callable[[SessionId], object]
"""How something stands in a session, of plain values for JSON; None when there is nothing to say."""


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """It is in the log."""

    receipt: Receipt
    undo: tuple[AnyCommand, ...]


class Seat:
    """One desk that is open."""

    def __init__(self, staff: Staff, live: LiveSession, channel: ChannelId, presence: Presence, push: Push) -> None:
        self.staff = staff
        self.live = live
        self.channel = channel
        self.presence = presence
        self.push = push
        self.subscription: Subscription | None = None

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return Actor(self.staff.role, self.staff.link)


UndoElsewhere = Callable[[Seat, CommandId], Awaitable[Receipt | Refusal]]
"""Undoes an act that reached beyond its session, for whoever sits there, under this id."""


class _Table:
    """The desks of one session."""

    def __init__(self) -> None:
        self.seats: dict[str, Seat] = {}
        # Overflow: the oldest can't be undone any more; the log still knows its id.
        self.acts: OrderedDict[CommandId, tuple[Act, Receipt]] = OrderedDict()
        self.elsewhere: dict[CommandId, UndoElsewhere] = {}
        """How those are undone that reach beyond this session."""
        self.told: dict[str, object] = {}

    def remember(self, act: Act, receipt: Receipt) -> None:
        self.acts[act.id] = (act, receipt)
        while len(self.acts) > ACTS:
            self.elsewhere.pop(self.acts.popitem(last=False)[0], None)

    def tell(self, event: str, body: object) -> None:
        for seat in self.seats.values():
            seat.push(event, body)


class Desks:
    """See the module. `run` has to be running for news to come."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        log: EventLog,
        closing: Closing,
        clock: Clock,
        randomness: Randomness,
        inverse: Inverse,
        news: Mapping[str, News],
    ) -> None:
        """`news`: what desks are told whenever it changes, by the name under which they are told."""
        self._sessions = sessions
        self._log = log
        self._closing = closing
        self._clock = clock
        self._randomness = randomness
        self._inverse = inverse
        self._news = news
        self._tables: dict[SessionId, _Table] = {}
        sessions.observe(self._seen)

    async def run(self) -> None:
        """Look for news until cancelled."""
        while True:
            await self._clock.sleep(LOOK_MS)
            for session, table in list(self._tables.items()):
                if table.seats:
                    self._look(session, table)

    def _seen(self, live: LiveSession, publication: Publication) -> None:
        """Once words were removed, no act has them any more, neither what was written nor what stood there before."""
        table = self._tables.get(live.id)
        if table is not None and any(isinstance(event, BodyRemoved) for event in publication.events):
            gone = [act.id for act, _ in table.acts.values() if act.has_words]
            for act_id in gone:
                del table.acts[act_id]
            table.tell("forgotten", gone)

    def _look(self, session: SessionId, table: _Table) -> None:
        """Tell the desks what changed of the news."""
        for kind, look in self._news.items():
            body = look(session)
            if table.told.get(kind) != body:
                table.told[kind] = body
                table.tell(kind, body)

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
    ) -> tuple[Seat, dict[str, object]] | Refusal:
        """Open a desk: its seat, and all that it shows but for the text, which goes to `outlet` (as SSE).

        The outlet gets a snapshot, or the frames after `after`. Raises StorageUnavailable and RecordBroken.
        """
        if staff.role not in STAFF_ROLES:
            return Refusal(code=RefusalCode.FORBIDDEN, message="This link has no page of its own in a meeting.")
        live = await self._sessions.find(session)
        if live is None:
            return Refusal(code=RefusalCode.UNKNOWN, message="There is no such meeting here.")
        wanted = channel if channel is not None else next(iter(live.state.channels), None)
        if wanted is None or wanted not in live.state.channels:
            return Refusal(code=RefusalCode.UNKNOWN, message="The meeting has no such text.")
        presence = Presence(
            seat=self._randomness.bytes(6).hex(), role=staff.role, label=staff.label, name=_plain_name(name)
        )
        seat = Seat(staff, live, wanted, presence, push)
        notes = await self._notes(session)
        subscription = await live.fanout.subscribe(outlet, Feed(wanted, staff=True), Format.SSE, after)
        if isinstance(subscription, Refusal):
            return subscription
        seat.subscription = subscription
        table = self._tables.setdefault(session, _Table())
        self._look(session, table)
        table.seats[presence.seat] = seat
        self._tell_presence(table)
        logger.info("session %s: a %s is at a desk", session, staff.role)
        return seat, {
            "session": session,
            "channel": wanted,
            "seat": presence.seat,
            "role": staff.role,
            "label": staff.label,
            "may": sorted(_may(staff.role)),
            "now": self._clock.wall(),
            "presence": self.presence(session),
            "acts": [act.shown() for act, _ in list(table.acts.values())[-SHOWN_ACTS:]],
            "notes": notes,
            "words": _words(live.state, wanted),
            "news": {kind: table.told.get(kind) for kind in self._news},
        }

    def leave(self, seat: Seat) -> None:
        """The desk is closed. May be repeated."""
        if seat.subscription is not None:
            seat.live.fanout.unsubscribe(seat.subscription)
            seat.subscription = None
        table = self._tables.get(seat.live.id)
        if table is not None and table.seats.pop(seat.presence.seat, None) is not None:
            self._tell_presence(table)

    def call(self, seat: Seat, name: str) -> None:
        """Whoever sits there says what they are called."""
        seat.presence = msgspec.structs.replace(seat.presence, name=_plain_name(name))
        table = self._tables.get(seat.live.id)
        if table is not None:
            self._tell_presence(table)

    def presence(self, session: SessionId) -> list[dict[str, object]]:
        """Who is at the desks of a session, as it goes out."""
        table = self._tables.get(session)
        seats = [] if table is None else table.seats.values()
        return [msgspec.to_builtins(seat.presence) for seat in seats]

    async def act(self, seat: Seat, command_id: CommandId, commands: Sequence[AnyCommand]) -> Acknowledged | Refusal:
        """Carry out what somebody wants, all of it or nothing. The same id again gets the first answer."""
        table = self._tables.setdefault(seat.live.id, _Table())
        known = table.acts.get(command_id)
        if known is not None:
            return Acknowledged(receipt=known[1], undo=known[0].undo)
        undo = tuple(self._inverse(seat.live.state, commands))
        answer = await self._closing.send(seat.live.writer, seat.actor, command_id, commands)
        if isinstance(answer, Refusal):
            return answer
        act = Act(id=command_id, at=self._clock.wall(), by=seat.presence, commands=tuple(commands), undo=undo)
        table.remember(act, answer)
        table.tell("acted", act.shown())
        return Acknowledged(receipt=answer, undo=undo)

    async def undo(self, seat: Seat, command_id: CommandId) -> Receipt | Refusal:
        """Undo an act of this session, whoever did it. Once is enough: again gets the first answer."""
        table = self._tables.setdefault(seat.live.id, _Table())
        known = table.acts.get(command_id)
        if known is None or not known[0].undo:
            return Refusal(code=RefusalCode.UNKNOWN, message="That can't be undone any more.")
        act, receipt = known
        if (elsewhere := table.elsewhere.get(command_id)) is not None:
            answer = await elsewhere(seat, undo_id(command_id))
        else:
            answer = await undo_act(seat.live.writer, seat.actor, act, receipt, log=self._log, closing=self._closing)
        if isinstance(answer, Receipt):
            undone = msgspec.structs.replace(act, undone=True)
            table.remember(undone, receipt)
            table.tell("acted", undone.shown())
        return answer

    def note_act(
        self,
        seat: Seat,
        act: AnyCommand,
        act_id: CommandId,
        receipt: Receipt,
        *,
        undo: AnyCommand,
        elsewhere: UndoElsewhere,
    ) -> None:
        """Remember something that went another way than through `act`, so that the desks see it and can undo it."""
        table = self._tables.setdefault(seat.live.id, _Table())
        if act_id in table.acts:
            return  # It was sent twice.
        noted = Act(id=act_id, at=self._clock.wall(), by=seat.presence, commands=(act,), undo=(undo,))
        table.elsewhere[act_id] = elsewhere
        table.remember(noted, receipt)
        table.tell("acted", noted.shown())

    def _tell_presence(self, table: _Table) -> None:
        table.tell("presence", [msgspec.to_builtins(seat.presence) for seat in table.seats.values()])

    async def _notes(self, session: SessionId) -> list[dict[str, object]]:
        """The last notes among the staff."""
        found: list[dict[str, object]] = []
        offset = 0
        while page := await self._log.read(session, offset, 500, frozenset({STAFF})):
            for record in page:
                offset = record.header.offset
                event = None if record.body is None else decode_event(record.body)
                if isinstance(event, NoteLeft):
                    header = record.header
                    found.append({"offset": offset, "at": header.at, "by": header.role, "text": event.text})
        return found[-NOTES:]


def _may(role: Role) -> set[str]:
    """What somebody may do, by the commands' names and `remove`."""
    return {str(kind.__struct_config__.tag) for kind in COMMANDS[role]} | ({"remove"} if role in REMOVERS else set())


def _plain_name(name: str) -> str:
    return " ".join(name.split())[:NAME]


def _words(state: State, channel: ChannelId) -> dict[SegmentId, list[tuple[str, float]]]:
    """The committed words of the last lines with how sure the recogniser was, where nobody has mended them."""
    lines = [line for _, line in state.segments.items() if line.channel == channel and line.words and not line.gone]
    last = sorted(lines, key=lambda line: line.t0)[-WORDS_LINES:]
    return {line.id: [(word.text, word.p) for word in line.words] for line in last if not line.revision}
