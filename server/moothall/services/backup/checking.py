"""Checking a backup: every object's bytes, and of each restore point every session's chain."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from moothall.core.backup.blocks import decode_block
from moothall.core.backup.restore_point import BlockPart, RestorePoint, SessionPart, Stored
from moothall.core.chain import LogRecord
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SessionId
from moothall.record.verify import Verification, Walk
from moothall.services.backup.ports import BackupStore


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a restore point."""

    name: str
    point: RestorePoint
    faults: tuple[str, ...]
    """Sentences."""


def check(store: BackupStore) -> Iterator[Checked]:
    """Check one restore point after the other, the oldest first. Objects that several share are read once.

    Raises ConfigurationError for a restore point that is damaged, and StorageUnavailable.
    """
    others: dict[Stored, str] = {}
    sessions: dict[tuple[BlockPart, ...], tuple[str, ...]] = {}
    for name, point in store.points().items():
        faults: list[str] = []
        for part in point.sessions:
            if part.blocks not in sessions:
                sessions[part.blocks] = tuple(_faults(store, part))
            faults += sessions[part.blocks]
        blocks = {block.stored for part in point.sessions for block in part.blocks}
        for stored in point.objects():
            if stored not in blocks:
                if stored not in others:
                    others[stored] = _read(store, stored)
                faults += [others[stored]] if others[stored] else []
        yield Checked(name=name, point=point, faults=tuple(faults))


def records_of(store: BackupStore, part: SessionPart) -> Iterator[LogRecord]:
    """A session's records, in order. Raises RecordBroken and StorageUnavailable."""
    for block in part.blocks:
        records = decode_block(store.get(block.stored))
        if [each.header.offset for each in records] != list(range(block.first, block.last + 1)):
            raise RecordBroken(f"The block of events {block.first} to {block.last} of {part.session} holds others.")
        yield from records


def walked(store: BackupStore, part: SessionPart) -> Verification:
    """A session's chain, from its first event to the heads that the restore point names. Raises as `records_of`."""
    walk = Walk(expected=part.heads, explained=part.gone)
    for record in records_of(store, part):
        walk.step(record)
    return walk.end()


def fault_of(session: SessionId, found: Verification) -> str | None:
    """The first thing that is wrong, as a sentence; None when nothing is."""
    for finding in (*found.broken, *found.missing):
        return f"Session {session} is broken at event {finding.offset}. {finding.reason}"
    return None


def _faults(store: BackupStore, part: SessionPart) -> Iterator[str]:
    try:
        fault = fault_of(part.session, walked(store, part))
        if fault is not None:
            yield fault
    except RecordBroken as error:
        yield f"Session {part.session}: {error}"


def _read(store: BackupStore, stored: Stored) -> str:
    try:
        for _ in store.chunks(stored):
            pass
    except RecordBroken as error:
        return str(error)
    return ""
