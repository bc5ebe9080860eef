"""Removals while a node was stopped: the keeper names the node until its own copy lacks the words."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import aiohttp
from msgspec.json import decode

from moothall.adapters.admin.local_door import Caller
from moothall.adapters.store.aside_folder import FOLDER
from moothall.core.events.types import Access
from moothall.core.kernel.ids import SessionId
from moothall.services.operation.status import NodeStatus
from support.backup.houses import holding
from support.cluster.nodes import NodeProcess
from support.cluster.process import RedisProcess, RedisProcesses
from support.cluster.typing import Typist, house, texts
from support.desks.persistent import PersistentDesk
from support.files.programme_files import SAMPLES
from support.halls.process import CLOCK


async def unconfirmed(node: NodeProcess) -> dict[str, int]:
    """How many removals other nodes have not confirmed, as the keeper says."""
    status = (await Caller(node.data).status()).node
    assert status is not None
    return dict(status.unconfirmed)


async def names(node: NodeProcess, wanted: dict[str, int]) -> None:
    """Comes back when these have not confirmed so many."""
    while await unconfirmed(node) != wanted:
        await CLOCK.sleep(250)


async def told(redis: RedisProcess, number: int, *nodes: NodeProcess) -> None:
    """Comes back when these have noted that they have come so far."""
    for node in nodes:
        while decode(redis.ask("HGET", "moothall:nodes", node.name))["applied"]["number"] != number:
            await CLOCK.sleep(250)


async def removed(typist: Typist, number: int) -> str:
    """Remove a line that was typed; what it said."""
    removes = {"type": "lines", "segments": [f"s{number}"]}
    answer = await typist.desk.send(typist.session, "remove", {"id": f"remove{number}", "removes": removes})
    assert "refusal" not in answer, answer
    return f"Line {number}."


async def finds(node: NodeProcess, words: str) -> list[str]:
    """The lines that a visitor of a node finds, as soon as anything can be searched there."""
    query, wanted = {"q": f'"{words}"'}, {"Accept": "application/json"}
    async with aiohttp.ClientSession() as visitor:
        while True:
            async with visitor.get(f"{node.address}/search", params=query, headers=wanted) as answer:
                if answer.status == 200:
                    found = await answer.json()
                    assert found["total"] == len(found["moments"])
                    return [each["text"] for each in found["moments"]]
            await CLOCK.sleep(250)


class Searching:
    """A visitor of a node who searches all the time for words, one of which were removed."""

    def __init__(self, node: NodeProcess, there: str, gone: Sequence[str]) -> None:
        self.node = node
        self.there, self.gone = there, gone
        self.found = 0
        """How often the words that are there were found."""
        self.statuses: set[int] = set()

    async def run(self) -> None:
        """Search until cancelled: nothing that was removed is found, whoever keeps the house."""
        wanted = {"Accept": "application/json"}
        async with aiohttp.ClientSession() as visitor:
            for words in cycle((self.there, *self.gone)):
                query = {"q": f'"{words}"'}
                async with visitor.get(f"{self.node.address}/search", params=query, headers=wanted) as answer:
                    self.statuses.add(answer.status)
                    found = (await answer.json())["moments"] if answer.status == 200 else []
                texts = [each["text"] for each in found]
                assert texts in ([], [self.there])
                self.found += texts == [self.there]
                await CLOCK.sleep(100)


async def admin_page(node: NodeProcess) -> str:
    """As whoever runs the meetings sees it."""
    link = await Caller(node.data).admin_link(new=True)
    assert link is not None
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(link) as entered:
            assert entered.status == 200
        async with browser.get(f"{node.address}/admin") as page:
            return await page.text()


async def test_a_node_that_is_stopped_while_words_are_removed_is_named_until_it_has_confirmed(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    """The next keeper names it too; one that was stopped in an orderly way counts as well. A visitor searches over the
    take-over, which comes while lines are written into the index.
    """
    redis = redis_processes.empty("valkey")
    # A node that is frozen answers nothing: the typist goes on to another.
    async with house(tmp_path, redis, 3, patience_s=5) as ((first, second, third), typist):
        await typist.types(5)
        gone = [await removed(typist, 1)]
        await told(redis, 1, first, second, third)
        await names(first, {})
        third.freeze()
        gone.append(await removed(typist, 3))
        await names(first, {"n3": 1})
        assert "The machine “n3” may still hold words" in await admin_page(first)
        await told(redis, 2, first, second)
        async with asyncio.TaskGroup() as group:
            visitor = Searching(second, "Line 2.", gone)
            searching = group.create_task(visitor.run())
            while not visitor.found:  # Its index, or the keeper's, has lines of the meeting, and more come.
                await CLOCK.sleep(50)
            await typist.types(3)
            await first.kill()
            await second.until("keeps the house")
            gone.append(await removed(typist, 5))
            await names(second, {"n1": 1, "n3": 2})
            before = visitor.found
            while visitor.found == before:
                await CLOCK.sleep(50)
            searching.cancel()
        assert visitor.statuses <= {200, 503}
        while await finds(second, "Line 8.") != ["Line 8."]:
            await CLOCK.sleep(250)
        assert [await finds(second, each) for each in gone] == [[], [], []]
        third.thaw()
        await names(second, {"n1": 1})
        assert third.ended is False
        assert not any(each in texts(third, typist.session) for each in gone)
        assert holding(third.data, [each.encode() for each in gone]) == []
        await first.start()
        await names(second, {})
        assert "may still hold words" not in await admin_page(second)
        await third.stop()
        gone.append(await removed(typist, 7))
        await names(second, {"n3": 1})
        said = await Caller(second.data).retire("n3")
        assert said.startswith("Node n3 is out of the house. It has not confirmed 1 removal, and is named for that no")
        await names(second, {})


async def node_status(node: NodeProcess) -> NodeStatus:
    """What a node says of itself and of the others."""
    status = (await Caller(node.data).status()).node
    assert status is not None
    return status


async def test_a_removal_that_a_node_cannot_apply_is_named_and_holds_up_none_behind_it(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    """Where the ends of a session lie that were set aside there is a file and no folder, which can't be removed."""
    other = SessionId("harbour-ht03")
    async with house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist):
        programme = (SAMPLES / "schedule.xml").read_bytes()
        await Caller(first.data).import_programme(programme, zone="", access=Access.PUBLIC, apply=True)
        desk = PersistentDesk([first.address], typist.planned.token)
        line = {"do": "type", "channel": "floor", "segment": "o1", "text": "Elsewhere.", "language": "fr"}
        for name, command in (("open", {"do": "open"}), ("o1", line)):
            answer = await desk.send(other, "act", {"id": name, "commands": [command]})
            assert "receipt" in answer, answer
        while texts(second, other) != ["Elsewhere."]:
            await CLOCK.sleep(100)
        (second.data / FOLDER).mkdir(exist_ok=True)
        in_the_way = second.data / FOLDER / typist.session
        in_the_way.touch()
        gone = await removed(typist, 1)
        answer = await desk.send(other, "remove", {"id": "r", "removes": {"type": "lines", "segments": ["o1"]}})
        assert "receipt" in answer, answer
        await desk.close()
        while not (stuck := (await node_status(first)).stuck):
            await CLOCK.sleep(100)
        (name,) = stuck["n2"]
        assert name.startswith(f"{typist.session}:")
        assert await unconfirmed(first) == {"n2": 1}
        assert (await node_status(second)).stuck == stuck
        alarms = {kind for each in (await Caller(first.data).status()).sessions for kind in each.alarms}
        assert "removal-stuck" in alarms
        assert texts(second, other) == []
        assert gone in texts(second, typist.session)
        assert f"removal {name}: it can't be applied here" in second.log.read_text()
        in_the_way.unlink()
        await names(first, {})
        assert (await node_status(first)).stuck == (await node_status(second)).stuck == {}
        assert gone not in texts(second, typist.session)
