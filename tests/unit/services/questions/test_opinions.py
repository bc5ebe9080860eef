from __future__ import annotations

from collections.abc import Callable, Coroutine

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events.question_parts import InterventionKind, InterventionStatus, Opinion, OpinionSums
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.errors import NO_QUESTION, Refusal, RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import InterventionId, SessionId
from moothall.core.opinions.rooms import RoomVotes
from moothall.core.opinions.voting_rules import VOTES_OVER
from moothall.core.questions.floods import KEPT_OF_FLOOD
from moothall.core.questions.voting import CountedOpinions
from moothall.services.questions import ballot_box
from moothall.services.questions.ballot_box import KEPT_MS, NAMESPACE
from moothall.services.questions.ballots import Ballots
from moothall.services.questions.opinions import COUNT_MS, Opinions
from moothall.services.sessions.live_session import LiveSession
from moothall.testing.book import MemoryBook
from moothall.testing.clock import SeededRandomness
from moothall.testing.log_memory import FailingLog
from moothall.testing.loop import run
from support.memory.hall import SESSION, MemoryHall, memory_hall
from support.memory.meeting import MemoryMeeting
from support.opinions import camps

AGREE, DISAGREE, PASS = Opinion
LEADS = Actor(Role.MODERATOR, "m1")
COMMENTS = [InterventionId(f"c{n}") for n in range(9)]


class VotingMeeting(MemoryMeeting):
    def __init__(self, hall: MemoryHall, live: LiveSession) -> None:
        super().__init__(hall, live)
        self.book = MemoryBook()
        self.ballots, self.opinions = self.again()

    def again(self, seed: int = 1) -> tuple[Ballots, Opinions]:
        sessions, clock, chance = self.hall.sessions, self.hall.clock, SeededRandomness(seed)
        ballots = Ballots(sessions, book=self.book, clock=clock, randomness=chance)
        return ballots, Opinions(sessions, ballots.box, clock=clock, randomness=chance)

    async def vote(self, visitor: str, opinion: Opinion = AGREE, number: int = 1, address: str = "") -> object:
        return await self.opinions.vote(SESSION, number, opinion, visitor, address or visitor)

    async def counted(self) -> CountedOpinions:
        await self.hall.clock.sleep(COUNT_MS + 2_000)
        self.live = await self.hall.sessions.open(SESSION)
        return self.live.state.questions.voting.counted

    async def in_the_log(self) -> list[bytes]:
        records = await self.hall.log.read(SESSION, 0, 1_000)
        return [record.body for record in records if record.header.type == "voting.counted" and record.body is not None]


def in_a_house(act: Callable[[VotingMeeting], Coroutine[None, None, None]]) -> Callable[[], None]:
    """A test with a house in which nine comments are put to the vote, on a loop that jumps."""

    async def within() -> None:
        async with memory_hall() as hall:
            house = VotingMeeting(hall, await hall.session())
            await house.do(do.OpenSession())
            for name in COMMENTS:
                asked = do.Ask(
                    intervention=name, kind=InterventionKind.COMMENT, text=f"{name}!", language="en", asker=name
                )
                await house.do(asked, by=Actor(Role.PARTICIPANT, name))
            await house.do(do.SetStatus(interventions=tuple(COMMENTS), status=InterventionStatus.QUEUED), by=LEADS)
            await house.do(do.SwitchVoting(on=True), by=LEADS)
            await house.do(do.PutToVote(comments=tuple(COMMENTS)), by=LEADS)
            await house.ballots.load()
            hall.sessions.observe(lambda live, _: house.ballots.observe(live))
            assert hall.group is not None
            running = [hall.group.create_task(each.run()) for each in (house.ballots, house.opinions)]
            await act(house)
            for each in running:
                each.cancel()

    return lambda: run(within())


