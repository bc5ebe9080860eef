"""What readers get: JSON texts, and the bytes that carry them through each door.

A frame is one JSON object. `sent` is the Unix time in ms at which it was encoded.

    {"sent":…,"snapshot":{…}}                                   all that is needed to start
    {"sent":…,"prev":12,"events":[{"offset":13,…}],"signals":[…]} what happened; signals only when there are any
    {"sent":…,"signals":[…]}                                    what may be lost
    {"sent":…,"pulse":{"head":13,"age":0,"every":5000}}         nothing has happened, and the line is alive

`prev` is the offset of the feed's event before the first one here, so that a reader sees a loss. An event is
{"offset","at","by","body"}; its body is spliced in as the bytes that were first written. One whose body was
removed is {"offset","at","by","type","body":null}. One body is not as it was written: earlier releases put into
`intervention.status-changed` why something was not taken, which is for its author, and readers get that without.

Each frame is encoded once per feed and carried by the same bytes to every reader of a door:

- SSE (WHATWG HTML, "Server-sent events"): `id: EPOCH:OFFSET`, `data: {…}`, an empty line; signals alone have no
  id, so that they don't move the position that a browser resumes from. A pulse is an event named `pulse`, without id.
- SSE in HTTP/1.1 chunks (RFC 9112 §7.1): each frame is a chunk of its own, so that bytes of several frames joined
  are again whole chunks.
- WebSocket (RFC 6455 §5.2): one unmasked text frame with FIN, no extension.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events.types import InterventionStatusChanged
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import Unreadable, made_of, read
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import Epoch, Position
from moothall.core.signals import AnySignal
from moothall.core.views.captions import Snapshot


class Format(Enum):
    """How a frame is carried."""

    SSE = "sse"
    """Server-sent events as the body of an HTTP/1.0 answer, which has no chunks."""
    SSE_CHUNKED = "sse-chunked"
    """Server-sent events, each an HTTP/1.1 chunk."""
    WEBSOCKET = "websocket"
    """Server to client text frames."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame, encoded; `carry` gives its bytes for a door."""

    json: bytes
    """The JSON text, UTF-8."""
    position: Position | None
    """Where a reader stands who has seen it; None for signals alone."""
    prev: int = 0
    """Offset of the feed's event before it; of no meaning but for events."""
    events: int = 0
    """How many events it carries."""
    keys: tuple[str, ...] = ()
    """Keys of the signals in it."""
    snapshot: bool = False
    """Whether it makes everything before it superfluous."""
    pulse: bool = False
    """Whether it says no more than that the line is alive."""


PULSE = "pulse"
"""Name of the event that carries a pulse in server-sent events."""
PULSE_MS = 5_000
"""A feed in which nothing happens has a pulse this often."""


class Pulse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a reader gets where nothing else comes. None for two and a half times `every`: the line is dead."""

    head: int
    """Offset of the feed's newest event: one that the reader hasn't seen is lost."""
    age: int
    """How long ago (ms) the centre was last heard, through all hubs between; 0 at the centre."""
    every: int
    """A frame or a pulse comes this often, ms."""
    lost: bool = False
    """Whether the centre counts as out of reach."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """How fresh what a server passes on is."""

    age: int = 0
    """As in `Pulse`."""
    lost: bool = False


HERE = Source()
"""At the centre itself."""

_encoder = msgspec.json.Encoder()
_STANDS = str(InterventionStatusChanged.__struct_config__.tag)


def snapshot_frame(snapshot: Snapshot, sent: int) -> Frame:
    """The frame that lets a reader start; `sent` in Unix ms."""
    return Frame(
        json=b'{"sent":%d,"snapshot":%b}' % (sent, _encoder.encode(snapshot)),
        position=Position(snapshot.epoch, snapshot.offset),
        snapshot=True,
    )


def events_frame(
    records: Sequence[LogRecord], prev: int, signals: Sequence[AnySignal], sent: int, epoch: Epoch | None = None
) -> Frame:
    """The frame of `records`, at least one, in order, `prev` being the offset of the feed's event before them.

    `epoch` is the readers' own, where a hub gives them another than the log's. Of signals with the same key only the
    last should be given.
    """
    events = b",".join([_event(record) for record in records])
    tail = b',"signals":%b}' % _encoder.encode(signals) if signals else b"}"
    header = records[-1].header
    return Frame(
        json=b'{"sent":%d,"prev":%d,"events":[%b]%b' % (sent, prev, events, tail),
        position=Position(epoch or header.epoch, header.offset),
        prev=prev,
        events=len(records),
        keys=tuple(signal.key for signal in signals),
    )


def signals_frame(signals: Sequence[AnySignal], sent: int) -> Frame:
    """The frame of signals alone, at least one."""
    return Frame(
        json=b'{"sent":%d,"signals":%b}' % (sent, _encoder.encode(signals)),
        position=None,
        keys=tuple(signal.key for signal in signals),
    )


def pulse_frame(pulse: Pulse, sent: int) -> Frame:
    """The frame of a pulse."""
    return Frame(json=b'{"sent":%d,"pulse":%b}' % (sent, _encoder.encode(pulse)), position=None, pulse=True)


def _event(record: LogRecord) -> bytes:
    header = record.header
    head = b'{"offset":%d,"at":%d,"by":"%b",' % (header.offset, header.at, header.role.value.encode())
    if record.body is None:
        return b'%b"type":%b,"body":null}' % (head, _encoder.encode(header.type))
    return b'%b"body":%b}' % (head, _for_readers(header.type, record.body))


def _for_readers(kind: str, body: bytes) -> bytes:
    """A body as readers get it."""
    if kind != _STANDS or b'"reason":""' in body:
        return body
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return _encoder.encode({**fields, "reason": ""}) if "reason" in fields else body


def carry(frame: Frame, form: Format) -> bytes:
    """The frame's bytes for a door, whole: bytes of several frames may be joined into one write."""
    if form is Format.WEBSOCKET:
        return text_frame(frame.json)
    event = _event_stream(frame)
    return chunk(event) if form is Format.SSE_CHUNKED else event


