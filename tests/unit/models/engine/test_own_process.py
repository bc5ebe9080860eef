from __future__ import annotations

import logging
import resource

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from moothall_models.engine.own_process import LIFE_VARIABLE, limit_memory, own_life, start_logging


def test_a_run_is_named_by_the_server_that_started_it_or_by_chance() -> None:
    assert own_life({LIFE_VARIABLE: "given"}) == "given"
    assert len({own_life({}), own_life({LIFE_VARIABLE: ""}), own_life({})}) == 3


def test_without_a_bound_memory_is_what_there_is() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit_memory(0)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


async def test_no_log_holds_the_token_however_much_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def wait(socket: ServerConnection) -> None:
        await socket.wait_closed()

    library = logging.getLogger("websockets")
    before = library.level
    try:
        start_logging("debug")
        caplog.set_level(logging.DEBUG)
        async with serve(wait, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            token = {"Authorization": "Bearer mallow"}
            async with connect(f"ws://127.0.0.1:{port}", additional_headers=token, proxy=None):
                logging.getLogger("moothall_models").debug("connected")
    finally:
        library.setLevel(before)
    assert "connected" in caplog.text
    assert "mallow" not in caplog.text
