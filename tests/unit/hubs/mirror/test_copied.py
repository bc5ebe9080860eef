from __future__ import annotations

from moothall.core.kernel.ids import ChannelId
from moothall_hub.mirror.copied import SessionCopy, dropped, lanes_of
from support.sessions.recorder import SESSION


def test_the_lanes_of_texts() -> None:
    lines = lanes_of((ChannelId("fr"),), words=False)
    assert lines == {"session", "questions", "ch:fr"}
    assert lanes_of((ChannelId("fr"),), words=True) == lines | {"w:fr"}


def test_a_copy_that_is_dropped_keeps_what_is_wanted_and_its_counts() -> None:
    copy = SessionCopy(
        session=SESSION, channels=(ChannelId("fr"),), words=True, top=9, fills=2, number=4, stopped="Why not."
    )
    assert dropped(copy) == SessionCopy(session=SESSION, channels=(ChannelId("fr"),), words=True, fills=3, number=4)
