"""Laws of media time: whatever happens in a room, it never differs from the wall clock by more than drift."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from moothall.core import commands as do
from moothall.core.kernel.actors import SYSTEM
from moothall.core.kernel.ids import SourceId
from moothall.core.rules.decide import MOST_BEFORE
from moothall.core.rules.keeping import taken_over
from moothall.core.rules.lines import MOST_BACK
from moothall.core.sessions.parts import HELD_MS
from moothall.core.sessions.state import ON, State, Status
from moothall.services.capture.ingest import DRIFT_MS
from moothall.services.capture.live_channel import APART_FOR_MS, APART_MS
from moothall.testing import loop
from support.memory.hall import FLOOR
from support.memory.room_microphones import BOOTH, STEP_MS, Microphone, Room
from support.sessions.session_strategies import BEGIN, SESSION, carried_out

CARD = 0.01
"""By how much a card's seconds may differ here, a hundred times what cards do: so a minute shows what hours do."""
DELAY = 150
LOOKS = STEP_MS + 100 + 50
"""Ms: what was heard comes in steps, is looked at ten times a second, and is counted in whole ms."""
WALL = 1_000_000
SKEW_MS = 1_000
"""By how much the wall clock of a node may be off: those of two by 2 s."""
TAKE_OVER_MS = 2_000
"""A take-over takes so long at least where nobody was asked to stop. What was written within the difference of two
clocks before the next one has the other's date."""

ages = st.one_of(st.integers(0, 500), st.integers(0, MOST_BEFORE))
waits = st.one_of(st.integers(0, 3_000), st.integers(0, 30_000))
SOURCES = tuple(SourceId(f"mic-{number}") for number in range(6))
anything = st.one_of(
    st.builds(
        do.AttachSource,
        source=st.sampled_from(SOURCES),
        channel=st.just(FLOOR),
        t=st.integers(0, 10_000_000),
        rate=st.just(16_000),
    ),
    st.builds(do.EndSource, source=st.sampled_from(SOURCES), t=st.integers(0, 10_000)),
    st.builds(do.MapClock, t=st.integers(0, 200_000)),
    st.builds(do.BeginNotRecorded, back=st.integers(0, MOST_BACK)),
    st.sampled_from(
        [
            do.EndNotRecorded(),
            do.PauseSession(),
            do.ResumeSession(),
            do.CloseSession(),
            do.ReopenSession(),
        ]
    ),
)


def _future(state: State, wall: int) -> bool:
    """Whether something has happened that is still to come."""
    now = state.media_now(wall)
    spans = state.not_recorded[-1:] if not state.recorded else ()
    return any(began > now for began, _ in spans)


@given(ages, st.lists(st.tuples(anything, waits), max_size=25))
def test_nothing_but_a_mapping_moves_the_clock_and_nothing_lies_in_its_future(
    age: int, acts: list[tuple[do.AnyCommand, int]]
) -> None:
    state, wall = State(id=SESSION), WALL
    for command in BEGIN:
        state = carried_out(state, command, SYSTEM, wall) or state
        if state.status is Status.CREATED and FLOOR in state.channels:
            break
    state = carried_out(state, do.OpenSession(age=age), SYSTEM, wall) or state
    assert state.media_now(wall) == age
    for command, wait in acts:
        before = state.media_now(wall)
        wall += wait
        now = state.media_now(wall)
        assert before <= now <= before + wait
        known = len(state.sources)
        state = carried_out(state, command, SYSTEM, wall) or state
        moved = state.media_now(wall) - now
        if isinstance(command, do.MapClock):
            assert moved >= 0 or moved < -HELD_MS  # It stands still where drift would set it back.
        else:
            assert moved == 0
        if len(state.sources) > known:
            assert next(reversed(state.sources.values())).t <= now
        assert not _future(state, wall)


lives = st.lists(
    st.tuples(
        st.integers(-2 * SKEW_MS, 2 * SKEW_MS),
        st.integers(0, 60_000),
        st.one_of(st.none(), st.integers(0, 400)),
        st.lists(st.tuples(anything, waits), max_size=6),
    ),
    min_size=2,
    max_size=4,
)


