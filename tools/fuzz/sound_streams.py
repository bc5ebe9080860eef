"""Targets for what servers of sound streams send (playlists of HLS, answers of RTSP), for addresses that staff enter,
and for the messages of the confined processes that decode streams and files.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec
from yarl import URL

from fuzz.target import Target
from moothall.adapters.captioning.zoom_client import zoom_address
from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.sound import audio_file
from moothall.adapters.sound.child_messages import AudioEnded, AudioFailed, AudioFault, Opened
from moothall.adapters.streams import puller
from moothall.adapters.streams.child_messages import Began, StreamFailed
from moothall.adapters.streams.fetching import _uri
from moothall.adapters.streams.stream_texts import tried_said
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.times import media_time
from moothall.core.streams.addresses import LONGEST_LED, may_reach, read_address
from moothall.core.streams.playlist import is_playlist, next_pieces, read_playlist
from moothall.core.streams.rtsp_filter import Misled, RtspFilter
from moothall.core.streams.watching import StreamFault, StreamProperties
from moothall.services.capture.pulling import StreamLost
from moothall.services.capture.streams import TriedStream

BASE = URL("https://radio.example.org/live/index.m3u8")
MASTER = (
    b'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",DEFAULT=YES,URI="a/sound.m3u8"\n'
    b'#EXT-X-STREAM-INF:BANDWIDTH=90000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="a"\nhigh.m3u8\n'
    b"#EXT-X-STREAM-INF:BANDWIDTH=9000\nhttps://other.example/low.m3u8?token=1\n"
)
MEDIA = (
    b'#EXTM3U\r\n#EXT-X-TARGETDURATION:6\r\n#EXT-X-MEDIA-SEQUENCE:41\r\n#EXT-X-MAP:URI="init.mp4"\r\n'
    b"#EXTINF:5.9,\r\n41.m4s\r\n#EXT-X-DISCONTINUITY\r\n#EXTINF:6.0,title\r\n../42.m4s#t\r\n#EXT-X-ENDLIST\r\n"
)
DESCRIBED = (
    b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\nContent-Length: 30\r\n\r\n"
    b"v=0\r\nm=audio 0 RTP/AVP 0\r\na=x:1"
)
UI = Catalogues(find_web_folder() / "locales", ("en",))["en"]
LONGEST_SAID = 500
"""Characters of all sentences on one stream or file."""
SOUND = b"$\x00\x00\x0cRTSP/1.0 302"


def playlist(data: bytes) -> None:
    """Try a playlist, and the addresses that it names."""
    text = data.decode("utf-8", "replace")
    read = read_playlist(text)
    if read is None:
        return
    if not is_playlist(text.encode()):
        raise AssertionError("What is no playlist is read as one.")
    if any(after.number != before.number + 1 for before, after in zip(read.pieces, read.pieces[1:], strict=False)):
        raise AssertionError("Segments have numbers that don't follow.")
    for last in (None, 0, 10**20):
        for recorded in (False, True):
            next_pieces(read, last, goes_on=False, recorded=recorded)
    for uri in [each.uri for each in read.variants] + [uri for each in read.pieces for uri in (each.start, each.uri)]:
        with suppress(ValueError, StreamLost):
            parts = read_address(str(BASE.join(_uri(uri)).with_fragment(None)), LONGEST_LED)
            if parts is not None:
                may_reach(parts.host)


def rtsp(data: bytes) -> None:
    """Check that RTSP passes the filter unchanged up to a refusal, whatever the size of its pieces,
    which the first byte sets.
    """
    size, data = 1 + (data[0] if data else 0), data[1:]
    cut, through = RtspFilter(), bytearray()
    misled = False
    try:
        for at in range(0, len(data), size):
            through += cut.feed(data[at : at + size])
    except Misled:
        misled = True
    if not data.startswith(bytes(through)):
        raise AssertionError("What passes isn't what came.")
    whole = RtspFilter().feed(data)
    if misled or whole != bytes(through):
        raise AssertionError("What comes in pieces passes otherwise.")


def address(data: bytes) -> None:
    """Try a typed address: of a stream, and of Zoom's captions."""
    text = data.decode("utf-8", "replace")
    zoom_address(text)
    read = read_address(text)
    if read is None:
        return
    if read.shown != msgspec.structs.replace(read, who="", rest="/").shown or "@" in read.shown:
        raise AssertionError("A password is shown.")
    if read_address(read.at(4_000)) is None:
        raise AssertionError("At the relay it is no address any more.")
    may_reach(read.host)


def fetch_message(data: bytes) -> None:
    """Try a message of the process that decodes a stream, up to the sentences that staff are shown."""
    match read(puller._decoder, data):
        case Began(found=found):
            tried = TriedStream(shown="", found=found, level=-20)
        case StreamFailed(trouble=trouble, number=number):
            tried = TriedStream(shown="", trouble=trouble, number=number)
    for said in tried_said(tried, UI):
        if len(said) > LONGEST_SAID:
            raise AssertionError("Staff are shown a page of what the process wrote.")


def decoder_message(data: bytes) -> None:
    """Try a message of the process that decodes a file, up to the sentences that are made of it."""
    match read(audio_file._decoder, data):
        case Opened(duration_ms=length):
            said = media_time(length or 0)
        case AudioEnded() as ended:
            said = audio_file.AudioFile("x")._on_the_end(ended) or ""
        case AudioFailed(trouble=trouble):
            said = audio_file._REASONS[trouble]
    if len(said) > LONGEST_SAID:
        raise AssertionError("Somebody is shown a page of what the process wrote.")


TARGETS = (
    Target(name="playlist", call=playlist, seeds=(MASTER, MEDIA, MEDIA + b"#EXTINF:1,\r\nhttp://[::1]@/\r\n")),
    Target(
        name="rtsp",
        call=rtsp,
        declared=(Misled,),
        seeds=(b"\x06" + DESCRIBED + SOUND, b"\x00" + SOUND + b"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n" + DESCRIBED),
    ),
    Target(
        name="stream-address",
        call=address,
        seeds=(
            b"https://me:secret@radio.example.org:8443/live.m3u8?token=1",
            b"rtsp://[2001:db8::1]:554/room",
            b"https://wmcc.zoom.us/closedcaption?id=200610693&ns=GZHkEA&lang=en",
        ),
        most=2_200,
    ),
    Target(
        name="fetch-message",
        call=fetch_message,
        declared=(Unreadable,),
        seeds=(
            msgspec.json.encode(Began(found=StreamProperties(codec="aac", channels=2, rate=48_000))),
            msgspec.json.encode(StreamFailed(trouble=StreamFault.STATUS, number=404)),
            b'{"type":"began","found":{"codec":"%s","channels":2,"rate":1}}' % (b"a" * 3_000),
            b'{"type":"failed","trouble":"status","number":%s}' % (b"9" * 400),
        ),
    ),
    Target(
        name="decoder-message",
        call=decoder_message,
        declared=(Unreadable,),
        seeds=(
            msgspec.json.encode(Opened(duration_ms=60_000)),
            msgspec.json.encode(AudioFailed(trouble=AudioFault.MEMORY)),
            msgspec.json.encode(AudioEnded(cpu_ms=1, cut_off=True, capped=True, damaged=3, silence_ms=2_500)),
            b'{"type":"ended","cpu_ms":1,"cut_off":true,"capped":true,"damaged":3,"silence_ms":%s}' % (b"9" * 400),
        ),
    ),
)
