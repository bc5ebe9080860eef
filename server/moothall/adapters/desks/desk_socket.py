"""The desks' Socket.IO namespace, `/desk` (docs/reference/desk-socket.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import msgspec

from moothall.adapters.desks.staff_socket import (
    Answer,
    StaffConnection,
    StaffMessageHandler,
    StaffSocket,
    refusal,
    refused,
)
from moothall.core.commands import AnyCommand, BringSegmentsBack, CorrectSegment, MoveSegmentsAway, MoveSegmentsHere
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, Position, SegmentId, SessionId, is_name
from moothall.services.desks.desks import Desks
from moothall.services.desks.requests import DeskRequest, Extra
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.sessions.staff import MayAct, Staff
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import PULSE

T = TypeVar("T")


MOST_COMMANDS = 50
"""The most commands in one act."""
MOST_LINES = 1_000
APART = ("translate",)
"""Extra messages that are answered without waiting for earlier ones."""


class _Join(msgspec.Struct, frozen=True, kw_only=True):
    session: str
    channel: str | None = None
    after: str | None = None
    name: str = ""
    role: str | None = None
    page: str = ""
    """An id chosen by the page. An older connection of the same page, which may be dead, is ended."""


class _Act(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    commands: tuple[AnyCommand, ...]
    anyway: bool = False
    """Whether the actor has seen what to know first (`FirstKnow`) and confirmed the act."""


class _Undo(msgspec.Struct, frozen=True, kw_only=True):
    id: str


class _Name(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class _Typing(msgspec.Struct, frozen=True, kw_only=True):
    line: str
    text: str
    language: str


class _Correcting(msgspec.Struct, frozen=True, kw_only=True):
    segment: SegmentId | None


class _Outlet:
    """The writer that the fan-out expects: it receives server-sent events and passes them on as `frame` messages."""

    def __init__(self, socket: StaffSocket, connection: StaffConnection) -> None:
        self._socket = socket
        self._connection = connection
        self._stream = EventStream()
        self.open = True

    def write(self, data: bytes) -> None:
        for event in self._stream.feed(data):
            if self.open:
                body = msgspec.json.decode(event.data)
                if event.name == PULSE:
                    self._socket.push(self._connection, PULSE, body[PULSE], len(event.data))
                else:
                    self._socket.push(self._connection, "frame", body, len(event.data))

    def get_write_buffer_size(self) -> int:
        return self._connection.bytes_waiting

    def is_closing(self) -> bool:
        return self._connection.closing or not self.open

    def abort(self) -> None:
        self._socket.cut(self._connection)


class _Sitting:
    """The state of a connection that has joined: its desk, and the fan-out's outlet."""

    def __init__(self, desk: DeskConnection, outlet: _Outlet, page: str) -> None:
        self.desk = desk
        self.outlet = outlet
        self.page = page


