"""Traces, as the services see them: spans that begin and end, with ids and sizes and nothing else.

Off unless an endpoint is set; then `moothall.adapters.metrics.traces` stands behind the port. What has no name here
can't be said of a span: no token, name or text has a place.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

ATTRIBUTES = frozenset(
    {"acts", "bytes", "characters", "commands", "events", "hub", "part", "session", "source", "target"}
)
"""What a span may say: ids, kinds and sizes. `commands` are their kinds, `source` and `target` languages."""

Place = object
"""Where in a trace something stands, to be handed to another task."""


class Tracing(Protocol):
    """Writes spans."""

    def span(self, name: str, parent: Place | None = None, **attributes: str | int) -> AbstractContextManager[object]:
        """A span from entering to leaving; below `parent`, or what is under way in this task. Raises KeyError for an
        attribute that isn't one of `ATTRIBUTES`.
        """
        ...

    def here(self) -> Place | None:
        """What is under way in this task."""
        ...


class NotTraced:
    """Writes nothing."""

    _nothing = nullcontext()

    def span(self, name: str, parent: Place | None = None, **attributes: str | int) -> AbstractContextManager[object]:
        """Nothing happens."""
        return self._nothing

    def here(self) -> Place | None:
        """Nothing is under way."""
        return None
