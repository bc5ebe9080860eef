"""Takes out of restore points what was removed since they were made.

A block with a removed body is written anew without it, under a new name, and every restore point that uses the block is
rewritten. The old object is deleted when no restore point needs it any more: a run that is interrupted in between
leaves both, and the next run deletes the old one.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from moothall.core.backup.blocks import decode_block, encode_block, without
from moothall.core.backup.removed import RemovedContent
from moothall.core.backup.restore_point import BlockPart, RestorePoint, SessionPart, SoundPart, Stored
from moothall.services.backup.ports import BackupStore

_Names = Mapping[tuple[int, str], str]


class BackupErasure:
    """Applies a list of removals to the restore points of one backup."""

    def __init__(self, store: BackupStore, removals: RemovedContent) -> None:
        self._store = store
        self._removals = removals
        self._made: dict[str, tuple[Stored, tuple[int, ...]]] = {}
        """The block without what was removed, and the offsets of its events without a body, by the old block's digest.
        """

    def cleaned(self, point: RestorePoint, newest: RestorePoint | None = None) -> RestorePoint:
        """A restore point without what was removed.

        A recording out of which a span was taken is replaced by that of the `newest` restore point, which continues
        where this one stops and holds no more than it should; where that has none the recording is left out. Raises
        StorageUnavailable and RecordBroken.
        """
        gone = {each.session for each in point.sessions if self._removals.log_removed(each.epoch)}
        sessions = tuple(self._session(each) for each in point.sessions if each.session not in gone)
        sound = (self._sound(each, newest) for each in point.sound if each.session not in gone)
        return msgspec.structs.replace(
            point, sessions=sessions, sound=tuple(each for each in sound if each is not None)
        )

    def _session(self, part: SessionPart) -> SessionPart:
        removed, known = self._removals.text(part.session, part.epoch), set(part.gone)
        due = sorted(offset for offset, _ in removed if offset <= part.offset and offset not in known)
        if not due:
            return part
        blocks, gone = list[BlockPart](), set(known)
        for block in part.blocks:
            if any(block.first <= offset <= block.last for offset in due):
                stored, missing = self._block(block, removed)
                blocks.append(msgspec.structs.replace(block, stored=stored))
                gone.update(missing)
            else:
                blocks.append(block)
        return msgspec.structs.replace(part, blocks=tuple(blocks), gone=tuple(sorted(gone)))

    def _block(self, block: BlockPart, removed: _Names) -> tuple[Stored, tuple[int, ...]]:
        made = self._made.get(block.stored.sha256)
        if made is None:
            records = decode_block(self._store.get(block.stored))
            clean = without(records, removed)
            stored = block.stored
            if clean != records:
                writer = self._store.begin()
                writer.write(encode_block(clean))
                stored = writer.finish()
            made = stored, tuple(each.header.offset for each in clean if each.body is None)
            self._made[block.stored.sha256] = made
        return made

    def _sound(self, part: SoundPart, newest: RestorePoint | None) -> SoundPart | None:
        acts = [act.id for act in self._removals.sound(*part.key)]
        if set(acts) <= set(part.without):
            return part
        for each in () if newest is None else newest.sound:
            if each.key == part.key and set(acts) <= set(each.without):
                return each
        return None
