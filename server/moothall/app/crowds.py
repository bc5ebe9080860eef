"""What desks are told of many questions from one address, and what they ask for beside commands: older questions, and
that such a crowd is not taken.
"""

from __future__ import annotations

import msgspec

from moothall.adapters.desks.desk_socket import Extra, Wish
from moothall.app.backend import House
from moothall.core.commands import Stand
from moothall.core.events.question_parts import Standing
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CommandId, SessionId, is_command_id
from moothall.core.rules import questions as decide_floor
from moothall.services.desks.desks import Desks, News
from moothall.services.desks.questions import LEADERS
from moothall.services.desks.table import Seat


def crowd_news(house: House) -> dict[str, News]:
    """What is told of those who ask and choose: who is heard, and what may be a flood."""

    def crowds(session: SessionId) -> object:
        found = house.loaded(session, lambda live: house.asking.places.crowds(session, live.state.floor), ())
        return msgspec.to_builtins(found) if found else None

    ballots = house.ballots
    return {
        "balance": house.balance.told,
        "set-aside": ballots.set_aside,
        "lately": ballots.lately,
        "crowds": crowds,
    }


class CrowdMessages:
    """The desk messages about many questions from one address."""

    def __init__(self, house: House, desks: Desks) -> None:
        self._places = house.asking.places
        self._desks = desks

    def all(self) -> dict[str, Extra]:
        """By the names of their messages."""
        return {"older": self._older, "crowd": self._crowd}

    async def _older(self, seat: Seat, wish: Wish) -> dict[str, object] | Refusal:
        """The questions before a number, the newest first to come."""
        if seat.staff.role not in LEADERS:
            return refuse(RefusalCode.FORBIDDEN, "Your link is not for leading the discussion: it shows no questions.")
        return self._desks.older(seat, wish.first)

    async def _crowd(self, seat: Seat, wish: Wish) -> dict[str, object] | Refusal:
        """All that are being checked and came from one address are not taken, in one act."""
        if not is_command_id(wish.id):
            return refuse(RefusalCode.INVALID, "This act needs an id.")
        act = CommandId(wish.id)
        names = self._places.of(seat.live.id, seat.live.state.floor, wish.kind)
        if not names and seat.live.writer.receipt(act) is None:
            return refuse(RefusalCode.STALE, "None of these questions is being checked any more.")
        most = decide_floor.MOST_AT_ONCE
        parts = [names[first : first + most] for first in range(0, max(1, len(names)), most)]
        declined = [Stand(interventions=part, standing=Standing.DECLINED, reason=wish.text) for part in parts]
        answer = await self._desks.act(seat, act, declined)
        return answer if isinstance(answer, Refusal) else {"receipt": msgspec.to_builtins(answer.receipt)}
