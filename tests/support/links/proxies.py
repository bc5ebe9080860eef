"""nginx, Caddy and HAProxy as docs/how-to/behind-a-proxy.md sets them up, each a process of its own, before a hall."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from support.links.certificate import make_certificate


def has_ipv6() -> bool:
    """Return whether this machine has an IPv6 address of its own."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


HOST = "hall.example.org"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "behind-a-proxy.md"
PROGRAMS = ("nginx", "caddy", "haproxy")
WITHIN_S = 30.0
BODY_S = 3
"""How long Caddy waits for a body in tests, in s."""
HOSTS = ("127.0.0.1", "::1") if has_ipv6() else ("127.0.0.1",)
"""Where a proxy listens in tests: at all of this machine's own addresses."""
_LANGUAGE = {"nginx": "nginx", "caddy": "caddyfile", "haproxy": "haproxy"}


def missing(program: str) -> str:
    """Return why a program can't be tried here; empty when it can."""
    return "" if found(program) else f"{program} is not installed; on Debian: apt-get install {program}"


def block(program: str) -> str:
    """Return the page's block for a program."""
    blocks = re.findall(
        rf"^```{_LANGUAGE[program]}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert len(blocks) == 1, program
    return str(blocks[0])


def configuration(program: str, folder: Path, port: int, to: int) -> str:
    """Return the page's block with another port, file names and server, inside the
    configuration that the program needs.

    Writes a certificate into the folder.
    """
    certificate, key = make_certificate(folder, host=HOST)
    text = block(program).replace("127.0.0.1:8080", f"127.0.0.1:{to}")
    match program:
        case "nginx":
            text = _at_own(text, "listen 443 ", "listen [::]:443 ", f"listen {{}}:{port} ")
            text = re.sub(r"ssl_certificate +\S+;", f"ssl_certificate {certificate};", text)
            text = re.sub(r"ssl_certificate_key +\S+;", f"ssl_certificate_key {key};", text)
            text = text.replace("/var/log/nginx/error.log", f"{folder}/error.log")
            places = "".join(
                f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            )
            return (
                f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
                f"events {{ worker_connections 2000; }}\nhttp {{\naccess_log {folder}/access.log;\n{places}{text}}}\n"
            )
        case "caddy":
            site = f"{HOST}:{port} {{\n\tbind {' '.join(HOSTS)}\n\ttls {certificate} {key}\n"
            text = text.replace("{\n\tservers", "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers", 1)
            # Shorter than on the page, which would take a minute here; streams have to outlive it.
            return text.replace("read_body 60s", f"read_body {BODY_S}s").replace(f"{HOST} {{\n", site)
        case _:
            both = folder / "hall.pem"
            both.write_bytes(certificate.read_bytes() + key.read_bytes())
            text = _at_own(text, "bind :443 ", "bind :::443 ", f"bind {{}}:{port} ")
            text = re.sub(r"crt \S+", f"crt {both}", text)
            # As on Debian, where what is said here goes to syslog.
            return f"global\n    log stderr format raw daemon\ndefaults\n    log global\n    option httplog\n{text}"


def _at_own(text: str, every: str, every_ipv6: str, own: str) -> str:
    """Have a block listen at `HOSTS` instead of every address; without its line for IPv6 where there is none."""
    assert text.count(every) == text.count(every_ipv6) == 1
    lines = text.replace(every, own.format("127.0.0.1")).splitlines(keepends=True)
    return "".join(
        line.replace(every_ipv6, own.format("[::1]")) for line in lines if "::1" in HOSTS or every_ipv6 not in line
    )


@asynccontextmanager
async def proxy(
    program: str,
    folder: Path,
    port: int,
    to: int,
    *,
    more: str = "",
    change: Callable[[str], str] = str,
) -> AsyncIterator[ssl.SSLContext]:
    """Run a program before the server at port `to`; yields an SSL context that trusts its certificate.

    `more`: lines for nginx's `location`. `change` edits the configuration.
    """
    path = _written(program, folder, port, to, more)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    commands = {
        "nginx": ("-p", str(folder), "-c", str(path), "-e", str(folder / "error.log")),
        "caddy": ("run", "--adapter", "caddyfile", "--config", str(path)),
        "haproxy": ("-db", "-f", str(path)),
    }
    log = folder / "log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            found(program),
            *commands[program],
            stdout=out,
            stderr=out,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "XDG_DATA_HOME": str(folder),
                "XDG_CONFIG_HOME": str(folder),
            },
        )
    try:
        for host in HOSTS:
            await listening(process, port, log, host)
        yield ssl.create_default_context(cafile=str(folder / "server.pem"))
    finally:
        if process.returncode is None:
            process.kill()  # Caddy would wait for open streams.
        await process.wait()


def _written(program: str, folder: Path, port: int, to: int, more: str) -> Path:
    folder.mkdir()
    text = configuration(program, folder, port, to)
    if more:
        assert "location / {" in text
        text = text.replace("location / {", f"location / {{\n{more}")
    path = folder / "configuration"
    path.write_text(text, encoding="utf-8")
    return path


def browser(trust: ssl.SSLContext, address: str = "") -> aiohttp.ClientSession:
    """Return a client that resolves the host to this machine; `address`: its own address, 127.0.0.1 by default."""
    connector = aiohttp.TCPConnector(
        ssl=trust,
        resolver=_Here("::1" if ":" in address else "127.0.0.1"),
        local_addr=(address, 0) if address else None,
        force_close=not address,
    )
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.CookieJar())


class _Here(AbstractResolver):
    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        kind = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        return [{"hostname": host, "host": self._address, "port": port, "family": kind, "proto": 0, "flags": 0}]

    async def close(self) -> None:
        """Do nothing: nothing is open."""


def found(program: str) -> str:
    """Return the path of a program; empty if it isn't installed."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))  # where Debian puts servers
    return shutil.which(program, path=path) or ""


def _said(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")


async def listening(process: asyncio.subprocess.Process, port: int, log: Path, host: str = "127.0.0.1") -> None:
    """Wait until something accepts connections at a port."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            assert process.returncode is None, _said(log)
            try:
                _, writer = await asyncio.open_connection(host, port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
