"""Builds the records of the next append, and the log's head after it."""

from __future__ import annotations

import base64
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.chain import GENESIS, SALT_BYTES, Header, LogRecord, checkpoint_bytes, seal
from moothall.core.events import types as ev
from moothall.core.events.codec import encode_event, type_name
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.kernel.lanes import is_public
from moothall.core.ports import LogHead, Randomness, Signer
from moothall.core.sessions.state import State


@dataclass(eq=False, repr=False)
class PendingAppend:
    """New records after a log's head, sealed one by one. The next command is decided on `state`."""

    session: SessionId
    _: KW_ONLY
    behind: LogHead
    at: int
    """When the log's last event was written, Unix ms."""
    state: State
    randomness: Randomness
    signer: Signer

    def __post_init__(self) -> None:
        self.offset = self.behind.offset
        self.lanes = dict(self.behind.lanes)
        self.records: list[LogRecord] = []
        self.events: list[ev.AnyEvent] = []

    @property
    def head(self) -> LogHead:
        """The log's head after these records."""
        return msgspec.structs.replace(self.behind, offset=self.offset, lanes=self.lanes)

    def add(self, event: ev.AnyEvent, by: Actor, cause: CommandId, n: int, wall: int) -> None:
        """Seal one more event, the `n`th of the command `cause`, written now (`wall`, Unix ms)."""
        lane = event.lane()
        before = self.lanes.get(lane) or ev.LaneHead(0, GENESIS.hex())
        self.at = max(self.at, wall)
        self.offset += 1
        header = Header(
            session=self.session,
            epoch=self.behind.epoch,
            offset=self.offset,
            lane=lane,
            prev=before.offset,
            type=type_name(event),
            at=self.at,
            role=by.logged_as,
            actor=by.id,
            cause=cause,
            n=n,
        )
        salt = self.randomness.bytes(SALT_BYTES)
        record = seal(bytes.fromhex(before.digest), header, salt, encode_event(event))
        self.lanes[lane] = ev.LaneHead(self.offset, record.digest.hex())
        self.records.append(record)
        self.events.append(event)

    def sign(self, by: Actor, cause: CommandId, n: int, wall: int) -> None:
        """Add a checkpoint: the present heads of the public lanes, signed."""
        lanes = {str(lane): head for lane, head in self.lanes.items() if is_public(lane)}
        signature = self.signer.sign(checkpoint_bytes(self.session, self.behind.epoch, lanes))
        encoded = base64.b64encode(signature).decode()
        self.add(ev.RecordCheckpoint(lanes=lanes, key=self.signer.key_id, signature=encoded), by, cause, n, wall)
