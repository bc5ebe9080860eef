from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.core.commands import (
    AnyCommand,
    Ask,
    CloseSession,
    CorrectSegment,
    IntroduceSpeaker,
    LeaveNote,
    OpenSession,
    PauseSession,
    ReopenSession,
    SetSpeaker,
    TypeSegment,
)
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.errors import FirstKnow, Refusal, RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, InterventionId, Position, SegmentId, SessionId, SpeakerId
from moothall.core.removal.selection import Lines
from moothall.core.sessions.state import Status
from moothall.services.desks.acts import ACTS
from moothall.services.desks.desks import Acknowledged
from moothall.services.desks.questions import NEW_MS
from moothall.services.desks.session_desks import DeskConnection
from moothall.services.log.act_queue import Receipt
from moothall.services.sessions.sessions import UNUSED_MS
from moothall.services.sessions.staff import Staff
from moothall.testing.log_memory import FailingLog, MemoryLog
from moothall.testing.loop import run
from moothall.testing.outlets import MemoryOutlet
from moothall.wire.event_stream import EventStream
from moothall.wire.frames import Received, decode
from support.memory.hall import FLOOR, SESSION, MemoryHall, memory_hall
from support.sessions.questions import ask, stand

TECHNICIAN = Staff(link="l1", role=Role.TECHNICIAN, scope="hall", label="Ann's laptop")
CAPTIONER = Staff(link="l2", role=Role.CAPTIONER, scope="hall", label="Captions")
CHAIR = Staff(link="l4", role=Role.CHAIR, scope="hall", label="The chair")
READER = Staff(link="l3", role=Role.READER, scope="hall", label="A reader")


class Open:
    """A desk of a test."""

    def __init__(
        self, desk: DeskConnection, state: dict[str, object], outlet: MemoryOutlet, told: list[tuple[str, object]]
    ):
        self.desk = desk
        self.state = state
        self.outlet = outlet
        self.told = told

    def frames(self) -> list[Received]:
        return [decode(event.data) for event in EventStream().feed(self.outlet.sent) if not event.name]

    def bodies(self, event: str) -> list[object]:
        return [body for kind, body in self.told if kind == event]


class DesksMeeting:
    def __init__(self, hall: MemoryHall) -> None:
        self.hall = hall
        self.news: dict[str, object] = {}
        self.beside: Refusal | None = None
        self.desks = hall.desks(
            {"alarm": lambda _: self.news.get("alarm"), "balance": lambda _: self.news.get("balance")},
            links={staff.link: staff for staff in (TECHNICIAN, CAPTIONER)},
            beside=lambda _: self.beside,
        )

    async def sit(self, staff: Staff = TECHNICIAN, *, after: Position | None = None, name: str = "") -> Open:
        outlet, told = MemoryOutlet(), list[tuple[str, object]]()
        answer = await self.desks.join(
            staff, SESSION, outlet=outlet, push=lambda event, body: told.append((event, body)), after=after, name=name
        )
        assert not isinstance(answer, Refusal)
        return Open(*answer, outlet, told)


@asynccontextmanager
async def house(log: MemoryLog | None = None) -> AsyncIterator[DesksMeeting]:
    """The house, running; with the log of an earlier one it goes on with that one's session."""
    async with memory_hall(MemoryHall(log)) as hall:
        if log is None:
            live = await hall.session()
            await live.writer.send(SYSTEM, CommandId("open"), OpenSession())
        made = DesksMeeting(hall)
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
                {
                    "desk": first.state["desk"],
                    "role": "technician",
                    "label": "Ann's laptop",
                    "name": "Ann B.",
                    "correcting": None,
                    "link": "l1",
                }
            ]
            snapshot = first.frames()[0].snapshot
            assert snapshot is not None
            assert snapshot.feed == "floor.staff"
            await on.desks.act(first.desk, CommandId("n"), [LeaveNote(text="Hello.")])
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


def test_desks_see_which_line_another_has_open() -> None:
    async def story() -> None:
        async with house() as on:
            one, two, chair = await on.sit(), await on.sit(CAPTIONER), await on.sit(CHAIR)
            line = SegmentId("l1")
            await on.desks.act(
                one.desk, CommandId("t"), [TypeSegment(channel=FLOOR, segment=line, text="It was.", language="en")]
            )
            told = len(one.bodies("presence"))
            on.desks.correcting(two.desk, line)
            on.desks.correcting(two.desk, line)  # That is no news.
            on.desks.correcting(one.desk, SegmentId("none"))
            on.desks.correcting(chair.desk, line)  # A chair corrects nothing.
            assert len(one.bodies("presence")) == told + 1
            (newest,) = one.bodies("presence")[-1:]
            assert isinstance(newest, list)
            assert [who["correcting"] for who in newest] == [None, "l1", None]
            on.desks.correcting(two.desk, None)
            on.desks.correcting(two.desk, line)
            on.desks.leave(two.desk)
            on.desks.correcting(two.desk, None)
            (newest,) = one.bodies("presence")[-1:]
            assert isinstance(newest, list)
            assert [who["correcting"] for who in newest] == [None, None]

    run(story())


