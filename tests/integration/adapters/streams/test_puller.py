"""Streams from real servers, decoded by a real process: the results of good streams, and the errors of bad ones."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from moothall.adapters.streams.puller import PullRun, StreamPuller, allowed_networks
from moothall.adapters.streams.relay import Relay
from moothall.adapters.system.clock import SystemClock
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.streams.addresses import read_address
from moothall.core.streams.watching import StreamFault, StreamProperties
from moothall.services.capture.pulling import StreamLost, StreamOver
from support.sound.stream_servers import (
    OK,
    HttpServer,
    ffmpeg,
    gstreamer_rtsp,
    hls,
    http_server,
    icecast,
    nothing,
    rtsp_server,
)

RATE = 16_000
HERE = ["127.0.0.0/8"]


def puller(allowed: list[str] | None = None) -> StreamPuller:
    return StreamPuller(SystemClock(), HERE if allowed is None else allowed)


async def take(run: PullRun, seconds: float) -> bytes:
    """So much sound, less where it ends before."""
    taken = b""
    while len(taken) < seconds * RATE * 2 and (pcm := await run.read(3_200)):
        taken += pcm
    return taken


async def all_of(run: PullRun) -> bytes:
    """All its sound until it is lost: by no end of its own."""
    taken = b""
    try:
        while pcm := await run.read(3_200):
            taken += pcm
    except StreamLost:
        return taken
    raise AssertionError


async def lost(address: str, allowed: list[str] | None = None, seconds: float = 60) -> tuple[StreamFault, int]:
    """Why its sound ends."""
    try:
        async with puller(allowed).fetch(address) as run:
            await take(run, seconds)
    except StreamLost as error:
        return error.trouble, error.number
    return StreamFault.BROKE, -1


def loud(pcm: bytes) -> bool:
    return max(pcm[1::2]) > 0


@pytest.fixture(scope="module")
def mp3(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("mp3") / "tone.mp3"
    ffmpeg("-f", "lavfi", "-i", "sine=440:duration=8", "-ac", "2", "-b:a", "64k", str(path))
    return path.read_bytes()


async def test_a_file_without_an_end_as_icecast_sends_it_with_a_name_and_a_password(mp3: bytes) -> None:
    async with http_server() as server:

        async def radio(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if b"Authorization: Basic bWU6cEBzcw==" not in server.asked[-1][1]:
                writer.write(b"HTTP/1.0 401 Unauthorized\r\n\r\n")
                return
            writer.write(OK)
            while True:
                await server.pour(writer, mp3)

        server.answers["/live"] = radio
        async with puller().fetch(server.address.replace("//", "//me:p%40ss@") + "/live") as run:
            assert loud(await take(run, 3))
            assert (run.found, run.bursts) == (StreamProperties(codec="mp3float", channels=2, rate=44_100), True)
            await asyncio.wait_for(_still(server), 20)
            assert server.sent < 8_000_000, "what nobody takes is not fetched"
        assert await lost(server.address + "/live") == (StreamFault.STATUS, 401)
        assert await lost(server.address + "/none") == (StreamFault.STATUS, 404)


async def _still(server: object) -> None:
    """Wait until the server's line is full: nobody takes any more."""
    before = -1
    while before != (sent := server.sent):  # type: ignore[attr-defined]
        before = sent
        for _ in range(2_000):
            await asyncio.sleep(0)


async def test_a_recording_comes_to_its_own_end(mp3: bytes) -> None:
    async with http_server() as server:
        server.file("/talk.mp3", mp3)
        server.answers["/moved"] = b"HTTP/1.1 302 Found\r\nLocation: /talk.mp3\r\nContent-Length: 0\r\n\r\n"
        async with puller().fetch(server.address + "/moved") as run:
            whole = await take(run, 60)
            assert await run.read(100) == b""
            assert 7.9 < len(whole) / 2 / RATE < 8.2
            assert not run.bursts


