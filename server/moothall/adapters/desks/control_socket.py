"""The control room's Socket.IO namespace, `/control`: cards each second, and who has taken charge of which alarm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.adapters.desks.staff_socket import Answer, StaffConnection, StaffSocket, refused
from moothall.core.commands import AnyCommand, ClearWall, PutOnAir
from moothall.core.events.lines import AirSource
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import NO_MEETING, Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, SessionId, is_command_id
from moothall.services.control.control_room import ControlRoom, RoomCard
from moothall.services.log.act_queue import SendCommand
from moothall.services.sessions.staff import HALL, MayAct, Staff, actor_of, room_scope
from moothall.services.translation.text_translation import Reach

ROLES = frozenset({Role.TECHNICIAN, Role.SECRETARIAT})
"""Roles that monitor more than one session."""


class _SeeTo(msgspec.Struct, frozen=True, kw_only=True):
    session: str
    kind: str
    name: str


def visible(cards: Sequence[RoomCard], links: Sequence[Staff], may_act: MayAct) -> list[RoomCard]:
    """The cards that somebody's links allow, in the given order."""
    links = [staff for staff in links if staff.role in ROLES]

    def reaches(staff: Staff, card: RoomCard) -> bool:
        if card.session is not None:
            return may_act(staff, card.session)
        return staff.scope == HALL or (card.room is not None and staff.scope == room_scope(card.room))

    return [card for card in cards if any(reaches(staff, card) for staff in links)]


_Trends = dict[str, tuple[tuple[int | None, ...], tuple[int, ...]]]
"""The delays and rates of each card, by the card's key."""


class _OfSession(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    """The act's id, chosen by the page."""
    session: str


@dataclass(eq=False, repr=False)
class ControlSocket:
    """Sends the cards to the open pages, and carries out what is requested there.

    `send`: carries out a command in a session; `reach`: which languages can be translated now.
    """

    socket: StaffSocket
    control: ControlRoom
    _: KW_ONLY
    may_act: MayAct
    send: SendCommand
    reach: Callable[[], Reach] = Reach

    def __post_init__(self) -> None:
        # Bound: the number of pages in StaffSocket.
        self._open: dict[StaffConnection, _Trends | None] = {}
        """The open pages, each with the trends last sent to it; None for a page that wants them each time."""
        handlers = {
            "join": self._join,
            "see-to": self._see_to,
            "clear-wall": self._clear_wall,
            "machine-on-air": self._machine_on_air,
        }
        self.socket.serve("/control", handlers, on_open=lambda _: None, on_close=self._gone)
        self.control.listen(self._tell)
        self.control.listen_levels(self._tell_levels)

    async def _join(self, connection: StaffConnection, data: object) -> Answer:
        """Register a page. With `{"trends": "changed"}` it gets trends only when they have changed; older pages get
        them each time.
        """
        if not any(staff.role in ROLES for staff in self.socket.staff(connection.request)):
            return refused(RefusalCode.FORBIDDEN, "This page is for technicians and the secretariat.")
        wants = data.get("trends") if isinstance(data, dict) else None
        self._open[connection] = {} if wants == "changed" else None
        return self._answer(connection)

    async def _see_to(self, connection: StaffConnection, data: object) -> Answer:
        request = msgspec.convert(data, _SeeTo)
        session = SessionId(request.session)
        seen = visible(self.control.cards, self.socket.staff(connection.request), self.may_act)
        shared = any(each.kind == request.kind for each in self.control.overview.alarms)
        if not request.name.strip() or not (shared or any(card.session == session for card in seen)):
            return refused(RefusalCode.UNKNOWN, "There is no such alarm here, or nobody was named.")
        self.control.see_to(session, request.kind, request.name)
        self._tell()
        return {}

    async def _clear_wall(self, connection: StaffConnection, data: object) -> Answer:
        return await self._send(connection, msgspec.convert(data, _OfSession), ClearWall())

    async def _machine_on_air(self, connection: StaffConnection, data: object) -> Answer:
        """Put the machine on air in each channel whose captioner has stopped writing."""
        request = msgspec.convert(data, _OfSession)
        for n, channel in enumerate(sorted(self.control.silent(SessionId(request.session)))):
            put = PutOnAir(channel=channel, source=AirSource.MACHINE)
            answer = await self._send(connection, msgspec.structs.replace(request, id=f"{request.id}:{n}"), put)
            if answer:
                return answer
        return {}

    async def _send(self, connection: StaffConnection, request: _OfSession, command: AnyCommand) -> Answer:
        """Carry out a command of somebody who monitors the session; return {} once it is done."""
        session = SessionId(request.session)
        links = [staff for staff in self.socket.staff(connection.request) if staff.role in ROLES]
        staff = next((each for each in links if self.may_act(each, session)), None)
        if staff is None or not is_command_id(request.id):
            return refused(NO_MEETING.code, NO_MEETING.message)
        answer = await self.send(actor_of(staff), session, CommandId(request.id), command)
        return refused(answer.code, answer.message) if isinstance(answer, Refusal) else {}

    def _gone(self, connection: StaffConnection) -> None:
        self._open.pop(connection, None)

    def _tell(self) -> None:
        for connection in list(self._open):
            if not connection.waiting:  # A slow page skips these cards and gets later ones.
                self.socket.push(connection, "cards", self._answer(connection))

    def _tell_levels(self) -> None:
        for connection in list(self._open):
            if not connection.waiting:
                cards = visible(self.control.cards, self.socket.staff(connection.request), self.may_act)
                on = [card.session for card in cards if card.session is not None]
                if on:
                    self.socket.push(connection, "levels", {each: self.control.level(each) for each in on})

    def _answer(self, connection: StaffConnection) -> Answer:
        cards = visible(self.control.cards, self.socket.staff(connection.request), self.may_act)
        rows = msgspec.to_builtins(cards)
        told = self._open.get(connection)
        if told is not None:
            now = {card.key: (card.delays, card.rates) for card in cards}
            for row in rows:
                if told.get(row["key"]) == now[row["key"]]:
                    del row["delays"], row["rates"]
            self._open[connection] = now
        return {
            "cards": rows,
            "overview": msgspec.to_builtins(self.control.overview),
            "translation": msgspec.to_builtins(self.reach()),
        }
