"""An hour of a session, made of a shorter one's log by repeating its text until the hour is full.

Each round repeats the events of the log from the first line to the last, shifted by the length of the log: their times,
the names of their lines and the ids of their commands are counted on, so that numbers get as long as they do in an
hour. Events are sealed anew, with salts and a chain of their own, and each minute ends with a signed checkpoint. The
events before the first line come once. Repeating the same words doesn't improve compression, since each batch is
compressed by itself.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from moothall.core.chain import GENESIS, SALT_BYTES, LogRecord, checkpoint_bytes, seal
from moothall.core.events import types as ev
from moothall.core.events.codec import encode_event
from moothall.core.kernel.ids import CommandId, Lane, SessionId
from moothall.core.kernel.lanes import SESSION, is_public
from moothall.core.ports import Signer

HOUR_MS = 3_600_000
CHECKPOINT_MS = 60_000
_TIMES = frozenset({"t", "t0", "t1"})
_LINES = frozenset({"segment", "segments", "sources"})
_LAST = frozenset({"source.ended", "session.closed", "record.sealed"})
_COUNTED = re.compile(r"(?<=[.-])([0-9]+)(?=$|-[a-z])")
"""The last number of a line's name or of a command's id: `floor-1-17-mt-pt`, `demo.questions.1.174`."""


def public_length(records: Sequence[LogRecord]) -> int:
    """Return the length of a log's text in media ms: to the end of its last line."""
    ends = [_body(each)["t1"] for each in records if each.header.type == "segment.ended"]
    return int(max(ends))


def hour(records: Sequence[LogRecord], signer: Signer, seed: int = 1, length_ms: int = HOUR_MS) -> list[LogRecord]:
    """Return `length_ms` of text from the public lanes of a shorter log, beginning with the
    events before its first line.
    """
    made = _Hour(records[0].header.session, records[0].header.epoch, signer, random.Random(seed))  # noqa: S311  # repeatable salts
    first = next(n for n, each in enumerate(records) if each.header.type == "segment.opened")
    before, said = records[:first], [each for each in records[first:] if _belongs(each)]
    round_ms = public_length(records) + 1_000
    lines = 1 + max(_counted(str(_body(each).get("segment", ""))) for each in said)
    acts = 1 + max(_counted(each.header.cause) for each in said)
    for each in before:
        if _belongs(each):
            made.add(each, 0, 0, 0)
    for n in range(-(-length_ms // round_ms)):
        for each in said:
            if each.header.at - said[0].header.at + n * round_ms <= length_ms:
                made.add(each, n * round_ms, n * lines, n * acts)
    made.check()
    return made.records


def _belongs(record: LogRecord) -> bool:
    header = record.header
    return is_public(header.lane) and header.type not in _LAST and header.type != "record.checkpoint"


def _body(record: LogRecord) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(record.body or b"{}")
    return decoded


def _counted(name: str) -> int:
    found = _COUNTED.findall(name)
    return int(found[-1]) if found else 0


class _Hour:
    """The log while it is being made."""

    def __init__(self, session: SessionId, epoch: str, signer: Signer, salts: random.Random) -> None:
        self.records: list[LogRecord] = []
        self._session = session
        self._epoch = epoch
        self._signer = signer
        self._salts = salts
        self._heads: dict[Lane, ev.LaneHead] = {}
        self._check_at = 0

    def add(self, record: LogRecord, later: int, lines: int, acts: int) -> None:
        """Add an event, shifted by `later` ms, with the numbers of its line and its command
        raised by `lines` and `acts`.
        """
        header, at = record.header, record.header.at + later
        self._check_at = self._check_at or at + CHECKPOINT_MS
        while at >= self._check_at:
            self.check()
        body = msgspec.json.encode(_moved(_body(record), later, lines))
        cause = header.cause
        if later and cause.startswith("mt:"):
            cause = CommandId(f"mt:{hashlib.sha256(f'{cause} {later}'.encode()).hexdigest()[:40]}")
        elif later:
            cause = CommandId(_COUNTED.sub(lambda found: str(int(found[1]) + acts), cause))
        self._seal(record, body, at, cause)

    def check(self) -> None:
        """Sign the end of a minute, if any event was added since the last signature."""
        last = self.records[-1]
        if last.header.type != "record.checkpoint":
            lanes = {str(lane): head for lane, head in self._heads.items()}
            signature = self._signer.sign(checkpoint_bytes(self._session, last.header.epoch, lanes))
            event = ev.RecordCheckpoint(
                lanes=lanes, key=self._signer.key_id, signature=base64.b64encode(signature).decode()
            )
            server = msgspec.structs.replace(self.records[0].header, type="record.checkpoint", lane=SESSION, n=0)
            cause = CommandId(f"checkpoint:1:{last.header.offset}")
            self._seal(msgspec.structs.replace(last, header=server), encode_event(event), self._check_at, cause)
        self._check_at += CHECKPOINT_MS

    def _seal(self, record: LogRecord, body: bytes, at: int, cause: CommandId) -> None:
        lane = record.header.lane
        head = self._heads.get(lane, ev.LaneHead(0, GENESIS.hex()))
        header = msgspec.structs.replace(
            record.header, offset=len(self.records) + 1, prev=head.offset, at=at, cause=cause
        )
        made = seal(bytes.fromhex(head.digest), header, self._salts.randbytes(SALT_BYTES), body)
        self._heads[lane] = ev.LaneHead(header.offset, made.digest.hex())
        self.records.append(made)


def _moved(value: Any, later: int, lines: int, key: str = "") -> Any:
    match value:
        case dict():
            return {name: _moved(each, later, lines, name) for name, each in value.items()}
        case list():
            return [_moved(each, later, lines, key) for each in value]
        case str() if key in _LINES:
            return _COUNTED.sub(lambda found: str(int(found[1]) + lines), value)
        case int() if key in _TIMES:
            return value + later
    return value