def test_desks_see_who_is_there_until_they_leave() -> None:
    async def story() -> None:
        async with house() as on:
            one, two = await on.sit(), await on.sit(CAPTIONER)
            on.desks.call(two.desk, "Ben")
            assert [len(who) for who in one.bodies("presence") if isinstance(who, list)] == [1, 2, 2]
            assert [who["name"] for who in on.desks.presence(SESSION)] == ["", "Ben"]
            on.desks.leave(two.desk)
            on.desks.leave(two.desk)
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
                SetSpeaker(channel=FLOOR, speaker=amina),
            ]
            answer = await on.desks.act(two.desk, CommandId("a"), acts)
            assert isinstance(answer, Acknowledged)
            assert answer.undo == (SetSpeaker(channel=FLOOR, speaker=None),)
            assert await on.desks.act(two.desk, CommandId("a"), acts) == answer
            assert len(one.bodies("acted")) == 1
            undone = await on.desks.undo(one.desk, CommandId("a"))
            assert isinstance(undone, Receipt)
            assert await on.desks.undo(one.desk, CommandId("a")) == undone
            assert one.desk.live.state.channels[FLOOR].speaker is None
            last = one.bodies("acted")[-1]
            assert isinstance(last, dict)
            assert last["undone"]
            assert isinstance(await on.desks.undo(one.desk, CommandId("b")), Refusal)
            refused = await on.desks.act(two.desk, CommandId("c"), [CloseSession()])
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
            line = TypeSegment(channel=FLOOR, segment=SegmentId("t"), text="Once.", language="en")
            first = await on.desks.act(one.desk, CommandId("first"), [line])
            for n in range(ACTS):
                await on.desks.act(one.desk, CommandId(f"n{n}"), [LeaveNote(text=str(n))])
            assert isinstance(await on.desks.undo(one.desk, CommandId("first")), Refusal)
            again = await on.desks.act(one.desk, CommandId("first"), [line])
            assert isinstance(first, Acknowledged)
            assert isinstance(again, Acknowledged)
            assert again.receipt == first.receipt
            shown = (await on.sit()).state["acts"]
            assert isinstance(shown, list)
            assert len(shown) == 30

    run(story())


def _alarm(one: Open) -> object:
    news = one.state["news"]
    assert isinstance(news, dict)
    return news["alarm"]


def test_news_is_told_once_when_it_changes() -> None:
    async def story() -> None:
        async with house() as on:
            one = await on.sit()
            assert _alarm(one) is None
            on.news["alarm"] = [{"kind": "late"}]
            await on.hall.clock.sleep(3_000)
            assert one.bodies("alarm") == [[{"kind": "late"}]]
            on.news["alarm"] = None
            two = await on.sit()
            assert _alarm(two) is None
            assert one.bodies("alarm")[-1] is None
            on.desks.leave(one.desk)
            on.desks.leave(two.desk)
            on.news["alarm"] = [{"kind": "late"}]
            await on.hall.clock.sleep(2_000)
            assert len(one.bodies("alarm")) == 2

    run(story())


def test_who_is_heard_is_told_to_whoever_leads_the_discussion_alone() -> None:
    async def story() -> None:
        async with house() as on:
            on.news["balance"] = {"origins": []}
            leads, types = await on.sit(), await on.sit(CAPTIONER)
            for one, there in ((leads, True), (types, False)):
                assert isinstance(one.state["news"], dict)
                assert ("balance" in one.state["news"]) is there
            on.news["balance"] = {"origins": [1]}
            await on.hall.clock.sleep(3_000)
            assert leads.bodies("balance")[-1] == {"origins": [1]}
            assert types.bodies("balance") == []

    run(story())


def test_once_words_were_removed_no_act_has_them_any_more() -> None:
    async def story() -> None:
        async with house() as on:
            desk = await on.sit()
            line = TypeSegment(channel=FLOOR, segment=SegmentId("t1"), text="A name.", language="en")
            assert isinstance(await on.desks.act(desk.desk, CommandId("typed"), [line]), Acknowledged)
            mended = CorrectSegment(
                channel=FLOOR, segment=SegmentId("t1"), base_revision=0, base_words=0, text="A nmae."
            )
            assert isinstance(await on.desks.act(desk.desk, CommandId("mended"), [mended]), Acknowledged)
            assert isinstance(
                await on.desks.act(desk.desk, CommandId("told"), [LeaveNote(text="Ask Ann.")]), Acknowledged
            )
            removed = await desk.desk.live.writer.remove(
                desk.desk.actor, CommandId("gone"), Lines(segments=(SegmentId("t1"),))
            )
            assert isinstance(removed, Receipt)
            assert desk.bodies("forgotten") == [["typed", "mended"]]
            acts = (await on.sit()).state["acts"]
            assert isinstance(acts, list)
            assert [act["id"] for act in acts] == ["told"]
            assert isinstance(await on.desks.undo(desk.desk, CommandId("mended")), Refusal)

    run(story())


