"""Checks a backup: the bytes of every object and, for each restore point, the chain of every session."""

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
    """The result of checking a restore point."""

    name: str
    point: RestorePoint
    faults: tuple[str, ...]
    """What is wrong, as sentences; empty where nothing is."""


def check(store: BackupStore) -> Iterator[Checked]:
    """Check all restore points, the oldest first. An object that several share is read once.

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
    """Verify a session's chain, from its first event to the heads that the restore point names. Raises as
    `records_of`.
    """
    walk = Walk(expected=part.heads, explained=part.gone)
    for record in records_of(store, part):
        walk.step(record)
    return walk.end()


def fault_of(session: SessionId, found: Verification) -> str | None:
    """The first fault as a sentence; None where there is none."""
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
