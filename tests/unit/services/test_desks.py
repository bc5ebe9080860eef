from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hall_in_memory import FLOOR, SESSION, MemoryHall, memory_hall
from moothall.core.actors import SYSTEM, Role
from moothall.core.commands import (
    AnyCommand,
    BringLinesBack,
    CloseSession,
    CorrectSegment,
    IntroduceSpeaker,
    LeaveNote,
    MoveLinesAway,
    OpenSession,
    TakeFloor,
    TypeLine,
)
from moothall.core.errors import Refusal, RefusalCode
from moothall.core.ids import ChannelId, CommandId, Position, SegmentId, SessionId, SpeakerId
from moothall.core.removing import Lines
from moothall.core.undo import inverse
from moothall.services.desks import ACTS, Acknowledged, Desks, Seat
from moothall.services.orders import Receipt
from moothall.services.role_links import Staff
from moothall.testing.loop import run
from moothall.testing.outlets import MemoryOutlet
from moothall.testing.seeded import SeededRandomness
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Received, decode

TECHNICIAN = Staff(link="l1", role=Role.TECHNICIAN, scope="hall", label="Ann's laptop")
CAPTIONER = Staff(link="l2", role=Role.CAPTIONER, scope="hall", label="Captions")
READER = Staff(link="l3", role=Role.READER, scope="hall", label="A reader")


class Open:
    """A desk of a test."""

    def __init__(self, seat: Seat, state: dict[str, object], outlet: MemoryOutlet, told: list[tuple[str, object]]):
        self.seat = seat
        self.state = state
        self.outlet = outlet
        self.told = told

    def frames(self) -> list[Received]:
        return [decode(event.data) for event in EventStream().feed(self.outlet.sent)]

    def bodies(self, event: str) -> list[object]:
        return [body for kind, body in self.told if kind == event]


class House:
    def __init__(self, hall: MemoryHall) -> None:
        self.hall = hall
        self.news: dict[str, object] = {}
        self.desks = Desks(
            hall.sessions,
            log=hall.log,
            closing=hall.closing,
            clock=hall.clock,
            randomness=SeededRandomness(),
            inverse=inverse,
            news={"alarm": lambda _: self.news.get("alarm")},
        )

    async def sit(self, staff: Staff = TECHNICIAN, *, after: Position | None = None, name: str = "") -> Open:
        outlet, told = MemoryOutlet(), list[tuple[str, object]]()
        answer = await self.desks.join(
            staff, SESSION, outlet=outlet, push=lambda event, body: told.append((event, body)), after=after, name=name
        )
        assert not isinstance(answer, Refusal)
        return Open(*answer, outlet, told)


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    async with memory_hall() as hall:
        live = await hall.session()
        await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
        made = House(hall)
        assert hall.group is not None
        running = hall.group.create_task(made.desks.run())
        yield made
        running.cancel()


def test_a_desk_gets_the_text_from_a_snapshot_on_or_from_where_it_was() -> None:
    async def story() -> None:
        async with house() as on:
            first = await on.sit(name="  Ann   B. ")
            assert first.state["role"] == "technician"
            assert first.state["presence"] == [
                {"seat": first.state["seat"], "role": "technician", "label": "Ann's laptop", "name": "Ann B."}
            ]
            snapshot = first.frames()[0].snapshot
            assert snapshot is not None
            assert snapshot.feed == "floor.staff"
            await on.desks.act(first.seat, CommandId("n"), [LeaveNote(text="Hello.")])
            await on.hall.clock.sleep(1)
            assert first.frames()[-1].events[0].original is not None
            again = await on.sit(after=Position(snapshot.epoch, snapshot.offset))
            assert [len(frame.events) for frame in again.frames()] == [1]
            notes = again.state["notes"]
            assert isinstance(notes, list)
            assert [note["text"] for note in notes] == ["Hello."]

    run(story())


def test_who_may_not_sit_down() -> None:
    async def story() -> None:
        async with house() as on:
            for staff, session, channel in (
                (READER, SESSION, None),
                (TECHNICIAN, SessionId("none"), None),
                (TECHNICIAN, SESSION, ChannelId("none")),
            ):
                answer = await on.desks.join(
                    staff, session, outlet=MemoryOutlet(), push=lambda *_: None, channel=channel
                )
                assert isinstance(answer, Refusal)

    run(story())


def test_desks_see_who_is_there_until_they_leave() -> None:
    async def story() -> None:
        async with house() as on:
            one, two = await on.sit(), await on.sit(CAPTIONER)
            on.desks.call(two.seat, "Ben")
            assert [len(who) for who in one.bodies("presence") if isinstance(who, list)] == [1, 2, 2]
            assert [who["name"] for who in on.desks.presence(SESSION)] == ["", "Ben"]
            on.desks.leave(two.seat)
            on.desks.leave(two.seat)
            assert len(on.desks.presence(SESSION)) == 1
            assert len(one.bodies("presence")) == 4
            assert on.desks.presence(SessionId("other")) == []

    run(story())