def test_what_was_being_said_leaves_the_desks_with_the_line() -> None:
    async def story() -> None:
        async with house() as on:
            desk = await on.sit()
            line = TypeSegment(channel=FLOOR, segment=SegmentId("t1"), text="A name.", language="en")
            asked = Ask(
                intervention=InterventionId("q"), kind=InterventionKind.QUESTION, text="Who?", language="en", asker="x"
            )
            assert isinstance(await on.desks.act(desk.desk, CommandId("typed"), [line, asked]), Acknowledged)
            assert "A name." in repr(desk.bodies("interventions")[-1])
            await on.hall.clock.sleep(2 * NEW_MS)
            told = len(desk.bodies("interventions"))
            removed = await desk.desk.live.writer.remove(
                desk.desk.actor, CommandId("gone"), Lines(segments=(SegmentId("t1"),))
            )
            assert isinstance(removed, Receipt)
            (body,) = desk.bodies("interventions")[told:]
            assert "'said': None" in repr(body)
            state = (await on.sit()).state["news"]
            assert "A name." not in repr(state)

    run(story())


AMINA = SpeakerId("amina")
AMINA_SPEAKS: list[AnyCommand] = [
    IntroduceSpeaker(speaker=AMINA, name="Amina"),
    SetSpeaker(channel=FLOOR, speaker=AMINA),
]
LINE = TypeSegment(channel=FLOOR, segment=SegmentId("t1"), text="Welcome.", language="en")


def test_after_a_restart_all_that_was_done_is_shown_and_can_be_undone() -> None:
    async def story() -> None:
        async with house() as before:
            one = await before.sit(CAPTIONER, name="Cem")
            await before.desks.act(one.desk, CommandId("amina"), AMINA_SPEAKS)
            await before.desks.act(one.desk, CommandId("typed"), [LINE])
            assert isinstance(await before.desks.undo(one.desk, CommandId("typed")), Receipt)
        async with house(before.hall.log) as after:
            two = await after.sit(TECHNICIAN)
            shown = two.state["acts"]
            assert isinstance(shown, list)
            assert [(act["id"], act["undone"], bool(act["undo"])) for act in shown] == [
                ("amina", False, True),
                ("typed", True, True),
            ]
            # The log has the link, and no name.
            assert shown[0]["by"] == {"desk": "", "role": "captioner", "label": "Captions", "name": ""}
            assert isinstance(await after.desks.undo(two.desk, CommandId("amina")), Receipt)
            assert two.desk.live.state.channels[FLOOR].speaker is None
            assert [act["undone"] for act in two.bodies("acted") if isinstance(act, dict)] == [True]

    run(story())


def test_who_may_not_do_what_undoes_an_act_may_not_undo_it_after_a_restart_either() -> None:
    async def story() -> None:
        async with house() as before:
            one = await before.sit(TECHNICIAN)
            await before.desks.act(one.desk, CommandId("bye"), [CloseSession()])
        async with house(before.hall.log) as after:
            two = await after.sit(CAPTIONER)
            refused = await after.desks.undo(two.desk, CommandId("bye"))
            assert isinstance(refused, Refusal)
            assert refused.code is RefusalCode.FORBIDDEN
            three = await after.sit(TECHNICIAN)
            assert isinstance(await after.desks.undo(three.desk, CommandId("bye")), Receipt)
            assert three.desk.live.state.status is Status.OPEN

    run(story())


def test_desks_are_told_what_was_done_though_the_disk_was_away_meanwhile() -> None:
    async def story() -> None:
        async with house() as on:
            log = on.hall.log
            assert isinstance(log, FailingLog)
            one = await on.sit()
            log.torn = True  # It is stored, and seems to fail.
            assert isinstance(await on.desks.act(one.desk, CommandId("p"), [PauseSession()]), Refusal)
            assert isinstance(await on.desks.act(one.desk, CommandId("p"), [PauseSession()]), Acknowledged)
            assert [act["id"] for act in one.bodies("acted") if isinstance(act, dict)] == ["p"]

    run(story())


