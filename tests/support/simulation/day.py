"""A day of a hub on a bad uplink, on a loop whose time jumps: cuts, silence, kills of either side;
nothing lost or doubled.

The server above is in `centre.py`, the hub in `hub.py`. A seed determines every failure: its time, its kind and its
duration. Data on the disks survive; all other state of a killed process is gone.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.question_parts import InterventionKind
from moothall.core.kernel.ids import CommandId, InterventionId, Lane, NoteId
from moothall.testing.log_memory import MemoryLog
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.acts import AnyAct, AskAct, HeadCountAct, NoteAct, SupportAct
from moothall_hub.mirror.wanted import Want
from speaking import FLOOR
from support.links.weak_link import WEAK, Quality
from support.simulation.centre import SECOND, SESSION, NotedActs, Serve, SimulatedCentre
from support.simulation.disk import HubDisk
from support.simulation.hub import SimulatedHub
from support.simulation.link import BelowEnd, SimulatedLink

HUB = "kisumu"
CALM_S = 300.0
"""Seconds at the end in which nothing fails, and missing events arrive."""
TRIES_S = 10.0
MOST_BEHIND = 30
"""Events that may be under way, or gathered for a second, at the end."""

LINKS = (WEAK, Quality(bits_per_s=9_600, delay_ms=900), Quality(bits_per_s=1_000_000, delay_ms=40))
"""Qualities of the uplink, one of which is drawn at each dial."""
WISHES = (
    Want(channels=(FLOOR,)),
    Want(channels=(FLOOR,), words=True),
    Want(channels=(FLOOR, SECOND)),
    Want(channels=(SECOND,), words=True),
)


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """How bad a day it is; times are means of random durations, in s."""

    seconds: float
    """The length of the day, without the calm at its end."""
    good_s: float = 240.0
    """Between two failures."""
    bad_s: float = 60.0
    """The duration of a failure."""
    act_s: float = 20.0
    """Between two acts of the room."""
    note_s: float = 600.0
    """Between two notes to the hub."""
    pause_s: float = 0.0
    """The speaker's pause after each line, which gives a day fewer lines."""


