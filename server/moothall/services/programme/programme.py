"""The running programme: rooms, and which of their sessions are planned, on, next or overrunning."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from moothall.core import commands as do
from moothall.core.events.types import Access, ChannelKind, CloseRequested, SoundKept, VoiceUse
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.errors import NO_MEETING, GoneOn, RecordBroken, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import ChannelId, CommandId, SessionId, is_name
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.core.programme.plan import Overrun, Planned, Room, RoomId, following, in_order, readable_name
from moothall.core.programme.times import Zones
from moothall.core.sessions.state import ON, Status
from moothall.services.capture.closing import Closing, opening_of
from moothall.services.programme.agenda import Agenda
from moothall.services.sessions.live_session import LiveSession
from moothall.services.sessions.sessions import Sessions
from moothall.services.supervision.waiting import Listeners

logger = logging.getLogger(__name__)

FLOOR = ChannelId("floor")
ROOMS, PLANNED, CONFERENCE = "room", "planned", "conference"
ZONE = "time-zone"
SOON_MS = 300_000
"""How long before its planned end a session gets a warning."""
NEAR_MS = 36 * 3_600_000
"""Sessions planned within this time of now are loaded when the server starts, so that it knows which are on."""
MOST_NAMES = 1_000


@dataclass(eq=False, repr=False, kw_only=True)
class Programme:
    """Rooms and planned sessions, in memory and in the book. Call `load` first."""

    book: Book
    sessions: Sessions
    closing: Closing
    clock: Clock
    randomness: Randomness
    time_zone: Zone = UTC_ZONE
    """The zone in which times are shown, until an imported file names another."""
    zone_named: bool = False
    """Whether the settings or an imported file name the conference's time zone."""
    zones: Zones = lambda _: None
    """Returns the rules of a time zone by its name; None where it isn't known."""
    opened_by: Callable[[SessionId], str] = lambda _: ""
    """Returns who opened a session last, as staff are shown it; empty where that isn't known."""

    def __post_init__(self) -> None:
        self._rooms: dict[RoomId, Room] = {}
        self._planned: dict[SessionId, Planned] = {}
        self._moving: dict[RoomId, asyncio.Lock] = {}
        self.agenda = Agenda(book=self.book, sessions=self.sessions, clock=self.clock)
        self.changing = asyncio.Lock()
        """Must be held by code that reads a session's plan and then changes it."""
        self.moved = Listeners[[SessionId]]()
        """Called with a session that is planned in another room now."""
        self.closing.follow_with(self._follow)
        self.sessions.tell_loaded(self._loaded)

    def _loaded(self, live: LiveSession) -> None:
        """Correct the plan by the log, in case the server was killed after it wrote the log and before it wrote the
        book.
        """
        planned, cancelled = self._planned.get(live.id), live.state.cancelled is not None
        if planned is not None and planned.cancelled != cancelled:
            self._planned[live.id] = msgspec.structs.replace(planned, cancelled=cancelled)

    async def load(self) -> None:
        """Read the book, and load the sessions that may be on now. Raises StorageUnavailable."""
        decode = msgspec.json.decode
        rooms = (await self.book.read(ROOMS)).values()
        planned = (await self.book.read(PLANNED)).values()
        self._rooms = {room.id: room for room in (decode(body, type=Room) for body in rooms)}
        self._planned = {each.session: each for each in (decode(body, type=Planned) for body in planned)}
        named = (await self.book.read(CONFERENCE)).get(ZONE)
        if named is not None:
            self._take_zone(named.decode())
        await self.agenda.load()
        now = self.clock.wall()
        for each in self._planned.values():
            if each.starts is None or abs(each.starts - now) < NEAR_MS:
                try:
                    await self.sessions.find(each.session)
                except RecordBroken:
                    logger.error("session %s: the log can't be read; the programme starts without it", each.session)

    # Queries

    def zone(self) -> Zone:
        """The conference's time zone, in which times are shown."""
        return self.time_zone

    def now(self) -> int:
        """The current time, Unix ms."""
        return self.clock.wall()

    def rooms(self) -> tuple[Room, ...]:
        """All rooms, sorted by title."""
        return tuple(sorted(self._rooms.values(), key=lambda room: (room.title, room.id)))

    def room(self, room: RoomId) -> Room | None:
        """The room of that id; None where there is none."""
        return self._rooms.get(room)

    def planned(self) -> tuple[Planned, ...]:
        """All planned sessions sorted by start, those without a start last; sessions that are being deleted are left
        out.
        """
        return in_order([each for each in self._planned.values() if each.deleted is None])

    def deleted(self) -> tuple[Planned, ...]:
        """The sessions that are being deleted."""
        return tuple(each for each in self._planned.values() if each.deleted is not None)

    def plan_of(self, session: SessionId) -> Planned | None:
        """The plan of a session; None where the programme has none."""
        return self._planned.get(session)

    async def known(self, session: SessionId) -> Planned | None:
        """The plan of a session; one made from its log where the session was created elsewhere; None where neither
        exists.

        Raises as `Sessions.find` does.
        """
        planned = self._planned.get(session)
        live = await self.sessions.find(session) if planned is None else None
        if live is None or live.state.status is Status.ABSENT:
            return planned
        state = live.state
        return Planned(session=session, title=state.title, languages=state.languages, rehearsal=state.rehearsal)

    def room_of(self, session: SessionId) -> RoomId | None:
        """The room in which a session is planned; None where it has none."""
        planned = self._planned.get(session)
        return None if planned is None else planned.room

    def room_title(self, session: SessionId) -> str:
        """The title of a session's room; empty for a session without a room."""
        room = self._rooms.get(place) if (place := self.room_of(session)) else None
        return "" if room is None else room.title

    def now_in(self, room: RoomId) -> SessionId | None:
        """The session that is on in a room (open, or in a break); None where none is."""
        on = [each.session for each in self._in(room) if self.status_of(each.session) in ON]
        return on[-1] if on else None

    def next_in(self, room: RoomId) -> SessionId | None:
        """The session that is next in a room; None where there is none."""
        there = self._in(room)
        return following(there, {each.session: self.status_of(each.session) for each in there}, self.clock.wall())

    def status_of(self, session: SessionId) -> Status:
        """The status of a session as far as it is known without loading it; `CREATED` where it isn't."""
        return self.sessions.status_of(session) or Status.CREATED

    def overrun(self, session: SessionId) -> Overrun | None:
        """The warning about a session's planned end, from 5 minutes before it on while the session is on; else None."""
        planned = self._planned.get(session)
        if planned is None or planned.ends is None or self.status_of(session) not in ON:
            return None
        left = planned.ends - self.clock.wall()
        return None if left > SOON_MS else Overrun(session=session, room=planned.room, ends=planned.ends, left=left)

    # Acts

    async def keep(self, *, rooms: Sequence[Room] = (), planned: Sequence[Planned] = ()) -> None:
        """Store rooms and plans, new or changed. Raises StorageUnavailable."""
        encode = msgspec.json.encode
        entries = [BookEntry(ROOMS, room.id, encode(room)) for room in rooms]
        entries += [BookEntry(PLANNED, each.session, encode(each)) for each in planned]
        await self.agenda.write_plans([(self._planned.get(each.session), each) for each in planned], entries)
        self._rooms |= {room.id: room for room in rooms}
        moved = [each.session for each in planned if self.room_of(each.session) != each.room]
        self._planned |= {each.session: each for each in planned}
        for session in moved:
            self.moved.tell(session)

    async def keep_zone(self, name: str) -> None:
        """Show times in that zone from now on. Raises StorageUnavailable."""
        await self.book.write([BookEntry(CONFERENCE, ZONE, name.encode())])
        self._take_zone(name)

    def _take_zone(self, name: str) -> None:
        self.zone_named = True
        rules = self.zones(name)
        if rules is None:
            logger.warning("this machine does not know the programme's time zone; pages show times in another one")
            return
        self.time_zone = Zone(name, rules)

    async def drop(self, session: SessionId) -> None:
        """Delete a session's plan; its log is not touched. Raises StorageUnavailable."""
        await self.book.write([BookEntry(PLANNED, session, None)])
        self._planned.pop(session, None)

    async def add_room(self, title: str) -> Room | Refusal:
        """Create a room. Raises StorageUnavailable."""
        shown = " ".join(title.split())
        if not 0 < len(shown) <= 200:
            return refuse(RefusalCode.INVALID, "A room needs a name of 1 to 200 characters.")
        room = Room(id=RoomId(readable_name(shown)), title=shown)
        if room.id in self._rooms:
            return refuse(RefusalCode.CONFLICT, "A room with this name already exists.")
        await self.keep(rooms=[room])
        return room

    async def free_name(self, title: str) -> SessionId:
        """An unused id for a session of that title."""
        plain = readable_name(title)
        for number in range(1, MOST_NAMES):
            name = SessionId(plain if number == 1 else f"{plain}-{number}")
            if name not in self._planned and await self.sessions.find(name) is None:
                return name
        return SessionId(f"{plain}-{self.randomness.bytes(4).hex()}")

    async def make(
        self,
        planned: Planned,
        *,
        access: Access = Access.PUBLIC,
        sound: SoundKept = SoundKept.UNTIL_CHECKED,
        young_people: bool = False,
        voice_use: VoiceUse = VoiceUse.ALLOWED,
        by: str = SYSTEM.id,
    ) -> Planned | Refusal:
        """Create a planned session: its log, with the floor channel and the announced speakers, and its plan.

        With `young_people` no names are copied, no sound is kept, and no voice is measured. An interrupted creation is
        completed by the same call. Raises StorageUnavailable.
        """
        if not is_name(planned.session):
            return refuse(RefusalCode.INVALID, "A meeting can't have this name.")
        before = self._planned.get(planned.session)
        if before is not None and before.deleted is not None:
            return refuse(RefusalCode.CONFLICT, "This meeting was just deleted. Make it again in two minutes.")
        live = await self.sessions.open(planned.session)
        if live.state.status is Status.ABSENT:
            commands: list[do.AnyCommand] = [
                made_of(
                    do.CreateSession,
                    planned,
                    access=access,
                    young_people=young_people,
                    sound=sound,
                    voice_use=voice_use,
                ),
                do.AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=planned.languages),
            ]
            if not young_people:
                commands += [do.IntroduceSpeaker(speaker=each.id, name=each.name) for each in planned.speakers]
            answer = await live.writer.send(Actor(Role.SYSTEM, by), CommandId("create"), commands)
            if isinstance(answer, Refusal):
                return answer
        kept = msgspec.structs.replace(planned, made=planned.made or self.clock.wall())
        await self.keep(planned=[kept])
        return kept

    async def next_session(
        self,
        room: RoomId,
        *,
        after: SessionId | None = None,
        then: SessionId | None = None,
        by: str = SYSTEM.id,
        act: CommandId | None = None,
    ) -> SessionId | Refusal:
        """Close the session that is on in a room, if any, and open the next. Return the one that was opened.

        `then`: the session that the caller expects or chose; no other is opened. `after`: the session that the caller
        sees as on; if it isn't on any more, somebody else was quicker, and nothing happens. The closed session gets all
        words spoken in it before it is closed, and the next one gets none of them. `by` is the caller's pseudonym,
        `act` the id of the closing command: repeated with the same id it gets the same answer. A server that is killed
        meanwhile continues with both steps after its restart. Raises StorageUnavailable.
        """
        name = act or self._name()
        async with self._moving.setdefault(room, asyncio.Lock()):
            now, coming = self.now_in(room), then or self.next_in(room)
            if (gone := self.gone_on(room, name)) is not None:
                return gone
            if after is not None and now != after:
                return self.quicker(room)
            if coming is None:
                return refuse(RefusalCode.UNKNOWN, "No further meeting is planned in this room.")
            if now == coming:
                return self.quicker(room)
            if self.room_of(coming) != room or self.status_of(coming) is not Status.CREATED:
                return refuse(RefusalCode.CONFLICT, "This meeting has already begun, or is planned in another room.")
            if await self.sessions.find(coming) is None:
                return refuse(RefusalCode.UNKNOWN, "The next meeting has no record; import it again.")
            here = None if now is None else await self.sessions.find(now)
            if here is None:
                refused = await self._follow(CloseRequested(act=name, by=by, then=coming))
                return refused or coming
            async with self.closing.at_rest(here.writer, name, by, then=coming):
                if (gone := self.gone_on(room, name)) is not None:
                    return gone
                if self.now_in(room) not in (now, None):
                    return self.quicker(room)
                if here.state.status in ON:  # Somebody may have closed it while its last words were awaited.
                    answer = await here.writer.send(Actor(Role.SYSTEM, by), name, do.CloseSession())
                    if isinstance(answer, Refusal):
                        return answer
                if here.state.goes_on is not None:
                    refused = await self.closing.go_on(here.writer)
                else:
                    refused = await self._follow(CloseRequested(act=name, by=by, then=coming))
                if refused is not None:
                    return refused
            if self.now_in(room) != coming:
                return self.quicker(room)
            return coming

    def gone_on(self, room: RoomId, act: CommandId) -> SessionId | None:
        """The session that was opened in a room by the act with this id; None where there is none."""
        for each in self._in(room):
            live = self.sessions.loaded(each.session)
            if live is not None and live.writer.receipt(opening_of(act)) is not None:
                return each.session
        return None

    def quicker(self, room: RoomId) -> Refusal:
        """The refusal when somebody else has already opened a room's next session; says who, and which session."""
        now = self.now_in(room)
        planned = None if now is None else self.plan_of(now)
        if planned is None:
            return refuse(RefusalCode.CONFLICT, "Somebody else has already started the next meeting.")
        who = self.opened_by(planned.session)
        message = f"{who or 'Somebody else'} has started “{planned.title}” already."
        return Refusal(code=RefusalCode.CONFLICT, message=message, gone_on=GoneOn(who=who, title=planned.title))

    async def _follow(self, asked: CloseRequested, insist: bool = False) -> Refusal | None:
        """Open the session that follows a closed one, unless it was opened since. Raises as `Sessions.find` does."""
        live = None if asked.then is None else await self.sessions.find(asked.then)
        if live is None or asked.act is None:
            return refuse(RefusalCode.UNKNOWN, "The next meeting has no record; import it again.")
        room = self.room_of(live.id)
        if live.state.status is not Status.CREATED or (room is not None and self.now_in(room) is not None):
            return None  # It was opened by this act before a restart, or by somebody else.
        send = live.writer.insist if insist else live.writer.send
        answer = await send(Actor(Role.SYSTEM, asked.by), opening_of(asked.act), do.OpenSession())
        if isinstance(answer, Refusal):
            return answer
        logger.info("room %s: session %s has opened", room, live.id)
        return None

    async def send(self, session: SessionId, command: do.AnyCommand, *, by: str = SYSTEM.id) -> Refusal | None:
        """Send a command in the server's name, for the person with the pseudonym `by`; None when it is done.

        A seal is made in the name of the secretariat, since readers are told in which role a text was checked. Before a
        session is closed, its last words are awaited.
        """
        live = await self.sessions.find(session)
        if live is None:
            return NO_MEETING
        if not isinstance(command, do.CloseSession):
            return await self._send(live, command, by)
        async with self.closing.at_rest(live.writer, by=by):
            return await self._send(live, command, by)

    async def _send(self, live: LiveSession, command: do.AnyCommand, by: str) -> Refusal | None:
        role = Role.SECRETARIAT if isinstance(command, do.SealRecord) else Role.SYSTEM
        answer = await live.writer.send(Actor(role, by), self._name(), command)
        return answer if isinstance(answer, Refusal) else None

    def _name(self) -> CommandId:
        """A random id for an act of the server."""
        return CommandId(f"house-{self.randomness.bytes(10).hex()}")

    async def live(self, session: SessionId) -> LiveSession | None:
        """The session, loaded if needed; None when there is none. Raises as `Sessions.find` does."""
        return await self.sessions.find(session)

    def _in(self, room: RoomId) -> tuple[Planned, ...]:
        there = [each for each in self._planned.values() if each.room == room]
        return in_order([each for each in there if each.deleted is None and not each.cancelled])
