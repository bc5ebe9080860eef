"""Frames, the messages of a feed to its readers: their JSON text, and the bytes that carry it over each transport.

A frame is one JSON object. `sent` is the Unix time in ms at which it was encoded.

    {"sent":…,"snapshot":{…}}                                   the state from which a reader starts
    {"sent":…,"prev":12,"events":[{"offset":13,…}],"signals":[…]} events; with signals only when there are any
    {"sent":…,"signals":[…]}                                    signals alone, which may be lost
    {"sent":…,"pulse":{"head":13,"age":0,"every":5000}}         a sign of life when nothing else is sent

`prev` is the offset of the feed's event before the first event of the frame, by which a reader detects a loss. An event
is {"offset","at","by","body"}; its body is spliced in as the bytes that were first written. An event whose body was
removed is {"offset","at","by","type","body":null}. One type of body is changed: earlier releases stored in
`intervention.status-changed` the reason for declining an intervention, which only its author may see, so readers get an
empty `reason`.

Each frame is encoded once per feed, and every reader on the same transport gets the same bytes:

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
from moothall.core.events.questions import InterventionStatusChanged
from moothall.core.kernel.actors import Role
from moothall.core.kernel.decoding import Unreadable, made_of, read
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import Epoch, Position
from moothall.core.signals import AnySignal
from moothall.core.views.captions import Snapshot


class Format(Enum):
    """The transport encodings of a frame."""

    SSE = "sse"
    """Server-sent events as the body of an HTTP/1.0 answer, which has no chunks."""
    SSE_CHUNKED = "sse-chunked"
    """Server-sent events, each an HTTP/1.1 chunk."""
    WEBSOCKET = "websocket"
    """Unmasked WebSocket text frames, as a server sends them."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One encoded frame; `carry` makes the bytes for a transport."""

    json: bytes
    """The JSON text, UTF-8."""
    position: Position | None
    """The position of a reader that has received this frame; None for signals or a pulse alone."""
    prev: int = 0
    """Offset of the feed's event before this frame; meaningful only when the frame has events."""
    events: int = 0
    """How many events it carries."""
    keys: tuple[str, ...] = ()
    """Keys of the signals in it."""
    snapshot: bool = False
    """Whether it carries a snapshot, which makes all earlier frames superfluous."""
    pulse: bool = False
    """Whether it carries a pulse and nothing else."""


PULSE = "pulse"
"""Name of the event that carries a pulse in server-sent events."""
PULSE_MS = 5_000
"""Interval of the pulses of a feed in which nothing happens, ms."""


class ReaderPulse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sign of life, sent when there is no other frame.

    A reader that gets neither frame nor pulse for two and a half times `every` takes the connection for dead.
    """

    head: int
    """Offset of the feed's newest event; a reader that hasn't received that event has lost something."""
    age: int
    """Time since the centre was last heard, through all hubs between, ms; 0 at the centre."""
    every: int
    """Longest time between two frames or pulses, ms."""
    lost: bool = False
    """Whether the centre counts as out of reach."""


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """How up to date the data is that a server passes on."""

    age: int = 0
    """Time since the centre was last heard, ms, as in `ReaderPulse`."""
    lost: bool = False
    """Whether the centre counts as out of reach."""


HERE = Freshness()
"""The source at the centre itself: always up to date."""

_encoder = msgspec.json.Encoder()
_STANDS = str(InterventionStatusChanged.__struct_config__.tag)


def snapshot_frame(snapshot: Snapshot, sent: int) -> Frame:
    """The frame of a snapshot, from which a reader starts; `sent` in Unix ms."""
    return Frame(
        json=b'{"sent":%d,"snapshot":%b}' % (sent, _encoder.encode(snapshot)),
        position=Position(snapshot.epoch, snapshot.offset),
        snapshot=True,
    )


def events_frame(
    records: Sequence[LogRecord], prev: int, signals: Sequence[AnySignal], sent: int, epoch: Epoch | None = None
) -> Frame:
    """The frame of one or more `records` in order, with signals.

    `prev` is the offset of the feed's event before the records. `epoch` is given by a hub whose readers have another
    epoch than the log. `signals` should hold only the newest signal of each key. `sent` in Unix ms.
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
    """The frame of one or more signals without events; `sent` in Unix ms."""
    return Frame(
        json=b'{"sent":%d,"signals":%b}' % (sent, _encoder.encode(signals)),
        position=None,
        keys=tuple(signal.key for signal in signals),
    )


