"""What the tests of a source's sound on its way to disk share: a source, and samples that tell where they belong."""

from __future__ import annotations

from moothall.core.ids import SessionId, SourceId

SESSION = SessionId("plenary")
SOURCE = SourceId("microphone")


def pcm(first: int, count: int) -> bytes:
    """Samples that tell their own positions."""
    return b"".join((position % 65_521).to_bytes(2, "little") for position in range(first, first + count))
