"""What a peer of another release says: kinds of messages that this release doesn't know, and versions of a link.

Links grow by fields and by kinds. A field that isn't known is passed over by msgspec, a kind by whoever reads: it is
`UnknownKind` and no error of the peer's. What has to be understood is sent only to a peer that has said it takes it
(`Hello.takes_glossary`, `Attach.tell_language`, `Hello.signals`). A link's number goes up only where that isn't enough,
and then its server takes the number before as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic

import msgspec

from moothall.core.kernel.decoding import Decoder, T, Unreadable, read
from moothall.core.kernel.errors import ProtocolError

OTHER_VERSION = 4_400
"""With this code a server closes the link of an engine or of translators that speak another version, and says which one
fits. To hubs the same number says the same (`CloseCode.BAD_REQUEST`)."""


class UnknownKind(ProtocolError):
    """A message of a kind that this release doesn't know: whoever reads passes it over, and it changes nothing."""


class OtherVersion(ProtocolError):
    """The peer speaks a version of the link that doesn't fit. The text may be told to it."""


class _Kind(msgspec.Struct):
    m: str


class _ArrayKind(msgspec.Struct, array_like=True):
    m: int


class Kinds(Generic[T]):
    """Reads messages of one direction of a link. Kinds are told apart by their tag `m`."""

    def __init__(self, decoder: Decoder[T], known: Iterable[type[msgspec.Struct]], *, arrays: bool = False) -> None:
        """`decoder` is of MessagePack and of the kinds of this direction; `known` are all kinds of the link, since what
        goes the other way is an error here. `arrays`: they are encoded as arrays.
        """
        self._decoder = decoder
        self._tags = {kind.__struct_config__.tag for kind in known}
        self._kind: Decoder[_Kind | _ArrayKind] = msgspec.msgpack.Decoder(_ArrayKind if arrays else _Kind)

    def read(self, frame: bytes) -> T:
        """A message. Raises UnknownKind, and Unreadable for what is no message."""
        try:
            return read(self._decoder, frame)
        except Unreadable:
            if read(self._kind, frame).m in self._tags:
                raise
        raise UnknownKind(f"A message of {len(frame)} bytes is of a kind that this release does not know.")


class LinkVersions(msgspec.Struct, frozen=True, kw_only=True):
    """The versions of a link that a server takes: its own, and the one before where a release spoke that."""

    link: str
    """What people call it, such as `hub link`."""
    own: int
    first: Mapping[int, str]
    """By version, the first release that spoke it."""

    def require(self, version: int) -> None:
        """Raises OtherVersion with a sentence that fits into a close frame."""
        taken = [each for each in self.first if self.own - 1 <= each <= self.own]
        if version not in taken:
            numbers = " or ".join(map(str, taken))
            raise OtherVersion(
                f"Not version {version} of the {self.link} but {numbers} fits: releases from "
                f"{self.first[min(taken)]} up to one after this server's."
            )


def passed_over(count: int) -> str:
    """What a log says of a link on which so many messages were of unknown kinds."""
    return f"passed over {count} messages of kinds that this release does not know: the other side is of a later one"
