"""A session with a Spanish translation, and commands that make its lines, for tests of translations."""

from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.sessions.state import State
from moothall.core.translation.lines import line_of
from support.sessions.deciding import carry_out, speaking

SPANISH = ChannelId("mt-es")
TRANSLATOR = Actor(Role.TRANSLATOR, "mt")
ROUTE = "echo 1 en>es"


def translated_session() -> State:
    """Return the session of `speaking` with a translation of record into Spanish, without a line yet."""
    return carry_out(
        speaking(),
        do.AddChannel(channel=SPANISH, kind=ev.ChannelKind.TRANSLATION, languages=("es",), of_record=True),
    )


def translate(name: str, text: str, revision: int = 0, route: str = ROUTE, *, rough: bool = False) -> do.SetTranslation:
    source = le.SourceSegment(SegmentId(name), revision)
    return do.SetTranslation(channel=SPANISH, source=source, text=text, route=route, rough=rough)


def spanish(name: str) -> SegmentId:
    """Return the id of a line's translation."""
    return line_of(SegmentId(name), SPANISH)
