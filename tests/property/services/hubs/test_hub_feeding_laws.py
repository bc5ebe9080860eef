"""Laws of the server's end of the hub link: whatever is written, cut and stalled, a hub gets each
event of its lanes once.
"""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.ids import Lane
from moothall.services.hubs.beginning import lanes_of
from moothall.testing import loop
from moothall.testing.hub_link import HubEnd
from support.hubs.side import ALL, BELOW, FRENCH, MINE, ROOM, Centre, Model, centre, listen

WRITES = st.tuples(
    st.just("write"), st.lists(st.sampled_from(ALL), min_size=1, max_size=30), st.sampled_from([10, 300, 3_000])
)
STEPS = st.one_of(
    WRITES,
    st.tuples(st.just("wait"), st.integers(0, 3_000)),
    st.tuples(st.just("take"), st.integers(1, 5)),
    st.tuples(st.just("take"), st.integers(6, 40)),
    st.tuples(st.just("blink")),
    st.tuples(st.just("cut")),
    st.tuples(st.just("dial")),
    st.tuples(st.just("follow")),
)


class Story:
    """A hub at a line."""

    def __init__(self, running: Centre, model: Model) -> None:
        self.it = running
        self.model = model
        self.hub: HubEnd | None = None

    async def step(self, step: tuple[object, ...]) -> None:
        match step:
            case ("write", list(lanes), int(size)):
                await self.it.source.write(*map(Lane, lanes), size=size)
            case ("wait", int(ms)):
                await self.it.clock.sleep(ms)
            case ("take", int(count)):
                await self.take(count)
            case ("cut",):
                if self.hub is not None:
                    self.hub.cut()
                    self.hub = None
            case ("dial",):
                await self.dial()
            case ("blink",):
                await self.step(("cut",))
                await self.dial()
            case _:
                if self.hub is not None:
                    await self.drain(self.hub)  # Two at once would have to be told apart by their numbers.
                    await self.hub.send(self.model.follow())

    async def dial(self) -> HubEnd:
        if self.hub is None:
            self.hub = await self.it.dial()
            await self.hub.send(self.model.follow())
        return self.hub

    async def take(self, count: int) -> None:
        """So many messages, as far as they come within a second."""
        for _ in range(count):
            if self.hub is None:
                return
            try:
                async with asyncio.timeout(1):
                    message = await self.hub.receive()
            except TimeoutError:
                return
            if message is None:
                self.hub = None
                return
            if (answer := self.model.take(message)) is not None:
                await self.hub.send(answer)

    async def drain(self, hub: HubEnd) -> None:
        await listen(hub, self.model)


@given(
    st.sampled_from([1, 40, 80]),
    st.lists(STEPS, max_size=25),
    st.booleans(),
    st.sampled_from([(), (ROOM,), (ROOM, FRENCH)]),
)
def test_whatever_happens_each_event_comes_once_and_all_of_them(
    before: int, steps: list[tuple[object, ...]], words: bool, channels: tuple[str, ...]
) -> None:
    async def story() -> None:
        model = Model(*map(type(ROOM), channels), words=words)
        async with centre() as running:
            for _ in range(before):
                await running.source.write(*ALL, size=700)
            told = Story(running, model)
            for step in steps:
                await told.step(step)
            hub = await told.dial()
            await told.drain(hub)
            lanes = lanes_of(model.began.channels if model.began else (), words=words)
            assert model.stopped is None
            assert not model.hole
            assert model.known == await running.source.records(lanes)
            assert model.own == await running.source.records(frozenset({MINE, BELOW}))

    loop.run(story())
