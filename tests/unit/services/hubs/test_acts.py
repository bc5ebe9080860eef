from __future__ import annotations

from collections.abc import Callable, Coroutine

import msgspec

from moothall.core.commands import (
    ClosePoll,
    CloseSession,
    OpenPoll,
    OpenSession,
    PutToVote,
    SetStatus,
    SwitchVoting,
)
from moothall.core.events import types as ev
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, OpinionSums
from moothall.core.kernel.actors import SYSTEM, Actor, Role
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import CommandId, InterventionId, NoteId, PollId, SessionId
from moothall.core.kernel.lanes import hub_lane
from moothall.core.opinions.rooms import RoomVotes
from moothall.core.questions.blocked_words import BlockedWords
from moothall.core.questions.limits import MOST_OPEN
from moothall.services.hubs.acts import REMEMBERED, HubActs, title_of
from moothall.services.hubs.presence import HubPresence
from moothall.services.questions.asking import LONGEST_AGE_MS, Asking
from moothall.services.questions.ballots import Ballots
from moothall.services.questions.comment_votes import rooms_in
from moothall.services.questions.opinions import Opinions
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from moothall.wire.hubs.acts import (
    AnyAct,
    AskAct,
    HandsAct,
    HeadCountAct,
    NoteAct,
    NoteReadAct,
    OpinionsAct,
    StandAct,
    SupportAct,
)
from moothall.wire.hubs.messages import Act, ActDone, ActNotDone
from support.memory.hall import SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting

MODERATOR = Actor(Role.MODERATOR, "m1")
WHY = InterventionId("why")
HUB, NODE = "kisumu", "0a1b"


class ActsMeeting(MemoryMeeting):
    by = MODERATOR

    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        super().__init__(hall, live)
        self.book = MemoryBook()
        clock, seeded = hall.clock, SeededRandomness(1)
        self.asking = Asking(
            hall.sessions, book=self.book, clock=clock, randomness=seeded, blocked=BlockedWords(["en:darn"])
        )
        self.ballots = Ballots(hall.sessions, book=self.book, clock=clock, randomness=seeded)
        self.opinions = Opinions(hall.sessions, self.ballots.box, clock=clock, randomness=seeded)
        self.presence = HubPresence(hall.sessions, clock=clock, randomness=seeded, has_machine=lambda _: True)
        self.acts = HubActs(
            hall.sessions,
            asking=self.asking,
            ballots=self.ballots,
            opinions=self.opinions,
            presence=self.presence,
            clock=clock,
            title_of={HUB: "Kisumu library"}.get,
            count=self.count,
        )
        self.counts: list[tuple[str, int]] = []

    async def count(self, hub: str, session: SessionId, people: int, at: int) -> Refusal | None:
        """The book of hubs, which tells of a count once more."""
        self.counts.append((hub, people))
        return await self.presence.counted(session, hub, "As the book has it", people, at)

    @property
    def now(self) -> int:
        return self.hall.clock.wall()

    async def take(
        self, what: AnyAct, name: str = "a1", *, at: int | None = None, hub: str = HUB, node: str = NODE
    ) -> ActDone | ActNotDone:
        act = Act(id=CommandId(name), session=SESSION, at=self.now if at is None else at, act=what)
        return await self.acts.take(hub, act, node)

    async def ask(
        self, which: InterventionId = WHY, *, at: int | None = None, **changed: object
    ) -> ActDone | ActNotDone:
        asked = AskAct(intervention=which, kind=InterventionKind.QUESTION, text="Why?", language="en", asker="x")
        return await self.take(msgspec.structs.replace(asked, **changed), f"ask:{which}", at=at)

    async def in_queue(self) -> None:
        assert await self.ask() == ActDone(id=CommandId("ask:why"))
        await self.do(SetStatus(interventions=(WHY,), status=InterventionStatus.QUEUED))

    async def support(self) -> int:
        await self.hall.clock.sleep(2_500)
        each = self.live.state.questions.get(WHY)
        assert each is not None
        return each.support


def in_a_house(act: Callable[[ActsMeeting], Coroutine[None, None, None]]) -> Callable[[], None]:
    """A test with a house in which a session is on, on a loop that jumps."""

    async def within() -> None:
        async with memory_hall() as hall:
            house = ActsMeeting(hall, await hall.session())
            await house.do(OpenSession(), by=SYSTEM)
            await house.asking.load()
            await house.ballots.load()
            assert hall.group is not None
            running = hall.group.create_task(house.ballots.run())
            await act(house)
            running.cancel()

    return lambda: run(within())


def code(answer: ActDone | ActNotDone) -> RefusalCode:
    assert isinstance(answer, ActNotDone), answer
    assert answer.message.endswith(".")
    return answer.code


