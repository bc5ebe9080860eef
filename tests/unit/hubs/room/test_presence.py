from __future__ import annotations

import pytest

from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import NoteId
from moothall.wire.hubs.acts import HeadCountAct, NoteAct, NoteReadAct
from moothall_hub.outbox.outbox import ActState
from moothall_hub.room.presence import LONGEST_NOTE, MOST_NOTES, MOST_PEOPLE, SETTLE_MS, RoomPresence
from support.hubs.desk import NODE, Room, S, a_note, jumping, room


async def again(made: Room) -> RoomPresence:
    presence = RoomPresence(made.parts)
    await presence.load()
    return presence


@jumping
async def test_people_are_counted_by_one_tap_and_told_as_one_number() -> None:
    async with room() as made:
        assert made.presence.people(S) is None
        for more in (1, 1, 1, -1):
            await made.presence.add(S, more)
        counted = made.presence.people(S)
        assert counted is not None
        assert counted.people == 2
        await made.presence.pass_on()
        assert made.outbox.acts == {}, "it has to stand for a while"
        presence = await again(made)
        assert presence.people(S) == counted
        await made.clock.sleep(SETTLE_MS)
        await presence.pass_on()
        await presence.pass_on()
        (put,) = made.outbox.acts.values()
        assert (put.id, put.act, put.at) == (f"heads:{NODE}:{counted.at}:2", HeadCountAct(people=2), counted.at)


@jumping
async def test_there_are_never_less_than_none_nor_more_than_a_stadium_holds() -> None:
    async with room() as made:
        await made.presence.add(S, -1)
        assert made.presence.people(S).people == 0  # type: ignore[union-attr]
        await made.presence.count(S, MOST_PEOPLE + 1)
        assert made.presence.people(S).people == MOST_PEOPLE  # type: ignore[union-attr]
        made.book.full = True
        with pytest.raises(StorageUnavailable):
            await made.presence.add(S, 1)
        assert made.presence.people(S).people == MOST_PEOPLE  # type: ignore[union-attr]


@jumping
async def test_a_clock_that_was_set_back_holds_nothing_up() -> None:
    async with room() as made:
        await made.presence.count(S, 5)
        made.presence._people[S] = type(made.presence._people[S])(people=5, at=made.clock.wall() + 60_000)
        await made.presence.pass_on()
        assert len(made.outbox.of(HeadCountAct)) == 1


@jumping
async def test_a_note_is_kept_until_the_meeting_shows_it() -> None:
    async with room() as made:
        assert await made.presence.leave(S, "  We hear nothing.  ")
        assert await made.presence.leave(S, "   ")
        (note,) = await made.presence.notes(S)
        assert (note.text, note.own) == ("We hear nothing.", True)
        assert note.standing is not None
        assert note.standing.state is ActState.WAITING
        (put,) = made.outbox.acts.values()
        assert (put.id, put.act) == (f"note:{note.note}", NoteAct(note=note.note, text="We hear nothing."))
        presence = await again(made)
        made.meetings.left.append(a_note(note.note, "We hear nothing.", by=Role.HUB, read=(Role.MODERATOR,)))
        (seen,) = await presence.notes(S)
        assert (seen.own, seen.read, seen.standing) == (True, (Role.MODERATOR,), None)
        await presence.pass_on()
        made.meetings.left.clear()
        assert await (await again(made)).notes(S) == []


@jumping
async def test_a_note_that_the_outbox_cant_take_goes_later_and_one_that_was_refused_says_so() -> None:
    async with room() as made:
        made.outbox.full = True
        assert await made.presence.leave(S, "Louder, please.")
        assert made.outbox.acts == {}
        presence = await again(made)
        running = made.hall.group.create_task(presence.run())  # type: ignore[union-attr]
        await made.clock.sleep(1)
        made.outbox.full = False
        await made.clock.sleep(SETTLE_MS)
        (put,) = made.outbox.of(NoteAct)
        running.cancel()
        made.outbox.answer(put.id, RefusalCode.CONFLICT, "It is over.")
        (note,) = await presence.notes(S)
        assert note.standing == made.outbox.standing[put.id]


@jumping
async def test_so_many_notes_wait_and_no_more_and_none_is_longer_than_allowed() -> None:
    async with room() as made:
        for n in range(MOST_NOTES):
            assert await made.presence.leave(S, f"{n} " + "x" * LONGEST_NOTE)
        assert not await made.presence.leave(S, "one more")
        notes = await made.presence.notes(S)
        assert len(notes) == MOST_NOTES
        assert {len(note.text) for note in notes} == {LONGEST_NOTE}


@jumping
async def test_a_note_from_the_meeting_is_read_once() -> None:
    async with room() as made:
        made.meetings.left += [
            a_note("n1", "Wait for us?", at=1),
            a_note("n2", "Ours", by=Role.HUB, at=2),
            a_note("n3", "Read", at=3, read=(Role.HUB,)),
        ]
        for note in ("n1", "n1", "n2", "n3", "none"):
            await made.presence.read(S, NoteId(note))
        (put,) = made.outbox.acts.values()
        assert (put.id, put.act) == (f"note-read:{NODE}:n1", NoteReadAct(note=NoteId("n1")))
        first, ours, third = await made.presence.notes(S)
        assert first.read == third.read == (Role.HUB,)
        assert (first.own, ours.own, ours.read) == (False, True, ())