def test_an_act_says_how_it_is_undone_and_is_told_to_all() -> None:
    async def story() -> None:
        async with house() as on:
            one, two = await on.sit(), await on.sit(CAPTIONER)
            amina = SpeakerId("amina")
            acts: list[AnyCommand] = [
                IntroduceSpeaker(speaker=amina, name="Amina"),
                TakeFloor(channel=FLOOR, speaker=amina),
            ]
            answer = await on.desks.act(two.seat, CommandId("a"), acts)
            assert isinstance(answer, Acknowledged)
            assert answer.undo == (TakeFloor(channel=FLOOR, speaker=None),)
            assert await on.desks.act(two.seat, CommandId("a"), acts) == answer
            assert len(one.bodies("acted")) == 1
            undone = await on.desks.undo(one.seat, CommandId("a"))
            assert isinstance(undone, Receipt)
            assert await on.desks.undo(one.seat, CommandId("a")) == undone
            assert one.seat.live.state.channels[FLOOR].speaker is None
            last = one.bodies("acted")[-1]
            assert isinstance(last, dict)
            assert last["undone"]
            assert isinstance(await on.desks.undo(one.seat, CommandId("b")), Refusal)
            refused = await on.desks.act(two.seat, CommandId("c"), [CloseSession()])
            assert isinstance(refused, Refusal)
            assert refused.code == "forbidden"

    run(story())


def test_whoever_may_have_words_removed_is_told_so() -> None:
    async def story() -> None:
        async with house() as on:
            for staff, may in ((TECHNICIAN, True), (CAPTIONER, False)):
                told = (await on.sit(staff)).state["may"]
                assert isinstance(told, list)
                assert ("remove" in told) is may

    run(story())


def test_the_oldest_acts_are_forgotten_but_not_done_twice() -> None:
    async def story() -> None:
        async with house() as on:
            one = await on.sit()
            line = TypeLine(channel=FLOOR, segment=SegmentId("t"), text="Once.", language="en")
            first = await on.desks.act(one.seat, CommandId("first"), [line])
            for n in range(ACTS):
                await on.desks.act(one.seat, CommandId(f"n{n}"), [LeaveNote(text=str(n))])
            assert isinstance(await on.desks.undo(one.seat, CommandId("first")), Refusal)
            again = await on.desks.act(one.seat, CommandId("first"), [line])
            assert isinstance(first, Acknowledged)
            assert isinstance(again, Acknowledged)
            assert again.receipt == first.receipt
            shown = (await on.sit()).state["acts"]
            assert isinstance(shown, list)
            assert len(shown) == 30

    run(story())


def test_news_is_told_once_when_it_changes() -> None:
    async def story() -> None:
        async with house() as on:
            one = await on.sit()
            assert one.state["news"] == {"alarm": None}
            on.news["alarm"] = [{"kind": "late"}]
            await on.hall.clock.sleep(3_000)
            assert one.bodies("alarm") == [[{"kind": "late"}]]
            on.news["alarm"] = None
            two = await on.sit()
            assert two.state["news"] == {"alarm": None}
            assert one.bodies("alarm")[-1] is None
            on.desks.leave(one.seat)
            on.desks.leave(two.seat)
            on.news["alarm"] = [{"kind": "late"}]
            await on.hall.clock.sleep(2_000)
            assert len(one.bodies("alarm")) == 2

    run(story())


def test_once_words_were_removed_no_act_has_them_any_more() -> None:
    async def story() -> None:
        async with house() as on:
            desk = await on.sit()
            line = TypeLine(channel=FLOOR, segment=SegmentId("t1"), text="A name.", language="en")
            assert isinstance(await on.desks.act(desk.seat, CommandId("typed"), [line]), Acknowledged)
            mended = CorrectSegment(
                channel=FLOOR, segment=SegmentId("t1"), base_revision=0, base_words=0, text="A nmae."
            )
            assert isinstance(await on.desks.act(desk.seat, CommandId("mended"), [mended]), Acknowledged)
            assert isinstance(
                await on.desks.act(desk.seat, CommandId("told"), [LeaveNote(text="Ask Ann.")]), Acknowledged
            )
            removed = await desk.seat.live.writer.remove(
                desk.seat.actor, CommandId("gone"), Lines(segments=(SegmentId("t1"),))
            )
            assert isinstance(removed, Receipt)
            assert desk.bodies("forgotten") == [["typed", "mended"]]
            acts = (await on.sit()).state["acts"]
            assert isinstance(acts, list)
            assert [act["id"] for act in acts] == ["told"]
            assert isinstance(await on.desks.undo(desk.seat, CommandId("mended")), Refusal)

    run(story())


def test_what_reached_beyond_the_session_is_undone_by_whoever_knows_how_and_noted_once() -> None:
    async def story() -> None:
        async with house() as on:
            one = await on.sit()
            moved = MoveLinesAway(channel=FLOOR, segments=(SegmentId("a"),), session=SessionId("other"))
            back = BringLinesBack(channel=FLOOR, segments=(SegmentId("a"),), session=SessionId("other"))
            asked: list[CommandId] = []
            answers: list[Receipt | Refusal] = [Refusal(code=RefusalCode.STALE, message="Changed."), Receipt(3, 4)]

            async def elsewhere(seat: Seat, undo_id: CommandId) -> Receipt | Refusal:
                asked.append(undo_id)
                return answers.pop(0)

            def note() -> None:
                on.desks.note_act(one.seat, moved, CommandId("m"), Receipt(1, 2), undo=back, elsewhere=elsewhere)

            note()
            assert isinstance(await on.desks.undo(one.seat, CommandId("m")), Refusal)
            assert await on.desks.undo(one.seat, CommandId("m")) == Receipt(3, 4)
            note()  # Sent again: it stays undone.
            assert asked == ["undo:m", "undo:m"]
            told = [act for act in one.bodies("acted") if isinstance(act, dict)]
            assert [(len(act["undo"]), act["undone"]) for act in told] == [(1, False), (1, True)]

    run(story())