class Day:
    """One simulated day. Call `live`, then check what is left."""

    def __init__(
        self,
        seed: int,
        fate: Fate,
        serving: Callable[[SimulatedCentre], Serve],
        verify: Callable[[str, bytes, bytes], bool],
        disk: HubDisk,
    ) -> None:
        """`serving` returns the service of links for a run of the server above."""
        self.fate = fate
        self.chance = random.Random(seed)  # noqa: S311  # repeatable is what it has to be
        self.log = MemoryLog()
        self.acts = NotedActs(self.chance)
        self.disk = disk
        self.put: list[CommandId] = []
        """Acts whose storage was confirmed to the room, in order."""
        self.troubles: Counter[str] = Counter()
        self.faults: list[str] = []
        """Wrong events shown to the hub's readers, and links that ended as no link should."""
        self.dialled = 0
        self.bytes = 0
        self._serving = serving
        self._verify = verify
        self._up = True
        self._over = False
        self._links: list[SimulatedLink] = []
        self._lives = 0
        self._centre: SimulatedCentre | None = None
        self._hub: SimulatedHub | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wish = WISHES[0]

    async def live(self) -> None:
        """Simulate the day and the calm after it."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._start_centre()
            self._start_hub()
            room, notes = group.create_task(self._room()), group.create_task(self._notes())
            await self._day()
            self._over = True
            notes.cancel()
            await room
            await asyncio.sleep(CALM_S)
            for task in self._tasks.values():
                task.cancel()

    @property
    def hub(self) -> SimulatedHub:
        """The hub's last run."""
        assert self._hub is not None
        return self._hub

    async def _day(self) -> None:
        end = _now() + self.fate.seconds
        while True:
            await asyncio.sleep(min(max(0.0, end - _now()), self.chance.expovariate(1 / self.fate.good_s)))
            if _now() >= end:
                return
            trouble = self.chance.choice(
                ("cut", "cut", "cut", "died", "died", "hub killed", "hub killed", "centre killed", "wish", "removal")
            )
            self.troubles[trouble] += 1
            await self._trouble(trouble, self.chance.expovariate(1 / self.fate.bad_s))

    async def _trouble(self, trouble: str, seconds: float) -> None:
        match trouble:
            case "cut" | "died":
                self._up = False
                for link in self._links:
                    link.cut() if trouble == "cut" else link.die()
                self._links = []
                await asyncio.sleep(seconds)
                self._up = True
            case "hub killed":
                await self._kill("hub")
                await asyncio.sleep(seconds)
                self._start_hub()
            case "centre killed":
                await self._kill("centre")
                self._centre = None
                await asyncio.sleep(seconds)
                self._start_centre()
            case "wish":
                self._wish = self.chance.choice(WISHES)
                await self.hub.want({SESSION: self._wish})
            case _:
                if self._centre is not None:
                    await self._centre.remove_something()

    async def _kill(self, what: str) -> None:
        if what == "hub":
            self._look_at_hub()
        task = self._tasks.pop(what)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def _start_centre(self) -> None:
        self._lives += 1
        self._centre = SimulatedCentre(self._lives, self.log, self.acts, self.chance, self.fate.pause_s)
        self._tasks["centre"] = self._group.create_task(self._centre.run(self._serving))

    async def _notes(self) -> None:
        """Leave notes for the hub, again and again."""
        number = 0
        while True:
            await asyncio.sleep(self.chance.expovariate(1 / self.fate.note_s))
            number += 1
            if self._centre is not None:
                await self._centre.tell(HUB, f"told-{number}")

    def _start_hub(self) -> None:
        self.disk.begin()
        self._hub = SimulatedHub(
            "hub-node", self.disk, self._dial, self._verify, chance=self.chance, wanted={SESSION: self._wish}
        )
        self._tasks["hub"] = self._group.create_task(self._hub.run())

    async def _dial(self) -> BelowEnd | None:
        quality = self.chance.choice(LINKS)
        await asyncio.sleep(4 * quality.delay_ms / 1_000)  # the handshakes of TCP and WebSocket
        link = SimulatedLink(quality, quality)
        if not self._up or self._centre is None or not self._centre.accept(link.above):
            await asyncio.sleep(self.chance.uniform(0, TRIES_S))
            return None
        self.dialled += 1
        self._links.append(link)
        return link.below

    async def _room(self) -> None:
        """Do acts of the room, again and again; an act without a confirmation is repeated."""
        number = 0
        while not self._over:
            await asyncio.sleep(self.chance.expovariate(1 / self.fate.act_s))
            number += 1
            act = self._act(number)
            while True:
                doing = asyncio.ensure_future(self.hub.do(act))
                done, _ = await asyncio.wait(
                    {doing, *filter(None, [self._tasks.get("hub")])}, return_when="FIRST_COMPLETED"
                )
                if doing in done and self._tasks.get("hub") is not None:
                    break
                doing.cancel()
                await asyncio.sleep(1)
            self.put.append(act.id)

    def _act(self, number: int) -> wire.Act:
        at = round(_now() * 1_000)
        asked = InterventionId(f"{number:032x}")
        choices: Sequence[AnyAct] = (
            AskAct(intervention=asked, kind=InterventionKind.QUESTION, text=f"Question {number}?", language="en"),
            SupportAct(intervention=asked, count=number),
            HeadCountAct(people=number),
            NoteAct(note=NoteId(f"note-{number}"), text="Can you hear us?"),
        )
        return wire.Act(id=CommandId(f"act:{number}"), session=SESSION, at=at, act=self.chance.choice(choices))

    def _look_at_hub(self) -> None:
        self.faults += self.hub.shown.faults
        self.faults += self.hub.stopped

    # Checks after the day

    async def require_nothing_lost(self) -> None:
        """Assert that the hub's disk has all wanted events once, unchanged and signed, and that all
        acts were carried out once.
        """
        self._look_at_hub()
        assert not self.faults, self.faults
        self.disk.begin()
        copy = self.disk.copy(SESSION)
        assert copy.broken is None
        assert copy.known is not None
        assert copy.live is None, "What was missed has not come in the calm."
        lanes = copy.known.lanes
        there = {record.header.offset: record for record in await self.log.read(SESSION, 0, 10_000_000, lanes)}
        written = {offset: record for offset, record in there.items() if offset <= copy.known.offset}
        _require_same(written, self._held(*lanes))
        newest = max(offset for offset, record in written.items() if record.header.type == "record.checkpoint")
        assert copy.known.verified >= newest, "Not all of it is vouched for."
        assert len(there) - len(written) < MOST_BEHIND, "The hub is far behind."
        own = await self.log.read(SESSION, 0, 10_000_000, frozenset({Lane(f"hub:{HUB}")}))
        assert own, "Nobody told the hub anything."
        _require_same({record.header.offset: record for record in own}, self._held(own[0].header.lane))
        self._require_acts()

    def _held(self, *lanes: Lane) -> dict[int, LogRecord]:
        records = self.disk.records[SESSION]
        return {offset: record for offset, record in records.items() if record.header.lane in lanes}

    def _require_acts(self) -> None:
        waiting = [act.id for act in self.disk.unanswered()]
        assert not waiting, f"{len(waiting)} acts wait still."
        assert set(self.put) == set(self.acts.done) | set(self.acts.refused), "An act was lost, or made up."
        assert set(self.acts.done.values()) <= {1}, "An act was done twice."
        for act, refused in self.acts.refused.items():
            assert self.disk.acts[act].answer == refused
        done = [act for act in self.put if act in self.acts.done]
        assert self.acts.order == done, "Acts were done in another order than the room did them."


def _require_same(written: dict[int, LogRecord], held: dict[int, LogRecord]) -> None:
    missing, more = written.keys() - held.keys(), held.keys() - written.keys()
    assert not missing, f"{len(missing)} events are missing, the first is {min(missing)}."
    assert not more, f"{len(more)} events are here that aren't in the log, the first is {min(more)}."
    other = [offset for offset, record in written.items() if held[offset] != record]
    assert not other, f"{len(other)} events are not as they were written, the first is {min(other)}."


def _now() -> float:
    return asyncio.get_running_loop().time()
