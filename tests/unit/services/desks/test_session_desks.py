from __future__ import annotations

from moothall.core.kernel.actors import Role
from moothall.services.desks.acts import DeskActs, DeskPresence
from moothall.services.desks.session_desks import DeskConnection, SessionDesks
from moothall.services.sessions.staff import Staff
from moothall.testing.loop import run
from support.memory.hall import FLOOR, memory_hall


def test_what_is_for_some_roles_is_told_to_no_other() -> None:
    async def story() -> None:
        async with memory_hall() as hall:
            live = await hall.session()
            table = SessionDesks(DeskActs(live.id, hall.log))
            told: dict[Role, list[str]] = {Role.MODERATOR: [], Role.CAPTIONER: []}
            for role, heard in told.items():
                staff = Staff(link=f"l-{role}", role=role, scope="hall", label="")
                presence = DeskPresence(desk=role, role=role, label="")
                desk = DeskConnection(staff, live, FLOOR, presence, lambda event, _, heard=heard: heard.append(event))
                assert (desk.actor.role, desk.actor.id) == (role, f"l-{role}")
                table.connections[role] = desk
            table.tell("everybody", {})
            table.tell("some", {}, {Role.MODERATOR})
            assert told == {Role.MODERATOR: ["everybody", "some"], Role.CAPTIONER: ["everybody"]}

    run(story())