class DeskSocket:
    """Handles the messages of the desks."""

    def __init__(self, socket: StaffSocket, desks: Desks, *, may_act: MayAct, extras: dict[str, Extra]) -> None:
        """`extras`: handlers of further messages, by name, such as `redo`, `move`, `next`, `seen`, `mended`."""
        self._socket = socket
        self._desks = desks
        self._may_act = may_act
        self._extras = extras
        handlers = {
            "join": self._join,
            "leave": self._leave,
            "act": self._seated(_Act, self._act),
            "undo": self._seated(_Undo, self._undo),
            "name": self._seated(_Name, self._name),
            "typing": self._seated(_Typing, self._typing),
            "correcting": self._seated(_Correcting, self._correcting),
            **{name: self._seated(DeskRequest, partial(self._extra, name)) for name in extras},
        }
        socket.serve("/desk", handlers, on_open=lambda _: None, on_close=self._gone, holds=self._holds, apart=APART)

    async def _join(self, connection: StaffConnection, data: object) -> Answer:
        request = msgspec.convert(data, _Join)
        session = SessionId(request.session)
        staff = self._for(connection, session, request.role)
        if staff is None:
            return _NO_MEETING
        try:
            after = Position.parse(request.after) if request.after else None
        except ValueError as error:
            return refused(RefusalCode.INVALID, str(error))
        self._gone(connection)
        self._end_older(connection, staff, request.page)
        outlet = _Outlet(self._socket, connection)
        answer = await self._desks.join(
            staff,
            session,
            outlet=outlet,
            push=lambda event, body: self._socket.push(connection, event, body),
            channel=ChannelId(request.channel) if request.channel else None,
            after=after,
            name=request.name,
        )
        if isinstance(answer, Refusal):
            return refusal(answer)
        desk, shown = answer
        connection.memory = _Sitting(desk, outlet, request.page)
        if connection.closing:  # It disconnected while the session was being loaded.
            self._gone(connection)
        return shown

    def _end_older(self, connection: StaffConnection, staff: Staff, page: str) -> None:
        """End earlier connections of the same page, so that it has only one desk."""
        for other in self._socket.connected("/desk") if page else ():
            sitting = other.memory
            same = isinstance(sitting, _Sitting) and sitting.page == page and sitting.desk.staff.link == staff.link
            if same and other is not connection:
                self._gone(other)
                self._socket.cut(other)

    async def _leave(self, connection: StaffConnection, _: object) -> Answer:
        self._gone(connection)
        return {}

    def _seated(self, kind: type[T], handler: Callable[[DeskConnection, T], Awaitable[Answer]]) -> StaffMessageHandler:
        """A handler that decodes the message as `kind` and requires a connection that has joined."""

        async def handle(connection: StaffConnection, data: object) -> Answer:
            request = msgspec.convert({} if data is None else data, kind)
            desk = self._desk(connection)
            return _NOT_JOINED if desk is None else await handler(desk, request)

        return handle

    async def _act(self, desk: DeskConnection, request: _Act) -> Answer:
        if not 0 < len(request.commands) <= MOST_COMMANDS:
            return refused(RefusalCode.INVALID, f"An act holds 1 to {MOST_COMMANDS} commands.")
        corrections = [command for command in request.commands if isinstance(command, CorrectSegment)]
        if any(command.accepted for command in corrections):
            return refused(RefusalCode.INVALID, "Accept proposals with the message `accept`, not in an act.")
        if any(command.proposed for command in corrections):
            return refused(RefusalCode.INVALID, "Accept what a speaker proposes on the page for checking.")
        if any(command.unmended for command in corrections):
            return refused(RefusalCode.INVALID, "Undo a correction with the message `undo`, not in an act.")
        if any(
            isinstance(command, MoveSegmentsAway | MoveSegmentsHere | BringSegmentsBack) for command in request.commands
        ):
            # The times and the origin of moved lines have to be read from the session that they leave.
            return refused(RefusalCode.INVALID, "Move lines to another session with the message `move`, not in an act.")
        answer = await self._desks.act(desk, CommandId(request.id), request.commands, anyway=request.anyway)
        if isinstance(answer, Refusal):
            return refusal(answer)
        return {"receipt": msgspec.to_builtins(answer.receipt), "undo": msgspec.to_builtins(answer.undo)}

    async def _undo(self, desk: DeskConnection, request: _Undo) -> Answer:
        answer = await self._desks.undo(desk, CommandId(request.id))
        return refusal(answer) if isinstance(answer, Refusal) else {"receipt": msgspec.to_builtins(answer)}

    async def _name(self, desk: DeskConnection, request: _Name) -> Answer:
        self._desks.call(desk, request.name)
        return {}

    async def _typing(self, desk: DeskConnection, request: _Typing) -> Answer:
        refused = self._desks.typed_ahead.write(desk, request.line, request.text, request.language)
        return {} if refused is None else refusal(refused)

    async def _correcting(self, desk: DeskConnection, request: _Correcting) -> Answer:
        self._desks.correcting(desk, request.segment)
        return {}

    async def _extra(self, name: str, desk: DeskConnection, request: DeskRequest) -> Answer:
        if len(request.segments) > MOST_LINES:
            return refused(RefusalCode.INVALID, f"At most {MOST_LINES} lines at a time.")
        if request.session is not None and not self._may_act(desk.staff, SessionId(request.session)):
            return _NO_MEETING
        answer = await self._extras[name](desk, request)
        return refusal(answer) if isinstance(answer, Refusal) else answer

    def _desk(self, connection: StaffConnection) -> DeskConnection | None:
        """The connection's desk while its link still allows the session; otherwise None."""
        sitting = connection.memory
        if not isinstance(sitting, _Sitting):
            return None
        if self._holds(connection):
            return sitting.desk
        self._gone(connection)
        return None

    def _holds(self, connection: StaffConnection) -> bool:
        """Whether the link with which somebody joined is still theirs and allows the session. True before joining."""
        sitting = connection.memory
        if not isinstance(sitting, _Sitting):
            return True
        desk = sitting.desk
        held = any(staff.link == desk.staff.link for staff in self._socket.staff(connection.request))
        return held and self._may_act(desk.staff, desk.live.id)

    def _for(self, connection: StaffConnection, session: SessionId, role: str | None) -> Staff | None:
        """The link to join with: the first that allows the session and, where one is given, has the role."""
        if not is_name(session):
            return None
        links = self._socket.staff(connection.request)
        fitting = [staff for staff in links if self._may_act(staff, session) and role in (None, staff.role)]
        return fitting[0] if fitting else None

    def _gone(self, connection: StaffConnection) -> None:
        sitting = connection.memory
        connection.memory = None
        if isinstance(sitting, _Sitting):
            sitting.outlet.open = False
            self._desks.leave(sitting.desk)


_NO_MEETING: Answer = refused(RefusalCode.UNKNOWN, "There is no such meeting here, or your link is not for it.")
_NOT_JOINED: Answer = refused(RefusalCode.CONFLICT, "Join a meeting first.")
