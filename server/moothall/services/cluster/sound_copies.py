"""Copies unrecognised sound from the keeper to the nodes that stand by, where its sender no longer has it.

That is the sound of streams, which the keeper itself fetches, and of microphones that were stopped. All other senders
keep their sound (docs/reference/audio-door.md). A copy is in memory only, so that nothing of it is left on a disk when
words are removed or not to be recorded. It holds what the keeper's disk held a second earlier. Where the keeper
silences a part of the sound, the copy is discarded and read again. The next keeper puts its copies into its spool
before it continues with the sound, and then proceeds as after a restart.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.core.ports import Clock, SpooledPiece
from moothall.wire.cluster.node_sound import MOST_SAMPLES, SpooledSound

logger = logging.getLogger(__name__)

LOOK_MS = 1_000
"""Interval between two runs of `look`, in ms: the keeper syncs its spool as often."""
MOST_OF_ONE = 9_600_000
"""Most samples of one source: 10 min, 19 MB, as much as a microphone keeps. Overflow: the oldest samples are forgotten.
"""
MOST_OF_ALL = 48_000_000
"""Most samples of all sources: 50 min, 96 MB. Overflow: each source gets an equal share, and forgets its oldest
samples."""

_Key = tuple[SessionId, SourceId]


class WaitingSound(Protocol):
    """The sound of one source that waits for its words (`moothall.services.sound.live_audio`)."""

    source: SourceId
    acknowledged: int
    """Position one past the last sample that is on the disk."""

    @property
    def start(self) -> int:
        """Position of the first sample that is still in the spool."""
        ...

    @property
    def version(self) -> str:
        """Identifies which parts of the sound have been silenced so far (`Spool`)."""
        ...

    async def copied(self, first: int, count: int) -> SpooledPiece:
        """At most `count` samples from `first` on, without the silenced parts (`Spool`)."""
        ...


class OfferedSound:
    """The keeper's side: the parts of its spools that other nodes may copy."""

    def __init__(self, waiting: Callable[[], Iterable[tuple[SessionId, WaitingSound]]]) -> None:
        """`waiting`: sound that waits for its words, and whose sender doesn't keep it."""
        self._waiting = waiting

    def listed(self) -> tuple[SpooledSound, ...]:
        """All sound that waits for its words, and whose sender doesn't keep it."""
        return tuple(
            SpooledSound(
                session=session,
                source=audio.source,
                start=audio.start,
                safe=audio.acknowledged,
                version=audio.version,
            )
            for session, audio in self._waiting()
        )

    async def read(self, session: SessionId, source: SourceId, first: int) -> SpooledPiece | None:
        """Samples of one source from `first` on; None where the source no longer waits for words, or these samples are
        gone.

        Raises StorageUnavailable.
        """
        for name, audio in self._waiting():
            if (name, audio.source) == (session, source):
                try:
                    return await audio.copied(first, MOST_SAMPLES)
                except ValueError:
                    return None
        return None


class KeeperSound(Protocol):
    """The requests of a node to the keeper. Both raise StorageUnavailable."""

    async def listed(self) -> Sequence[SpooledSound]:
        """All sound that is to be copied."""
        ...

    async def read(self, session: SessionId, source: SourceId, first: int) -> SpooledPiece | None:
        """Samples of one source from `first` on; an empty piece or None where there are none."""
        ...


class SoundTaker(Protocol):
    """Takes the copied sound into the spools of a new keeper."""

    async def take_in(self, session: SessionId, source: SourceId, first: int, pcm: bytes) -> bool:
        """Put the samples from `first` on into the source's spool, in place of a spool that ends before them; return
        whether that was done. `pcm`: PCM16 mono, little-endian. Raises StorageUnavailable.
        """
        ...


class _Copy(NamedTuple):
    version: str
    first: int
    """Position of the first sample."""
    pcm: bytearray

    @property
    def end(self) -> int:
        return self.first + len(self.pcm) // 2


@dataclass(eq=False, repr=False)
class SoundCopies:
    """The copies of sound on one node. The owner of `run` owns them while the node stands by."""

    keeper: KeeperSound
    clock: Clock
    most_of_one: int = MOST_OF_ONE
    most_of_all: int = MOST_OF_ALL

    def __post_init__(self) -> None:
        # Bound: `most_of_all` samples.
        self._copies: dict[_Key, _Copy] = {}

    @property
    def samples(self) -> int:
        """Number of samples in all copies."""
        return sum(copy.end - copy.first for copy in self._copies.values())

    async def run(self) -> None:
        """Copy until cancelled. Where the keeper can't be asked it may be dead, so the copies stay."""
        while True:
            try:
                await self.look()
            except StorageUnavailable as error:
                logger.debug("cluster: sound can't be copied (%s)", type(error).__name__)
            await self.clock.sleep(LOOK_MS)

    async def look(self) -> None:
        """Bring the copies up to what the keeper has. Raises StorageUnavailable."""
        listed = {(each.session, each.source): each for each in await self.keeper.listed()}
        for key in self._copies.keys() - listed.keys():
            self._forget(key)
        for key, there in listed.items():
            await self._follow(key, there, min(self.most_of_one, self.most_of_all // len(listed)))

    async def save(self, taker: SoundTaker) -> None:
        """Put all copies into the spools of this node, which keeps the house from now on."""
        for (session, source), copy in list(self._copies.items()):
            try:
                if await taker.take_in(session, source, copy.first, bytes(copy.pcm)):
                    logger.warning(
                        "session %s: %d samples of source %s are here that another node had",
                        session,
                        copy.end - copy.first,
                        source,
                    )
            except StorageUnavailable as error:
                logger.error("session %s: another node's sound of source %s is lost. %s", session, source, error)
            self._forget((session, source))

    async def _follow(self, key: _Key, there: SpooledSound, most: int) -> None:
        oldest = max(there.start, there.safe - most)
        copy = self._copies.get(key)
        if copy is None or copy.version != there.version or not oldest <= copy.end <= there.safe:
            self._forget(key)
            copy = self._copies[key] = _Copy(there.version, oldest, bytearray())
        elif copy.first < oldest:
            gone = 2 * (oldest - copy.first)
            copy.pcm[:gone] = bytes(gone)  # Overwritten, since it may not have been meant to stay in memory.
            del copy.pcm[:gone]
            copy = self._copies[key] = copy._replace(first=oldest)
        while copy.end < there.safe:
            piece = await self.keeper.read(*key, copy.end)
            if piece is None or not piece.pcm:
                return
            if piece.version != copy.version:
                self._forget(key)
                return
            copy.pcm.extend(piece.pcm[: 2 * (there.safe - copy.end)])

    def _forget(self, key: _Key) -> None:
        copy = self._copies.pop(key, None)
        if copy is not None:
            copy.pcm[:] = bytes(len(copy.pcm))  # Overwritten for the same reason as in `_follow`.
