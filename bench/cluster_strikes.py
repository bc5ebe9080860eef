"""The faults that the proof inflicts on a house of several nodes. Each call returns when its fault has been mended.

No fault hurts more than one machine, so two copies of everything acknowledged stay whole.
"""

from __future__ import annotations

import asyncio
import math
import random
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from cluster_engine import EngineProcess
from cluster_house import FaultyHouse, Node
from soak_house import LinkedHub
from support.files.hung_disk import hung_disk
from support.links.weak_link import WeakLink

SHORTEST_S, LONGEST_S = 0.1, 30.0
DOWN_S = 8.0
"""The longest time before a killed process is started again, in s."""
OLDER_S = (1.0, 4.0)
"""How old the append-only file is with which Valkey is started, in s."""
KEPT_S = 20.0
FURTHEST_S = 3_600.0
"""How far a clock jumps at most, in s."""
ANSWERS_S = 1.0
"""Seconds until a node has noticed that its disk answers again, so that its process doesn't end any more."""
CLOCK_S = 1.1
"""Seconds until a process has noticed that its clock jumped."""


@dataclass(eq=False)
class Strikes:
    """Faults in one house."""

    house: FaultyHouse
    chance: random.Random
    longest_s: float = LONGEST_S

    async def strike(self, kind: str) -> None:
        """Inflict the fault that `kind` of `KINDS` names, and mend it."""
        keeper = await self.house.until_kept(KEPT_S)
        assert keeper is not None, "Nobody keeps the house."
        await KINDS[kind](self, keeper)

    def stand_by(self, keeper: Node) -> Node:
        """Return one of the nodes that stand by."""
        return self.chance.choice(self.house.others(keeper))

    def long(self) -> float:
        """Return a random duration in seconds, log-uniform."""
        return math.exp(self.chance.uniform(math.log(SHORTEST_S), math.log(self.longest_s)))

    async def down(self) -> None:
        """Wait while something is down: not at all, or some seconds."""
        await asyncio.sleep(self.chance.choice((0.0, self.chance.uniform(0, min(DOWN_S, self.longest_s)))))

    async def kill(self, node: Node) -> None:
        """Kill a node (SIGKILL), and start it again."""
        await node.kill()
        await self.down()
        await node.start()

    async def wipe(self, node: Node) -> None:
        """Kill a node (SIGKILL), and start it again with an empty disk that has only the house's signing key."""
        await node.kill()
        await self.down()
        node.wipe()
        node.sign_like(self.house.others(node)[0])
        await node.start()

    async def stop(self, node: Node) -> None:
        """Stop a node as a service manager does, and start it again."""
        status = await node.stop()
        assert status == 0, f"{node.name} that was told to stop ended with {status}."
        await self.down()
        await node.start()

    async def freeze(self, node: Node) -> None:
        """Freeze a node (SIGSTOP), and thaw it later (SIGCONT)."""
        node.freeze()
        await asyncio.sleep(self.long())
        node.thaw()

    async def full(self, node: Node) -> None:
        """Fill a node's disk for a while."""
        node.disk_full(full=True)
        await asyncio.sleep(self.long())
        if not node.ended:
            with suppress(ProcessLookupError):
                node.disk_full(full=False)

    async def hang(self, node: Node) -> None:
        """Let a node's disk hang for a while; start the node again where its process has ended."""
        async with hung_disk(node.pid):
            await asyncio.sleep(self.long())
        await asyncio.sleep(ANSWERS_S)
        if node.ended:
            await node.start()

    async def jump(self, node: Node) -> None:
        """Make a node's wall clock jump, forwards or backwards, and back later."""
        node.jump(self.chance.choice((-1, 1)) * math.exp(self.chance.uniform(math.log(0.1), math.log(FURTHEST_S))))
        await asyncio.sleep(CLOCK_S + self.long())
        node.jump(0)
        await asyncio.sleep(CLOCK_S)

    async def link(self, link: WeakLink, how: str) -> None:
        """Cut a link, or stall one or both of its directions."""
        ways = {"up": [link.up], "down": [link.down], "both": [link.up, link.down], "cut": []}[how]
        for way in ways:
            way.stall()
        if how == "cut":
            link.cut()
        await asyncio.sleep(self.long())
        link.mend()
        for way in ways:
            way.go_on()

    async def kill_hub(self) -> None:
        """Kill the hub (SIGKILL), and start it again."""
        hub = self.hub
        await hub.process.kill()
        await self.down()
        await hub.process.start()

    async def kill_engine(self) -> None:
        """Kill the engine (SIGKILL), and start it again."""
        await self.engine.kill()
        await self.down()
        await self.engine.start()

    async def freeze_engine(self) -> None:
        """Freeze the engine (SIGSTOP), and thaw it later (SIGCONT)."""
        self.engine.freeze()
        await asyncio.sleep(self.long())
        self.engine.thaw()

    @property
    def engine(self) -> EngineProcess:
        """The house's engine, which it must have."""
        assert self.house.engine is not None
        return self.house.engine

    @property
    def hub(self) -> LinkedHub:
        """The house's hub, which it must have."""
        assert self.house.hub is not None
        return self.house.hub

    async def valkey_down(self, *, wiped: bool = False) -> None:
        """Kill Valkey (SIGKILL), and start it again."""
        valkey = self.house.valkey
        valkey.kill()
        await self.down()
        if wiped:
            shutil.rmtree(valkey.folder)
        await asyncio.to_thread(valkey.start)

    async def valkey_older(self) -> None:
        """Start Valkey again with an append-only file that is some seconds old."""
        valkey, copy = self.house.valkey, self.house.folder.parent / f"{self.house.folder.name}-older"
        while not await asyncio.to_thread(valkey.has_older, copy):  # noqa: ASYNC110  # of a process
            await asyncio.sleep(0.1)
        await asyncio.sleep(self.chance.uniform(*OLDER_S))
        valkey.kill()
        await self.down()
        shutil.rmtree(valkey.folder)
        shutil.move(copy, valkey.folder)
        await asyncio.to_thread(valkey.start)

    async def valkey_frozen(self) -> None:
        """Freeze Valkey (SIGSTOP) for a while."""
        self.house.valkey.freeze()
        await asyncio.sleep(self.long())
        self.house.valkey.thaw()

    async def valkey_sleeps(self) -> None:
        """Block Valkey by DEBUG SLEEP."""
        seconds = self.long()
        self.house.valkey.begin("DEBUG", "SLEEP", f"{seconds:.3f}")
        await asyncio.sleep(seconds)

    async def valkey_full(self) -> None:
        """Leave Valkey no memory for a while."""
        valkey = self.house.valkey
        await asyncio.to_thread(valkey.ask, "CONFIG", "SET", "maxmemory", "1")
        await asyncio.sleep(self.long())
        await asyncio.to_thread(valkey.ask, "CONFIG", "SET", "maxmemory", "0")

    async def flush(self) -> None:
        """Delete all data in Valkey by FLUSHALL."""
        await asyncio.to_thread(self.house.valkey.ask, "FLUSHALL")

    async def cut_clients(self) -> None:
        """Cut all clients of Valkey several times, by CLIENT KILL TYPE normal."""
        for _ in range(self.chance.randint(1, 5)):
            with suppress(ConnectionRefusedError):  # Another fault has killed Valkey, and all clients are cut.
                self.house.valkey.begin("CLIENT", "KILL", "TYPE", "normal")
            await asyncio.sleep(self.chance.uniform(0, 0.3))


