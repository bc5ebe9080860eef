from __future__ import annotations

from moothall.core.kernel.actors import Role
from moothall.services.desks.acts import DeskActs, Presence
from moothall.services.desks.table import Seat, Table
from moothall.services.sessions.role_links import Staff
from moothall.testing.loop import run
from support.memory.hall import FLOOR, memory_hall


def test_what_is_for_some_roles_is_told_to_no_other() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            table = Table(DeskActs(live.id, hall.log))
            told: dict[Role, list[str]] = {Role.MODERATOR: [], Role.CAPTIONER: []}
            for role, heard in told.items():
                staff = Staff(link=f"l-{role}", role=role, scope="hall", label="")
                presence = Presence(seat=role, role=role, label="")
                seat = Seat(staff, live, FLOOR, presence, lambda event, _, heard=heard: heard.append(event))
                assert (seat.actor.role, seat.actor.id) == (role, f"l-{role}")
                table.seats[role] = seat
            table.tell("everybody", {})
            table.tell("some", {}, {Role.MODERATOR})
            assert told == {Role.MODERATOR: ["everybody", "some"], Role.CAPTIONER: ["everybody"]}

    run(story())
