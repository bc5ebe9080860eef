"""A node whose disk is lost is restored from a backup, while the house is in use; then it keeps the house."""

from __future__ import annotations

import asyncio
import io
import shutil
from functools import partial
from pathlib import Path

import pytest

from moothall.adapters.store.removal_list import FILE_NAME as LIST
from moothall.cli.backup import backup_command, restore_command
from support.cluster.process import RedisProcesses
from support.cluster.typing import house, texts
from support.files.found import found

FAST = 1_000_000_000
"""Bytes a second."""


@pytest.mark.slow  # 24 s of real time.
async def test_a_lost_disk_is_put_back_into_a_house_that_goes_on(
    tmp_path: Path, redis_processes: RedisProcesses
) -> None:
    backup, keys = tmp_path / "backup", tmp_path / "keys"
    async with house(tmp_path, redis_processes.empty("valkey")) as ((first, second), typist):
        await asyncio.to_thread(partial(backup_command, second.data, backup, io.StringIO(), keys=keys, rate=FAST))
        await typist.types(5)
        gone = typist.typed[2]
        removes = {"type": "lines", "segments": ["s3"]}
        answer = await typist.desk.send(typist.session, "remove", {"id": "remove", "removes": removes})
        assert "refusal" not in answer, answer
        await second.stop()
        await asyncio.to_thread(shutil.rmtree, second.data)
        await typist.types(5)
        restored = partial(restore_command, backup, second.data, io.StringIO(), removals=[first.data / LIST], keys=keys)
        assert await asyncio.to_thread(restored) == 0
        await second.start()
        await typist.types(5)
        await first.kill()
        await second.until("keeps the house")
        await typist.types(5)
    kept = [each for each in typist.typed if each != gone]
    assert texts(second, typist.session)[: len(kept)] == kept
    assert found(second.data, gone) == [], "it was removed since the backup"
    assert "contradict" not in second.log.read_text() + first.log.read_text()
