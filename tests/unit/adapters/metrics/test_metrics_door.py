from __future__ import annotations

import logging
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from moothall.adapters.metrics.metrics import Scrape
from moothall.adapters.metrics.metrics_door import SIZES_MS, MetricsDoor, folder_sizes, open_metrics_door
from moothall.testing.clock import ManualClock, SeededRandomness


class Made:
    """A door, and how often it looked at the folders."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.looked = 0
        self.door = MetricsDoor(self.read, self.sizes, self.clock)

    def read(self) -> Scrape:
        scrape = Scrape()
        scrape.tell("moothall_engines", 1)
        return scrape

    def sizes(self) -> dict[str, int]:
        self.looked += 1
        return {"log": 100}


async def test_a_scrape_is_answered_and_folders_are_looked_at_once_a_minute() -> None:
    made = Made()
    async with AsyncExitStack() as stack:
        port = await open_metrics_door(stack, made.door, "127.0.0.1", 0, SeededRandomness())
        http = await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{port}"))
        for due, looked in ((0, 1), (SIZES_MS - 1, 1), (1, 2)):
            await made.clock.advance(due)
            async with http.get("/metrics") as answer:
                said = await answer.text()
                assert answer.status == 200
                assert answer.headers["Cache-Control"] == "no-store"
                assert answer.headers["Content-Type"].startswith("text/plain")
            assert "moothall_engines 1.0" in said
            assert 'moothall_folder_bytes{folder="log"} 100.0' in said
            assert made.looked == looked
        async with http.get("/") as other:
            assert other.status == 404


async def test_a_port_that_is_taken_is_one_warning_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with AsyncExitStack() as stack:
            assert await open_metrics_door(stack, Made().door, "127.0.0.1", port, SeededRandomness()) is None
    assert len(caplog.records) == 1
    assert f"port {port}" in caplog.text
    assert "[metrics]" in caplog.text


async def test_so_is_an_address_of_another_machine(caplog: pytest.LogCaptureFixture) -> None:
    async with AsyncExitStack() as stack:
        assert await open_metrics_door(stack, Made().door, "192.0.2.1", 0, SeededRandomness()) is None
    assert "the system refuses the address" in caplog.text


def test_each_part_of_a_data_folder_is_added_up(tmp_path: Path) -> None:
    for name, size in (
        ("moothall.sqlite", 10),
        ("moothall.sqlite-wal", 5),
        ("book.sqlite3", 7),
        ("spool/s/mic/0.pcm", 100),
        ("recordings/s/a.ogg", 50),
        ("recordings/t/b.ogg", 1),
        ("signing.key", 3),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    (tmp_path / "recordings/loop").symlink_to(tmp_path)
    sizes = folder_sizes(tmp_path, {"spool": "spool", "recordings": "recordings"})
    assert sizes == {"log": 15, "book": 7, "spool": 100, "recordings": 51, "other": 3}


def test_a_folder_that_is_gone_takes_nothing(tmp_path: Path) -> None:
    assert folder_sizes(tmp_path / "none", {}) == {"log": 0, "book": 0, "other": 0}
