"""A demo and a hub on the same machine are paired without anybody typing words."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from moothall.app.hall import hall
from moothall.cli.play import HUB_FILE, invite_hub
from moothall.core.kernel.errors import ConfigurationError
from moothall.settings.sections import EngineSection, Server, Settings, Translation
from moothall_hub.running import pair_beside
from support.hubs.node import running_hub


async def test_the_file_that_the_demo_leaves_connects_a_hub_once(tmp_path: Path) -> None:
    settings = Settings(
        server=Server(port=0, data=str(tmp_path / "data")),
        engine=EngineSection(count=0),
        translation=Translation(translators=()),
    )
    async with hall(settings) as running, running_hub(tmp_path / "hub") as hub:
        with pytest.raises(ConfigurationError, match="Start 'make demo' first"):
            await pair_beside(hub, tmp_path / "data")
        await invite_hub(running, tmp_path / "data")
        assert stat.S_IMODE((tmp_path / "data" / HUB_FILE).stat().st_mode) == 0o600
        await pair_beside(hub, tmp_path / "data")
        assert hub.parts.pairings.now is not None
        assert hub.parts.pairings.now.title == "Demo hub"
        await pair_beside(hub, tmp_path / "none")  # It is paired already.
        await invite_hub(running, tmp_path / "data")
        async with running_hub(tmp_path / "other") as other:
            await pair_beside(other, tmp_path / "data")
            assert other.parts.pairings.now is not None
        async with running_hub(tmp_path / "third") as third:
            with pytest.raises(ConfigurationError, match="were used already"):
                await pair_beside(third, tmp_path / "data")
        with pytest.raises(ConfigurationError, match="can't be written"):
            await invite_hub(running, tmp_path / "none" / "of" / "that")
