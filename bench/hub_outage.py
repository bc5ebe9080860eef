#!/usr/bin/env python3
"""A hub whose uplink was down for ten minutes: how soon it shows current speech, and how soon all is there, verified.

    python bench/hub_outage.py [--rounds 5] [--minutes 10] [--bits 64000] [--ms 600]

Centre and hub are processes of their own, and between them is `tests/support/links/weak_link.py`, a TCP proxy that
limits and delays (`--bits` a second each way, half of `--ms` each way; a dial costs a round trip). An hour is said and
copied over a good link. The link is cut, ten minutes are said at once on a clock that runs along (times, checkpoints
and text as if they had passed), somebody goes on speaking, and the link comes back weak. Time counts from the hub's
dial, as the proxy sees it; how long the hub waited before it dialled is shown beside it.

live: until a reader at the hub has the line that was finished last when the hub dialled, or a later one. whole: until
the copy on the hub's disk has no hole. verified: until a signature vouches for all that was missed. Bytes are those on
the socket from the dial until then. `--one-way` counts `--ms` for each way, not for both together.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from statistics import median_high
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # The tests' package runs the processes and weak links.

from moothall.adapters.reading.reader_client import follow
from moothall.core.events.codec import decode_event
from moothall.core.events.lines import SegmentEnded
from moothall.core.kernel.ids import SessionId
from moothall_hub.app import COPIES
from moothall_hub.mirror.copied import SessionCopy
from moothall_hub.mirror.mirror import Mirror
from scoring import machine, markdown
from support.halls.process import CLOCK, FLOOR, free_port
from support.hubs.processes import CentreProcess, HubProcess
from support.links.weak_link import GOOD, Quality, WeakLink, weak_link_to

SESSION = SessionId("plenary")
LOOK_MS = 20
TALK_MS = 14_000
"""As long as the longest line, in ms: at least one line is finished in this time."""
BEFORE_S = 3_600
PATIENCE_S = 180.0


class Round(NamedTuple):
    """The figures of a round: seconds from the dial, and bytes."""

    waited: float
    live: float
    whole: float
    verified: float
    bytes: int


class Look:
    """Waits for states of a hub's copy on its disk."""

    def __init__(self, mirror: Mirror, session: SessionId = SESSION) -> None:
        self._mirror = mirror
        self._session = session

    async def now(self) -> SessionCopy:
        copy = await self._mirror.copy(self._session)
        return copy or SessionCopy(session=self._session)

    async def whole(self, offset: int) -> None:
        """Wait until the copy has no hole up to an event."""
        while True:
            copy = await self.now()
            if copy.broken is not None:
                sys.exit(f"The copy is broken at event {copy.broken.offset}: {copy.broken.reason}")
            if copy.whole and copy.offset >= offset:
                return
            await CLOCK.sleep(LOOK_MS)

    async def verified(self, offset: int) -> None:
        """Wait until a signature vouches for the copy up to an event."""
        while (copy := await self.now()).live is not None or copy.verified < offset:
            await CLOCK.sleep(LOOK_MS)


class Reader:
    """A reader at the hub."""

    def __init__(self) -> None:
        self.came: list[tuple[int, float]] = []
        """Offsets of lines' ends, and when each arrived, by the loop's time."""
        self._more = asyncio.Event()

    async def read(self, hub: HubProcess) -> None:
        """Read until cancelled."""
        loop = asyncio.get_running_loop()
        async for frame, _ in follow(f"{hub.address}/s/{SESSION}", FLOOR, CLOCK, tries=200):
            ends = [each.offset for each in frame.events if isinstance(decode_event(bytes(each.body)), SegmentEnded)]
            if frame.snapshot is not None:
                ends.append(frame.snapshot.offset)
            self.came += [(offset, loop.time()) for offset in ends]
            self._more.set()

    async def has(self, offset: int) -> float:
        """Wait until the reader has the line that ended at `offset`, or a later one; returns the loop's time."""
        while (found := next((at for came, at in self.came if came >= offset), None)) is None:
            self._more.clear()
            await self._more.wait()
        return found


class House(NamedTuple):
    """The processes of the bench, and the link between them."""

    centre: CentreProcess
    hub: HubProcess
    link: WeakLink
    look: Look


async def outage(house: House, bad: Quality, seconds: int) -> Round:
    """Run one outage of `seconds`; returns its figures."""
    centre, hub, link, look = house
    loop = asyncio.get_running_loop()
    link.become(GOOD)
    await look.whole((await centre.order(look=True))["offset"] - 5)
    link.cut()
    missed = (await centre.order(say=seconds))["offset"]
    link.become(bad)
    await centre.order(talk=True)
    reader = Reader()
    reading = asyncio.ensure_future(reader.read(hub))
    await CLOCK.sleep(TALK_MS)
    dialled, before, mended = link.dialled, link.passed, loop.time()
    link.mend()
    while link.dialled == dialled:
        await CLOCK.sleep(1)
    began = link.dialled
    said = (await centre.order(look=True))["line"]
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        live = group.create_task(reader.has(said))
        times = [group.create_task(_when(each)) for each in (look.whole(missed), look.verified(missed))]
    passed = link.passed - before
    reading.cancel()
    await centre.order(talk=False)
    whole, verified = (each.result() for each in times)
    return Round(began - mended, live.result() - began, whole - began, verified - began, passed)


async def _when(done: Coroutine[Any, Any, None]) -> float:
    await done
    return asyncio.get_running_loop().time()


async def measure(arguments: argparse.Namespace) -> list[Round]:
    """Run all rounds; returns their figures."""
    bad = Quality(bits_per_s=arguments.bits, delay_ms=arguments.ms if arguments.one_way else arguments.ms // 2)
    seconds = round(60 * arguments.minutes)
    with tempfile.TemporaryDirectory(prefix="moothall-") as folder:
        back = BEFORE_S + arguments.rounds * seconds
        centre = CentreProcess(Path(folder) / "centre", free_port(50), back)
        await centre.start()
        words = (await centre.order(hub="Kisumu"))["words"]
        await centre.order(say=BEFORE_S)
        rounds: list[Round] = []
        async with weak_link_to(centre.port, GOOD) as link:
            hub = HubProcess(Path(folder) / "hub", free_port(51))
            await hub.pair(link.address, words)
            await hub.start()
            mirror = await Mirror.open(hub.data / COPIES)
            for _ in range(arguments.rounds):
                rounds.append(await outage(House(centre, hub, link, Look(mirror)), bad, seconds))
                print(*(f"{name} {value:.2f}" for name, value in rounds[-1]._asdict().items()), file=sys.stderr)
            await mirror.close()
            await hub.stop()
        await centre.stop()
        return rounds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--bits", type=int, default=64_000)
    parser.add_argument("--ms", type=int, default=600)
    parser.add_argument("--one-way", action="store_true")
    arguments = parser.parse_args()
    rounds = asyncio.run(measure(arguments))
    rows = [_row(f"{n + 1}", each) for n, each in enumerate(rounds)]
    columns = list(zip(*rounds, strict=True))
    rows.append(_row("p50", Round(*map(median_high, columns))))
    rows.append(_row("worst", Round(*map(max, columns))))
    print(markdown(["round", "before the dial s", "live s", "whole s", "verified s", "bytes"], rows))
    print("\n".join(machine()))


def _row(name: str, each: Round) -> list[str]:
    times = (each.live, each.whole, each.verified)
    return [name, f"{each.waited:.1f}", *(f"{time:.2f}" for time in times), f"{each.bytes:,}"]


if __name__ == "__main__":
    main()