def back(what: InterventionId) -> StandAct:
    return StandAct(intervention=what, status=InterventionStatus.WITHDRAWN)


@in_a_house
async def test_a_question_of_a_room_is_asked_once_and_was_asked_when_it_was(house: ActsMeeting) -> None:
    await house.hall.clock.sleep(60_000)
    asked_at = house.now - 45_000
    for _ in range(3):
        assert await house.ask(at=asked_at, name="Ana") == ActDone(id=CommandId("ask:why"))
    questions = house.live.state.questions
    each = questions.get(WHY)
    assert questions.last == 1
    assert each is not None
    assert (each.origin, each.name, each.status) == ("hub:kisumu", "Ana", InterventionStatus.CHECKED)
    assert each.t == house.live.state.media_now(asked_at)
    records = await house.hall.log.read(SESSION, 0, 100)
    assert {record.header.actor for record in records if record.header.role is Role.HUB} == {"why"}


@in_a_house
async def test_an_act_that_was_refused_is_refused_again_as_long_as_that_is_remembered(house: ActsMeeting) -> None:
    read = back(WHY)
    refused = await house.take(read, "b0")
    assert code(refused) is RefusalCode.UNKNOWN
    await house.ask()
    assert await house.take(read, "b0") == refused
    elsewhere = await house.take(read, "b0", hub="nairobi")
    assert code(elsewhere) is RefusalCode.UNKNOWN
    for n in range(REMEMBERED - 1):
        await house.take(back(InterventionId("none")), f"n{n}")
    assert await house.take(read, "b0") == ActDone(id=CommandId("b0"))


@in_a_house
async def test_a_room_whose_clock_is_wrong_asks_now_or_a_day_ago(house: ActsMeeting) -> None:
    await house.hall.clock.sleep(2_000)
    await house.ask(at=house.now + 1_000_000_000)
    await house.ask(InterventionId("when"), at=0)
    times = {name: each.t for name, each in house.live.state.questions.interventions.items()}
    assert times == {"why": house.live.state.media_now(house.now), "when": 0}
    assert LONGEST_AGE_MS == 24 * 3_600_000


@in_a_house
async def test_in_a_room_each_who_asks_has_limits_of_their_own_and_nobody_is_named(house: ActsMeeting) -> None:
    for n in range(MOST_OPEN):
        assert isinstance(await house.ask(InterventionId(f"q{n}")), ActDone)
    assert code(await house.ask(InterventionId("more"))) is RefusalCode.CONFLICT
    assert isinstance(await house.ask(InterventionId("other"), asker="y"), ActDone)
    # Whoever doesn't tell them apart has their names do it.
    assert isinstance(await house.ask(InterventionId("n1"), asker="", name="Ana"), ActDone)
    assert isinstance(await house.ask(InterventionId("n2"), asker="", name="ANA"), ActDone)
    questions = house.live.state.questions
    askers = {name: each.asker for name, each in questions.interventions.items()}
    assert askers[InterventionId("n1")] == askers[InterventionId("n2")] != askers[InterventionId("other")]
    assert not {"x", "y"} & set(askers.values())


@in_a_house
async def test_blocked_words_are_marked_and_what_no_rule_takes_is_refused_for_good(house: ActsMeeting) -> None:
    assert isinstance(await house.ask(text="Darn it."), ActDone)
    each = house.live.state.questions.get(WHY)
    assert each is not None
    assert each.flags == ("blocked-word",)
    assert code(await house.ask(InterventionId("empty"), text=" ")) is RefusalCode.INVALID
    assert code(await house.ask(InterventionId("tongue"), language="English!")) is RefusalCode.INVALID
    other = AskAct(intervention=InterventionId("z"), kind=InterventionKind.QUESTION, text="Why?", language="en")
    assert code(await house.take(other, "ask:why")) is RefusalCode.INVALID


@in_a_house
async def test_what_was_asked_before_the_close_comes_late_and_what_was_asked_after_it_does_not(
    house: ActsMeeting,
) -> None:
    await house.hall.clock.sleep(10_000)
    before = house.now
    await house.hall.clock.sleep(10_000)
    await house.do(CloseSession(), by=SYSTEM)
    await house.hall.clock.sleep(600_000)
    assert isinstance(await house.ask(at=before), ActDone)
    each = house.live.state.questions.get(WHY)
    assert each is not None
    assert each.after_close
    assert code(await house.ask(InterventionId("late"))) is RefusalCode.CONFLICT
    assert code(await house.take(HeadCountAct(people=3), "c2")) is RefusalCode.CONFLICT
    assert isinstance(await house.take(HeadCountAct(people=23), "c1", at=before), ActDone)
    assert house.live.state.hubs[HUB].most == 23


