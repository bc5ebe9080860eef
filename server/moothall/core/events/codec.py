"""Encodes the bodies of events as bytes, and decodes every version that was ever written.

A body is encoded once, when it is first written. Decoding upcasts old versions. A type that this release doesn't know
becomes an `UnknownEvent`, and its bytes are passed on unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import msgspec

from moothall.core.events.base import Event
from moothall.core.events.types import AnyEvent
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import RecordBroken

EVENT_TYPES: dict[str, type[Event]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyEvent)}
"""Every event class by its type's name on the wire."""

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTS: dict[tuple[str, int], Upcast] = {}
"""(type, version) → a function that turns a body of this version into one of the next. Empty: 0.1.0 is the first
release.
"""


class UnknownEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a later release wrote. It is stored and passed on, and changes no view."""

    type: str
    v: int


class _Envelope(msgspec.Struct, frozen=True):
    type: str
    v: int = 1


_encoder = msgspec.json.Encoder()
_envelope = msgspec.json.Decoder(_Envelope)
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_any: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def type_name(event: Event) -> str:
    """The event's `type` on the wire."""
    return str(event.__struct_config__.tag)


def encode_event(event: Event) -> bytes:
    """The body as UTF-8 JSON. These bytes are stored and passed on unchanged."""
    return _encoder.encode(event)


def decode_event(body: bytes, upcasts: dict[tuple[str, int], Upcast] = UPCASTS) -> AnyEvent | UnknownEvent:
    """Decode a body of any version; raises RecordBroken when the bytes are not a valid body."""
    try:
        event = read(_decoder, body)
    except Unreadable:
        return _of_another_version(body, upcasts)
    # Most bodies are of the newest version, so they are decoded once. A body without `v` is of version 1.
    return event if event.v == event.VERSION else _of_another_version(body, upcasts)


def _of_another_version(body: bytes, upcasts: dict[tuple[str, int], Upcast]) -> AnyEvent | UnknownEvent:
    """Decode a body that an earlier or a later release wrote; raises RecordBroken as `decode_event`."""
    try:
        envelope = read(_envelope, body)
        kind = EVENT_TYPES.get(envelope.type)
        if kind is None or envelope.v > kind.VERSION:
            return UnknownEvent(type=envelope.type, v=envelope.v)
        raw = read(_any, body)
        for version in range(envelope.v, kind.VERSION):
            raw = upcasts[(envelope.type, version)](raw)
        newest: AnyEvent = msgspec.convert({**raw, "v": kind.VERSION}, AnyEvent)
        return newest
    except (Unreadable, msgspec.ValidationError, KeyError) as error:
        # A KeyError means a version that no release has written, or a body that lacks a field which its upcast needs.
        raise RecordBroken(f"An event's body of {len(body)} bytes can't be read: {error}.") from error
