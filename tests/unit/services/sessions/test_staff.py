from __future__ import annotations

import pytest

from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.programme.plan import RoomId
from moothall.services.sessions.staff import (
    HALL,
    LONGEST_HUB,
    Staff,
    actor_of,
    covers,
    hub_of,
    opens_admin,
    room_scope,
    session_scope,
)

A = SessionId("a")


def test_a_scope_covers_what_it_names() -> None:
    hall = RoomId("hall")
    assert covers(HALL, A, None)
    assert covers(session_scope(A), A, hall)
    assert covers(room_scope(hall), A, hall)
    assert not covers(session_scope(SessionId("b")), A, hall)
    assert not covers(room_scope(hall), A, None)
    assert not covers(room_scope(RoomId("a")), A, hall)
    assert not covers("", A, None)


@pytest.mark.parametrize(
    ("label", "hub"),
    [
        ("Kisumu Library", "kisumu-library"),
        ("  Córdoba, sala 2 ", "cordoba-sala-2"),
        ("x" * 90, "x" * LONGEST_HUB),
        ("مكتبة", "l1"),
        ("", "l1"),
    ],
)
def test_a_coordinators_link_is_for_the_hub_that_its_label_names(label: str, hub: str) -> None:
    staff = Staff(link="l1", role=Role.HUB, scope=HALL, label=label)
    assert hub_of(staff) == hub
    assert is_name(hub)
    assert hub_of(Staff(link="l1", role=Role.MODERATOR, scope=HALL, label=label)) == ""


def test_who_acts_is_a_job_and_a_pseudonym_and_of_a_tool_the_name_of_its_link() -> None:
    tool = Staff(link="l1", role=Role.TOOL, scope=session_scope(A), label="StenoCo")
    assert actor_of(tool) == Actor(Role.TOOL, "l1", tool="StenoCo")
    person = Staff(link="l2", role=Role.CAPTIONER, scope=session_scope(A), label="Ana")
    assert actor_of(person) == Actor(Role.CAPTIONER, "l2")


def test_the_secretariat_of_all_opens_the_administration_and_nobody_else_does() -> None:
    opening = [
        (role, scope)
        for role in Role
        for scope in (HALL, room_scope(RoomId("hall")), session_scope(A))
        if opens_admin(Staff(link="l1", role=role, scope=scope, label=""))
    ]
    assert opening == [(Role.SECRETARIAT, HALL)]
