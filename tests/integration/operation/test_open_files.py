"""A server whose system allows it few open files, and a stranger who takes as many as possible."""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from pathlib import Path

import aiohttp

FILES = 400
SLOW = b"POST /s/plenary/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 40000\r\n\r\nx"


async def test_slow_bodies_of_one_address_keep_nobody_out_and_fill_no_disk(tmp_path: Path) -> None:
    log = tmp_path / "log"
    options = ("--data", str(tmp_path / "data"), "--port", "0", "--model", "none")
    serve = shlex.join([sys.executable, "-m", "moothall", "serve", *options])
    with log.open("wb") as errors:
        server = await asyncio.create_subprocess_exec(
            *("sh", "-c", f"ulimit -n {FILES} && exec {serve}"),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env={"MOOTHALL_ENGINE__COUNT": "0", "MOOTHALL_TRANSLATION__TRANSLATORS": ""},
        )
    try:
        assert server.stdout is not None
        port = 0
        while not port:
            line = await server.stdout.readline()
            assert line, log.read_text()
            found = re.search(rb"http://127\.0\.0\.1:(\d+)", line)
            port = 0 if found is None else int(found[1])
        held = []
        for _ in range(FILES):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
            writer.write(SLOW)
            held.append((reader, writer))
        async with aiohttp.ClientSession() as other:
            for _ in range(5):
                async with other.get(f"http://127.0.0.1:{port}/") as page:
                    assert page.status == 200
        for _, writer in held:
            writer.close()
    finally:
        server.terminate()
        await server.wait()
    gone = await asyncio.gather(*(reader.read() for reader, _ in held), return_exceptions=True)
    assert len(gone) == FILES
    written = log.read_text()
    assert f"have {FILES} files open" in written
    assert "Traceback" not in written
    assert len(written) < 4_000