def pulse_frame(pulse: ReaderPulse, sent: int) -> Frame:
    """The frame of a pulse; `sent` in Unix ms."""
    return Frame(json=b'{"sent":%d,"pulse":%b}' % (sent, _encoder.encode(pulse)), position=None, pulse=True)


def _event(record: LogRecord) -> bytes:
    header = record.header
    head = b'{"offset":%d,"at":%d,"by":"%b",' % (header.offset, header.at, header.role.value.encode())
    if record.body is None:
        return b'%b"type":%b,"body":null}' % (head, _encoder.encode(header.type))
    return b'%b"body":%b}' % (head, _for_readers(header.type, record.body))


def _for_readers(kind: str, body: bytes) -> bytes:
    """The event body that readers get: of a status change without its reason, which only the author may see."""
    if kind != _STANDS or b'"reason":""' in body:
        return body
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return _encoder.encode({**fields, "reason": ""}) if "reason" in fields else body


def carry(frame: Frame, form: Format) -> bytes:
    """The frame's complete bytes for a transport; the bytes of several frames may be joined into one write."""
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
        # JSON that another program wrote may have line ends between its tokens; inside strings JSON has none.
        text = b"\ndata: ".join(text.splitlines())
    return b"%bdata: %b\n\n" % (head, text)


_PULSE_HEAD = b"event: %b\n" % PULSE.encode()


def is_pulse(data: bytes) -> bool:
    """Whether `data`, encoded as server-sent events without chunks, is a pulse."""
    return data.startswith(_PULSE_HEAD)


LAST_CHUNK = b"0\r\n\r\n"
"""The final chunk, which ends an HTTP/1.1 body that is sent in chunks."""


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
    """The `retry` field of server-sent events: how long a browser waits before it reconnects, in ms."""
    return b"retry: %d\n\n" % ms


_ROLES = {role.value: role for role in Role}


class FrameEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as decoded from a received frame."""

    offset: int
    at: int
    """Unix ms when it was written."""
    by: str
    """Role of the actor who caused it, as it was sent; `role` is the same as a `Role`."""
    type: str | None = None
    """The event's type; sent only when the body was removed."""
    body: msgspec.Raw = msgspec.Raw(b"null")
    """The original bytes of the body; `null` once it was removed."""

    @property
    def role(self) -> Role:
        """Role of the actor; a role that this release doesn't know counts as `Role.READER`, which changes no view."""
        return _ROLES.get(self.by, Role.READER)

    @property
    def original(self) -> bytes | None:
        """The original bytes of the body; None once it was removed."""
        body = bytes(self.body)
        return None if body == b"null" else body


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded frame; its fields are those of the JSON text (see the module)."""

    sent: int
    snapshot: Snapshot | None = None
    prev: int = 0
    events: tuple[FrameEvent, ...] = ()
    signals: tuple[AnySignal, ...] = ()
    """The signals whose kind this release knows."""
    pulse: ReaderPulse | None = None


class _Text(msgspec.Struct, frozen=True, kw_only=True):
    sent: int
    snapshot: Snapshot | None = None
    prev: int = 0
    events: tuple[FrameEvent, ...] = ()
    signals: tuple[msgspec.Raw, ...] = ()
    pulse: ReaderPulse | None = None


class _Kind(msgspec.Struct, frozen=True):
    kind: str


_decoder = msgspec.json.Decoder(_Text)
_kind_decoder = msgspec.json.Decoder(_Kind)
_signal_decoder: msgspec.json.Decoder[AnySignal] = msgspec.json.Decoder(AnySignal)
_KINDS = frozenset(str(kind.__struct_config__.tag) for kind in AnySignal.__args__)


def decode(text: bytes | str) -> Received:
    """Decode a frame without its signals of unknown kinds; raises ProtocolError for an invalid frame."""
    try:
        frame = read(_decoder, text)
        return made_of(Received, frame, sent=frame.sent, signals=known_signals(frame.signals))
    except Unreadable as error:
        raise ProtocolError(f"A frame of {len(text)} characters can't be read: {error}.") from error


def known_signals(raw: Iterable[msgspec.Raw]) -> tuple[AnySignal, ...]:
    """Decode signals from JSON, leaving out those of unknown kinds. Raises Unreadable for an invalid signal."""
    known = (each for each in raw if read(_kind_decoder, each).kind in _KINDS)
    return tuple(read(_signal_decoder, each) for each in known)
