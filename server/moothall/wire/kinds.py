"""Compatibility between releases on a link: unknown kinds of messages, and versions of the protocol.

Protocols grow by new fields and new kinds of messages. msgspec ignores unknown fields. An unknown kind raises
`UnknownKind`, which the receiver ignores, since it is no fault of the peer. A message that has to be understood is sent
only to a peer that has announced that it accepts it (`EngineHello.takes_glossary`, `Attach.tell_language`,
`HubHello.signals`). The version number of a link grows only where that isn't enough; its server then accepts the
previous number as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic

import msgspec

from moothall.core.kernel.decoding import Decoder, T, Unreadable, read
from moothall.core.kernel.errors import ProtocolError

OTHER_VERSION = 4_400
"""WebSocket close code for an engine or translators whose version doesn't fit; the reason names the versions that do.
On hub links the same number is `CloseCode.BAD_REQUEST` and is used for the same purpose."""


class UnknownKind(ProtocolError):
    """A message is of a kind that this release doesn't know. The receiver ignores it; its state doesn't change."""


class OtherVersion(ProtocolError):
    """The peer speaks a version of the link that this server doesn't accept. The error's text may be sent to it."""


class _Kind(msgspec.Struct):
    m: str


class _ArrayKind(msgspec.Struct, array_like=True):
    m: int


class Kinds(Generic[T]):
    """A decoder of the messages of one direction of a link. The tag `m` of a message names its kind."""

    def __init__(self, decoder: Decoder[T], known: Iterable[type[msgspec.Struct]], *, arrays: bool = False) -> None:
        """Make a decoder.

        `decoder` decodes the kinds of this direction from MessagePack. `known` are the kinds of both directions, so
        that a message of the other direction is an error and no unknown kind. `arrays`: messages are encoded as arrays.
        """
        self._decoder = decoder
        self._tags = {kind.__struct_config__.tag for kind in known}
        self._kind: Decoder[_Kind | _ArrayKind] = msgspec.msgpack.Decoder(_ArrayKind if arrays else _Kind)

    def read(self, frame: bytes) -> T:
        """Decode a message. Raises UnknownKind for an unknown kind, and Unreadable for any other invalid frame."""
        try:
            return read(self._decoder, frame)
        except Unreadable:
            if read(self._kind, frame).m in self._tags:
                raise
        raise UnknownKind(f"A message of {len(frame)} bytes is of a kind that this release does not know.")


class LinkVersions(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of a link that a server accepts: its own, and the previous one if a release ever spoke it."""

    link: str
    """The link's name in messages for people, such as `hub link`."""
    own: int
    """The version that this server speaks."""
    first: Mapping[int, str]
    """For each version the first release that spoke it."""

    def require(self, version: int) -> None:
        """Check a peer's version. Raises OtherVersion, whose text fits into a close frame, when it isn't accepted."""
        taken = [each for each in self.first if self.own - 1 <= each <= self.own]
        if version not in taken:
            numbers = " or ".join(map(str, taken))
            raise OtherVersion(
                f"Not version {version} of the {self.link} but {numbers} fits: releases from "
                f"{self.first[min(taken)]} up to one after this server's."
            )


def passed_over(count: int) -> str:
    """The log message about a link on which `count` messages were of unknown kinds."""
    return f"passed over {count} messages of kinds that this release does not know: the other side is of a later one"
