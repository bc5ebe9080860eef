"""Sound that waits for its words, sent from a keeper's doors to a node that copies it."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.cluster.copies_door import NodeSoundDoor
from moothall.adapters.cluster.keeper_connections import KeeperConnections
from moothall.adapters.cluster.node_copies import NodeCopies, SoundAtKeeper
from moothall.adapters.cluster.node_gate import NodeSeal
from moothall.adapters.sound.audio_spool import DiskSpools
from moothall.adapters.system.clock import SystemClock, SystemRandomness
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SourceId
from moothall.services.cluster.sound_copies import OfferedSound
from moothall.services.sound.live_audio import LiveAudio
from moothall.wire.cluster.node_sound import SOUND_PATH
from support.cluster.forwarding import KEY, keeper_of
from support.sound.spools import SESSION, pcm

STREAM = SourceId("live-pull-0")


async def test_a_node_reads_what_is_safe_and_nobody_else_does(tmp_path: Path) -> None:
    clock = SystemClock()
    spool = await DiskSpools(tmp_path).open(SESSION, STREAM)
    spool.append(pcm(0, 250))
    audio = LiveAudio(STREAM, spool, 0, clock)
    audio.acknowledged = await spool.sync()
    connections = KeeperConnections(None)
    await connections.open()
    async with keeper_of(NodeSoundDoor(OfferedSound(lambda: [(SESSION, audio)])).routes()) as address:
        at: list[str | None] = [address]
        archive = NodeCopies(lambda: at[0], connections, NodeSeal("n2", KEY, clock, SystemRandomness()))
        keeper = SoundAtKeeper(archive)
        (there,) = await keeper.listed()
        assert (there.session, there.source, there.start, there.safe) == (SESSION, STREAM, 0, 250)
        assert await keeper.read(SESSION, STREAM, 100) == (pcm(100, 150), there.version)
        # A source may go between the list and the question: the other sources are copied all the same.
        assert await keeper.read(SESSION, SourceId("other"), 0) is None
        with pytest.raises(StorageUnavailable, match="answers 400"):
            await keeper.read(SESSION, STREAM, -1)
        (tmp_path / SESSION / STREAM / f"{0:015d}.pcm").unlink()
        with pytest.raises(StorageUnavailable, match="answers 503"):
            await keeper.read(SESSION, STREAM, 0)
        async with aiohttp.ClientSession() as http:
            for path in (SOUND_PATH, f"{SOUND_PATH}/{SESSION}/{STREAM}?first=0"):
                async with http.get(address + path) as response:
                    assert response.status == 404
        at[0] = None
        with pytest.raises(StorageUnavailable):
            await keeper.listed()
    async with keeper_of(NodeSoundDoor(Broken(lambda: ())).routes()) as address:
        at[0] = address
        with pytest.raises(StorageUnavailable, match="list of sound can't be read"):
            await keeper.listed()
    await connections.close()


class Broken(OfferedSound):
    """Of a release that says it otherwise."""

    def listed(self) -> tuple[()]:
        return {}  # type: ignore[return-value]
