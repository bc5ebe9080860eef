from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moothall.core.streams.rtsp_filter import MOST_BODY, MOST_HEAD, Misled, RtspFilter

OK = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 5\r\n\r\nv=0\r\n"
SOUND = b"$\x00\x00\x0cRTSP/1.0 302"
ASKS = b"OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n\r\n"

FIELDS = b'RTSP/1.0 401\r\nWWW-Authenticate:\tBasic realm="caf\xc3\xa9"\r\nX-Empty:\r\nContent-Length: 1 \r\n\r\nx'


@example([SOUND], 1)
@given(st.lists(st.sampled_from([OK, SOUND, ASKS, FIELDS]), max_size=8), st.integers(1, 40))
def test_what_leads_nowhere_passes_as_it_is_however_it_is_cut(messages: list[bytes], size: int) -> None:
    whole, through = b"".join(messages), RtspFilter()
    assert b"".join(through.feed(whole[at : at + size]) for at in range(0, len(whole), size)) == whole


@pytest.mark.parametrize(
    "bad",
    [
        b"RTSP/1.0 302 Moved\r\nLocation: rtsp://10.0.0.1/\r\n\r\n",
        b"RTSP/1.0 305 Use Proxy\r\n\r\n",
        b"REDIRECT rtsp://a RTSP/1.0\r\nLocation: rtsp://10.0.0.1/\r\n\r\n",
        b"HTTP/1.1 302 Found\r\n\r\n",
        b"RTSP/2.0 200 OK\r\n\r\n",
        b"RTSP/1.0 OK\r\n\r\n",
        b"\nRTSP/1.0 302 Moved\r\n\r\n",
        b"RTSP/1.0 200 OK\nRTSP/1.0 302 Moved\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nX: 1\nContent-Length: 9\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nno colon\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY + 1),
        b"RTSP/1.0 200 OK\r\n" + b"x" * MOST_HEAD,
        b"\rRTSP/1.0 302 Moved RTSP/1.0\r\nLocation: rtsp://10.0.0.5/\r\n\r\n",
        b" RTSP/1.0 302 Moved RTSP/1.0\r\nLocation: rtsp://10.0.0.5/\r\n\r\n",
        b"RTSP/1.0 302 RTSP/1.0\r\n\r\n",
        b"GET \x00 RTSP/1.0\r\n\r\n",
        b"RTSP/1.0  200 OK\r\n\r\n",
        b"RTSP/1.0 2000\r\n\r\n",
        b"RTSP/1.0 200 OK\x00\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length : 30\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n Content-Length: 30\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n\x00Content-Length: 30\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n$Content-Length: 30\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nX: 1\x00\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 1 1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: 3\r\ncontent-length: 30\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length:%b30\r\n\r\n" % (b" " * 4_000),
        b"garbage",
    ],
)
@pytest.mark.parametrize("before", [b"", OK, SOUND], ids=["", "ok", "sound"])
def test_what_leads_elsewhere_or_can_not_be_understood_cuts_the_link(bad: bytes, before: bytes) -> None:
    through = RtspFilter()
    passed = through.feed(before)
    assert passed == before
    try:
        passed = through.feed(bad)
    except Misled:
        return
    assert passed == b""
    assert bad == b"garbage", "nothing of it has passed, and what follows can't make sense of it"
    with pytest.raises(Misled):
        through.feed(b"\r\n\r\n")
