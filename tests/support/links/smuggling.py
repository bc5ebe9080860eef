"""Requests whose end can be read in two ways, and what a proxy passes of them to our server."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: hall.example.org\r\n\r\n"
_CHUNKED = b"0\r\n\r\n" + HIDDEN


def _post(*fields: bytes, body: bytes, version: bytes = b"1.1") -> bytes:
    head = b"POST /s/none/ask HTTP/" + version + b"\r\nHost: hall.example.org\r\n"
    kind = b"Content-Type: application/x-www-form-urlencoded\r\n"
    return head + kind + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


PROBES: dict[str, bytes] = {
    "CL.TE": _post(b"Content-Length: %d" % len(_CHUNKED), b"Transfer-Encoding: chunked", body=_CHUNKED),
    "TE.CL": _post(
        b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)
    ),
    "TE.TE": _post(
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: identity",
        b"Content-Length: %d" % len(_CHUNKED),
        body=_CHUNKED,
    ),
    "TE with a tab": _post(b"Transfer-Encoding:\tchunked", b"Content-Length: %d" % len(_CHUNKED), body=_CHUNKED),
    "TE with a space before the colon": _post(
        b"Transfer-Encoding : chunked", b"Content-Length: %d" % len(_CHUNKED), body=_CHUNKED
    ),
    "TE of two codings": _post(b"Transfer-Encoding: xchunked, chunked", b"Content-Length: 0", body=_CHUNKED),
    "two lengths": _post(b"Content-Length: 0", b"Content-Length: %d" % len(HIDDEN), body=HIDDEN),
    "two lengths in a line": _post(b"Content-Length: 0, %d" % len(HIDDEN), body=HIDDEN),
    "a length with a sign": _post(b"Content-Length: +%d" % len(HIDDEN), body=HIDDEN),
    "a length below zero": _post(b"Content-Length: -1", body=HIDDEN),
    "a folded field": _post(b"X-Note: a\r\n Content-Length: 0", b"Content-Length: %d" % len(HIDDEN), body=HIDDEN),
    "a folded coding": _post(b"Transfer-Encoding:\r\n chunked", b"Content-Length: %d" % len(_CHUNKED), body=_CHUNKED),
    "bare line feeds": _post(b"X-Note: a\nTransfer-Encoding: chunked", b"Content-Length: 5", body=_CHUNKED),
    "a bare return": _post(b"X-Note: a\rTransfer-Encoding: chunked", b"Content-Length: 5", body=_CHUNKED),
    "a zero byte": _post(b"X-Note: a\0b", b"Content-Length: %d" % len(HIDDEN), body=HIDDEN),
    "an extension of a chunk": _post(b"Transfer-Encoding: chunked", body=b'0;a="\n"\r\n\r\n'),
    "an extension with a line feed": _post(
        b"Transfer-Encoding: chunked", body=b"2;\nxx\r\n%x\r\n" % len(HIDDEN) + b"0\r\n\r\n" + HIDDEN
    ),
    "chunks with line feeds alone": _post(b"Transfer-Encoding: chunked", body=b"0\n\n" + HIDDEN),
    "a chunk's size above 64 bits": _post(b"Transfer-Encoding: chunked", body=b"1%b\r\n" % (b"0" * 16) + HIDDEN),
    "chunks in HTTP/1.0": _post(
        b"Connection: keep-alive", b"Transfer-Encoding: chunked", body=_CHUNKED, version=b"1.0"
    ),
    "a body of GET": b"GET / HTTP/1.1\r\nHost: hall.example.org\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
    "an absolute address": b"GET http://elsewhere.example/smuggled HTTP/1.1\r\nHost: hall.example.org\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: hall.example.org\r\nHost: elsewhere.example\r\n\r\n",
}
"""Requests by what is wrong with them. Each may be answered once or refused; the hidden request
must never be answered.
"""


async def answers(port: int, request: bytes, trust: ssl.SSLContext | None, *, quiet_s: float = 1.0) -> list[bytes]:
    """Return the first lines of the answers on one connection, until it closes or is quiet for `quiet_s`."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=trust, server_hostname="hall.example.org" if trust else None
    )
    said = b""
    with suppress(OSError, TimeoutError, ssl.SSLError):
        writer.write(request)
        while True:
            async with asyncio.timeout(quiet_s):
                piece = await reader.read(1 << 16)
            if not piece:
                break
            said += piece
    writer.transport.abort()
    return re.findall(rb"HTTP/1\.[01] [0-9]{3} [^\r\n]*", said)


class Passed:
    """A relay before the server that records what a proxy passes on."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.streams: list[bytearray] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> None:
        """Listen on `port`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def close(self) -> None:
        """Stop listening, and end all connections."""
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        seen = bytearray()
        self.streams.append(seen)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_copy(reader, far_writer, seen))
                group.create_task(_copy(far_reader, writer, None))
        except asyncio.CancelledError:  # `close`; asyncio would log it as an error of ours
            pass
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    def heads(self) -> list[list[bytes]]:
        """Return the lines of each request's head. Raises AssertionError for a request that can be read in two ways."""
        return [head for stream in self.streams for head in _heads(bytes(stream))]


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: bytearray | None) -> None:
    with suppress(OSError):
        while piece := await reader.read(1 << 16):
            if seen is not None:
                seen += piece
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _heads(data: bytes) -> list[list[bytes]]:
    found = []
    while b"\r\n\r\n" in data:
        head, _, data = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        found.append(lines)
        for line in lines:
            assert not set(line) & set(b"\r\n\0"), line
            assert line[:1] not in (b" ", b"\t"), line
        named = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines[1:])]
        lengths = [value for name, value in named if name == b"content-length"]
        codings = [value.lower() for name, value in named if name.strip() == b"transfer-encoding"]
        assert not [name for name, _ in named if name != name.strip()], head
        assert len(lengths) + len(codings) <= 1, head
        if b"upgrade" in dict(named):
            return found
        if lengths:
            assert lengths[0].isdigit(), head
            data = data[int(lengths[0]) :]
        elif codings:
            assert codings == [b"chunked"], head
            data = _behind_chunks(data)
    return found


def _behind_chunks(data: bytes) -> bytes:
    while True:
        line, ended, data = data.partition(b"\r\n")
        if not ended:
            return b""
        size = int(line.partition(b";")[0], 16)
        if not size:
            while data and not data.startswith(b"\r\n"):
                data = data.partition(b"\r\n")[2]
            return data[2:]
        data = data[size + 2 :]
