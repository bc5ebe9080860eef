"""Votes in a hub's room are counted once, whatever fails in between: restarts, a full outbox,
lost answers, the close.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import CommandId, PollId
from moothall.core.questions.polls import Choice
from moothall.services.questions.ballots import COUNT_MS
from moothall.testing.loop import run
from moothall.wire.hubs.acts import HandsAct
from moothall_hub.outbox.outbox import ActState
from support.hubs.desk import Room, S, room

P, OPTIONS = PollId("p"), ("Yes", "No", "Later")
VOTE = st.tuples(st.sampled_from("abc"), st.integers(0, 2))
STEPS = st.lists(
    st.one_of(VOTE, st.sampled_from(["wait", "up", "lost", "close", "open", "restart", "full", "room"])), max_size=20
)
"""A vote; time passes; the uplink carries what waits, with its answers or without; the meeting closes it and opens it
again; the hub is killed and started; its outbox takes nothing, and takes something again.
"""


class Centre:
    """What the server above does with counts: the newest holds, none is taken after the close."""

    def __init__(self) -> None:
        self.going = True
        self.counts: tuple[int, ...] = (0, 0, 0)
        self._answers: dict[CommandId, RefusalCode | None] = {}

    def take(self, act_id: CommandId, counts: tuple[int, ...]) -> RefusalCode | None:
        if act_id not in self._answers:
            self._answers[act_id] = None if self.going or counts == self.counts else RefusalCode.CONFLICT
            self.counts = self.counts if self._answers[act_id] else counts
        return self._answers[act_id]


class Story:
    def __init__(self, made: Room) -> None:
        self.room = made
        self.centre = Centre()
        self.chosen: dict[str, int] = {}
        """What each voter chose last of what the hub took."""

    async def settle(self) -> None:
        await self.room.clock.sleep(3 * COUNT_MS)

    async def step(self, what: object) -> None:
        outbox = self.room.outbox
        match what:
            case (str(voter), int(option)):
                if await self.room.hands.vote(S, 1, option, voter, f"192.0.2.{ord(voter)}") is None:
                    self.chosen[voter] = option
            case "wait":
                await self.settle()
            case "up" | "lost":
                for put in outbox.of(HandsAct):
                    if outbox.standing[put.id].state is ActState.WAITING and isinstance(put.act, HandsAct):
                        code = self.centre.take(put.id, put.act.counts)
                        if what == "up":
                            outbox.answer(put.id, code)
                await self.settle()
            case "close" | "open" if self.centre.going is (what == "close"):
                self.centre.going = what == "open"
                asked = do.OpenPoll(poll=P, question="Shall we?", language="en", options=OPTIONS)
                await self.room.meeting.do(asked if self.centre.going else do.ClosePoll(poll=P))
            case "full" | "room":
                outbox.full = what == "full"
            case "restart":
                await self.room.vote_again()
            case _:
                pass


async def told(steps: list[object]) -> None:
    async with room() as made:
        story = Story(made)
        asked = do.OpenPoll(poll=P, question="Shall we?", language="en", options=OPTIONS)
        await made.meeting.do(asked)
        for step in steps:
            await story.step(step)
        # In the end the line is there and stays.
        for step in ("room", *["wait", "up"] * 5):
            await story.step(step)
        mine = {voter: made.hands.voted(S, voter).get(P, Choice()) for voter in "abc"}
        assert not any(choice.waits for choice in mine.values())
        counted = Counter(choice.option for choice in mine.values() if choice.option is not None)
        assert story.centre.counts == tuple(counted[option] for option in range(3))
        for voter, option in story.chosen.items():
            assert option in (mine[voter].option, mine[voter].late), "nobody's newest choice is forgotten"


@settings(max_examples=60)
@given(STEPS)
def test_what_voters_are_told_is_what_the_meeting_counts(steps: list[object]) -> None:
    run(told(steps))
