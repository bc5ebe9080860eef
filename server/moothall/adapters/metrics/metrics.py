"""The metrics of a server: their list, and the conversion of a scrape's values to Prometheus' metric families.

Nothing is kept here between two scrapes. Only metrics in `METRICS` can be reported, and only with their labels;
`docs/reference/metrics.md` is generated from the same list (`tools/metrics_reference.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from moothall.services.metrics.measures import Durations

MOST_SESSIONS = 200
"""The most sessions with series of their own. Overflow: the sessions that were loaded first have none."""


class MetricKind(Enum):
    """The Prometheus type of a metric."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Described(msgspec.Struct, frozen=True):
    """The description of one metric."""

    name: str
    kind: MetricKind
    meaning: str
    """A sentence, also shown to readers of the scrape."""
    labels: tuple[str, ...] = ()


def _gauge(name: str, meaning: str, *labels: str) -> Described:
    return Described(name, MetricKind.GAUGE, meaning, labels)


def _counter(name: str, meaning: str, *labels: str) -> Described:
    return Described(name, MetricKind.COUNTER, meaning, labels)


def _histogram(name: str, meaning: str) -> Described:
    return Described(name, MetricKind.HISTOGRAM, meaning)


_TEXT = ("session", "channel")
METRICS = (
    # The server
    _gauge("moothall_build_info", "1, with the release that runs.", "version"),
    _gauge("moothall_ready", "1 where /readyz says that the server is ready, else 0."),
    _gauge("moothall_house_kept", "1 where this node keeps the house, 0 where it stands by; none for a server alone."),
    _gauge("moothall_nodes_linked", "Nodes that stand by and are linked to this one, which keeps the house."),
    _gauge("moothall_one_copy", "1 where the keeper goes on with one copy, since Redis is away, else 0."),
    _gauge("moothall_removals_unconfirmed", "Removals that another node has not confirmed to be gone there.", "node"),
    _gauge("moothall_removal_stuck", "1 for a removal that a node can't apply though others are.", "node", "removal"),
    _gauge("moothall_keeper_silence_seconds", "For how long this node, which stands by, has not heard the keeper."),
    _histogram("moothall_loop_lag_seconds", "How much later than it should the event loop did what was due."),
    _gauge("moothall_alarms", "Sessions in which the control room sees this alarm.", "kind"),
    # From sound to readers
    _histogram("moothall_spoken_to_words_seconds", "From the end of a word until an engine's act brought it."),
    _histogram("moothall_words_to_append_seconds", "From the coming of such an act until its words were durable."),
    _histogram("moothall_append_seconds", "From the moment when the log was asked to store until it had."),
    _histogram(
        "moothall_append_to_written_seconds",
        "From the moment when events were durable until each reader had been given them, or had them in its outbox.",
    ),
    _gauge("moothall_channel_lag_seconds", "How far a text is behind its sound.", *_TEXT),
    _gauge(
        "moothall_channel_words_lag_seconds",
        "How long after it was spoken the newest word of a text was stored.",
        *_TEXT,
    ),
    _gauge("moothall_channel_sound_timestamp_seconds", "When sound of a text last came, Unix time.", *_TEXT),
    _gauge("moothall_channel_speech_timestamp_seconds", "When speech of a text was last heard, Unix time.", *_TEXT),
    _gauge("moothall_channel_words_timestamp_seconds", "When words of a text were last stored, Unix time.", *_TEXT),
    # The log
    _counter("moothall_events_appended_total", "Events that were stored."),
    _counter("moothall_append_failures_total", "Appends that could not be stored."),
    _counter("moothall_commands_refused_total", "Acts that were refused, by the code of the refusal.", "code"),
    # Sessions
    _gauge("moothall_sessions", "Sessions that are in memory, by how they stand.", "status"),
    _gauge("moothall_sessions_stopped", "Sessions that failed too often and take nothing more."),
    _gauge("moothall_session_readers", "Readers of a session; absent where there are fewer than five.", "session"),
    # Readers
    _gauge(
        "moothall_readers",
        "Readers that are connected, by door and language of the text, without those of sessions that fewer than five "
        "read.",
        "door",
        "language",
    ),
    _gauge("moothall_readers_limit", "Readers for which there is room."),
    _counter(
        "moothall_readers_joined_total",
        "Readers that were brought up to now: new, resumed from their position, or by a snapshot since it was too old.",
        "start",
    ),
    _counter(
        "moothall_readers_cut_total",
        "Readers that were sent away: slow, failed, revoked (a link was taken back), session (it ended or broke off).",
        "reason",
    ),
    _counter(
        "moothall_readers_refused_total",
        "Readers that were not let in: full, address (it has its share), origin, storage, damaged, ahead (of a node).",
        "reason",
    ),
    _gauge("moothall_outboxes", "Readers that don't keep up at the moment: each has an outbox."),
    _gauge("moothall_outbox_bytes", "Bytes that wait in outboxes."),
    _counter("moothall_conflated_total", "Frames of signals for slow readers that a newer one replaced."),
    _gauge("moothall_fanout_backlog", "Publications that wait to be written to readers."),
    # Connections
    _gauge("moothall_connections", "Connections that are open."),
    _gauge("moothall_connections_limit", "Connections for which there is room."),
    _counter(
        "moothall_connections_refused_total",
        "Connections that got no slot (full, address), or gave theirs to another since nothing of them was being "
        "answered (gave-way).",
        "reason",
    ),
    _counter(
        "moothall_requests_refused_total",
        "Requests refused before any door was asked: rate, busy (the wait would be too long), full, address, gave-way "
        "(half ones, for another of their address).",
        "reason",
    ),
    # Engines
    _gauge("moothall_engines", "Engines that are connected."),
    _gauge("moothall_engines_refused", "Engines that can do nothing, since their service refuses its key."),
    _gauge("moothall_engine_channels", "Channels that an engine hears.", "engine", "number"),
    _gauge(
        "moothall_engine_room",
        "Channels that an engine can carry besides, in time; below 0 it has too many.",
        "engine",
        "number",
    ),
    _gauge("moothall_engine_late_room", "Channels that it can carry besides, some seconds late.", "engine", "number"),
    _gauge("moothall_channels_waiting", "Channels that have sound and no engine."),
    _counter("moothall_child_starts_total", "Starts of a process that the server starts itself.", "child"),
    # Translators
    _gauge("moothall_translators", "Processes with translators that are connected."),
    _gauge("moothall_translation_directions", "Directions in which can be translated now."),
    _gauge("moothall_translation_directions_unfit", "Directions that were offered and don't work now."),
    _gauge("moothall_translation_queue", "Texts that wait for a translator or are with one."),
    _histogram("moothall_translation_seconds", "From the moment when a translation was asked for until it was there."),
    _counter("moothall_translation_failures_total", "Texts that were not translated when that was asked for."),
    # Hubs
    _gauge("moothall_hub_connected", "1 where the machine of a hub is linked, 0 where it isn't.", "hub"),
    _gauge("moothall_hub_behind_seconds", "For how long a linked hub hasn't had all it follows, else 0.", "hub"),
    _gauge("moothall_hub_round_trip_seconds", "The round trip to a linked hub, as it was measured last.", "hub"),
    _counter("moothall_hub_sent_bytes_total", "Bytes that were sent to a hub on its present link.", "hub"),
    _counter("moothall_hub_received_bytes_total", "Bytes that came from a hub on its present link.", "hub"),
    # The disk
    _gauge("moothall_disk_free_bytes", "Bytes that are free where the data folder lies."),
    _gauge("moothall_disk_size_bytes", "Bytes of that disk in all."),
    _gauge("moothall_folder_bytes", "Bytes in the data folder: log, book, spool, recordings, search, other.", "folder"),
)
"""All metrics. Bounded by `MOST_SESSIONS`, and by the numbers of doors, reasons, engines and hubs."""
BY_NAME = {each.name: each for each in METRICS}


