"""`moothall demo --lan`: reachable at this machine's own address in the local network, and nowhere else."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from moothall.adapters.pages.qr import qr_terminal
from moothall.cli.play import lan_address
from moothall.core.kernel.errors import ConfigurationError
from moothall.testing.scripted import make_script, render, write_script
from support.browser.browsing import tab
from support.halls.process import write_wave
from support.links.certificate import make_certificate

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LISTENS = "0A"
"""The state of a listening socket in the kernel's tables."""


class Demo:
    """The command, running."""

    def __init__(self, process: asyncio.subprocess.Process, printed: str, page: str) -> None:
        self.process = process
        self.printed = printed
        """What stood on the terminal before the address."""
        self.page = page
        """Where it says that the text can be read."""

    async def stop(self) -> tuple[int, str]:
        """Ctrl-C; its exit status, and what it said on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, error = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, error.decode()


@asynccontextmanager
async def demo(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Demo]:
    """`moothall demo --lan` with a recording whose words are known."""
    script = make_script(3, 12, pause_ms=300)
    (folder / "script.json").write_bytes(write_script(script))
    write_wave(folder / "sound.wav", render(script))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "moothall", "demo", "--lan", "--port", "0", "--data", str(folder / "data")),
        *("--file", str(folder / "sound.wav"), "--model", f"scripted:{folder / 'script.json'}"),
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        printed = ""
        while not (line := (await process.stdout.readline()).decode()).startswith("Read it at "):
            assert line, "It ended before it said where to read."
            printed += line
        yield Demo(process, printed, line.split()[3])
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def listens_at(process: int, port: int) -> set[str]:
    """The addresses at which a process listens on a port, IPv6 ones as the kernel writes them. Whether something
    answers there doesn't tell: another test's server may have the same port at another address.
    """
    own = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # It was closed meanwhile.
            own.add(str(descriptor.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/{process}/net/{table}").read_text("ascii").splitlines()[1:]:
            _, local, _, state, *_, inode = row.split()[:10]
            host, _, number = local.partition(":")
            if state == LISTENS and f"socket:[{inode}]" in own and int(number, 16) == port:
                found.add(socket.inet_ntoa(bytes.fromhex(host)[::-1]) if table == "tcp" else host)
    return found


@pytest.mark.parametrize("scheme", [pytest.param("http", marks=pytest.mark.slow), "https"])
async def test_the_demo_is_read_from_the_local_network(browser: Browser, tmp_path: Path, scheme: str) -> None:
    """By itself it is http, enough to read; a microphone away from the machine needs a certificate."""
    try:
        address = lan_address()
    except ConfigurationError as error:
        pytest.skip(f"This machine can't tell: {error}")
    environment = {}
    if scheme == "https":
        certificate, key = make_certificate(tmp_path)
        environment = {"MOOTHALL_SERVER__TLS_CERTIFICATE": str(certificate), "MOOTHALL_SERVER__TLS_KEY": str(key)}
    async with demo(tmp_path, environment) as running:
        assert running.page.startswith(f"{scheme}://{address}:")
        assert running.printed.rstrip("\n") == qr_terminal(running.page)
        port = int(running.page.split("/")[2].rpartition(":")[2])
        assert listens_at(running.process.pid, port) == {address}
        async with tab(browser, ignore_https_errors=True) as page:
            await page.goto(running.page)
            await expect(page.locator("#Reader")).to_contain_text("w1 w2")
            assert await page.evaluate("isSecureContext && 'mediaDevices' in navigator") == (scheme == "https")
        assert await running.stop() == (0, "")
