from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from moothall.wire.event_stream import EventStream

LINES = st.lists(
    st.sampled_from([b"data: a", b"data:", b"data: {}", b"id: k:1", b"id: k:22", b"", b"", b": hm", b"retry: 5"])
)
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(lines=LINES, end=ENDS, cuts=st.lists(st.integers(min_value=0, max_value=200)))
def test_any_cut_of_the_bytes_reads_alike(lines: list[bytes], end: bytes, cuts: list[int]) -> None:
    data = b"".join(line + end for line in lines)
    whole = EventStream()
    expected = whole.feed(data)
    pieces = EventStream()
    found = []
    edges = sorted({0, len(data), *[cut for cut in cuts if cut < len(data)]})
    for start, stop in pairwise(edges):
        found += pieces.feed(data[start:stop])
    assert found == expected
    assert (pieces.last_id, pieces.retry) == (whole.last_id, whole.retry)
