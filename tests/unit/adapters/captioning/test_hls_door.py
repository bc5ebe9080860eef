from __future__ import annotations

import pytest

from moothall.adapters.captioning.hls_door import kept_for
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
def test_caches_keep_only_what_everybody_may_read(access: Access, *, rehearsal: bool, kept: str) -> None:
    session = Session(id=SessionId("s"), access=access, rehearsal=rehearsal)
    assert kept_for(session, 2) == {"Cache-Control": kept}
