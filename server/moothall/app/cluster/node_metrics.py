"""The metrics of a node that stands by: its readers and connections, and how well it hears the keeper."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from moothall import __version__
from moothall.adapters.http.places import Places
from moothall.adapters.metrics.metrics import Scrape
from moothall.adapters.metrics.metrics_door import MetricsDoor, folder_sizes, open_metrics_door
from moothall.adapters.reading.reader_routes import Readers
from moothall.adapters.system.clock import SystemRandomness
from moothall.app.backend import disk_of
from moothall.app.cluster.house import House
from moothall.app.metrics import tell_disk, tell_doors, tell_fanouts, tell_measures, tell_stuck
from moothall.services.cluster.reading import NodeReading
from moothall.services.metrics.measures import Measures


async def open_node_metrics(
    stack: AsyncExitStack,
    house: House,
    reading: NodeReading,
    readers: Readers,
    *,
    measures: Measures,
    connections: Places,
) -> None:
    """Tell metrics where `[metrics]` says, until the stack unwinds."""
    settings, data = house.settings, Path(house.settings.server.data)
    if not settings.metrics.host:
        return

    def read() -> Scrape:
        scrape = Scrape()
        scrape.tell("moothall_build_info", 1, version=__version__)
        scrape.tell("moothall_ready", house.keeper is not None and not reading.cut_off)
        scrape.tell("moothall_house_kept", 0)
        tell_stuck(scrape, settings.cluster.node, [each.name for each in house.removing.stuck])
        scrape.tell_ms("moothall_keeper_silence_seconds", reading.source.age)
        tell_measures(scrape, measures)
        tell_fanouts(scrape, [each.fanout.figures for each in reading.sessions.all_loaded])
        tell_doors(scrape, readers, connections)
        tell_disk(scrape, disk_of(data))
        return scrape

    door = MetricsDoor(read, partial(folder_sizes, data, {}), house.clock)
    await open_metrics_door(stack, door, settings.metrics.host, settings.metrics.port, SystemRandomness())