def _event_stream(frame: Frame) -> bytes:
    head = b"" if frame.position is None else b"id: %b\n" % str(frame.position).encode()
    if frame.pulse:
        head = _PULSE_HEAD
    text = frame.json
    if b"\n" in text or b"\r" in text:
        # A body that came from elsewhere may have line ends between its tokens; inside strings JSON has none.
        text = b"\ndata: ".join(text.splitlines())
    return b"%bdata: %b\n\n" % (head, text)


_PULSE_HEAD = b"event: %b\n" % PULSE.encode()


def is_pulse(data: bytes) -> bool:
    """Whether what the fan-out writes as server-sent events is no more than a pulse."""
    return data.startswith(_PULSE_HEAD)


LAST_CHUNK = b"0\r\n\r\n"
"""Ends an HTTP/1.1 body that is sent in chunks."""


def chunk(data: bytes) -> bytes:
    """`data`, not empty, as one chunk of an HTTP/1.1 body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def text_frame(text: bytes) -> bytes:
    """`text` (UTF-8) as a whole WebSocket frame from a server."""
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + text
    return b"\x81\x7f" + size.to_bytes(8, "big") + text


def retry(ms: int) -> bytes:
    """What tells a browser how long to wait before it comes back, ms."""
    return b"retry: %d\n\n" % ms


_ROLES = {role.value: role for role in Role}


class FrameEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as a reader got it."""

    offset: int
    at: int
    """Unix ms when it was written."""
    by: str
    """Role of who caused it; `role` when this release knows it."""
    type: str | None = None
    """Only where the body was removed."""
    body: msgspec.Raw = msgspec.Raw(b"null")
    """The original bytes; `null` once removed."""

    @property
    def role(self) -> Role:
        """The role; one that a later release added counts as a reader's, which changes nothing."""
        return _ROLES.get(self.by, Role.READER)

    @property
    def original(self) -> bytes | None:
        """The body's bytes, None once removed."""
        body = bytes(self.body)
        return None if body == b"null" else body


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A frame as a reader got it."""

    sent: int
    snapshot: Snapshot | None = None
    prev: int = 0
    events: tuple[FrameEvent, ...] = ()
    signals: tuple[AnySignal, ...] = ()
    """Those whose kind this release knows."""
    pulse: Pulse | None = None


class _Text(msgspec.Struct, frozen=True, kw_only=True):
    sent: int
    snapshot: Snapshot | None = None
    prev: int = 0
    events: tuple[FrameEvent, ...] = ()
    signals: tuple[msgspec.Raw, ...] = ()
    pulse: Pulse | None = None


class _Kind(msgspec.Struct, frozen=True):
    kind: str


_decoder = msgspec.json.Decoder(_Text)
_kind_decoder = msgspec.json.Decoder(_Kind)
_signal_decoder: msgspec.json.Decoder[AnySignal] = msgspec.json.Decoder(AnySignal)
_KINDS = frozenset(str(kind.__struct_config__.tag) for kind in AnySignal.__args__)


def decode(text: bytes | str) -> Received:
    """Read a frame, passing over signals of unknown kinds; raises ProtocolError with a sentence when it isn't one."""
    try:
        frame = read(_decoder, text)
        return made_of(Received, frame, sent=frame.sent, signals=known_signals(frame.signals))
    except Unreadable as error:
        raise ProtocolError(f"A frame of {len(text)} characters can't be read: {error}.") from error


def known_signals(raw: Iterable[msgspec.Raw]) -> tuple[AnySignal, ...]:
    """Signals out of JSON, those of unknown kinds passed over. Raises Unreadable."""
    known = (each for each in raw if read(_kind_decoder, each).kind in _KINDS)
    return tuple(read(_signal_decoder, each) for each in known)
