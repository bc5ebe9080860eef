"""Where the chains of a session stood, as somebody else has seen it: a record that was taken home, as JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec

from moothall.adapters.store.files import explained
from moothall.core.chain import checkpoint_bytes
from moothall.core.events.types import LaneHead
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import Epoch, Lane, SessionId
from moothall.record.verify import VerifySignature, signature_bytes


class _Meeting(msgspec.Struct):
    id: str


class _Position(msgspec.Struct):
    epoch: str
    offset: int


class _Checkpoint(msgspec.Struct):
    offset: int
    key: str
    signature: str
    lanes: dict[str, LaneHead]


class SeenHeads(msgspec.Struct, frozen=True):
    """What one file says."""

    session: _Meeting
    position: _Position
    heads: dict[str, LaneHead]
    checkpoint: _Checkpoint | None = None

    def expected(self) -> list[dict[Lane, LaneHead]]:
        """The heads that it names, as `moothall.record.verify` takes them: its own, and its checkpoint's."""
        named = [self.heads] if self.checkpoint is None else [self.heads, self.checkpoint.lanes]
        return [{Lane(lane): head for lane, head in lanes.items()} for lanes in named]

    def signed(self, by: VerifySignature) -> bool:
        """Whether its checkpoint is signed by a known key; False when it has none."""
        point = self.checkpoint
        if point is None:
            return False
        # Readers may be told another epoch than the log's own, with a count behind it: `core.ids.reader_epoch`.
        own, _, _ = self.position.epoch.partition("r")
        signature = signature_bytes(point.signature)
        return any(
            by(point.key, checkpoint_bytes(SessionId(self.session.id), Epoch(epoch), point.lanes), signature)
            for epoch in (self.position.epoch, own)
        )


def read_heads(path: Path) -> SeenHeads:
    """Raises ConfigurationError when the file can't be read or is no record."""
    with explained(f"{path} can't be read"):
        data = path.read_bytes()
    try:
        return read_json(data, SeenHeads)
    except Unreadable as error:
        msg = f"{path} is no record as JSON (record.json), as a server and its hubs give it."
        raise ConfigurationError(msg) from error
