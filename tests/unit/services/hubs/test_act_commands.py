from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from moothall.core.kernel.errors import RefusalCode, StorageUnavailable
from moothall.core.kernel.ids import CommandId, InterventionId
from moothall.services.hubs.act_commands import FAILURES
from moothall.testing import loop
from moothall.testing.hub_link import HubEnd
from moothall.wire.close_codes import CloseCode
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.acts import SupportAct
from support.hubs.side import HALL, HELLO, Centre, centre, ended, next_of


def told(story: Callable[[Centre], Awaitable[None]], made: Centre | None = None) -> None:
    async def whole() -> None:
        async with centre(made) as running:
            await story(running)

    loop.run(whole())


async def linked(it: Centre) -> HubEnd:
    hub = await it.dial()
    await next_of(hub, wire.HubProgramme)
    return hub


def act(name: str, hub: str = "") -> wire.Act:
    support = SupportAct(intervention=InterventionId("q"), count=3)
    return wire.Act(id=CommandId(name), session=HALL, at=1, hub=hub, act=support)


def test_acts_are_done_in_order_with_the_path_of_the_room() -> None:
    async def story(it: Centre) -> None:
        hub = await linked(it)
        for each in (act("a"), act("b", "north"), act("a")):
            await hub.send(each)
        answers = [await next_of(hub, wire.ActDone, wire.ActNotDone) for _ in range(3)]
        assert answers == [wire.ActDone(id=CommandId(name)) for name in "aba"]
        assert [(path, each.id, node) for path, each, node in it.acts.done] == [
            ("kisumu", "a", HELLO.node),
            ("kisumu.north", "b", HELLO.node),
        ]

    told(story)


def test_while_an_act_is_to_come_again_those_behind_it_wait() -> None:
    async def story(it: Centre) -> None:
        busy = wire.ActNotDone(id=CommandId("b"), code=RefusalCode.BUSY, message="Later.")
        stored = StorageUnavailable("The disk is full.")
        wrong = wire.ActNotDone(id=CommandId("a"), code=RefusalCode.INVALID, message="No.")
        it.acts.answers = {CommandId("a"): [wrong], CommandId("b"): [busy, stored]}
        hub = await linked(it)
        codes = []
        for name in ("a", "b", "c", "b", "c", "b", "c"):
            await hub.send(act(name))
            answer = await next_of(hub, wire.ActDone, wire.ActNotDone)
            assert isinstance(answer, wire.ActDone | wire.ActNotDone)
            assert answer.id == name
            codes.append(answer.code.value if isinstance(answer, wire.ActNotDone) else "done")
        assert codes == ["invalid", "busy", "busy", "unavailable", "busy", "done", "done"]
        assert [each.id for _, each, _ in it.acts.done] == ["b", "c"]

    told(story)


def test_an_act_that_was_answered_late_comes_before_those_that_are_new() -> None:
    async def story(it: Centre) -> None:
        busy = wire.ActNotDone(id=CommandId("a"), code=RefusalCode.BUSY, message="Later.")
        it.acts.answers = {CommandId("a"): [busy]}
        hub = await linked(it)
        # The answer to `b` is on its way still when `a` is sent again, and `c` for the first time.
        for name in ("a", "b", "a", "c", "d", "c", "b", "d", "c", "d"):
            await hub.send(act(name))
            await next_of(hub, wire.ActDone, wire.ActNotDone)
        assert [each.id for _, each, _ in it.acts.done] == ["a", "b", "c", "d"]

    told(story)


def test_more_acts_to_come_again_than_may_be_end_the_link() -> None:
    async def story(it: Centre) -> None:
        busy = wire.ActNotDone(id=CommandId("a0"), code=RefusalCode.BUSY, message="Later.")
        it.acts.answers = {CommandId("a0"): [busy]}
        hub = await linked(it)
        for number in range(wire.MOST_ACTS):
            await hub.send(act(f"a{number}"))
            await next_of(hub, wire.ActNotDone)
        await hub.send(act("a1"))
        assert isinstance(await next_of(hub, wire.ActDone, wire.ActNotDone), wire.ActNotDone)
        await hub.send(act("new"))
        assert await ended(hub) == CloseCode.PROTOCOL_ERROR

    told(story)


def test_an_act_that_the_server_fails_at_is_refused_in_the_end() -> None:
    async def story(it: Centre) -> None:
        it.acts.answers = {CommandId("a"): [LookupError() for _ in range(FAILURES)]}
        hub = await linked(it)
        codes = []
        for _ in range(FAILURES):
            await hub.send(act("a"))
            answer = await next_of(hub, wire.ActNotDone)
            assert isinstance(answer, wire.ActNotDone)
            codes.append(answer.code)
        assert codes == [RefusalCode.UNAVAILABLE] * (FAILURES - 1) + [RefusalCode.INVALID]
        await hub.send(act("b"))
        assert await next_of(hub, wire.ActDone) == wire.ActDone(id=CommandId("b"))

    told(story)


@pytest.mark.parametrize("wrong", [act("", ""), act("a b"), act("a", "No Name"), HELLO])
def test_what_no_hub_says_ends_the_link(wrong: wire.FromHub) -> None:
    async def story(it: Centre) -> None:
        hub = await linked(it)
        await hub.send(wrong)
        assert await ended(hub) == CloseCode.PROTOCOL_ERROR
        assert it.acts.done == []

    told(story)


class SlowActs:
    """Takes a minute for each."""

    async def take(self, hub_path: str, act: wire.Act, node: str) -> wire.ActDone | wire.ActNotDone:
        await asyncio.sleep(60)
        return wire.ActDone(id=act.id)


def test_more_acts_on_their_way_than_may_be_end_the_link() -> None:
    async def story(it: Centre) -> None:
        hub = await linked(it)
        for number in range(wire.MOST_ACTS + 2):
            await hub.send(act(f"a{number}"))
        assert await ended(hub) == CloseCode.PROTOCOL_ERROR
        assert hub.closed is not None
        assert "16" in hub.closed[1]

    told(story, Centre(acts=SlowActs()))