@given(ages, lives)
def test_a_node_that_takes_over_never_sets_media_time_back_behind_the_last_event(
    age: int, lives: list[tuple[int, int, int | None, list[tuple[do.AnyCommand, int]]]]
) -> None:
    """Whatever its wall clock shows; where it saw that event it is off by a second at most, for which it stands."""
    state, true, wrote, at = State(id=SESSION), 0, 0, 0
    for n, (skew, pause, late, acts) in enumerate(lives):
        true += pause
        wall = WALL + true + skew
        if n == 0:
            for command in BEGIN:
                state = carried_out(state, command, SYSTEM, wall) or state
                if state.status is Status.CREATED and FLOOR in state.channels:
                    break
            state = carried_out(state, do.OpenSession(age=age), SYSTEM, wall) or state
            at, wrote = wall, true
        elif state.status in ON:
            before, unsure = state.media_now(WALL + wrote + lives[n - 1][0]), at - (WALL + wrote + lives[n - 1][0])
            passed = None if late is None else max(0, true - wrote - late)
            t = taken_over(state, at, passed, wall)
            state = carried_out(state, do.NoteWriter(node=f"n{n}", t=t), SYSTEM, wall) or state
            now = state.media_now(wall)
            assert now >= before, "it ran back"
            if late is not None:
                assert abs(now - before - (true - wrote)) <= HELD_MS + unsure, "it left the wall"
            assert state.media_now(wall + 700) == now + 700 or state.clock.reached
            at, wrote = max(at, wall), true
        for command, wait in acts:
            true += wait
            wall = WALL + true + skew
            after = carried_out(state, command, SYSTEM, wall)
            if after is not None:
                state, at, wrote = after, max(at, wall), true


waited = st.builds(lambda ms: ("wait", ms), st.sampled_from([0, 400, 3_000, 12_000, 35_000, 80_000]))
steps = st.lists(
    st.one_of(
        waited,
        st.tuples(
            st.sampled_from(["start", "stop", "cut", "back"]),
            st.integers(0, 1),
        ),
        st.sampled_from(
            [("hand over", 0), ("hand over", 1), ("break", 0), ("go on", 0), ("off", 0), ("off", 30_000), ("on", 0)]
        ),
        st.sampled_from([("close", 0), ("reopen", 0), ("restart", 0), ("restart", 8_000)]),
        waited,
    ),
    min_size=3,
    max_size=14,
)
cards = st.one_of(st.floats(1 - CARD, 1 + CARD), st.sampled_from([1 - CARD, 1.0, 1 + CARD]))
delays = st.integers(0, DELAY)

COMMANDS: dict[str, do.AnyCommand] = {
    "break": do.PauseSession(),
    "go on": do.ResumeSession(),
    "on": do.EndNotRecorded(),
    "close": do.CloseSession(),
    "reopen": do.ReopenSession(),
}


class Law:
    """Watches a room: at every tenth of a second, and after every act."""

    def __init__(self, room: Room, unsure: int = 0) -> None:
        """`unsure`: by how much a node that takes over may be off."""
        self.room = room
        self.unsure = unsure
        self.taken_over = -APART_FOR_MS
        """When another node took over, ms of the monotonic clock."""
        self.looked = 0
        self._of: str | None = None
        self._zero = 0
        self._before = 0

    def holds(self) -> None:
        room, clock = self.room, self.room.hall.clock
        state, wall = room.state, clock.wall()
        if state.status not in (*ON, Status.CLOSED):
            return
        now = state.media_now(wall)
        if self._of != state.id:
            self._of, self._zero, self._before = state.id, wall - room.ahead - now, now
        self.looked += 1
        assert now >= self._before, "it ran back"
        self._before = now
        passed = wall - room.ahead - self._zero
        assert abs(now - passed) <= DRIFT_MS + LOOKS + DELAY + passed * 2 * CARD + self.unsure, "it left the wall"
        assert not _future(state, wall), "what is not recorded begins in the future"
        alone = len(room.microphones) == 1
        apart = (DRIFT_MS if alone else APART_MS + APART_FOR_MS * 2 * CARD) + APART_FOR_MS * 2 * CARD
        for each in room.microphones:
            if each.session != state.id or (hearing := each.hearing(clock.monotonic())) is None:
                continue
            lately = clock.monotonic() - each.came_back <= (LOOKS if alone else APART_FOR_MS + LOOKS)
            unseen = each.was_cut * 2 * CARD if lately else 0  # Nobody knows how a card counts while its line is cut.
            unsure = self.unsure if clock.monotonic() - self.taken_over <= APART_FOR_MS + LOOKS else 0
            assert abs(hearing - now) <= apart + unseen + LOOKS + DELAY + unsure, f"{each.channel} is apart"

    async def wait(self, ms: int) -> None:
        self.holds()
        while ms > 0:
            await self.room.hall.clock.sleep(min(ms, 100))
            ms -= 100
            self.holds()


