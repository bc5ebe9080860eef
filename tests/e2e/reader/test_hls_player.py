"""hls.js, the player of most video pages, in Chromium: our captions beside a video from another server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from moothall.core import commands as do
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import CommandId, SegmentId
from moothall.core.removal.selection import Lines
from moothall.services.log.act_queue import Receipt
from support.browser.node import module
from support.desks.meeting import FLOOR, Meeting, S, meeting
from support.sound.stream_servers import HttpServer, ffmpeg, http_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FIRST_MS = 1_400
"""The video's clock at its beginning, as ffmpeg makes it."""
PAGE = """<!doctype html><video muted></video><pre id="Cues"></pre><script src="player"></script><script>
const video = document.querySelector('video');
const wrong = [];
const player = new Hls({ startPosition: 0, enableWorker: false });
player.on(Hls.Events.ERROR, (_, { details }) => details === 'aborted' || wrong.push(details));
// Subtitles that come before the video's playlist wait for their next one.
player.once(Hls.Events.LEVEL_LOADED, () => { player.subtitleTrack = 0; });
player.loadSource(location.search.slice(1));
player.attachMedia(video);
setInterval(() => {
  const cues = [...video.textTracks].flatMap((track) => [...(track.cues ?? [])]);
  const rows = cues.map((cue) => `${Math.floor(cue.startTime + 0.0005)} ${cue.getCueAsHTML().textContent}`);
  const listed = player.subtitleTracks[0]?.details?.fragments.length;
  document.querySelector('#Cues').textContent = wrong.join() || rows.join(' | ') || (listed ? 'none yet' : '');
}, 100);
</script>"""
MASTER = """#EXTM3U
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=NO,URI="CAPTIONS"
#EXT-X-STREAM-INF:BANDWIDTH=50000,CODECS="avc1.64000a",SUBTITLES="text"
video.m3u8
"""
CAPTIONER = Actor(Role.CAPTIONER, "c1")


def _film(folder: Path) -> None:
    """A minute of blue."""
    folder.mkdir()
    ffmpeg(
        *("-f", "lavfi", "-i", "color=navy:size=64x36:rate=5:duration=60"),
        *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "30", "-f", "hls", "-hls_time", "6", "-hls_list_size", "0"),
        str(folder / "video.m3u8"),
    )


@asynccontextmanager
async def player(on: Meeting, folder: Path) -> AsyncIterator[HttpServer]:
    """A page of another origin with the video of a meeting that began with it, and our text as its subtitles."""
    script = module("hls.js/dist/hls.min.js").read_bytes()
    _film(folder)
    t, wall, *_ = on.live.state.clock
    began = datetime.fromtimestamp((wall - t) / 1_000, UTC).isoformat(timespec="milliseconds")
    video = (folder / "video.m3u8").read_text().replace("#EXT-X-ENDLIST\n", "")
    video = video.replace("#EXTINF", f"#EXT-X-PROGRAM-DATE-TIME:{began}\n#EXTINF", 1)
    async with http_server() as server:
        server.folder("", folder)
        server.file("/video.m3u8", video.encode())
        for name, more in (("before", ""), ("begun", "&channel=floor")):  # Of two addresses, so that no cache knows it.
            captions = f"{on.running.address}/s/{S}/captions.m3u8?offset={FIRST_MS}{more}"
            server.file(f"/player.html?{name}.m3u8", PAGE.encode())
            server.file(f"/{name}.m3u8", MASTER.replace("CAPTIONS", captions).encode())
        server.file("/player", script)
        yield server


async def test_a_player_of_another_origin_shows_what_stands(page: Page, tmp_path: Path) -> None:
    async with meeting(tmp_path) as on:

        async def write(name: str, text: str) -> str:
            """A line, as a cue of the player."""
            line = SegmentId(name)
            await on.do(do.TypeSegment(channel=FLOOR, segment=line, text=text, language="en"), by=CAPTIONER)
            written = on.live.state.segments.get(line)
            assert written is not None
            return f"{written.t0 // 1_000} {text}"

        async with player(on, tmp_path / "video") as server:
            await page.goto(f"{server.address}/player.html?before.m3u8")
            cues = page.locator("#Cues")
            await expect(cues, "it ends the video where nothing is listed").to_have_text("none yet")
            first = await write("a", "We open the meting.")
            await on.do(do.MapClock(t=10_000))
            await write("b", "Nobody said this.")
            mended = {"channel": FLOOR, "segment": SegmentId("a"), "text": "We open it."}
            await on.do(do.CorrectSegment(**mended, base_revision=0, base_words=0), by=CAPTIONER)  # type: ignore[arg-type]
            selection = Lines((SegmentId("b"),))
            removed = await on.live.writer.remove(Actor(Role.TECHNICIAN, "t1"), CommandId("remove"), selection)
            assert isinstance(removed, Receipt)
            await on.do(do.MapClock(t=40_000))
            await page.goto(f"{server.address}/player.html?begun.m3u8")
            await expect(cues).not_to_have_text("")
            await page.evaluate("video.currentTime = 1")  # Of live subtitles it begins with the newest.
            await expect(cues).to_have_text(first.replace("the meting", "it"))
            await page.evaluate("video.currentTime = 36")
            last = await write("c", "<b>This</b> was typed & said.")
            await on.do(do.MapClock(t=60_000))
            await expect(cues).to_have_text(f"{first.replace('the meting', 'it')} | {last}")
