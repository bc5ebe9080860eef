from __future__ import annotations

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from moothall.adapters.metrics.metrics import METRICS, MetricKind, MetricsText, Scrape
from moothall.services.metrics.measures import Durations


def text(scrape: Scrape, accept: str = "") -> str:
    return MetricsText().render(scrape, accept)[0].decode()


def test_names_follow_the_rules_of_prometheus() -> None:
    assert len({each.name for each in METRICS}) == len(METRICS)
    for each in METRICS:
        assert re.fullmatch(r"moothall_[a-z_]+", each.name)
        assert each.name.endswith("_total") == (each.kind is MetricKind.COUNTER)
        assert not re.search(r"_(ms|milliseconds|kb|mb|count|sum|bucket)$", each.name)
        if each.kind is MetricKind.HISTOGRAM:
            assert each.name.endswith("_seconds")
        assert each.meaning.endswith(".")


def test_no_label_is_for_what_people_say_or_are_called() -> None:
    labels = {label for each in METRICS for label in each.labels}
    assert labels == {
        *("channel", "child", "code", "door", "engine", "folder", "hub", "kind", "language", "node", "number"),
        *("reason", "removal", "session", "start", "status", "version"),
    }


def test_what_is_told_is_written_in_base_units() -> None:
    scrape, lasted = Scrape(), Durations((10, 250))
    for ms in (5, 100, 900):
        lasted.note(ms)
    scrape.tell("moothall_engines", 2)
    scrape.tell_ms("moothall_channel_lag_seconds", 1_500, session="s", channel="floor")
    scrape.tell_ms("moothall_hub_round_trip_seconds", None, hub="h")
    scrape.tell("moothall_readers_cut_total", 3, reason="slow")
    scrape.tell_durations("moothall_append_seconds", lasted)
    lines = text(scrape).splitlines()
    assert "moothall_engines 2.0" in lines
    assert 'moothall_channel_lag_seconds{channel="floor",session="s"} 1.5' in lines
    assert 'moothall_readers_cut_total{reason="slow"} 3.0' in lines
    assert 'moothall_append_seconds_bucket{le="0.01"} 1.0' in lines
    assert 'moothall_append_seconds_bucket{le="0.25"} 2.0' in lines
    assert 'moothall_append_seconds_bucket{le="+Inf"} 3.0' in lines
    assert "moothall_append_seconds_sum 1.005" in lines
    assert not [line for line in lines if line.startswith("moothall_hub_round_trip")]


def test_what_is_not_described_cannot_be_told() -> None:
    scrape = Scrape()
    for name, labels in (("moothall_surprise", {}), ("moothall_engines", {"engine": "e"}), ("moothall_readers", {})):
        with pytest.raises(KeyError):
            scrape.tell(name, 1, **labels)
    with pytest.raises(KeyError):
        scrape.tell_durations("moothall_surprise", Durations((1,)))


def test_nothing_stays_from_one_scrape_to_the_next() -> None:
    made, scrape = MetricsText(), Scrape()
    scrape.tell("moothall_session_readers", 5, session="s")
    assert b'session="s"' in made.render(scrape, "")[0]
    assert b'session="s"' not in made.render(Scrape(), "")[0]


def test_it_is_written_as_the_scraper_takes_it() -> None:
    made = MetricsText()
    assert made.render(Scrape(), "")[1].startswith("text/plain")
    openmetrics, content_type = made.render(Scrape(), "application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert openmetrics.endswith(b"# EOF\n")


def test_the_process_tells_its_own_figures() -> None:
    names = {each.name for each in text_string_to_metric_families(text(Scrape()))}
    assert {"process_open_fds", "process_max_fds", "process_resident_memory_bytes", "python_info"} <= names
