"""The doors through which a text is followed or read, as one set. It is a module by itself because a server and a hub
open the same doors.
"""

from __future__ import annotations

from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.low_data_door import LowDataDoor
from moothall.adapters.reading.plain_door import PlainDoor
from moothall.adapters.reading.poll_door import PollDoor
from moothall.adapters.reading.reader_routes import Readers
from moothall.adapters.reading.sse import EventsDoor
from moothall.adapters.reading.websocket import WebSocketDoor


def reader_doors(readers: Readers, pages: Pages) -> tuple[WebSocketDoor, EventsDoor, PollDoor, PlainDoor, LowDataDoor]:
    """The doors over the same `readers`, each with `routes`, `run` for a supervised task, and `close`.

    Close them from the last to the first: a WebSocket is given time for its answer, and nobody else has to wait for it.
    """
    return (
        WebSocketDoor(readers),
        EventsDoor(readers),
        PollDoor(readers),
        PlainDoor(readers, pages),
        LowDataDoor(readers),
    )
