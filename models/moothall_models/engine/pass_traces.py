"""Traces of an engine's passes by OpenTelemetry, sent over HTTP to a collector.

Off unless an endpoint is named. A span has the number of windows in the batch and the duration of their sound, never
the words. The extra `otel` installs the library; the server traces its own spans in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from moothall.core.kernel.errors import ConfigurationError

TracePass = Callable[[int, int], AbstractContextManager[object]]
"""Makes a context manager that traces a pass as a span; arguments: number of windows, and duration of their sound, ms.
"""
PATH = "/v1/traces"
MISSING = (
    "--trace-endpoint names a collector, and this environment lacks OpenTelemetry. Install requirements/otel.txt of "
    "the release into it (docs/how-to/monitoring.md), or leave the option out."
)


def untraced(_windows: int, _sound_ms: int) -> AbstractContextManager[object]:
    """A `TracePass` that traces nothing."""
    return nullcontext()


@contextmanager
def pass_traces(endpoint: str, percent: int = 100) -> Iterator[TracePass]:
    """Set up tracing for the duration of the context, and send all remaining spans at its end.

    Without an endpoint nothing is traced. `percent`: share of passes that are traced. Raises ConfigurationError when
    the library is missing.
    """
    if not endpoint:
        yield untraced
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
    except ImportError as error:
        raise ConfigurationError(MISSING) from error
    provider = TracerProvider(
        resource=Resource({"service.name": "moothall-engine"}),
        sampler=TraceIdRatioBased(percent / 100),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + PATH, timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("moothall")

    @contextmanager
    def trace(windows: int, sound_ms: int) -> Iterator[object]:
        said = {"moothall.windows": windows, "moothall.sound_ms": sound_ms}
        # Exceptions are not recorded, since their messages may quote what was heard.
        with tracer.start_as_current_span(
            "engine pass", attributes=said, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span

    try:
        yield trace
    finally:
        provider.shutdown()
