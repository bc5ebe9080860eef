from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import types as ev
from moothall.core.kernel.errors import FirstKnow, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import PolicyQuestionId, SessionId
from moothall.core.programme.changes import MeetingPlan
from moothall.core.programme.plan import Planned, Room, RoomId
from moothall.services.programme.meeting_plan import (
    MORE_MS,
    Arrangement,
    Differing,
    change_meeting,
    change_plan,
    clashing,
    duplicate,
    left_out,
    more_time,
    other_session_in_room,
    two_in_a_room,
)
from moothall.testing import loop
from support.memory.programme import HALL, HOUR, NOW, ProgrammeHouse, programme_house

A, B, C = SessionId("a"), SessionId("b"), SessionId("c")


def test_title_and_languages_go_into_the_log_and_times_into_the_programme() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = await house.plan("a", HOUR)
            before = len(await house.events(A))
            wanted = msgspec.structs.replace(planned, title="Water", languages=("sw", "fr"), ends=NOW + 3 * HOUR)
            assert await change_plan(house.programme, wanted, by="l1") is None
            assert (await house.events(A))[before:] == [ev.SessionDescribed(title="Water", languages=("sw", "fr"))]
            assert house.programme.plan_of(A) == wanted
            assert await change_plan(house.programme, wanted, by="l1") is None
            assert len(await house.events(A)) == before + 1
            later = msgspec.structs.replace(wanted, starts=NOW + 2 * HOUR)
            assert await change_plan(house.programme, later, by="l1") is None
            assert (len(await house.events(A)), house.programme.plan_of(A)) == (before + 1, later)

    loop.run(story())


def test_of_a_meeting_that_has_begun_the_times_stay() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = await house.plan("a", HOUR)
            await house.programme.send(A, do.OpenSession())
            before = len(await house.events(A))
            refused = await change_plan(house.programme, msgspec.structs.replace(planned, starts=NOW), by="l1")
            assert refused is not None
            assert refused.code is RefusalCode.CONFLICT
            wanted = msgspec.structs.replace(planned, title="Water", languages=("sw", "fr"))
            assert await change_plan(house.programme, wanted, by="l1") is None
            assert house.programme.plan_of(A) == wanted
            assert (await house.events(A))[before:] == [
                ev.SessionDescribed(title="Water"),
                ev.SessionDescribed(title="Water", languages=("sw", "fr")),
            ]

    loop.run(story())


def test_what_can_not_be_is_refused_and_changes_nothing() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = await house.plan("a", HOUR)
            nobody = await change_plan(
                house.programme, msgspec.structs.replace(planned, session=SessionId("none")), by="l1"
            )
            assert nobody is not None
            assert nobody.code is RefusalCode.UNKNOWN
            for starts, ends in ((None, NOW), (NOW, NOW), (NOW, NOW + 8 * 24 * HOUR)):
                wanted = msgspec.structs.replace(planned, title="Water", starts=starts, ends=ends)
                refused = await change_plan(house.programme, wanted, by="l1")
                assert refused is not None
                assert refused.code is RefusalCode.INVALID
            empty = msgspec.structs.replace(planned, title=" ")
            assert await change_plan(house.programme, empty, by="l1") is not None
            assert house.programme.plan_of(A) == planned

    loop.run(story())


def test_when_the_programme_can_not_be_stored_the_same_call_does_the_rest_later() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = await house.plan("a", HOUR)
            wanted = msgspec.structs.replace(planned, title="Water", starts=NOW)
            house.book.full = True
            with pytest.raises(StorageUnavailable):
                await change_plan(house.programme, wanted, by="l1")
            house.book.full = False
            assert await change_plan(house.programme, wanted, by="l1") is None
            assert house.programme.plan_of(A) == wanted

    loop.run(story())


def test_what_is_on_in_the_same_room_is_told_before_another_one_is_opened() -> None:
    async def story() -> None:
        async with programme_house() as house:
            for n, name in enumerate((A, B)):
                await house.plan(name, n * HOUR)
            await house.plan("elsewhere", 0, room=None)
            assert two_in_a_room(house.programme, B) is None
            await house.programme.send(A, do.OpenSession())
            refused = two_in_a_room(house.programme, B)
            assert refused is not None
            assert refused.first_know == FirstKnow(kind="same-room", title="a")
            assert two_in_a_room(house.programme, A) is None, "it is itself"
            for other in (SessionId("elsewhere"), SessionId("none")):
                assert other_session_in_room(house.programme, other) is None
            await house.programme.send(A, do.PauseSession())
            assert other_session_in_room(house.programme, B) is not None
            await house.programme.send(A, do.CloseSession())
            assert other_session_in_room(house.programme, B) is None

    loop.run(story())


