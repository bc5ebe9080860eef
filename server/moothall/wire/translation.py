"""The translators' link: MessagePack messages over one WebSocket at `/translate` of the engines' address.

A process with translators dials the server with a token of that kind and says `TranslatorHello`. It gets texts, each
for one of the directions that it named, and answers each by `Translated` or `NotTranslated`, in any order. Texts are
never kept or logged there.
"""

from __future__ import annotations

from typing import get_args

import msgspec

from moothall.core.kernel.decoding import T, Unreadable
from moothall.core.kernel.errors import ProtocolError
from moothall.core.translating.routes import Direction
from moothall.wire.kinds import Kinds, LinkVersions

PROTOCOL = 2
VERSIONS = LinkVersions(link="translators' link", own=PROTOCOL, first={2: "0.1.0"})
PATH = "/translate"
"""Where this link is dialled; every other path is the link of engines that recognise."""
MAX_FRAME_BYTES = 1 << 20
LONGEST_TEXT = 20_000
"""Characters of a text, either way."""
MOST_DIRECTIONS = 500


class TranslatorMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="m"):
    """A frame of the translators' link."""


class TranslatorHello(TranslatorMessage, frozen=True, kw_only=True, tag="hello"):
    """Translators → server, first: what I can do."""

    protocol: int
    name: str
    """For logs."""
    directions: tuple[Direction, ...]
    """At most 500."""
    missing: tuple[str, ...] = ()
    """Lines for the operator: what to install for more languages."""
    life: str = ""
    """The name of this run of the program, as its pulses say it (`wire.pulse`); empty: it has no pulse."""


class Prepare(TranslatorMessage, frozen=True, kw_only=True, tag="prepare"):
    """Server → translators: texts in this direction will come; load it and try it out."""

    direction: int
    """Its number in the hello, from 0."""


class Unfit(TranslatorMessage, frozen=True, kw_only=True, tag="unfit"):
    """Translators → server: this direction doesn't work; the server asks for it no more until `Fit` comes."""

    direction: int
    reason: str
    """A sentence for the operator."""


class Fit(TranslatorMessage, frozen=True, kw_only=True, tag="fit"):
    """Translators → server: a direction that was unfit works now."""

    direction: int


class Translate(TranslatorMessage, frozen=True, kw_only=True, tag="translate"):
    """Server → translators: a text."""

    id: int
    """Names it in the answer."""
    direction: int
    text: str


class Translated(TranslatorMessage, frozen=True, kw_only=True, tag="translated"):
    """Translators → server: the text in the other language."""

    id: int
    text: str


class NotTranslated(TranslatorMessage, frozen=True, kw_only=True, tag="not-translated"):
    """Translators → server: it could not be done this time."""

    id: int
    reason: str
    """A sentence for the log, which never holds the text."""


ToTranslators = Prepare | Translate
FromTranslators = TranslatorHello | Unfit | Fit | Translated | NotTranslated

_encoder = msgspec.msgpack.Encoder()
_known = (*get_args(ToTranslators), *get_args(FromTranslators))
_to_translators: Kinds[ToTranslators] = Kinds(msgspec.msgpack.Decoder(ToTranslators), _known)
_from_translators: Kinds[FromTranslators] = Kinds(msgspec.msgpack.Decoder(FromTranslators), _known)


def encode(message: ToTranslators | FromTranslators) -> bytes:
    """One frame."""
    return _encoder.encode(message)


def decode_to_translators(frame: bytes) -> ToTranslators:
    """Read a frame that the server sent; raises ProtocolError, of which UnknownKind may be passed over."""
    return _read(_to_translators, frame, "server")


def decode_from_translators(frame: bytes) -> FromTranslators:
    """Read a frame that translators sent; raises ProtocolError, of which UnknownKind may be passed over."""
    return _read(_from_translators, frame, "translators")


def _read(kinds: Kinds[T], frame: bytes, sender: str) -> T:
    try:
        return kinds.read(frame)
    except Unreadable as error:
        # Not what msgspec says: it may hold a text.
        msg = f"The {sender} sent a frame of {len(frame)} bytes that is no message of protocol {PROTOCOL}."
        raise ProtocolError(msg) from error
