from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from support.cluster.process import Opened


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    opened = Opened()
    yield opened
    for server in opened.servers:
        await server.close()
