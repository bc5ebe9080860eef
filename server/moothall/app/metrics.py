"""The metrics of a server: which of its parts each one is read from, and the port on which they are served."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

import msgspec

from moothall import __version__
from moothall.adapters.engines.child import EngineChild
from moothall.adapters.http.slots import Slots
from moothall.adapters.metrics.metrics import MOST_SESSIONS, Scrape
from moothall.adapters.metrics.metrics_door import MetricsDoor, folder_sizes, open_metrics_door
from moothall.adapters.reading.reader_routes import Readers
from moothall.adapters.search.index_files import FOLDER
from moothall.app.backend import SOUND_FOLDERS
from moothall.app.parts import Nodes, OpenDoors, Services
from moothall.services.control.channel_times import ChannelTimes
from moothall.services.metrics.measures import FEWEST_READERS, Measures, watch_loop
from moothall.services.reading.fanout import FanoutFigures
from moothall.services.sessions.live_session import LiveSession


class MetricSources(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a server from which metrics are read."""

    services: Services
    doors: OpenDoors
    children: Sequence[EngineChild]
    times: ChannelTimes
    nodes: Nodes | None
    """The other nodes; None where this server is alone."""


async def open_metrics(
    stack: AsyncExitStack,
    services: Services,
    doors: OpenDoors,
    children: Sequence[EngineChild],
    nodes: Nodes | None = None,
) -> int | None:
    """Serve metrics until the stack unwinds. Return the port; None where the settings want none."""
    backend, settings = services.backend, services.backend.settings.metrics
    times = ChannelTimes(backend.clock)
    if not settings.host:
        return None
    backend.sessions.observe(times.take)
    backend.keep(stack, partial(watch_loop, backend.clock, backend.measures.loop_lag))
    measured = MetricSources(services=services, doors=doors, children=children, times=times, nodes=nodes)
    sizes = partial(folder_sizes, backend.data, {name: name for name in (*SOUND_FOLDERS, FOLDER)})
    door = MetricsDoor(partial(read, measured), sizes, backend.clock)
    return await open_metrics_door(stack, door, settings.host, settings.port, backend.randomness)


def read(measured: MetricSources) -> Scrape:
    """Read all figures as they are now, without waiting for anything."""
    scrape, services = Scrape(), measured.services
    backend = services.backend
    scrape.tell("moothall_build_info", 1, version=__version__)
    scrape.tell("moothall_ready", not backend.readiness.lacking)
    for kind, sessions in measured.doors.control.alarm_counts.items():
        scrape.tell("moothall_alarms", sessions, kind=kind)
    if measured.nodes is not None:
        scrape.tell("moothall_house_kept", 1)
        scrape.tell("moothall_nodes_linked", measured.nodes.elsewhere.linked)
        scrape.tell("moothall_one_copy", measured.nodes.one_copy())
        for node, removals in measured.nodes.unconfirmed().items():
            scrape.tell("moothall_removals_unconfirmed", removals, node=node)
        for node, stuck in measured.nodes.stuck().items():
            tell_stuck(scrape, node, stuck)
    tell_measures(scrape, backend.measures)
    loaded = backend.sessions.all_loaded
    _sessions(scrape, loaded)
    tell_fanouts(scrape, [each.fanout.figures for each in loaded])
    for live in loaded[-MOST_SESSIONS:]:
        _session(scrape, live, measured.times)
    tell_doors(scrape, measured.doors.readers, measured.doors.connections[0])
    _engines(scrape, measured)
    _hubs(scrape, measured)
    tell_disk(scrape, backend.disk)
    return scrape


def tell_stuck(scrape: Scrape, node: str, removals: Sequence[str]) -> None:
    """Add the removals that a node cannot apply."""
    for removal in removals:
        scrape.tell("moothall_removal_stuck", 1, node=node, removal=removal)


def tell_measures(scrape: Scrape, measures: Measures) -> None:
    """Add what services and doors have counted and timed."""
    scrape.tell_durations("moothall_loop_lag_seconds", measures.loop_lag)
    scrape.tell_durations("moothall_spoken_to_words_seconds", measures.heard)
    scrape.tell_durations("moothall_words_to_append_seconds", measures.stored)
    scrape.tell_durations("moothall_append_seconds", measures.appends)
    scrape.tell_durations("moothall_append_to_written_seconds", measures.written)
    scrape.tell("moothall_events_appended_total", measures.events)
    scrape.tell("moothall_append_failures_total", measures.append_failures)
    scrape.tell("moothall_conflated_total", measures.conflated)
    for name, label, counts in (
        ("moothall_commands_refused_total", "code", measures.refusals),
        ("moothall_readers_joined_total", "start", measures.joined),
        ("moothall_readers_cut_total", "reason", measures.cut),
        ("moothall_readers_refused_total", "reason", measures.readers_refused),
        ("moothall_requests_refused_total", "reason", measures.requests_refused),
        ("moothall_connections_refused_total", "reason", measures.connections_refused),
    ):
        for value, count in counts.items():
            scrape.tell(name, count, **{label: value})
    for (door, language), count in measures.told_readers.items():
        scrape.tell("moothall_readers", count, door=door, language=language)


