from __future__ import annotations

from moothall.core.events.types import Access
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.plan import Planned, RoomId
from moothall.services.programme.links_of_sessions import wanted_links
from moothall.services.sessions.link_terms import LinkTerms

HALL = RoomId("hall")
TERMS = LinkTerms(expires=9, with_session=True, one_browser=True)


def planned(name: str, room: RoomId | None = None) -> Planned:
    return Planned(session=SessionId(name), room=room, title=name)


def test_each_session_gets_a_link_of_each_role_and_readers_only_where_they_need_one() -> None:
    sessions = [(planned("a", HALL), Access.LINK), (planned("b"), Access.PUBLIC), (planned("c"), None)]
    made = wanted_links(sessions, [Role.MODERATOR, Role.READER], label="Ana", terms=TERMS)
    assert [(each.role, each.scope) for each in made] == [
        (Role.MODERATOR, "session:a"),
        (Role.READER, "session:a"),
        (Role.MODERATOR, "session:b"),
        (Role.MODERATOR, "session:c"),
    ]
    assert {each.label for each in made} == {"Ana"}
    assert [each.terms.one_browser for each in made] == [True, False, True, True]
    assert all(each.terms.with_session and each.terms.expires == 9 for each in made)


def test_a_room_gets_one_link_that_does_not_end_with_a_session() -> None:
    sessions = [(planned("a", HALL), Access.LINK), (planned("b", HALL), Access.LINK), (planned("c"), Access.LINK)]
    made = wanted_links(sessions, [Role.CHAIR, Role.READER], terms=TERMS, by_room=True)
    assert [(each.role, each.scope, each.terms.with_session) for each in made] == [
        (Role.CHAIR, "room:hall", False),
        (Role.READER, "session:a", True),
        (Role.READER, "session:b", True),
        (Role.CHAIR, "session:c", True),
        (Role.READER, "session:c", True),
    ]