@in_a_house
async def test_each_browser_has_one_voice_and_nothing_is_told_before_the_fifth(house: VotingMeeting) -> None:
    for n in range(4):
        assert await house.vote(f"v{n}") is None
        assert await house.vote(f"v{n}", DISAGREE) is None
    assert await house.counted() == CountedOpinions()
    assert await house.in_the_log() == []
    assert await house.vote("v4", PASS) is None
    sums = (await house.counted()).sums[COMMENTS[0]]
    assert (sums.agree, sums.disagree, sums.passed) == (0, 4, 1)
    assert house.opinions.voted(SESSION, "v4") == {COMMENTS[0]: PASS}
    assert house.opinions.voted(SESSION, "") == house.opinions.voted(SessionId("other"), "v4") == {}
    assert house.ballots.supported(SESSION, "v0") == frozenset()
    assert house.ballots.voted(SESSION, "v0") == {}


@in_a_house
async def test_sums_are_told_anew_only_when_five_people_have_changed(house: VotingMeeting) -> None:
    for n in range(5):
        await house.vote(f"v{n}")
    assert (await house.counted()).voters == 5
    for n in range(5, 9):
        await house.vote(f"v{n}")
    await house.vote("v5", DISAGREE)
    assert (await house.counted()).voters == 5
    await house.vote("v0", PASS)
    assert (await house.counted()).voters == 9
    assert len(await house.in_the_log()) == 2


@in_a_house
async def test_groups_are_found_and_no_voter_is_in_the_log(house: VotingMeeting) -> None:
    for voter, votes in camps(13, 11, comments=7, answered=1.0, true=1.0).items():
        for number, vote in enumerate(votes.values(), 1):
            await house.vote(voter, vote, number)
    found = await house.counted()
    assert [group.people for group in found.groups] == [13, 11]
    box = house.ballots.box.boxes[SESSION]
    log = b"".join(await house.in_the_log())
    assert not any(voter.encode() in log for voter in box.voters)


@in_a_house
async def test_a_flood_and_browsers_without_a_cookie_do_not_count(house: VotingMeeting) -> None:
    for n in range(1_000):
        await house.vote(f"flood-{n}", address="flood")
        await house.hall.clock.sleep(60)
    await house.vote("")
    assert (await house.counted()).voters == KEPT_OF_FLOOD
    assert house.opinions.set_aside(SESSION) == 1_000 - KEPT_OF_FLOOD
    assert house.opinions.set_aside(SessionId("other")) == 0
    assert house.ballots.set_aside(SESSION) is None
    assert house.ballots.lately(SESSION) is None


@in_a_house
async def test_after_a_restart_votes_go_on(house: VotingMeeting) -> None:
    for n in range(6):
        await house.vote(f"v{n}")
    assert (await house.counted()).voters == 6
    await house.vote("v6")
    house.ballots, house.opinions = house.again(2)
    await house.ballots.load()
    assert house.hall.group is not None
    running = [house.hall.group.create_task(each.run()) for each in (house.ballots, house.opinions)]
    house.opinions._loaded(house.live)
    for n in range(7, 10):
        await house.vote(f"v{n}")
    assert (await house.counted()).voters == 6  # Which of the seven were told is not known any more.
    for n in range(10, 14):
        await house.vote(f"v{n}")
    assert (await house.counted()).voters == 14
    assert house.opinions.voted(SESSION, "v0") == {COMMENTS[0]: AGREE}
    for each in running:
        each.cancel()


@in_a_house
async def test_rooms_of_hubs_count_too_and_no_five_of_them_are_told_by_themselves(house: VotingMeeting) -> None:
    async def room(agree: int, people: int = 3, hub: str = "lima", node: str = "0a1b", of: int = 0) -> object:
        sums = {COMMENTS[of]: OpinionSums(agree=agree, disagree=people - agree, passed=0)}
        found = RoomVotes(people=people, sums=sums)
        return await house.opinions.count_in_hub(house.live, found, hub=hub, node=node)

    assert await room(2) is None
    await house.vote("v0")
    assert await house.counted() == CountedOpinions()
    assert await room(1, hub="north.kisumu", people=1) is None
    counted = await house.counted()
    assert (counted.voters, counted.sums[COMMENTS[0]]) == (5, OpinionSums(agree=4, disagree=1, passed=0))
    # One of the room has changed their mind, and the newest of its sums is absolute.
    assert await room(3) is None
    assert (await house.counted()) == counted
    # The hub's machine was replaced: the count with most people holds.
    assert await room(5, people=5, node="9f9f") is None
    assert await room(8, people=8, node="9f9f") is None
    assert (await house.counted()).sums[COMMENTS[0]] == OpinionSums(agree=10, disagree=0, passed=0)
    assert await room(2, people=8, node="9f9f", of=1) is None
    assert COMMENTS[0] in (await house.counted()).sums  # The first machine's, since the newest has none any more.
    # After a restart it is known that they were told.
    house.ballots, house.opinions = house.again(2)
    await house.ballots.load()
    house.opinions._loaded(house.live)
    assert house.ballots.box.boxes[SESSION].of_hubs.by_hub(":vote:") == {"lima": (8,), "north.kisumu": (1,)}


