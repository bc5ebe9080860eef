"""The overview's namespace of Socket.IO, `/control`: cards each second, and who sees to what."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from moothall.adapters.staff_socket import Answer, Connection, StaffSocket, refused
from moothall.core.actors import Role
from moothall.core.errors import RefusalCode
from moothall.core.ids import SessionId
from moothall.services.control_room import Card, ControlRoom
from moothall.services.role_links import HALL, Staff, room_scope
from moothall.services.text_translation import Reach

MayAct = Callable[[Staff, SessionId], bool]

ROLES = frozenset({Role.TECHNICIAN, Role.SECRETARIAT})
"""Who looks after more than one session."""


class _SeeTo(msgspec.Struct, frozen=True, kw_only=True):
    session: str
    kind: str
    name: str


def visible(cards: Sequence[Card], links: Sequence[Staff], may_act: MayAct) -> list[Card]:
    """The cards of what somebody's links reach, in their order."""
    links = [staff for staff in links if staff.role in ROLES]

    def reaches(staff: Staff, card: Card) -> bool:
        if card.session is not None:
            return may_act(staff, card.session)
        return staff.scope == HALL or (card.room is not None and staff.scope == room_scope(card.room))

    return [card for card in cards if any(reaches(staff, card) for staff in links)]


class ControlSocket:
    """Sends the cards to the pages that are open, and takes what is said on them."""

    def __init__(
        self, socket: StaffSocket, control: ControlRoom, *, may_act: MayAct, reach: Callable[[], Reach] = Reach
    ) -> None:
        """`reach`: what can be translated now."""
        self._socket = socket
        self._control = control
        self._may_act = may_act
        self._reach = reach
        # Bound: StaffSocket's number of pages.
        self._open: dict[Connection, None] = {}
        socket.serve("/control", {"join": self._join, "see-to": self._see_to}, came=lambda _: None, gone=self._gone)
        control.listen(self._tell)

    async def _join(self, connection: Connection, _: object) -> Answer:
        if not any(staff.role in ROLES for staff in self._socket.staff(connection.request)):
            return refused(RefusalCode.FORBIDDEN, "This page is for technicians and the secretariat.")
        self._open[connection] = None
        return self._shown(connection)

    async def _see_to(self, connection: Connection, data: object) -> Answer:
        wish = msgspec.convert(data, _SeeTo)
        session = SessionId(wish.session)
        seen = visible(self._control.cards, self._socket.staff(connection.request), self._may_act)
        if not wish.name.strip() or not any(card.session == session for card in seen):
            return refused(RefusalCode.UNKNOWN, "There is no such alarm here, or nobody was named.")
        self._control.see_to(session, wish.kind, wish.name)
        self._tell()
        return {}

    def _gone(self, connection: Connection) -> None:
        self._open.pop(connection, None)

    def _tell(self) -> None:
        for connection in list(self._open):
            if not connection.waiting:  # Else it is slow, and the next cards will do.
                self._socket.push(connection, "cards", self._shown(connection))

    def _shown(self, connection: Connection) -> Answer:
        cards = visible(self._control.cards, self._socket.staff(connection.request), self._may_act)
        return {
            "cards": msgspec.to_builtins(cards),
            "house": msgspec.to_builtins(self._control.house),
            "translation": msgspec.to_builtins(self._reach()),
        }
