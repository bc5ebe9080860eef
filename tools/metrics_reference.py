"""Writes docs/reference/metrics.md from the descriptions in `moothall.adapters.metrics.metrics`."""

from __future__ import annotations

from field_docs import ROOT, one_line, publish
from moothall.adapters.metrics.metrics import METRICS, MOST_SESSIONS, Described
from moothall.services.metrics.measures import FEWEST_READERS

PAGE = ROOT / "docs/reference/metrics.md"

HEAD = f"""\
# Metrics

Generated from `server/moothall/adapters/metrics/metrics.py` by `make fix`; change it there.

`GET /metrics` answers on a listener of its own, `http://127.0.0.1:9464/metrics` unless `[metrics]` in
[Settings](settings.md) says otherwise, in the text format of Prometheus.
[How to watch a server](../how-to/monitoring.md) says what to scrape and what each alert means.

Sessions, channels, engines and hubs stand in labels by their ids; no title, name of a person, text, token or visitor's
address stands anywhere. Fewer than {FEWEST_READERS} readers of one session are not told. Sessions that are in memory
have series of their own, the newest {MOST_SESSIONS} of them. Counters begin at 0 with the process.

| metric | unit | labels | meaning |
|---|---|---|---|
"""

TAIL = """
Beside these stand the figures of the process and of Python that every Prometheus client tells, among them
`process_open_fds`, `process_max_fds`, `process_resident_memory_bytes`, `process_cpu_seconds_total` and
`process_start_time_seconds`.
"""


def render() -> str:
    """Return the page's text."""
    return HEAD + "".join(_row(each) for each in METRICS) + TAIL


def unit(described: Described) -> str:
    """Return the unit of a metric, read from its name, and its kind."""
    for word in ("seconds", "bytes"):
        if f"_{word}" in described.name:
            return f"{word}, {described.kind.value}"
    return described.kind.value


def _row(described: Described) -> str:
    labels = ", ".join(f"`{each}`" for each in described.labels) or "none"
    return f"| `{described.name}` | {unit(described)} | {labels} | {one_line(described.meaning)} |\n"


if __name__ == "__main__":
    publish(PAGE, render())