def test_one_that_was_moved_before_what_is_on_is_named_and_can_be_started() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = [await house.plan(name, n * HOUR) for n, name in enumerate((A, B, C))]
            assert await house.programme.next_session(HALL) == A
            moved = msgspec.structs.replace(planned[1], starts=NOW - HOUR // 2, ends=NOW + HOUR)
            await house.programme.keep(planned=[moved])
            assert house.programme.next_in(HALL) == C
            assert left_out(house.programme, HALL, NOW) == (moved,)
            for wrong in (A, SessionId("none")):
                assert isinstance(await house.programme.next_session(HALL, after=A, then=wrong), Refusal)
            assert await house.programme.next_session(HALL, after=A, then=B) == B
            assert left_out(house.programme, HALL, NOW) == ()

    loop.run(story())


GARDEN = RoomId("garden")


async def changed(house: ProgrammeHouse, made_from: MeetingPlan, **fields: object) -> Refusal | Differing | None:
    return await change_meeting(house.programme, A, made_from, msgspec.structs.replace(made_from, **fields), by="l1")


def test_place_readers_and_sound_are_changed_until_its_end_and_the_start_until_it_begins() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", HOUR)
            await house.programme.keep(rooms=[Room(id=GARDEN, title="Garden")])
            plan = await house.plan_now(A)
            live = await house.sessions.find(A)
            assert live is not None
            assert await changed(house, plan, room=GARDEN, access=ev.Access.LINK, sound=ev.SoundKept.NONE) is None
            assert house.programme.room_of(A) == GARDEN
            assert (live.state.access, live.state.sound) == (ev.Access.LINK, ev.SoundKept.NONE)
            now = await house.plan_now(A)
            unknown = await changed(house, now, room=RoomId("none"))
            assert isinstance(unknown, Refusal)
            assert unknown.code is RefusalCode.INVALID
            await house.programme.send(A, do.OpenSession())
            refused = await changed(house, now, starts=NOW)
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.CONFLICT
            assert await changed(house, now, ends=NOW + 4 * HOUR, languages=("en", "fr")) is None
            assert live.state.languages == ("en", "fr")
            moved: list[SessionId] = []
            house.programme.moved(moved.append)
            kept = ev.SoundKept.UNTIL_CHECKED
            now = await house.plan_now(A)
            assert await changed(house, now, room=HALL, access=ev.Access.STAFF, sound=kept) is None
            assert (house.programme.room_of(A), moved) == (HALL, [A])
            assert (live.state.access, live.state.sound) == (ev.Access.STAFF, kept)
            await house.programme.send(A, do.CloseSession())
            over = await house.plan_now(A)
            assert over.ends == NOW + 4 * HOUR
            for fields in ({"ends": NOW + 5 * HOUR}, {"room": None}, {"access": ev.Access.LINK}):
                assert isinstance(await changed(house, over, **fields), Refusal)
            assert await changed(house, over, title="Over") is None

    loop.run(story())


def test_a_session_that_is_on_is_not_moved_to_a_room_where_another_is_on() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", HOUR)
            await house.plan("b", HOUR, room=GARDEN)
            await house.programme.keep(rooms=[Room(id=GARDEN, title="Garden")])
            now = await house.plan_now(A)
            await house.programme.send(B, do.OpenSession())
            assert await changed(house, now, room=GARDEN) is None  # It has not begun: two are only told of.
            assert await changed(house, await house.plan_now(A), room=HALL) is None
            await house.programme.send(A, do.OpenSession())
            refused = await changed(house, now, room=GARDEN)
            assert isinstance(refused, Refusal)
            assert refused.first_know == FirstKnow(kind="same-room", title="b")
            assert house.programme.room_of(A) == HALL

    loop.run(story())


def test_of_two_who_change_a_meeting_each_change_stays_unless_it_is_the_same() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", HOUR)
            both = await house.plan_now(A)
            assert await changed(house, both, title="Rain") is None
            assert await changed(house, both, ends=NOW + 3 * HOUR) is None
            now = await house.plan_now(A)
            assert (now.title, now.ends) == ("Rain", NOW + 3 * HOUR)
            assert await changed(house, both, title="Snow", starts=NOW) == Differing(fields=("title",), now=now)
            assert await house.plan_now(A) == now
            none = await change_meeting(house.programme, SessionId("none"), both, both, by="l1")
            assert isinstance(none, Refusal)

    loop.run(story())


def test_a_meeting_that_is_on_gets_ten_more_minutes_with_each_press() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", HOUR)
            refused = await more_time(house.programme, A)
            assert refused is not None
            assert refused.code is RefusalCode.CONFLICT
            assert (await more_time(house.programme, SessionId("none"))) is not None
            await house.programme.send(A, do.OpenSession())
            for _ in range(2):
                assert await more_time(house.programme, A) is None
            planned = house.programme.plan_of(A)
            assert planned is not None
            assert planned.ends == NOW + 2 * HOUR + 2 * MORE_MS
            await house.programme.keep(planned=[msgspec.structs.replace(planned, starts=None, ends=None)])
            assert await more_time(house.programme, A) is None
            begun = house.programme.plan_of(A)
            assert begun is not None
            assert begun.starts == NOW
            assert begun.ends is not None
            assert MORE_MS <= begun.ends - NOW < MORE_MS + 60_000
            await house.programme.keep(planned=[msgspec.structs.replace(begun, ends=NOW + 7 * 24 * HOUR)])
            late = await more_time(house.programme, A)
            assert late is not None
            assert late.code is RefusalCode.INVALID

    loop.run(story())


def test_the_same_is_planned_once_more_under_an_address_of_its_own() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", HOUR)
            question = ne.PolicyQuestion(id=PolicyQuestionId("q1"), text="Who pays?")
            await house.programme.send(A, do.ListPolicyQuestions(questions=(question,)))
            how = do.ArrangeSession(access=ev.Access.LINK, sound=ev.SoundKept.NONE, listed=False)
            await house.programme.send(A, how)
            made = await duplicate(house.programme, A, title="a", starts=NOW + 30 * HOUR, by="l1")
            assert isinstance(made, Planned)
            assert (made.session, made.room, made.ends) == (SessionId("a-2"), HALL, NOW + 31 * HOUR)
            live = await house.sessions.find(made.session)
            assert live is not None
            assert (live.state.access, live.state.sound, live.state.listed) == (how.access, how.sound, False)
            assert [each.text for each in live.state.notes_and_tags.questions] == ["Who pays?"]
            sometime = await duplicate(house.programme, A, title="b", starts=None, by="l1")
            assert isinstance(sometime, Planned)
            assert (sometime.starts, sometime.ends) == (None, None)
            assert isinstance(await duplicate(house.programme, C, title="c", starts=None, by="l1"), Refusal)

    loop.run(story())


def test_what_is_planned_in_one_room_at_one_time_is_known_of_both() -> None:
    async def story() -> None:
        async with programme_house() as house:
            await house.plan("a", HOUR)
            await house.plan("b", HOUR)
            await house.plan("c", 3 * HOUR)
            await house.plan("d", HOUR, room=None)
            assert [each.session for each in clashing(house.programme, A)] == [B]
            assert [each.session for each in clashing(house.programme, B)] == [A]
            assert clashing(house.programme, C) == ()
            assert clashing(house.programme, SessionId("d")) == ()

    loop.run(story())


def test_an_arrangement_is_made_with_the_plan() -> None:
    async def story() -> None:
        async with programme_house() as house:
            planned = await house.plan("a", HOUR)
            how = Arrangement(access=ev.Access.STAFF, sound=ev.SoundKept.NONE)
            before = len(await house.events(A))
            assert await change_plan(house.programme, planned, how=how, by="l1") is None
            assert await change_plan(house.programme, planned, how=how, by="l1") is None
            assert (await house.events(A))[before:] == [
                ev.SessionArranged(access=ev.Access.STAFF, sound=ev.SoundKept.NONE)
            ]

    loop.run(story())
