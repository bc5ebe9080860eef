"""Servers of sound streams for tests: well-behaved and hostile."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n"


def ffmpeg(*arguments: str) -> None:
    """Run ffmpeg; skips the test if it isn't installed."""
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("ffmpeg isn't installed; on Debian: sudo apt-get install --no-install-recommends ffmpeg")
    subprocess.run([program, "-v", "error", "-nostdin", "-y", *arguments], check=True)


def hls(folder: Path, *, seconds: int, codec: str = "aac", fragments: bool = False, first: int = 0) -> list[str]:
    """Write a tone as segments of two seconds; returns the names of their files."""
    folder.mkdir(parents=True, exist_ok=True)
    form = ["-hls_segment_type", "fmp4"] if fragments else []
    ffmpeg(
        *("-f", "lavfi", "-i", f"sine=440:sample_rate=16000:duration={seconds}", "-c:a", codec, "-b:a", "64k"),
        *("-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-start_number", str(first), *form),
        str(folder / "whole.m3u8"),
    )
    text = (folder / "whole.m3u8").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


class HttpServer:
    """A server that answers each path with configured bytes or a function."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | bytes] = {}
        self.asked: list[tuple[str, bytes]] = []
        """Each requested path, and the request's head."""
        self.address = ""
        self.sent = 0
        """Bytes written to connections."""
        self.lines: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        if (me := asyncio.current_task()) is not None:
            self.lines.add(me)
            me.add_done_callback(self.lines.discard)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ")[1].decode()
            self.asked.append((path, head))
            answer = self.answers.get(path, b"HTTP/1.0 404 Not Found\r\n\r\n")
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # The client has left, or the test is over.
        finally:
            writer.close()

    def file(self, path: str, data: bytes) -> None:
        """Serve a file with its length."""
        self.answers[path] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(data) + data

    def folder(self, path: str, folder: Path) -> None:
        """Serve all files of a folder."""
        for each in folder.iterdir():
            self.file(f"{path}/{each.name}", each.read_bytes())

    def growing(self, path: str, folder: Path) -> None:
        """Serve the file `path` of a folder as it is when it is asked for, and the segments that are there then."""

        async def now(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(self._as_it_is(folder, path))

        self.answers[f"/{path}"] = now

    def _as_it_is(self, folder: Path, path: str) -> bytes:
        if not (folder / path).exists():
            return b"HTTP/1.0 404 Not Found\r\n\r\n"
        data = (folder / path).read_bytes()
        for each in folder.glob("*.ts"):
            self.file(f"/{each.name}", each.read_bytes())
        return b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data

    async def pour(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        """Send data as fast as the client reads."""
        writer.write(data)
        await writer.drain()
        self.sent += len(data)


@asynccontextmanager
async def http_server() -> AsyncIterator[HttpServer]:
    """Run the server on 127.0.0.1."""
    made = HttpServer()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, limit=1 << 16)
    made.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        for line in made.lines:
            line.cancel()
        if made.lines:
            await asyncio.wait(made.lines)


_ICECAST = """<icecast>
<limits><clients>9</clients><sources>2</sources></limits>
<authentication><source-password>{source}</source-password><admin-password>{source}</admin-password></authentication>
<hostname>127.0.0.1</hostname>
<listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
<mount type="normal"><mount-name>/live.mp3</mount-name>
<authentication type="htpasswd"><option name="filename" value="{folder}/people"/>
<option name="allow_duplicate_users" value="1"/></authentication></mount>
<paths><logdir>{folder}</logdir><webroot>{folder}</webroot><adminroot>{folder}</adminroot></paths>
<logging><errorlog>-</errorlog><accesslog>-</accesslog></logging>
<security><chroot>0</chroot>{user}</security>
</icecast>
"""


def _icecast_settings(folder: Path, *, port: int, source: str) -> Path:
    folder.chmod(0o755)  # Started by root, Icecast changes to the user nobody, who must be able to read the folder.
    user = "<changeowner><user>nobody</user><group>nogroup</group></changeowner>" if os.getuid() == 0 else ""
    (folder / "people").write_text(f"me:{hashlib.md5(b'secret', usedforsecurity=False).hexdigest()}\n")
    settings = folder / "icecast.xml"
    settings.write_text(_ICECAST.format(source=source, port=port, folder=folder, user=user))
    return settings


@asynccontextmanager
async def icecast() -> AsyncIterator[str]:
    """Run Debian's Icecast on 127.0.0.1, to which ffmpeg sends a tone; yields its address, for `me`
    with the password `secret`.

    Skips the test if one of the programs isn't installed.
    """
    program, source = shutil.which("icecast2"), "hackme"
    if program is None or shutil.which("ffmpeg") is None:
        pytest.skip("icecast2 and ffmpeg are not both installed; on Debian icecast2 runs as a service from then on")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = asyncio.subprocess.DEVNULL
    shell = (
        "until ffmpeg -v quiet -nostdin -re -f lavfi -i sine=440:duration=600 -c:a libmp3lame -f mp3 "
        f"-content_type audio/mpeg icecast://source:{source}@127.0.0.1:{port}/live.mp3; do :; done"
    )
    with tempfile.TemporaryDirectory() as made:
        settings = _icecast_settings(Path(made), port=port, source=source)
        server = await asyncio.create_subprocess_exec(program, "-c", settings, stdout=quiet, stderr=quiet)
        sending = await asyncio.create_subprocess_exec("sh", "-c", shell, stderr=quiet, start_new_session=True)
        try:
            yield f"http://127.0.0.1:{port}/live.mp3"
        finally:
            os.killpg(sending.pid, signal.SIGKILL)
            server.kill()
            await asyncio.gather(sending.wait(), server.wait())


async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept, and send nothing until the client leaves."""
    await reader.read()


async def rtsp(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    moved: str = "",
    refused: str = "",
    asked: str = "DESCRIBE",
) -> None:
    """Act as a camera that sends μ-law as fast as it is read, redirects to `moved`, or answers `asked` (a method) with
    `refused`.
    """
    body = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:one\r\n"
    extra = {
        "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}",
        "SETUP": "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
    }
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            said = next(line for line in head.split("\r\n") if line.startswith("CSeq"))
            word = head.split(" ")[0]
            if moved and word == "DESCRIBE":
                writer.write(f"RTSP/1.0 302 Moved\r\n{said}\r\nLocation: {moved}\r\n\r\n".encode())
            elif refused and word == asked:
                writer.write(f"RTSP/1.0 {refused}\r\n{said}\r\n\r\n".encode())
            else:
                more = extra.get(word, "Session: 1\r\n\r\n")
                writer.write(f"RTSP/1.0 200 OK\r\n{said}\r\n{more}".encode())
            await writer.drain()
            if word == "PLAY":
                break
        for number in range(100_000):
            sound = bytes(0x20 + (number + n) % 60 for n in range(160))
            rtp = b"\x80\x00" + (number & 0xFFFF).to_bytes(2, "big") + (number * 160).to_bytes(4, "big") + bytes(4)
            writer.write(b"$\x00" + (len(rtp) + 160).to_bytes(2, "big") + rtp + sound)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        pass
    finally:
        writer.transport.abort()


@asynccontextmanager
async def rtsp_server(moved: str = "", refused: str = "", asked: str = "DESCRIBE") -> AsyncIterator[str]:
    """Run the camera; yields its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await rtsp(reader, writer, moved, refused, asked)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/room"
    finally:
        server.close()


PYTHON = "/usr/bin/python3"
"""Debian's own, for which its packages have GStreamer's bindings."""
_GSTREAMER = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server, factory = GstRtspServer.RTSPServer(), GstRtspServer.RTSPMediaFactory()
server.set_address("127.0.0.1")
server.set_service("0")
factory.set_launch(sys.argv[1])
server.get_mount_points().add_factory("/room", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""
_PAYLOADS = {"aac": "aacparse ! rtpmp4gpay", "libopus": "opusparse ! rtpopuspay"}


def _require_gstreamer() -> None:
    wanted = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if not Path(PYTHON).exists() or subprocess.run([PYTHON, "-c", wanted], check=False, capture_output=True).returncode:
        pytest.skip(
            "GStreamer's RTSP server isn't installed; on Debian: sudo apt-get install --no-install-recommends "
            "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
        )


@asynccontextmanager
async def gstreamer_rtsp(folder: Path, codec: str) -> AsyncIterator[str]:
    """Run GStreamer's RTSP server, which sends a picture in H.264 and a tone in `codec` (`aac` or `libopus`), as a
    camera does; yields its address. Skips the test if it isn't installed.
    """
    _require_gstreamer()
    sound = folder / "camera.mkv"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=20", "-f", "lavfi"),
        *("-i", "sine=440:sample_rate=48000:duration=20", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25"),
        *("-pix_fmt", "yuv420p", "-c:a", codec, "-b:a", "64k", str(sound)),
    )
    launch = (
        f"( filesrc location={sound} ! matroskademux name=d d. ! queue ! h264parse ! rtph264pay name=pay0 pt=96 "
        f"d. ! queue ! {_PAYLOADS[codec]} name=pay1 pt=97 )"
    )
    server = await asyncio.create_subprocess_exec(
        PYTHON, "-c", _GSTREAMER, launch, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert server.stdout is not None
        yield f"rtsp://127.0.0.1:{int(await server.stdout.readline())}/room"
    finally:
        server.kill()
        await server.wait()
