"""The log as it will stand if the next append succeeds."""

from __future__ import annotations

import base64

import msgspec

from moothall.core.chain import GENESIS, SALT_BYTES, Header, LogRecord, checkpoint_bytes, seal
from moothall.core.events import types as ev
from moothall.core.events.codec import encode_event, type_name
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.ids import CommandId, SessionId
from moothall.core.kernel.lanes import is_public
from moothall.core.ports import LogHead, Randomness, Signer
from moothall.core.session.state import State


class Draft:
    """Records behind a log's head, sealed one by one. The next command is decided on `state`."""

    def __init__(
        self,
        session: SessionId,
        *,
        head: LogHead,
        at: int,
        state: State,
        randomness: Randomness,
        signer: Signer,
    ) -> None:
        """`at`: when the log's last event was written, Unix ms."""
        self.state = state
        self.offset = head.offset
        self.at = at
        self.lanes = dict(head.lanes)
        self.records: list[LogRecord] = []
        self.events: list[ev.AnyEvent] = []
        self._session = session
        self._head = head
        self._randomness = randomness
        self._signer = signer

    @property
    def head(self) -> LogHead:
        """Where the log will stand."""
        return msgspec.structs.replace(self._head, offset=self.offset, lanes=self.lanes)

    def add(self, event: ev.AnyEvent, by: Actor, cause: CommandId, n: int, wall: int) -> None:
        """Seal one more event, the `n`th of the command `cause`, written now (`wall`, Unix ms)."""
        lane = event.lane()
        before = self.lanes.get(lane) or ev.LaneHead(0, GENESIS.hex())
        self.at = max(self.at, wall)
        self.offset += 1
        header = Header(
            session=self._session,
            epoch=self._head.epoch,
            offset=self.offset,
            lane=lane,
            prev=before.offset,
            type=type_name(event),
            at=self.at,
            role=by.role,
            actor=by.id,
            cause=cause,
            n=n,
        )
        salt = self._randomness.bytes(SALT_BYTES)
        record = seal(bytes.fromhex(before.digest), header, salt, encode_event(event))
        self.lanes[lane] = ev.LaneHead(self.offset, record.digest.hex())
        self.records.append(record)
        self.events.append(event)

    def sign(self, by: Actor, cause: CommandId, n: int, wall: int) -> None:
        """Add a checkpoint: the heads of the public lanes as they stand here, signed."""
        lanes = {str(lane): head for lane, head in self.lanes.items() if is_public(lane)}
        signature = self._signer.sign(checkpoint_bytes(self._session, self._head.epoch, lanes))
        encoded = base64.b64encode(signature).decode()
        self.add(ev.RecordCheckpoint(lanes=lanes, key=self._signer.key_id, signature=encoded), by, cause, n, wall)