@in_a_house
async def test_a_room_takes_back_what_it_has_asked_and_nothing_else(house: ActsMeeting) -> None:
    await house.in_queue()
    for hub in ("lima", "kisumu.port"):
        assert code(await house.take(back(WHY), "b0", hub=hub)) is RefusalCode.UNKNOWN
    for _ in range(2):
        assert isinstance(await house.take(back(WHY), "b1"), ActDone)
        assert code(await house.take(back(WHY), "b2")) is RefusalCode.STALE
    each = house.live.state.questions.get(WHY)
    assert each is not None
    assert (each.status, each.own) == (InterventionStatus.WITHDRAWN, True)
    assert code(await house.take(back(InterventionId("no")), "b3")) is RefusalCode.UNKNOWN


@in_a_house
async def test_supports_of_rooms_are_absolute_and_add_to_those_here(house: ActsMeeting) -> None:
    await house.in_queue()

    async def counts(count: int, name: str, hub: str = HUB, node: str = NODE) -> None:
        assert isinstance(
            await house.take(SupportAct(intervention=WHY, count=count), name, hub=hub, node=node), ActDone
        )

    assert await house.ballots.support(SESSION, 1, "v1", "192.0.2.1") is None
    await counts(3, "s1")
    await counts(5, "s2")
    await counts(5, "s2")
    assert await house.support() == 6
    # Its machine was replaced: the new one has only some of the phones.
    await counts(2, "s3", node="9f9f")
    assert await house.support() == 6
    await counts(7, "s4", node="9f9f")
    await counts(1, "s5", hub="kisumu.port")
    assert await house.support() == 9
    for wrong in (-1, 1_000_000):
        refused = await house.take(SupportAct(intervention=WHY, count=wrong), "s6")
        assert code(refused) is RefusalCode.INVALID
    refused = await house.take(SupportAct(intervention=InterventionId("no"), count=1), "s7")
    assert code(refused) is RefusalCode.UNKNOWN
    await house.do(SetStatus(interventions=(WHY,), status=InterventionStatus.DECLINED, reason="Off topic"))
    assert code(await house.take(SupportAct(intervention=WHY, count=9), "s8")) is RefusalCode.CONFLICT


@in_a_house
async def test_a_room_votes_on_comments_with_sums(house: ActsMeeting) -> None:
    await house.ask(kind=InterventionKind.COMMENT)
    await house.do(SetStatus(interventions=(WHY,), status=InterventionStatus.QUEUED))
    await house.do(SwitchVoting(on=True), PutToVote(comments=(WHY,)))
    sums = OpinionsAct(people=3, sums={WHY: OpinionSums(agree=2, disagree=1, passed=0)})
    assert await house.take(sums) == await house.take(sums) == ActDone(id=CommandId("a1"))
    box = house.ballots.box.boxes[SESSION]
    assert rooms_in(box) == {HUB: RoomVotes(people=3, sums={WHY: OpinionSums(agree=2, disagree=1, passed=0)})}
    assert (
        code(await house.take(OpinionsAct(people=1, sums={WHY: OpinionSums(agree=2, disagree=1, passed=0)}), "a2"))
        is RefusalCode.INVALID
    )


@in_a_house
async def test_votes_of_rooms_are_absolute_and_add_to_those_here_until_the_close(house: ActsMeeting) -> None:
    asked = OpenPoll(poll=PollId("p"), question="Shall we?", language="en", options=("Yes", "No"))
    await house.do(asked)

    async def hands(name: str, *counts: int, hub: str = HUB, poll: str = "p") -> RefusalCode | None:
        answer = await house.take(HandsAct(poll=PollId(poll), counts=counts), name, hub=hub)
        return None if isinstance(answer, ActDone) else answer.code

    async def remote() -> tuple[int, ...]:
        await house.hall.clock.sleep(2_500)
        return house.live.state.questions.polls[-1].remote

    assert await house.ballots.vote(SESSION, 1, 0, "v1", "192.0.2.1") is None
    for name, counts in (("h1", (3, 1)), ("h2", (2, 4)), ("h2", (2, 4))):
        assert await hands(name, *counts) is None
    assert await hands("h3", 0, 1, hub="kisumu.port") is None
    assert await remote() == (3, 5)
    wrong: list[tuple[int, ...]] = [(1,), (1, 2, 3), (-1, 0), (0, 1_000_000)]
    for each in wrong:
        assert await hands("h4", *each) is RefusalCode.INVALID
    assert await hands("h5", 1, 1, poll="none") is RefusalCode.UNKNOWN
    await house.do(ClosePoll(poll=asked.poll))
    assert await hands("h6", 9, 9) is RefusalCode.CONFLICT
    assert await hands("h2", 2, 4) is None, "its answer was lost, and it was in time"
    assert await remote() == (3, 5)
    await house.do(asked)
    assert await hands("h7", 9, 9) is None
    assert await remote() == (10, 10)
    assert b"kisumu" not in b"".join(
        record.body or b""
        for record in await house.hall.log.read(SESSION, 0, 1_000)
        if record.header.type.startswith("poll.")
    ), "nobody reads which room has chosen what"


