"""Traces by OpenTelemetry, sent over HTTP to a collector. The extra `otel` installs the library, which is imported only
when an endpoint is set.

A span carries ids, kinds and sizes. An exception's message is left out, for it may quote what was said; a span records
only that an exception was raised, and its type.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from moothall import __version__
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.metrics.tracing import ATTRIBUTES, SpanContext

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

LONGEST = 128
"""The most characters of an attribute. Overflow: the rest is cut off."""
WAITING = 2_048
"""The most spans that wait to be sent. Overflow: the library drops the newest."""
PATH = "/v1/traces"
MISSING = (
    "[tracing] names an endpoint, and this environment lacks OpenTelemetry. Install requirements/otel.txt of the "
    "release into it (docs/how-to/monitoring.md), or leave `endpoint` empty."
)


class Traces:
    """The implementation of `moothall.services.metrics.tracing.SpanWriter` by OpenTelemetry. `close` sends the spans
    that wait.

    `percent`: the share of traces whose spans are recorded.
    """

    def __init__(self, processor: SpanProcessor, percent: int = 100) -> None:
        from opentelemetry import context, trace
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

        # Not `Resource.create`: that reads the environment, and asks the machine for its name.
        resource = Resource({"service.name": "moothall", "service.version": __version__})
        sampler = ParentBased(TraceIdRatioBased(percent / 100))
        self._provider = TracerProvider(resource=resource, sampler=sampler, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("moothall", __version__)
        self._context = context
        self._failed = trace.StatusCode.ERROR

    @contextmanager
    def span(self, name: str, parent: SpanContext | None = None, **attributes: str | int) -> Iterator[object]:
        """Record a span, as `SpanWriter` describes it. Raises KeyError for an unknown attribute."""
        if not attributes.keys() <= ATTRIBUTES:
            raise KeyError(f"A span has no {', '.join(sorted(attributes.keys() - ATTRIBUTES))}.")
        said: dict[str, Any] = {
            f"moothall.{key}": value[:LONGEST] if isinstance(value, str) else value for key, value in attributes.items()
        }
        above: Any = parent
        with self._tracer.start_as_current_span(
            name, context=above, attributes=said, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                span.set_status(self._failed, type(error).__name__)
                raise

    def here(self) -> SpanContext | None:
        """The position of the current task in a trace."""
        return self._context.get_current()

    def close(self) -> None:
        """Send the spans that wait, and end the thread that sends. May block for some seconds."""
        self._provider.shutdown()


def check_traces(endpoint: str) -> None:
    """Raise ConfigurationError when there is an endpoint and the library is missing."""
    try:
        if endpoint:
            import opentelemetry.exporter.otlp.proto.http.trace_exporter
            import opentelemetry.sdk.trace.export  # noqa: F401  # whether it is here is all that is asked
    except ImportError as error:
        raise ConfigurationError(MISSING) from error


def open_traces(stack: AsyncExitStack, endpoint: str, percent: int) -> Traces:
    """Open traces that are sent to the collector at `endpoint` until the stack unwinds. Raises ConfigurationError when
    the library is missing.
    """
    check_traces(endpoint)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + PATH, timeout=5)
    traces = Traces(BatchSpanProcessor(exporter, max_queue_size=WAITING), percent)
    stack.push_async_callback(asyncio.to_thread, traces.close)
    return traces
