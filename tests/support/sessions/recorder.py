"""Makes a session's records one after the other, as its writer does, with reproducible salts and times."""

from __future__ import annotations

import hashlib
from base64 import b64encode

from moothall.core.chain import GENESIS, SALT_BYTES, Header, LogRecord, checkpoint_bytes, seal
from moothall.core.events.base import Event
from moothall.core.events.codec import encode_event, type_name
from moothall.core.events.types import LaneHead, RecordCheckpoint
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.ids import CommandId, Epoch, Lane, SessionId
from moothall.core.kernel.lanes import is_public
from moothall.core.ports import LogHead, Signer

SESSION = SessionId("plenary")
EPOCH = Epoch("k3j9x2")
MORNING = 1_764_000_000_000


class Recorder:
    def __init__(self, session: SessionId = SESSION, epoch: Epoch = EPOCH) -> None:
        self.session = session
        self.epoch = epoch
        self.offset = 0
        self.heads: dict[Lane, LaneHead] = {}
        self.later = 0
        """A shift of all later events' times, in ms."""

    def go_on(self, head: LogHead) -> None:
        """Continue a log that has been opened again."""
        self.epoch, self.offset, self.heads = head.epoch, head.offset, dict(head.lanes)

    def record(self, event: Event, by: Actor = SYSTEM, cause: str = "", n: int = 0, lane: str = "") -> LogRecord:
        at = Lane(lane) if lane else event.lane()
        head = self.heads.get(at, LaneHead(offset=0, digest=GENESIS.hex()))
        self.offset += 1
        header = Header(
            session=self.session,
            epoch=self.epoch,
            offset=self.offset,
            lane=at,
            prev=head.offset,
            type=type_name(event),
            at=MORNING + 40 * self.offset + self.later,
            role=by.logged_as,
            actor=by.id,
            cause=CommandId(cause or f"command-{self.offset}"),
            n=n,
        )
        salt = hashlib.sha256(f"{self.session} {self.offset}".encode()).digest()[:SALT_BYTES]
        sealed = seal(bytes.fromhex(head.digest), header, salt, encode_event(event))
        self.heads[at] = LaneHead(offset=self.offset, digest=sealed.digest.hex())
        return sealed

    def checkpoint(self, signer: Signer) -> LogRecord:
        public = {str(lane): head for lane, head in self.heads.items() if is_public(lane)}
        signature = signer.sign(checkpoint_bytes(self.session, self.epoch, public))
        return self.record(
            RecordCheckpoint(lanes=public, key=signer.key_id, signature=b64encode(signature).decode("ascii"))
        )
