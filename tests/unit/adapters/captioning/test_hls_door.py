from __future__ import annotations

import pytest

from moothall.adapters.captioning.hls_door import headers_for
from moothall.core.events.types import Access
from moothall.core.kernel.ids import SessionId
from moothall.core.views.captions import Session


@pytest.mark.parametrize(
    ("access", "rehearsal", "kept"),
    [
        (Access.PUBLIC, False, "public, max-age=2"),
        (Access.PUBLIC, True, "private, no-store"),
        (Access.LINK, False, "private, no-store"),
        (Access.STAFF, False, "private, no-store"),
    ],
)
def test_caches_keep_and_other_pages_read_only_what_everybody_may_read(
    access: Access, *, rehearsal: bool, kept: str
) -> None:
    session = Session(id=SessionId("s"), access=access, rehearsal=rehearsal)
    headers = headers_for(session, 2)
    assert headers["Cache-Control"] == kept
    opened = ("Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy")
    assert [headers.get(each) for each in opened] == (["*", "cross-origin"] if "public" in kept else [None, None])
    assert headers_for(session, 0) == {**headers, "Cache-Control": "private, no-store"}
