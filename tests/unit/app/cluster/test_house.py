from __future__ import annotations

from pathlib import Path

import pytest

from moothall.app.cluster.house import joined
from moothall.core.kernel.errors import ConfigurationError
from moothall.settings.sections import Cluster, Server, Settings
from moothall.testing.clock import ManualClock


@pytest.mark.parametrize("nodes", [(), ("north",), ("south", "west")])
async def test_one_copy_needs_the_names_of_all_nodes(tmp_path: Path, nodes: tuple[str, ...]) -> None:
    own = Cluster(
        redis="redis://127.0.0.1:1",
        node="north",
        number=1,
        address="http://127.0.0.1:1",
        key_file=str(tmp_path / "nodes.key"),
        one_copy="allow",
        nodes=nodes,
    )
    with pytest.raises(ConfigurationError, match="`nodes` has to name all nodes"):
        async with joined(Settings(server=Server(data=str(tmp_path)), cluster=own), ManualClock()):
            raise AssertionError("It took part.")
