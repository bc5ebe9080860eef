from __future__ import annotations

from typing import get_args

from moothall.core import commands as do
from moothall.core.actors import Role
from moothall.core.authority import COMMANDS, STAFF_ROLES, may_follow, may_read, may_send
from moothall.core.events import Access, ChannelKind
from moothall.core.ids import ChannelId, Lane
from moothall.core.lanes import FLOOR, SESSION, STAFF, channel_lane, hub_lane, words_lane


def test_every_role_has_its_row_and_every_command_somebody_who_may_send_it() -> None:
    assert set(COMMANDS) == set(Role)
    assert set().union(*COMMANDS.values()) == set(get_args(do.AnyCommand))


def test_nobody_gets_more_than_the_table_says() -> None:
    pause = do.PauseSession()
    allowed = {role for role in Role if may_send(role, pause)}
    assert allowed == {Role.SYSTEM, Role.TECHNICIAN, Role.CHAIR, Role.SECRETARIAT}
    add = do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",))
    assert {role for role in Role if may_send(role, add)} == {Role.SYSTEM, Role.SECRETARIAT}


def test_public_lanes_are_for_everybody_but_engines_and_the_others_for_few() -> None:
    for lane in (SESSION, FLOOR, channel_lane(ChannelId("floor")), words_lane(ChannelId("floor"))):
        assert {role for role in Role if not may_follow(role, lane)} == {Role.ENGINE}
    assert {role for role in Role if may_follow(role, STAFF)} == STAFF_ROLES | {Role.SYSTEM}
    kisumu = hub_lane("kisumu")
    assert {role for role in Role if may_follow(role, kisumu)} == {Role.SYSTEM}
    assert {role for role in Role if may_follow(role, kisumu, hub="kisumu")} == {Role.SYSTEM, Role.HUB}
    assert not may_follow(Role.HUB, kisumu, hub="lima")
    assert not may_follow(Role.READER, Lane("something-new"))


def test_access_is_public_by_link_or_for_staff() -> None:
    assert may_read(Role.READER, Access.PUBLIC)
    assert not may_read(Role.READER, Access.LINK)
    assert may_read(Role.READER, Access.LINK, has_link=True)
    assert not may_read(Role.PARTICIPANT, Access.STAFF, has_link=True)
    assert may_read(Role.MODERATOR, Access.STAFF)
    assert may_read(Role.SYSTEM, Access.STAFF)
    assert not may_read(Role.ENGINE, Access.PUBLIC)
