from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from moothall.testing import loop
from moothall_models.store.changes import EVERY_S, until_changed


def test_a_model_that_comes_or_goes_is_noticed_once_it_is_quiet(tmp_path: Path) -> None:
    async def story() -> None:
        # With a single thread, what is asked later of it comes back later.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        folders = (tmp_path / "firefox", tmp_path / "argos")
        folders[1].mkdir()
        (folders[1] / "en_ru").mkdir()

        async def noticed(within: int) -> bool:
            for _ in range(within):
                await asyncio.sleep(EVERY_S)
                await settled()
            return waiting.done()

        async def settled() -> None:
            """Let the thread that looks come back."""
            for _ in range(3):
                await asyncio.to_thread(int)

        waiting = asyncio.ensure_future(until_changed(folders))
        await settled()
        assert not await noticed(5)
        (folders[0] / ".fetch-x").mkdir(parents=True)
        (folders[0] / ".parts").mkdir()
        assert not await noticed(3), "a model that isn't whole"
        (folders[0] / "en_fr").mkdir()
        assert await noticed(3)
        waiting = asyncio.ensure_future(until_changed(folders))
        await settled()
        (folders[1] / "en_ru").rmdir()
        assert await noticed(3)

    loop.run(story())
