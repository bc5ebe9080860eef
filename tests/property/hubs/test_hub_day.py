"""Hours and days of a hub on a bad uplink: no events and no acts are lost or doubled, and a
signature vouches for everything.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import pytest

from moothall.services.hubs.links import HubLinks
from moothall.services.hubs.ports import ConferenceInfo
from moothall.services.hubs.removals import HubRemovals
from moothall.services.hubs.source import CentreSource
from moothall.services.sessions.catalogue import SessionCatalogue
from moothall.testing.book import MemoryBook
from moothall.testing.clock import LoopClock, SeededSigner
from moothall.testing.hub_link import MemoryRegistry
from moothall.testing.log_memory import MemoryLog
from moothall.testing.loop import run
from moothall.wire.hubs.records import pack
from support.files.memory_folder import MEMORY
from support.simulation.centre import Serve, SimulatedCentre
from support.simulation.day import HUB, Day, Fate
from support.simulation.files import HubFiles
from support.simulation.link import AboveEnd

HOUR_S = 3_600.0


def serving(removals: HubRemovals, centre: SimulatedCentre) -> Serve:
    hall, registry = centre.hall, MemoryRegistry()
    identity = registry.pair(HUB, "key")
    catalogue = SessionCatalogue(hall.log)
    hall.sessions.observe(lambda _, publication: catalogue.take(publication))
    hall.sessions.observe(lambda _, publication: removals.take(publication))
    source = CentreSource(hall.sessions, hall.log, hall.clock, catalogue=catalogue)
    links = HubLinks(
        source,
        centre.acts,
        registry,
        hall.clock,
        pack=pack,
        about=lambda: ConferenceInfo(keys=b"{}"),
        above=("centre-node",),
        removals=removals,
    )

    async def serve(link: AboveEnd) -> None:
        await links.serve(link, identity)

    return serve


def lived(seed: int, fate: Fate) -> Day:
    signer = SeededSigner()

    def verify(key: str, message: bytes, signature: bytes) -> bool:
        return key == signer.key_id and signer.sign(message) == signature  # Ed25519 signs the same alike.

    async def main(disk: HubFiles) -> Day:
        removals = HubRemovals(book=MemoryBook(), read=MemoryLog().read, clock=LoopClock())
        day = Day(seed, fate, partial(serving, removals), verify, disk)
        await day.live()
        await day.require_nothing_lost()
        assert removals.list(), "Nothing was removed while the hub held it."
        assert not removals.due("hub-node"), "Not all that was removed was said to be erased."
        return day

    # In memory, where there is such a folder: what is kept in which order is looked at here, not whether it is synced.
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        disk = HubFiles(seed, Path(folder))
        try:
            return run(main(disk))
        finally:
            disk.close()


TROUBLES = {"cut", "died", "hub killed", "centre killed", "wish", "removal"}


def test_half_an_hour_of_trouble_loses_and_doubles_nothing() -> None:
    fate = Fate(seconds=HOUR_S / 2, good_s=40, bad_s=15, act_s=6, note_s=60, pause_s=10)
    day = lived(4, fate)
    assert day.dialled > 10
    assert len(day.put) > 100
    assert set(day.troubles) == TROUBLES, "chance left out a trouble: take another seed"


@pytest.mark.slow
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(5))
def test_a_day_of_random_cuts_loses_and_doubles_nothing(seed: int) -> None:
    day = lived(100 + seed, Fate(seconds=24 * HOUR_S, pause_s=20))
    assert set(day.troubles) == TROUBLES
    assert sum(day.troubles.values()) > 200
