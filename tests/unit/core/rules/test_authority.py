from __future__ import annotations

from typing import get_args

from moothall.core import commands as do
from moothall.core.events.lines import AirSource
from moothall.core.events.outcome_parts import Confirmer
from moothall.core.events.types import Access, ChannelKind
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, Lane, MessageId, SegmentId
from moothall.core.kernel.lanes import QUESTIONS, SESSION, STAFF, channel_lane, hub_lane, words_lane
from moothall.core.outcomes import commands as outcome
from moothall.core.rules.authority import COMMANDS, REMOVERS, STAFF_ROLES, may_follow, may_read, may_send, writes_into


def test_every_role_has_its_row_and_every_command_somebody_who_may_send_it() -> None:
    assert set(COMMANDS) == set(Role)
    assert set().union(*COMMANDS.values()) == set(get_args(do.AnyCommand))


def test_nobody_gets_more_than_the_table_says() -> None:
    pause = do.PauseSession()
    allowed = {role for role in Role if may_send(role, pause)}
    assert allowed == {Role.SYSTEM, Role.TECHNICIAN, Role.CHAIR, Role.SECRETARIAT}
    add = do.AddChannel(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",))
    assert {role for role in Role if may_send(role, add)} == {Role.SYSTEM, Role.SECRETARIAT}


def test_who_says_what_is_kept_and_who_may_have_words_erased() -> None:
    allowed = {role for role in Role if may_send(role, do.BeginNotRecorded())}
    assert allowed == {Role.SYSTEM, Role.TECHNICIAN, Role.CHAIR, Role.MODERATOR, Role.SECRETARIAT}
    assert {role for role in Role if may_send(role, do.EndNotRecorded())} == allowed
    assert {Role.TECHNICIAN, Role.SECRETARIAT} == REMOVERS


def test_whoever_holds_a_meeting_alone_may_mend_its_text() -> None:
    line = do.TypeSegment(channel=ChannelId("floor"), segment=SegmentId("t"), text="x", language="en")
    menders = {Role.TECHNICIAN, Role.CAPTIONER, Role.SECRETARIAT}
    assert {role for role in Role if may_send(role, line)} == menders | {Role.INTERPRETER, Role.TOOL}
    air = do.PutOnAir(channel=ChannelId("floor"), source=AirSource.PERSON)
    assert {role for role in Role if may_send(role, air)} == menders | {Role.INTERPRETER, Role.TOOL, Role.SYSTEM}
    fix = do.CorrectSegment(channel=ChannelId("floor"), segment=SegmentId("t"), base_revision=0, base_words=0, text="x")
    assert {role for role in Role if may_send(role, fix)} == menders | {Role.ENGINE, Role.TOOL}
    better = do.ReviseSegment(channel=ChannelId("floor"), generation=1, segment=SegmentId("t"), base_words=1, text="x")
    assert {role for role in Role if may_send(role, better)} == {Role.ENGINE}
    split = do.SplitSegment(channel=ChannelId("floor"), segment=SegmentId("t"), revision=0, word=1, into=SegmentId("u"))
    assert {role for role in Role if may_send(role, split)} == menders | {Role.ENGINE}


def test_into_which_texts_a_role_writes() -> None:
    assert {role for role in Role if not writes_into(role, ChannelKind.FLOOR)} == {Role.INTERPRETER}
    assert all(writes_into(role, ChannelKind.INTERPRETATION) for role in Role)
    assert not any(writes_into(role, ChannelKind.TRANSLATION) for role in Role)


def test_everybody_at_a_desk_may_leave_a_note_and_nobody_else() -> None:
    assert {role for role in Role if may_send(role, do.LeaveNote(text="x"))} == STAFF_ROLES


def test_whoever_names_speakers_at_a_desk_says_how_names_are_written() -> None:
    term = do.ChooseTerm(term="Moothall", wanted=True)
    choosers = {Role.TECHNICIAN, Role.MODERATOR, Role.CAPTIONER, Role.SECRETARIAT}
    assert {role for role in Role if may_send(role, term)} == choosers


def test_an_engine_neither_strikes_nor_types_nor_names_anybody() -> None:
    floor = ChannelId("floor")
    commands: tuple[do.AnyCommand, ...] = (
        do.RewindChannel(channel=floor, t=0),
        do.SetSpeaker(channel=floor, speaker=None),
        do.ForceLanguage(channel=floor, language=None),
        do.TypeSegment(channel=floor, segment=SegmentId("t"), text="x", language="en"),
        do.MoveSegmentsAway(channel=floor, segments=(), session=None),
        do.MoveSegmentsHere(channel=floor, session=None, lines=()),
    )
    assert not any(may_send(Role.ENGINE, command) for command in commands)


def test_public_lanes_are_for_everybody_but_engines_and_the_others_for_few() -> None:
    for lane in (SESSION, QUESTIONS, channel_lane(ChannelId("floor")), words_lane(ChannelId("floor"))):
        assert {role for role in Role if not may_follow(role, lane)} == {Role.ENGINE}
    assert {role for role in Role if may_follow(role, STAFF)} == STAFF_ROLES | {Role.SYSTEM}
    kisumu = hub_lane("kisumu")
    assert {role for role in Role if may_follow(role, kisumu)} == {Role.SYSTEM}
    assert {role for role in Role if may_follow(role, kisumu, hub="kisumu")} == {Role.SYSTEM, Role.HUB}
    assert not may_follow(Role.HUB, kisumu, hub="lima")
    assert may_follow(Role.HUB, hub_lane("kisumu.port"), hub="kisumu")
    assert not may_follow(Role.HUB, kisumu, hub="kisumu.port")
    assert not may_follow(Role.READER, Lane("something-new"))


def test_access_is_public_by_link_or_for_staff() -> None:
    assert may_read(Role.READER, Access.PUBLIC)
    assert not may_read(Role.READER, Access.LINK)
    assert may_read(Role.READER, Access.LINK, has_link=True)
    assert not may_read(Role.PARTICIPANT, Access.STAFF, has_link=True)
    assert may_read(Role.MODERATOR, Access.STAFF)
    assert may_read(Role.SYSTEM, Access.STAFF)
    assert not may_read(Role.ENGINE, Access.PUBLIC)


def test_a_commitment_is_confirmed_by_whoever_gave_it_and_what_was_agreed_by_the_staff() -> None:
    given, agreed = (
        outcome.ConfirmMessage(message=MessageId("m"), n=1, by=by, name="Ana")
        for by in (Confirmer.GIVER, Confirmer.CHAIR)
    )
    assert [role for role in Role if may_send(role, given)] == [Role.PARTICIPANT]
    assert {role for role in Role if may_send(role, agreed)} == {Role.CHAIR, Role.SECRETARIAT}