async def lived(
    room: Room, told: list[tuple[str, int]], *, opened: bool, nodes: Sequence[int] = (), unsure: int = 0
) -> int:
    """`nodes`: by how much the wall clocks of the house's machines are ahead, ms."""
    law, left, ahead = Law(room, unsure), list(told), nodes[0] if nodes else None
    while True:
        async with room.served(ahead):
            ahead = None
            if room.live is None:
                await room.meet(opened=opened)
                for each in room.microphones:
                    each.start(room.hall.clock.monotonic())
                await law.wait(2_000)
            down = 0
            while left:
                act, number = left.pop(0)
                microphone = room.microphones[number % len(room.microphones)]
                match act:
                    case "wait":
                        await law.wait(number)
                    case "start":
                        await microphone.stop()
                        microphone.start(room.hall.clock.monotonic())
                    case "stop":
                        await microphone.stop()
                    case "cut":
                        microphone.cut(room.hall.clock.monotonic())
                    case "back":
                        microphone.back(room.hall.clock.monotonic())
                    case "off":
                        await room.do(do.BeginNotRecorded(back=number))
                    case "hand over":
                        await room.do(do.CloseSession())
                        await room.meet(opened=number == 0)
                    case "restart":
                        down = number
                        break
                    case "take over":
                        node, down = number % len(nodes), TAKE_OVER_MS + number * 400
                        ahead = nodes[node]
                        break
                    case _:
                        await room.do(COMMANDS[act])
                await law.wait(700)
            else:
                return law.looked
        await room.hall.clock.sleep(down)
        law.taken_over = room.hall.clock.monotonic() if ahead is not None else law.taken_over


@settings(max_examples=max(8, settings().max_examples // 5))
@given(steps, st.booleans(), st.lists(st.tuples(cards, delays), min_size=1, max_size=2))
def test_media_time_agrees_with_the_wall_and_with_what_is_heard_whatever_happens_in_a_room(
    told: list[tuple[str, int]], opened: bool, made: list[tuple[float, int]]
) -> None:
    channels = (FLOOR, BOOTH)
    room = Room(*(Microphone(channels[n], card=card, delay=delay) for n, (card, delay) in enumerate(made)))
    assert loop.run(lived(room, told, opened=opened)) > 10


moved = st.lists(
    st.one_of(
        waited,
        st.tuples(st.sampled_from(["start", "stop", "cut", "back"]), st.integers(0, 1)),
        st.tuples(st.just("take over"), st.integers(0, 20)),
        st.sampled_from([("break", 0), ("go on", 0), ("off", 30_000), ("on", 0)]),
        waited,
    ),
    min_size=3,
    max_size=12,
)


@settings(max_examples=max(8, settings().max_examples // 5))
@given(
    moved,
    st.lists(st.integers(-SKEW_MS, SKEW_MS), min_size=2, max_size=3),
    st.lists(st.tuples(cards, delays), min_size=1, max_size=2),
)
def test_media_time_keeps_its_law_over_take_overs_by_nodes_whose_walls_differ(
    told: list[tuple[str, int]], nodes: list[int], made: list[tuple[float, int]]
) -> None:
    """And no event is dated before the one that it follows."""
    channels = (FLOOR, BOOTH)
    room = Room(*(Microphone(channels[n], card=card, delay=delay) for n, (card, delay) in enumerate(made)))

    async def story() -> int:
        looked = await lived(room, told, opened=True, nodes=nodes, unsure=HELD_MS)
        dates = [each.header.at for each in await room.log()]
        assert dates == sorted(dates)
        return looked

    assert loop.run(story()) > 10
