"""The port for traces: spans that begin and end, with ids and sizes and nothing else.

Tracing is off unless an endpoint is set; then `moothall.adapters.metrics.traces` implements the port. A span has no
other attributes than those named here, so that no token, name or text can get into a trace.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

ATTRIBUTES = frozenset(
    {"acts", "bytes", "characters", "commands", "events", "hub", "part", "session", "source", "target"}
)
"""Attributes that a span may have: ids, kinds and sizes. `commands` are the commands' kinds, `source` and `target`
languages."""

SpanContext = object
"""A position in a trace, to be passed to another task as the parent of its spans."""


class SpanWriter(Protocol):
    """Records spans."""

    def span(
        self, name: str, parent: SpanContext | None = None, **attributes: str | int
    ) -> AbstractContextManager[object]:
        """A span that lasts from entering to leaving the context, as a child of `parent` or else of this task's present
        span. Raises KeyError for an attribute that isn't one of `ATTRIBUTES`.
        """
        ...

    def here(self) -> SpanContext | None:
        """The present span of this task; None where there is none."""
        ...


class NotTraced:
    """The implementation that records nothing."""

    _nothing = nullcontext()

    def span(
        self, name: str, parent: SpanContext | None = None, **attributes: str | int
    ) -> AbstractContextManager[object]:
        """Return a context that does nothing."""
        return self._nothing

    def here(self) -> SpanContext | None:
        """Return None, since there are no spans."""
        return None