def _sessions(scrape: Scrape, loaded: Sequence[LiveSession]) -> None:
    for status, count in Counter(each.state.status.value for each in loaded).items():
        scrape.tell("moothall_sessions", count, status=status)
    scrape.tell("moothall_sessions_stopped", sum(each.stopped for each in loaded))


def tell_fanouts(scrape: Scrape, figures: Sequence[FanoutFigures]) -> None:
    """Add how far the fan-outs of the loaded sessions are behind."""
    scrape.tell("moothall_outboxes", sum(each.slow for each in figures))
    scrape.tell("moothall_outbox_bytes", sum(each.outbox_bytes for each in figures))
    scrape.tell("moothall_fanout_backlog", sum(each.backlog for each in figures))


def _session(scrape: Scrape, live: LiveSession, times: ChannelTimes) -> None:
    readers = sum(live.fanout.readers.values())
    if readers >= FEWEST_READERS:
        scrape.tell("moothall_session_readers", readers, session=live.id)
    for channel, text in times.of(live.id).items():
        labels = {"session": live.id, "channel": channel}
        scrape.tell_ms("moothall_channel_lag_seconds", text.lag, **labels)
        scrape.tell_ms("moothall_channel_sound_timestamp_seconds", text.sound, **labels)
        scrape.tell_ms("moothall_channel_speech_timestamp_seconds", text.speech, **labels)
        scrape.tell_ms("moothall_channel_words_timestamp_seconds", text.words, **labels)
        if text.words is not None:
            scrape.tell_ms("moothall_channel_words_lag_seconds", text.words_lag, **labels)


def tell_doors(scrape: Scrape, readers: Readers, connections: Slots) -> None:
    """Add the number of connections, and the limits of readers and connections."""
    scrape.tell("moothall_readers_limit", readers.limit)
    scrape.tell("moothall_connections", connections.count)
    scrape.tell("moothall_connections_limit", connections.most)


def tell_disk(scrape: Scrape, disk: tuple[int, int] | None) -> None:
    """Add free and total bytes of the disk that holds the data; nothing when the system does not say."""
    if disk is not None:
        scrape.tell("moothall_disk_free_bytes", disk[0])
        scrape.tell("moothall_disk_size_bytes", disk[1])


def _engines(scrape: Scrape, measured: MetricSources) -> None:
    recognising, translation = measured.services.recognising, measured.services.translation
    scrape.tell("moothall_engines", recognising.engines)
    scrape.tell("moothall_engines_refused", recognising.refused)
    scrape.tell("moothall_channels_waiting", recognising.waiting)
    numbers: dict[str, itertools.count[int]] = {}
    for each in recognising.loads:
        number = next(numbers.setdefault(each.name, itertools.count(1)))
        labels = {"engine": each.name, "number": str(number)}
        scrape.tell("moothall_engine_channels", each.channels, **labels)
        scrape.tell("moothall_engine_room", each.room, **labels)
        scrape.tell("moothall_engine_late_room", each.late_room, **labels)
    for child in measured.children:
        scrape.tell("moothall_child_starts_total", child.starts, child=child.name)
    translators = translation.translators
    scrape.tell("moothall_translators", translators.links)
    scrape.tell("moothall_translation_directions", len(translators.directions))
    scrape.tell("moothall_translation_directions_unfit", translators.unfit)
    scrape.tell("moothall_translation_queue", translators.queue)
    scrape.tell_durations("moothall_translation_seconds", translators.answers)
    scrape.tell("moothall_translation_failures_total", translators.failures)


def _hubs(scrape: Scrape, measured: MetricSources) -> None:
    """Add figures of hubs, by the name that is in a hub's address, which everybody may know."""
    hubs, linked = measured.services.backend.hubs, {each.hub: each for each in measured.doors.hubs.connected}
    for hub in hubs.list():
        if hub.digest:  # A hub without a digest has no machine that could be away.
            scrape.tell("moothall_hub_connected", hub.name in linked, hub=hub.name)
    for name, each in linked.items():
        scrape.tell_ms("moothall_hub_behind_seconds", each.behind, hub=name)
        scrape.tell_ms("moothall_hub_round_trip_seconds", each.round_trip, hub=name)
        scrape.tell("moothall_hub_sent_bytes_total", each.bytes_sent, hub=name)
        scrape.tell("moothall_hub_received_bytes_total", each.bytes_received, hub=name)