class Scrape:
    """The values of one scrape, in base units: seconds, bytes, Unix seconds."""

    def __init__(self) -> None:
        self._values: dict[str, list[tuple[tuple[str, ...], float]]] = {}
        self._durations: dict[str, Durations] = {}

    def tell(self, name: str, value: float, **labels: str) -> None:
        """Add the value of a gauge or a counter. Raises KeyError for an unknown name or other labels than described."""
        described = BY_NAME[name]
        if set(labels) != set(described.labels):
            raise KeyError(f"{name} has the labels {described.labels}.")
        self._values.setdefault(name, []).append((tuple(labels[each] for each in described.labels), value))

    def tell_ms(self, name: str, ms: int | None, **labels: str) -> None:
        """Add a value that is given in ms, in seconds; do nothing for None."""
        if ms is not None:
            self.tell(name, ms / 1_000, **labels)

    def tell_durations(self, name: str, durations: Durations) -> None:
        """Add the buckets of a histogram. Raises KeyError for an unknown name."""
        self._durations[BY_NAME[name].name] = durations

    def families(self) -> Iterator[Metric]:
        """Yield all values as metric families, in the order of `METRICS`."""
        for each in METRICS:
            match each.kind:
                case MetricKind.HISTOGRAM:
                    if each.name in self._durations:
                        yield _histogram_of(each, self._durations[each.name])
                case MetricKind.COUNTER:
                    counter = CounterMetricFamily(each.name, each.meaning, labels=each.labels)
                    for labels, value in self._values.get(each.name, ()):
                        counter.add_metric(labels, value)
                    yield counter
                case MetricKind.GAUGE:
                    gauge = GaugeMetricFamily(each.name, each.meaning, labels=each.labels)
                    for labels, value in self._values.get(each.name, ()):
                        gauge.add_metric(labels, value)
                    yield gauge


def _histogram_of(described: Described, durations: Durations) -> HistogramMetricFamily:
    family = HistogramMetricFamily(described.name, described.meaning)
    buckets = [(str(edge / 1_000), float(count)) for edge, count in durations.cumulative()]
    family.add_metric((), [*buckets, ("+Inf", float(durations.count))], durations.total / 1_000)
    return family


class _OneScrape(Collector):
    """A collector for the library that returns the families of the current scrape."""

    def __init__(self) -> None:
        self.scrape = Scrape()

    def collect(self) -> Iterator[Metric]:
        return self.scrape.families()


class MetricsText:
    """Writes scrapes as text, together with the metrics of the process itself."""

    def __init__(self) -> None:
        self._told = _OneScrape()
        self._registry = CollectorRegistry()
        self._registry.register(self._told)
        # The library's own collectors, registered here and not in the registry that every importer shares.
        for own in (ProcessCollector, PlatformCollector, GCCollector):
            own(registry=self._registry)

    def render(self, scrape: Scrape, accept: str) -> tuple[bytes, str]:
        """Return the text and its content type, in the format that the scraper prefers by its `Accept` header. For one
        thread at a time.
        """
        self._told.scrape = scrape
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


ReadScrape = Callable[[], Scrape]
"""Reads all values of a running server. Called on the event loop, where they change; must not block."""
