"""The translators' link: MessagePack messages over one WebSocket at `/translate` of the engines' address.

A process with translators dials the server with a translators' token and sends `TranslatorHello`. It then gets texts,
each for one of the directions that it announced, and answers each by `Translated` or `NotTranslated`, in any order. The
process never stores or logs texts.
"""

from __future__ import annotations

from typing import Annotated, get_args

import msgspec
from msgspec import Meta

from moothall.core.kernel.decoding import T, Unreadable
from moothall.core.kernel.errors import ProtocolError
from moothall.core.translation.routes import LONGEST as MOST_HOPS
from moothall.core.translation.routes import Direction, RouteScore
from moothall.wire.kinds import Kinds, LinkVersions

PROTOCOL = 2
VERSIONS = LinkVersions(link="translators' link", own=PROTOCOL, first={2: "0.1.0"})
PATH = "/translate"
"""Path at which this link is dialled; every other path at that address is the link of speech engines."""
MAX_FRAME_BYTES = 1 << 20
LONGEST_TEXT = 20_000
"""Most characters of a text, in either direction of the link."""
MOST_DIRECTIONS = 500
MOST_SCORES = 500
"""Most scores in a message; between seven languages there are 42 pairs."""


class TranslatorMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="m"):
    """A frame of the translators' link."""


class TranslatorHello(TranslatorMessage, frozen=True, kw_only=True, tag="hello"):
    """Translators → server, the first message: which directions the process can translate."""

    protocol: int
    name: str
    """The process's name in logs."""
    directions: tuple[Direction, ...]
    """At most `MOST_DIRECTIONS`; other messages name a direction by its index in this tuple."""
    missing: tuple[str, ...] = ()
    """Sentences for the operator: what to install for more languages."""
    life: str = ""
    """The name of this run of the program, the same as in its pulses (`wire.pulse`); empty when it sends no pulses."""


class Prepare(TranslatorMessage, frozen=True, kw_only=True, tag="prepare"):
    """Server → translators: texts in this direction will follow; load the direction and try it out."""

    direction: int
    """Its index in `TranslatorHello.directions`."""


class Unfit(TranslatorMessage, frozen=True, kw_only=True, tag="unfit"):
    """Translators → server: this direction doesn't work; the server sends no texts for it until it receives `Fit`."""

    direction: int
    reason: str
    """A sentence for the operator."""


class Fit(TranslatorMessage, frozen=True, kw_only=True, tag="fit"):
    """Translators → server: a direction that was reported as `Unfit` works now."""

    direction: int


class Translate(TranslatorMessage, frozen=True, kw_only=True, tag="translate"):
    """Server → translators: a text to be translated."""

    id: int
    """Identifies the request; the answer repeats it."""
    direction: int
    text: str


class Translated(TranslatorMessage, frozen=True, kw_only=True, tag="translated"):
    """Translators → server: the translated text, in answer to `Translate`."""

    id: int
    text: str


class NotTranslated(TranslatorMessage, frozen=True, kw_only=True, tag="not-translated"):
    """Translators → server: this text could not be translated this time, in answer to `Translate`."""

    id: int
    reason: str
    """A sentence for the log, which never holds the text."""


class WayScore(msgspec.Struct, frozen=True, kw_only=True):
    """The score of one way on the process's machine."""

    directions: Annotated[tuple[int, ...], Meta(min_length=1, max_length=MOST_HOPS)]
    """The way's hops in order, by their indices in `TranslatorHello.directions`."""
    score: RouteScore


class Scores(TranslatorMessage, frozen=True, kw_only=True, tag="scores"):
    """Translators → server: all scores that this machine has, after the hello where it has any and at each change. It
    replaces what was sent before. Servers of 0.2.0 pass over it.
    """

    scores: Annotated[tuple[WayScore, ...], Meta(max_length=MOST_SCORES)]


ToTranslators = Prepare | Translate
FromTranslators = TranslatorHello | Unfit | Fit | Translated | NotTranslated | Scores

_encoder = msgspec.msgpack.Encoder()
_known = (*get_args(ToTranslators), *get_args(FromTranslators))
_to_translators: Kinds[ToTranslators] = Kinds(msgspec.msgpack.Decoder(ToTranslators), _known)
_from_translators: Kinds[FromTranslators] = Kinds(msgspec.msgpack.Decoder(FromTranslators), _known)


def encode(message: ToTranslators | FromTranslators) -> bytes:
    """The frame of a message, as MessagePack."""
    return _encoder.encode(message)


def decode_to_translators(frame: bytes) -> ToTranslators:
    """Decode a frame that the server sent. Raises ProtocolError; its subclass UnknownKind may be ignored."""
    return _read(_to_translators, frame, "server")


def decode_from_translators(frame: bytes) -> FromTranslators:
    """Decode a frame that translators sent. Raises ProtocolError; its subclass UnknownKind may be ignored."""
    return _read(_from_translators, frame, "translators")


def _read(kinds: Kinds[T], frame: bytes, sender: str) -> T:
    try:
        return kinds.read(frame)
    except Unreadable as error:
        # The message leaves out msgspec's error, which may quote a text.
        msg = f"The {sender} sent a frame of {len(frame)} bytes that is no message of protocol {PROTOCOL}."
        raise ProtocolError(msg) from error
