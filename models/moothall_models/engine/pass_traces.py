"""Traces of an engine's passes by OpenTelemetry, sent over HTTP to a collector.

Off unless an endpoint is named. A span says how many windows were heard together and how much sound was in them: never
what was said. The extra `otel` brings the library; the server has the same for its own spans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from moothall.core.kernel.errors import ConfigurationError

TracePass = Callable[[int, int], AbstractContextManager[object]]
"""Begins a span for a pass over so many windows with so much sound, ms; it is over when that is left."""
PATH = "/v1/traces"
MISSING = (
    "--trace-endpoint names a collector, and OpenTelemetry isn't installed here. Install it with "
    "`pip install 'moothall[otel]'`, or leave the option out."
)


def untraced(_windows: int, _sound_ms: int) -> AbstractContextManager[object]:
    """Nothing is traced."""
    return nullcontext()


@contextmanager
def pass_traces(endpoint: str, percent: int = 100) -> Iterator[TracePass]:
    """What traces passes while inside; nothing without an endpoint. Sends what waits when it is left.

    `percent`: of how many passes in a hundred. Raises ConfigurationError where the library is missing.
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
        # An exception's message may quote what was heard.
        with tracer.start_as_current_span(
            "engine pass", attributes=said, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span

    try:
        yield trace
    finally:
        provider.shutdown()
