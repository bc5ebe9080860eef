"""Targets for readers' requests, and for what our own clients read from a server: positions, streams, frames."""

from __future__ import annotations

from fuzz.target import Target
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import Position
from moothall.wire import frames
from moothall.wire.cached_feed import CachedText, tag
from moothall.wire.event_stream import EventStream

STREAM = (
    b'retry: 2000\n\nid: k3j9x2:7\nevent: message\ndata: {"sent":1,"prev":"k3j9x2:3","events":'
    b'[{"offset":7,"at":1,"type":"session.closed","body":{"type":"session.closed","t":5}}]}\n\n:\n'
    b'event: pulse\ndata: {"pulse":{"every":5000}}\r\n\r\n'
)
LINE = b'{"segment":"a","t0":0,"t1":9,"language":"en","origin":"machine","text":"Hello.","name":"Ana"}'
CACHED = b'{"session":"s","channel":"floor","pages":["0-1-k2Lm0-Zq"],"lines":[%b]}\n{"lines":[%b]}' % (LINE, LINE)


def position(data: bytes) -> None:
    """Check that a position from `Last-Event-ID` or `?after=` reads the same after a round trip."""
    read = Position.parse(data.decode("latin-1"))
    again = Position.parse(str(read))
    if again != read:
        raise AssertionError(f"{read} reads as {again}.")


def stream(data: bytes) -> None:
    """Check that the client of hub and command line finds the same events however a stream is cut into pieces."""
    whole = EventStream()
    events = whole.feed(data)
    cut = EventStream()
    size = 1 + data[0] % 7 if data else 1
    found = [event for begin in range(0, len(data), size) for event in cut.feed(data[begin : begin + size])]
    if (found, cut.last_id, cut.retry) != (events, whole.last_id, whole.retry):
        raise AssertionError("A stream that comes in pieces is read as another one.")
    for event in events:
        try:
            frames.decode(event.data)
        except ProtocolError:
            continue


def cached(data: bytes) -> None:
    """Try the contents of a cached feed and, after a line feed, a page, as a reader that fetches both twice."""
    contents, _, page = data.partition(b"\n")
    text = CachedText()
    for _ in range(2):
        for name in text.take(contents):
            text.fill(f"{name[:-8]}{tag(page)}", page)
        if text.whole and len(text.lines) < len(text.contents.lines if text.contents else ()):
            raise AssertionError("A reader has fewer lines than the contents.")


TARGETS = (
    Target(name="cached-feed", call=cached, declared=(ProtocolError,), seeds=(CACHED,)),
    Target(name="position", call=position, declared=(ValueError,), seeds=(b"k3j9x2:120", b"a1r3:0"), most=200),
    Target(name="event-stream", call=stream, declared=(ProtocolError,), seeds=(STREAM, b"data: x\r\rdata\n\n")),
    Target(
        name="frame",
        call=frames.decode,
        declared=(ProtocolError,),
        seeds=(
            (
                b'{"sent":1,"prev":1,"events":[{"offset":2,"at":1,"by":"engine","body":{"type":"session.closed","t":5}},'
                b'{"offset":3,"at":1,"by":"desk","type":"x"}],"signals":[{"kind":"partial","channel":"floor",'
                b'"segment":"s","first":0,"text":"x","language":"en"},{"kind":"other"}]}'
            ),
            b'{"sent":1,"pulse":{"lag":3}}',
        ),
    ),
)