@in_a_house
async def test_a_room_that_was_cut_off_counts_after_the_close_until_votes_are_destroyed(house: VotingMeeting) -> None:
    room = RoomVotes(people=6, sums={COMMENTS[0]: OpinionSums(agree=6, disagree=0, passed=0)})

    async def sent(people: int) -> object:
        found = msgspec.structs.replace(room, people=people)
        return await house.opinions.count_in_hub(house.live, found, hub="lima", node="0a1b")

    await house.do(do.CloseSession())
    assert await sent(6) is None
    assert (await house.counted()).voters == 6
    await house.hall.clock.sleep(KEPT_MS + 1_000_000)
    assert await house.book.read(NAMESPACE) == {}
    assert await sent(7) == VOTES_OVER
    assert (await house.counted()).voters == 6


@in_a_house
async def test_a_full_disk_loses_nothing(house: VotingMeeting) -> None:
    log = house.hall.log
    assert isinstance(log, FailingLog)
    log.full = True
    for n in range(5):
        await house.vote(f"v{n}")
    assert await house.counted() == CountedOpinions()
    log.full = False
    assert (await house.counted()).voters == 5
    house.book.full = True
    with pytest.raises(StorageUnavailable):
        await house.vote("v5")


@in_a_house
async def test_votes_and_support_do_not_take_the_room_of_each_other(house: VotingMeeting) -> None:
    most, ballot_box.MOST_BALLOTS = ballot_box.MOST_BALLOTS, 2
    try:
        taken = [await house.vote("v0"), await house.vote("v1")]
        full = await house.vote("v2")
        supported = [await house.ballots.support(SESSION, 1, name, name) for name in ("v0", "v1", "v2")]
    finally:
        ballot_box.MOST_BALLOTS = most
    assert isinstance(full, Refusal)
    assert full.code is RefusalCode.BUSY
    assert taken == supported[:2] == [None, None]
    assert supported[2] == full


@in_a_house
async def test_who_can_vote_on_what(house: VotingMeeting) -> None:
    assert await house.vote("v", number=10) == NO_QUESTION
    assert await house.opinions.vote(SessionId("none"), 1, AGREE, "v", "v") == NO_QUESTION
    await house.do(do.SwitchVoting(on=False), by=LEADS)
    assert await house.vote("v") == VOTES_OVER


@in_a_house
async def test_votes_are_gone_seven_days_after_the_close_and_the_sums_stay(house: VotingMeeting) -> None:
    for n in range(6):
        await house.vote(f"v{n}")
    before = await house.counted()
    await house.do(do.CloseSession())
    assert await house.vote("v7") == VOTES_OVER
    await house.hall.clock.sleep(KEPT_MS + 1_000_000)
    assert await house.book.read(NAMESPACE) == await house.book.read(f"{NAMESPACE}:{SESSION}") == {}
    await house.do(do.ReopenSession())
    # New votes alone would take the place of the sums of all.
    assert await house.vote("v8") == VOTES_OVER
    assert await house.ballots.support(SESSION, 2, "v8", "v8") is None
    assert await house.vote("v8") == VOTES_OVER
    assert await house.counted() == before


@in_a_house
async def test_a_comment_that_is_not_voted_on_any_more_is_left_out(house: VotingMeeting) -> None:
    for n in range(5):
        await house.vote(f"v{n}")
        await house.vote(f"v{n}", number=2)
    await house.do(do.PutToVote(comments=tuple(COMMENTS[1:])), by=LEADS)
    assert list((await house.counted()).sums) == [COMMENTS[1]]
    assert (await house.vote("v", number=1)) == NO_QUESTION
    assert RefusalCode.UNKNOWN is NO_QUESTION.code
