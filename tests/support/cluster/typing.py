"""A house of several nodes in which somebody types one line after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SessionId
from support.cluster.nodes import NodeProcess, Prepared, prepared
from support.cluster.process import RedisProcess
from support.desks.persistent import PATIENCE_S, PersistentDesk


class Typist:
    """Types one line after the other at a desk, and remembers the acknowledged lines."""

    def __init__(self, nodes: Sequence[NodeProcess], planned: Prepared, patience_s: float = PATIENCE_S) -> None:
        addresses = [node.address for node in nodes]
        self.desk = PersistentDesk(addresses, planned.token, again_s=0.1, patience_s=patience_s)
        self.session = planned.session
        self.planned = planned
        self.typed: list[str] = []
        self._number = 0
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Type until cancelled."""
        answer = await self.desk.send(self.session, "act", {"id": "open", "commands": [{"do": "open"}]})
        assert "refusal" not in answer, answer
        while True:
            self._number += 1
            text = f"Line {self._number}."
            line = {"do": "type", "channel": "floor", "segment": f"s{self._number}", "text": text, "language": "en"}
            answer = await self.desk.send(self.session, "act", {"id": f"type:{self._number}", "commands": [line]})
            assert "refusal" not in answer, answer
            self.typed.append(text)
            self._news.set()
            # Not at full speed: each line makes all nodes work, for as long as a test waits for something else.
            await asyncio.sleep(0.15)

    async def act(self, name: str, *commands: dict[str, Any]) -> None:
        """Do another act at the same desk."""
        answer = await self.desk.send(self.session, "act", {"id": name, "commands": commands})
        assert "refusal" not in answer, answer

    async def types(self, more: int) -> None:
        """Wait until `more` further lines were acknowledged."""
        wanted = len(self.typed) + more
        while len(self.typed) < wanted:
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def house(
    folder: Path,
    redis: RedisProcess,
    many: int = 2,
    *,
    more: str = "",
    first_by: int = 0,
    environment: Mapping[str, str] | None = None,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator[tuple[tuple[NodeProcess, ...], Typist]]:
    """Run nodes, of which the first keeps the house, and somebody who types.

    `more`: further settings of all nodes. `first_by`: the port by which the first node finds Redis; 0 for Redis's own.
    `environment`: variables of each node. `patience_s`: how long the typist's desk stays at a node that refuses
    everything.
    """
    ports = [first_by or redis.port, *[redis.port] * (many - 1)]
    nodes = tuple(NodeProcess(folder, number, port, more=more) for number, port in enumerate(ports, start=1))
    for node in nodes:
        node.environment.update(environment or {})
    first, *others = nodes
    planned = await prepared(first.data)
    for node in others:
        node.sign_like(first)
    typist = Typist(nodes, planned, patience_s)
    try:
        await first.start()
        await first.until("keeps the house")
        for node in others:
            await node.start()
        async with asyncio.TaskGroup() as group:
            typing = group.create_task(typist.run())
            await typist.types(5)
            yield nodes, typist
            typing.cancel()
        await typist.desk.close()
    finally:
        for node in nodes:
            await node.stop()


def texts(node: NodeProcess, session: SessionId) -> list[str]:
    events = (decode_event(each.body) for each in node.records(session) if each.body is not None)
    return [event.text for event in events if isinstance(event, le.SegmentEnded)]


def require_all(typist: Typist, *nodes: NodeProcess) -> None:
    """Assert that each node has each acknowledged line once, in order; one more may follow whose answer was lost."""
    for node in nodes:
        found = texts(node, typist.session)
        assert found[: len(typist.typed)] == typist.typed
        assert len(found) <= len(typist.typed) + 1
        assert [each.header.offset for each in node.records(typist.session)] == list(
            range(1, len(node.records(typist.session)) + 1)
        )