def test_the_acts_of_a_session_that_is_unloaded_are_forgotten_and_read_again() -> None:
    async def story() -> None:
        async with house() as on:
            one = await on.sit()
            await on.desks.act(one.desk, CommandId("typed"), [LINE])
            await on.desks.act(one.desk, CommandId("bye"), [CloseSession()])
            on.desks.leave(one.desk)
            await on.hall.clock.sleep(UNUSED_MS + 120_000)
            assert on.hall.sessions.loaded(SESSION) is None
            two = await on.sit()
            assert two.desk.live is not one.desk.live
            acts = two.state["acts"]
            assert isinstance(acts, list)
            assert [act["id"] for act in acts] == ["typed", "bye"]
            assert isinstance(await on.desks.undo(two.desk, CommandId("bye")), Receipt)

    run(story())


def test_what_came_of_the_undoing_decides_whether_it_can_be_undone_again() -> None:
    async def story() -> None:
        async with house() as on:
            one = await on.sit()
            took = SetSpeaker(channel=FLOOR, speaker=None)
            await on.desks.act(one.desk, CommandId("t"), [took])
            await on.desks.act(one.desk, CommandId("a"), AMINA_SPEAKS)
            # Amina has the floor by now, so there is nothing to be taken back.
            assert isinstance(await on.desks.undo(one.desk, CommandId("t")), Receipt)
            assert one.desk.live.state.channels[FLOOR].speaker == AMINA
            last = one.bodies("acted")[-1]
            assert isinstance(last, dict)
            assert (last["id"], last["undone"]) == ("t", True)

    run(story())


def test_whose_call_is_overridden_within_seconds_is_told_by_whom() -> None:
    async def story() -> None:
        async with house() as on:
            amina, ben = await on.sit(name="Amina"), await on.sit(name="Ben")
            await on.desks.act(
                amina.desk, CommandId("q"), [*map(ask, "ab"), stand(InterventionStatus.QUEUED, "a", "b")]
            )
            await on.desks.act(amina.desk, CommandId("a"), [stand(InterventionStatus.CALLED, "a")])
            await on.hall.clock.sleep(4_000)
            told = await on.desks.act(ben.desk, CommandId("b"), [stand(InterventionStatus.CALLED, "b")])
            assert isinstance(told, Refusal)
            assert told.first_know == FirstKnow(kind="called", who="Amina", number=1, seconds=4)
            assert ben.desk.live.state.questions.called == "a"
            done = await on.desks.act(ben.desk, CommandId("b"), [stand(InterventionStatus.CALLED, "b")], anyway=True)
            assert isinstance(done, Acknowledged)
            (body,) = amina.bodies("overridden")
            assert isinstance(body, dict)
            assert (body["by"]["name"], body["number"], body["instead"]) == ("Ben", 2, 1)
            assert await on.desks.act(amina.desk, CommandId("a"), [stand(InterventionStatus.CALLED, "a")]) is not None
            assert ben.desk.live.state.questions.called == "b", "an act that is sent again is done once"
            refused = await on.desks.act(ben.desk, CommandId("x"), [stand(InterventionStatus.CALLED, "none")])
            assert isinstance(refused, Refusal)
            assert refused.first_know is None

    run(story())


def test_what_is_to_be_known_before_a_meeting_is_closed_is_told_once() -> None:
    async def story() -> None:
        async with house() as on:
            desk = await on.sit()
            on.hall.closing.warn_with({SESSION: 61_000}.__getitem__)
            told = await on.desks.act(desk.desk, CommandId("c"), [CloseSession()])
            assert isinstance(told, Refusal)
            assert told.first_know == FirstKnow(kind="without-text", minutes=2)
            assert desk.desk.live.state.closed_at is None
            done = await on.desks.act(desk.desk, CommandId("c"), [CloseSession()], anyway=True)
            assert isinstance(done, Acknowledged)
            assert await on.desks.act(desk.desk, CommandId("c"), [CloseSession()]) == done
            assert desk.desk.live.state.status is Status.CLOSED

    run(story())


def test_what_is_to_be_known_before_a_meeting_is_opened_is_told_once() -> None:
    async def story() -> None:
        async with house() as on:
            desk = await on.sit()
            await on.desks.act(desk.desk, CommandId("close"), [CloseSession()])
            beside = Refusal(
                code=RefusalCode.CONFLICT, message="Another.", first_know=FirstKnow(kind="same-room", title="b")
            )
            on.beside = beside
            assert await on.desks.act(desk.desk, CommandId("o"), [ReopenSession()]) is beside
            answer = await on.desks.act(desk.desk, CommandId("o"), [ReopenSession()], anyway=True)
            assert isinstance(answer, Acknowledged)
            assert isinstance(await on.desks.act(desk.desk, CommandId("o"), [ReopenSession()]), Acknowledged)
            assert desk.desk.live.state.status is Status.OPEN

    run(story())