Act = Callable[[Strikes, Node], Awaitable[None]]


def _kinds() -> dict[str, Act]:
    found: dict[str, Act] = {
        "valkey killed": lambda all_, _: all_.valkey_down(),
        "valkey wiped": lambda all_, _: all_.valkey_down(wiped=True),
        "valkey older": lambda all_, _: all_.valkey_older(),
        "valkey frozen": lambda all_, _: all_.valkey_frozen(),
        "valkey sleeps": lambda all_, _: all_.valkey_sleeps(),
        "valkey out of memory": lambda all_, _: all_.valkey_full(),
        "valkey flushed": lambda all_, _: all_.flush(),
        "valkey's clients cut": lambda all_, _: all_.cut_clients(),
        "engine killed": lambda all_, _: all_.kill_engine(),
        "engine frozen": lambda all_, _: all_.freeze_engine(),
        "hub killed": lambda all_, _: all_.kill_hub(),
        "keeper's disk full": lambda all_, keeper: all_.full(keeper),
        "keeper's disk hangs": lambda all_, keeper: all_.hang(keeper),
        "stand-by's disk hangs": _at_other(Strikes.hang),
    }
    for what, act in (
        ("killed", Strikes.kill),
        ("wiped", Strikes.wipe),
        ("stopped orderly", Strikes.stop),
        ("frozen", Strikes.freeze),
        ("on a clock that jumps", Strikes.jump),
    ):
        found[f"keeper {what}"] = act
        found[f"stand-by {what}"] = _at_other(act)
    for how in ("cut", "both", "up", "down"):
        found[f"keeper - valkey {how}"] = _at_link(how, at_keeper=True)
        found[f"stand-by - valkey {how}"] = _at_link(how, at_keeper=False)
        found[f"stand-by - keeper {how}"] = _between(how)
        found[f"hub - node {how}"] = _at_hub(how)
    return found


def _at_hub(how: str) -> Act:
    return lambda all_, _: all_.link(all_.hub.link, how)


def _at_other(act: Act) -> Act:
    return lambda all_, keeper: act(all_, all_.stand_by(keeper))


def _at_link(how: str, *, at_keeper: bool) -> Act:
    return lambda all_, keeper: all_.link((keeper if at_keeper else all_.stand_by(keeper)).to_valkey, how)


def _between(how: str) -> Act:
    return lambda all_, keeper: all_.link(keeper.from_other, how)


CLOCK = ("keeper on a clock that jumps", "stand-by on a clock that jumps")
"""Kinds that need libfaketime."""
HUNG = ("keeper's disk hangs", "stand-by's disk hangs")
"""Kinds that need strace."""
KINDS = _kinds()
"""Faults by name. Links: `cut` refuses connections; `both`, `up` (towards the dialled side) and
`down` stall traffic.
"""
BESIDE = ("valkey's clients cut", "stand-by - keeper cut", "stand-by - keeper both", "stand-by - keeper down")
"""Faults that hurt no copy, so that they may happen together with any other."""