@in_a_house
async def test_head_counts_are_absolute_with_a_time_and_say_what_the_room_is_called(house: ActsMeeting) -> None:
    await house.hall.clock.sleep(5_000)
    counted = house.now - 1_000
    assert isinstance(await house.take(HeadCountAct(people=23), "c1", at=counted), ActDone)
    assert isinstance(await house.take(HeadCountAct(people=9), "c0", at=counted - 1), ActDone)
    assert isinstance(await house.take(HeadCountAct(people=24), "c2", at=house.now + 99_999), ActDone)
    hub = house.live.state.hubs[HUB]
    assert (hub.title, hub.people, hub.counted) == ("Kisumu library", 24, house.now)
    assert house.counts == [("kisumu", 23), ("kisumu", 9), ("kisumu", 24)]
    below = Act(
        id=CommandId("c3"),
        session=SESSION,
        at=house.now,
        hub="port",
        title="Port school",
        act=HeadCountAct(people=8),
    )
    assert isinstance(await house.acts.take("kisumu.port", below, NODE), ActDone)
    assert house.live.state.hubs["kisumu.port"].title == "Port school"


def test_what_a_hub_is_called() -> None:
    known = {"north": "The North"}.get
    assert title_of("north", "Mine", known) == "The North"
    assert title_of("north.north", "", known) == "North"
    assert title_of("south.kisumu", " Kisumu \n library\u202e ", known) == "Kisumu library"


@in_a_house
async def test_notes_go_into_the_rooms_own_lane_and_are_confirmed(house: ActsMeeting) -> None:
    note = NoteAct(note=NoteId("n1"), text="We hear nothing.")
    for _ in range(2):
        assert isinstance(await house.take(note, "n"), ActDone)
    # The same act's name at another hub is another act.
    assert isinstance(await house.take(NoteAct(note=NoteId("n2"), text="Nor we."), "n", hub="lima"), ActDone)
    assert [left.text for left in house.live.state.notes_and_tags.hub_notes] == ["We hear nothing.", "Nor we."]
    records = await house.hall.log.read(SESSION, 0, 100, frozenset({hub_lane(HUB)}))
    assert [record.header.type for record in records] == ["hub.note-left"]
    assert isinstance(await house.take(NoteReadAct(note=NoteId("n1")), "r"), ActDone)
    assert house.live.state.notes_and_tags.hub_notes[0].read == (Role.HUB,)
    assert code(await house.take(NoteReadAct(note=NoteId("n2")), "r2")) is RefusalCode.UNKNOWN


@in_a_house
async def test_what_is_no_act_or_for_no_public_meeting_is_refused(house: ActsMeeting) -> None:
    heads = HeadCountAct(people=3)
    assert code(await house.take(heads, "no id!")) is RefusalCode.INVALID
    assert code(await house.take(heads, node="a/b")) is RefusalCode.INVALID
    assert code(await house.take(heads, hub="a/b")) is RefusalCode.INVALID
    nowhere = Act(id=CommandId("x"), session=SessionId("a\nb"), at=house.now, act=heads)
    assert code(await house.acts.take(HUB, nowhere, NODE)) is RefusalCode.INVALID
    closed = await house.hall.session(SessionId("closed"), access=ev.Access.LINK)
    for session in (closed.id, SessionId("nothing")):
        act = Act(id=CommandId("x"), session=session, at=house.now, act=heads)
        assert code(await house.acts.take(HUB, act, NODE)) is RefusalCode.UNKNOWN


@in_a_house
async def test_what_the_disk_refuses_is_to_be_sent_again_and_is_done_then(house: ActsMeeting) -> None:
    await house.in_queue()
    assert isinstance(house.hall.log, FailingLog)
    what: list[tuple[str, AnyAct]] = [
        (
            "ask:q2",
            AskAct(intervention=InterventionId("q2"), kind=InterventionKind.QUESTION, text="And?", language="en"),
        ),
        ("n", NoteAct(note=NoteId("n1"), text="x")),
        ("c", HeadCountAct(people=3)),
    ]
    house.hall.log.full = True
    for name, act in what:
        assert code(await house.take(act, name)) is RefusalCode.UNAVAILABLE
    house.hall.log.full = False
    for name, act in what:
        assert isinstance(await house.take(act, name), ActDone)
    house.book.full = True
    assert code(await house.take(SupportAct(intervention=WHY, count=2), "s")) is RefusalCode.UNAVAILABLE
    house.book.full = False
    assert isinstance(await house.take(SupportAct(intervention=WHY, count=2), "s"), ActDone)
    assert await house.support() == 2