@pytest.mark.parametrize("fragments", [False, True], ids=["transport stream", "fragmented MP4"])
async def test_segments_of_a_playlist_are_fetched_in_order_and_none_twice(tmp_path: Path, fragments: bool) -> None:
    names = hls(tmp_path, seconds=12, fragments=fragments)
    head = '#EXT-X-MAP:URI="init.mp4"\n' if fragments else ""

    def playlist(first: int, last: int, *, end: bool = False) -> bytes:
        rows = "".join(f"#EXTINF:2,\n{name}\n" for name in names[first : last + 1])
        tail = "#EXT-X-ENDLIST\n" if end else ""
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{first}\n{head}{rows}{tail}"
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(text) + text.encode()

    async with http_server() as server:
        shown = [playlist(0, 2), playlist(1, 3), playlist(1, 3), playlist(2, 4, end=True)]

        async def live(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(shown.pop(0))

        server.answers["/live.m3u8"] = live
        best = b'#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS="mp4a.40.2"\nlive.m3u8\n'
        server.file("/master.m3u8", best)
        server.folder("", tmp_path)
        async with puller().fetch(server.address + "/master.m3u8") as run:
            whole = await all_of(run)
        assert 7.5 < len(whole) / 2 / RATE < 8.5, "the last two of the first playlist, and two more"
        asked = [path for path, _ in server.asked if path[1:] in names]
        assert asked == [f"/{name}" for name in names[1:5]]


def listed(server: HttpServer, names: list[str], *, end: bool, cut: int = -1) -> None:
    """Have `/live.m3u8` name these segments, one of them behind a discontinuity."""
    rows = "".join(("#EXT-X-DISCONTINUITY\n" * (at == cut)) + f"#EXTINF:2,\n{name}\n" for at, name in enumerate(names))
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{rows}" + ("#EXT-X-ENDLIST\n" if end else "")
    server.file("/live.m3u8", text.encode())


def segments(server: HttpServer) -> list[str]:
    """Those that were asked for since the last call."""
    asked = [path[1:] for path, _ in server.asked if path.endswith(".ts")]
    server.asked.clear()
    return asked


async def test_a_live_stream_that_says_it_ended_is_lost_and_nothing_of_it_comes_again(tmp_path: Path) -> None:
    names, fetching = hls(tmp_path, seconds=12), puller()
    async with http_server() as server:
        server.folder("", tmp_path)
        listed(server, names[:4], end=False)
        address = server.address + "/live.m3u8"
        async with fetching.fetch(address, "one") as run:
            assert loud(await take(run, 2))
            listed(server, names[:4], end=True)
            with pytest.raises(StreamLost, match="ended"):
                await take(run, 60)
        assert segments(server) == names[2:4]
        for _ in range(3):
            with pytest.raises(StreamLost, match="ended"):
                async with fetching.fetch(address, "one") as run:
                    await take(run, 60)
        assert segments(server) == [], "it is looked at, and not played from its beginning"
        listed(server, names[:5], end=False)
        async with fetching.fetch(address, "one") as run:
            assert loud(await take(run, 1))
        assert segments(server) == names[4:5], "the encoder had faltered"


async def test_a_recording_goes_on_where_it_was_lost_until_it_was_heard_to_its_end(tmp_path: Path) -> None:
    names, fetching = hls(tmp_path, seconds=8), puller()
    async with http_server() as server:
        server.folder("", tmp_path)
        address = server.address + "/live.m3u8"
        listed(server, names, end=True, cut=2)
        async with fetching.fetch(address, "one") as run:
            with pytest.raises(StreamLost, match="ended"):
                await take(run, 60)
        assert segments(server) == names[:2]
        async with fetching.fetch(address, "one") as run:
            await take(run, 60)
        assert segments(server) == names[2:]
        listed(server, names, end=True)
        async with fetching.fetch(address, "one") as run:
            whole = await take(run, 60)
        assert segments(server) == names, "chosen once more it begins anew"
        async with fetching.fetch(address, "one") as run:
            taken = 0
            while taken < len(whole):  # The end itself isn't heard.
                taken += len(await run.read(3_200))
        server.asked.clear()
        with pytest.raises(StreamOver):
            async with fetching.fetch(address, "one"):
                pass
        assert segments(server) == []


async def test_a_file_of_a_stated_size_begins_anew_and_one_of_a_radio_has_no_end(mp3: bytes) -> None:
    async with http_server() as server:
        server.file("/talk.mp3", mp3)
        async with puller().fetch(server.address + "/talk.mp3") as run:
            await take(run, 1)
            assert (run.once, run.bursts) == (True, False)
        server.answers["/radio"] = b"HTTP/1.0 200 OK\r\nicy-name: x\r\nContent-Length: %d\r\n\r\n%b" % (len(mp3), mp3)
        async with puller().fetch(server.address + "/radio") as run:
            with pytest.raises(StreamLost, match="ended"):
                await take(run, 60)
            assert (run.once, run.bursts) == (False, True)


async def test_a_server_may_lead_to_long_addresses_and_to_fragments(mp3: bytes) -> None:
    long = "/" + "x" * 6_000
    async with http_server() as server:
        server.answers["/moved"] = f"HTTP/1.1 302 Go\r\nLocation: {long}#part\r\nContent-Length: 0\r\n\r\n".encode()
        server.file(long, mp3)
        async with puller().fetch(server.address + "/moved") as run:
            assert loud(await take(run, 1))
        server.answers["/moved"] = b"HTTP/1.1 302 Go\r\nLocation: /%b\r\nContent-Length: 0\r\n\r\n" % (b"x" * 8_000)
        assert await lost(server.address + "/moved") == (StreamFault.ADDRESS, 0)


async def test_what_leads_into_a_private_network_is_not_fetched(mp3: bytes) -> None:
    async with http_server() as inside, http_server() as server:
        inside.file("/secret", mp3)
        assert await lost(inside.address + "/secret", []) == (StreamFault.PRIVATE, 0)
        assert await lost(inside.address.replace("127.0.0.1", "localhost") + "/secret", []) == (StreamFault.PRIVATE, 0)
        port = inside.address.rpartition(":")[2]
        for name in ("127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
            assert (await lost(f"http://{name}:{port}/secret", []))[0] in (
                StreamFault.PRIVATE,
                StreamFault.UNKNOWN_HOST,
            )
        # The stream's own server may be reached, and leads to one that mayn't: by a redirect, and by a segment.
        there = inside.address.replace("127.0.0.1", "127.0.0.2") + "/secret"
        server.answers["/moved"] = f"HTTP/1.1 307 Go\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n".encode()
        server.file("/list.m3u8", f"#EXTM3U\n#EXTINF:2,\n{there}\n#EXT-X-ENDLIST\n".encode())
        for path in ("/moved", "/list.m3u8"):
            assert await lost(server.address + path, ["127.0.0.1"]) == (StreamFault.PRIVATE, 0)
            # What is allowed is allowed to whoever enters an address, and not to a server that leads there.
            assert await lost(server.address + path) == (StreamFault.PRIVATE, 0)
        name = f"http://localhost:{port}/secret"
        server.answers["/named"] = f"HTTP/1.1 307 Go\r\nLocation: {name}\r\nContent-Length: 0\r\n\r\n".encode()
        assert await lost(server.address + "/named") == (StreamFault.PRIVATE, 0)
        server.answers["/file"] = b"HTTP/1.1 307 Go\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"
        assert await lost(server.address + "/file") == (StreamFault.ADDRESS, 0)
        nowhere = "http://[::1]@/secret"  # on which yarl breaks
        server.answers["/nowhere"] = f"HTTP/1.1 307 Go\r\nLocation: {nowhere}\r\nContent-Length: 0\r\n\r\n".encode()
        server.file("/nowhere.m3u8", f"#EXTM3U\n#EXTINF:2,\n{nowhere}\n#EXT-X-ENDLIST\n".encode())
        for path in ("/nowhere", "/nowhere.m3u8"):
            assert await lost(server.address + path) == (StreamFault.PLAYLIST, 0)
        server.answers["/round"] = b"HTTP/1.1 307 Go\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n"
        assert await lost(server.address + "/round") == (StreamFault.CONNECTION, 0)
        assert inside.asked == []
        async with puller().fetch(name) as run:
            assert loud(await take(run, 2)), "entered, it is reached by its name as well"


async def test_what_is_wrong_is_said_in_a_word(mp3: bytes, tmp_path: Path) -> None:
    async with http_server() as server:
        server.file("/page", b"<html>" + b"no sound " * 2_000)
        assert await lost(server.address + "/page") == (StreamFault.NOT_AUDIO, 0)
        server.file("/names", b"ffconcat version 1.0\nfile /etc/hostname\n")
        assert await lost(server.address + "/names") == (StreamFault.NOT_AUDIO, 0)
        server.file("/locked.m3u8", b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k"\n#EXTINF:2,\na.ts\n')
        assert await lost(server.address + "/locked.m3u8") == (StreamFault.PLAYLIST, 0)
        cut = len(mp3) // 2
        server.answers["/cut"] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(mp3) + mp3[:cut]
        assert await lost(server.address + "/cut") == (StreamFault.ENDED, 0)
        server.answers["/over"] = OK + mp3
        assert await lost(server.address + "/over") == (StreamFault.ENDED, 0)
        ffmpeg("-f", "lavfi", "-i", "testsrc=duration=1", "-c:v", "mpeg4", str(tmp_path / "mute.ts"))
        server.file("/mute.ts", (tmp_path / "mute.ts").read_bytes())
        assert await lost(server.address + "/mute.ts") == (StreamFault.NO_STREAM, 0)
    assert await lost(server.address + "/gone") == (StreamFault.CONNECTION, 0)
    assert await lost("http://nobody.invalid/") == (StreamFault.UNKNOWN_HOST, 0)
    assert await lost("file:///etc/passwd") == (StreamFault.ADDRESS, 0)
    for odd in ("http://[1.2]/", f"http://{'ü' * 64}.example/", "http://xn--a.example/", "rtsps://a..example/"):
        assert (await lost(odd))[0] in (StreamFault.ADDRESS, StreamFault.UNKNOWN_HOST)


@pytest.mark.parametrize("scheme", ["http", "rtsp", "rtmp"])
async def test_one_that_accepts_and_says_nothing_is_left_sooner_than_one_that_begins(scheme: str) -> None:
    async def accepts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await nothing(reader, writer)
        writer.close()

    server = await asyncio.start_server(accepts, "127.0.0.1", 0)
    async with server:
        mute = StreamPuller(SystemClock(), HERE, answer_ms=100)
        with pytest.raises(StreamLost, match="silent"):
            async with mute.fetch(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/live/room") as run:
                await take(run, 60)


async def test_one_that_stops_is_left_with_all_that_worked_for_it(mp3: bytes) -> None:
    async def stops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + mp3[:32_000])
        await reader.read()

    async with http_server() as server:
        server.answers["/stops"] = stops
        async with puller().fetch(server.address + "/stops") as run:
            assert loud(await take(run, 2))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await take(run, 60)
            pid = run.pid
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("how", ["stays", "closed"])
async def test_of_a_segment_that_stops_in_its_midst_what_came_is_heard_once(how: str, tmp_path: Path) -> None:
    names, fetching = hls(tmp_path, seconds=12), puller()
    whole = (tmp_path / names[3]).read_bytes()

    async def stops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(whole) + whole[: len(whole) // 2])
        await writer.drain()
        if how == "stays":
            await reader.read()

    async with http_server() as server:
        server.folder("", tmp_path)
        listed(server, names[:4], end=False)
        server.answers[f"/{names[3]}"] = stops
        address = server.address + "/live.m3u8"
        async with fetching.fetch(address, "one") as run:
            assert loud(await take(run, 2.5)), "a whole segment, and some of the one that stops"
            if how == "closed":
                with pytest.raises(StreamLost, match="ended"):
                    await take(run, 60)
            else:
                with pytest.raises(TimeoutError):  # As when no sound has come for five seconds.
                    async with asyncio.timeout(0.5):
                        await take(run, 60)
        assert segments(server) == names[2:4]
        server.file(f"/{names[3]}", whole)
        listed(server, names[:6], end=False)
        async with fetching.fetch(address, "one") as run:
            assert loud(await take(run, 3.5))
        assert segments(server) == names[4:6], "what came of it doesn't come again, and the rest is a gap"


async def test_another_codec_in_the_midst_ends_this_fetch_and_the_next_one_has_it(tmp_path: Path) -> None:
    one, two = hls(tmp_path / "a", seconds=4), hls(tmp_path / "b", seconds=4, codec="mp2")
    async with http_server() as server:
        server.folder("/a", tmp_path / "a")
        server.folder("/b", tmp_path / "b")
        rows = [f"#EXTINF:2,\na/{name}\n" for name in one]
        rows += ["#EXT-X-DISCONTINUITY\n", *(f"#EXTINF:2,\nb/{name}\n" for name in two)]
        server.file("/live.m3u8", ("#EXTM3U\n#EXT-X-TARGETDURATION:1\n" + "".join(rows[:2])).encode())
        fetching = puller()
        async with fetching.fetch(server.address + "/live.m3u8", "one") as run:
            assert loud(await take(run, 3))
            assert run.found is not None
            assert run.found.codec == "aac"
            server.file("/live.m3u8", ("#EXTM3U\n#EXT-X-TARGETDURATION:1\n" + "".join(rows)).encode())
            with pytest.raises(StreamLost, match="ended"):
                await take(run, 60)
        async with fetching.fetch(server.address + "/live.m3u8", "one") as run:
            assert loud(await take(run, 2))
            assert run.found is not None
            assert run.found.codec.startswith("mp2")


async def test_a_camera_is_reached_through_a_relay_that_lets_it_lead_nowhere_else() -> None:
    async with rtsp_server() as address, puller().fetch(address) as run:
        assert loud(await take(run, 2))
        assert run.found == StreamProperties(codec="pcm_mulaw", channels=1, rate=8_000)
    async with rtsp_server() as elsewhere, rtsp_server(moved=elsewhere) as address:
        assert await lost(address) == (StreamFault.PRIVATE, 0)
    assert await lost(address, []) == (StreamFault.PRIVATE, 0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_camera_that_refuses_is_told_with_its_number() -> None:
    async with rtsp_server(refused="401 Unauthorized") as address:
        assert await lost(address) == (StreamFault.STATUS, 401)
    async with rtsp_server(refused="461 Unsupported transport", asked="SETUP") as address:
        assert await lost(address) == (StreamFault.STATUS, 461), "it sends by UDP alone, as VLC does"
    async with rtsp_server(refused="503 Service Unavailable") as address:
        assert await lost(address) == (StreamFault.ENDED, 0)


async def test_a_relay_that_can_t_listen_leaves_no_link_open() -> None:
    ended: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            ended.set_result(await reader.read())
        except ConnectionError:
            ended.set_result(b"")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        parts = read_address(f"rtsp://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        assert parts is not None
        # 192.0.2.1 is for documentation: no machine has it.
        with pytest.raises(StreamLost) as lost:
            async with Relay(parts, allowed_networks(HERE), here="192.0.2.1").open():
                pass
        assert lost.value.trouble is StreamFault.BROKE
        assert await asyncio.wait_for(ended, 20) == b""


@pytest.mark.slow  # The tests' own camera above has the same in less time; this one is GStreamer's.
@pytest.mark.parametrize(("codec", "found"), [("aac", ("aac", 1)), ("libopus", ("opus", 2))])
async def test_a_camera_of_gstreamer_with_picture_and_sound(codec: str, found: tuple[str, int], tmp_path: Path) -> None:
    async with gstreamer_rtsp(tmp_path, codec) as address, puller().fetch(address) as run:
        assert loud(await take(run, 3))
        assert run.found == StreamProperties(codec=found[0], channels=found[1], rate=48_000)


@pytest.mark.slow  # In real time. The playlists above are written by the tests; ffmpeg rolls this one on by itself.
async def test_a_playlist_that_ffmpeg_rolls_on_in_a_folder(tmp_path: Path) -> None:
    sending = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "sine=440:duration=60", "-c:a", "aac"),
        *("-f", "hls", "-hls_time", "1", "-hls_list_size", "4", "-hls_flags", "delete_segments"),
        str(tmp_path / "live.m3u8"),
    )
    try:
        async with http_server() as server:
            server.growing("live.m3u8", tmp_path)
            async with asyncio.timeout(60):
                while await lost(server.address + "/live.m3u8", seconds=1) != (StreamFault.BROKE, -1):
                    pass  # It has segments in a moment.
                segments(server)
                async with puller().fetch(server.address + "/live.m3u8") as run:
                    assert loud(await take(run, 9))
                    assert run.found == StreamProperties(codec="aac", channels=1, rate=44_100)
            asked = [int(name.removeprefix("live").removesuffix(".ts")) for name in segments(server)]
            assert asked == list(range(asked[0], asked[-1] + 1)), "in order, none twice and none left out"
            assert len(asked) > 6, "more than the playlist ever names"
    finally:
        sending.kill()
        await sending.wait()


@pytest.mark.slow  # The rest of its way is that of RTSP.
async def test_rtmp_as_ffmpeg_sends_it() -> None:
    sending = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-v", "error", "-nostdin", "-re", "-f", "lavfi", "-i", "sine=440:duration=60", "-c:a", "aac"),
        *("-f", "flv", "-listen", "1", "rtmp://127.0.0.1:19350/live/room"),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            while await lost("rtmp://127.0.0.1:19350/live/room", seconds=2) != (StreamFault.BROKE, -1):
                pass  # It listens in a moment.
    finally:
        sending.kill()
        await sending.wait()


@pytest.mark.slow  # The tests' own Icecast above has the same in less time; this one is Debian's.
async def test_icecast_itself_behind_a_password_with_ffmpeg_as_its_source() -> None:
    async with icecast() as address:
        async with asyncio.timeout(60):
            while await lost(address.replace("//", "//me:secret@"), seconds=2) != (StreamFault.BROKE, -1):
                pass  # It listens in a moment, and has a source in another.
        async with puller().fetch(address.replace("//", "//me:secret@"), "radio") as run:
            assert loud(await take(run, 3))
            assert (run.found, run.bursts, run.once) == (
                StreamProperties(codec="mp3float", channels=1, rate=44_100),
                True,
                False,
            )
        assert await lost(address) == (StreamFault.STATUS, 401)
        assert await lost(address + "-none") == (StreamFault.STATUS, 404)


PARENT = """
import asyncio, sys
from moothall.adapters.streams.puller import StreamPuller
from moothall.adapters.system.clock import SystemClock
async def main():
    async with StreamPuller(SystemClock(), ["127.0.0.0/8"]).fetch(sys.argv[1]) as run:
        if sys.argv[2] == "sound":
            await run.read(100)
        print(run.pid, flush=True)
        await asyncio.get_running_loop().create_future()
asyncio.run(main())
"""


@pytest.mark.slow  # Two processes for each; that it holds its standard input is read in the code.
@pytest.mark.parametrize("how", ["http", "rtsp"])
async def test_the_decoder_dies_with_its_parent(how: str, mp3: bytes) -> None:
    async with http_server() as server, rtsp_server() as camera:
        server.file("/", mp3)
        address = server.address + "/" if how == "http" else camera
        said = "" if how == "http" else "sound"
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PARENT, address, said, stdout=subprocess.PIPE
        )
        assert parent.stdout is not None
        child = os.pidfd_open(int(await parent.stdout.readline()))
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(child, gone.set)
        parent.send_signal(signal.SIGKILL)
        await parent.wait()
        await asyncio.wait_for(gone.wait(), 20)
        asyncio.get_running_loop().remove_reader(child)
        os.close(child)


def test_networks_of_the_settings_are_read_or_refused_with_a_sentence() -> None:
    assert [str(each) for each in allowed_networks(["10.0.0.0/8", "::1"])] == ["10.0.0.0/8", "::1/128"]
    with pytest.raises(ConfigurationError, match="which is no address or network"):
        allowed_networks(["10.0.0.1/8"])
