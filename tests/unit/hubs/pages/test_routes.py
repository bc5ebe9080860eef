from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from moothall.core.events.types import ChannelKind, LaneHead
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.kernel.lanes import Feed, channel_lane
from moothall.core.sessions.state import Status
from moothall.core.views.captions import CaptionsView, ReaderChannel, Snapshot
from moothall.wire.hubs.messages import Offered, OfferedText
from moothall_hub.mirror.copied import SessionCopy
from moothall_hub.pages.routes import comes, here, only_here, readable

S = SessionId("s")
FLOOR, FRENCH, ARABIC = map(ChannelId, ("floor", "mt-fr", "mt-ar"))
COPY = SessionCopy(session=S, followed=(FLOOR,))


def snapshot() -> Snapshot:
    made = CaptionsView.empty(S, Epoch("e"), Feed(channel=FLOOR)).snapshot()
    channels = {each: ReaderChannel(kind=ChannelKind.TRANSLATION, languages=()) for each in (FLOOR, FRENCH, ARABIC)}
    return replace(made, session=replace(made.session, channels=channels))


def told(copy: SessionCopy | None, read: ChannelId = FLOOR) -> Collection[ChannelId]:
    return list(here(snapshot(), copy, read).session.channels)


def test_only_what_comes_or_came_or_is_read_is_offered() -> None:
    left = {channel_lane(FRENCH): LaneHead(offset=1, digest="d")}
    assert told(COPY) == [FLOOR]
    assert told(replace(COPY, left=left)) == [FLOOR, FRENCH]
    assert told(COPY, ARABIC) == [FLOOR, ARABIC]  # The page says that it doesn't come.


def test_all_are_offered_before_it_is_known_which_come() -> None:
    assert told(None) == told(SessionCopy(session=S)) == [FLOOR, FRENCH, ARABIC]


def test_no_file_is_made_of_a_text_that_came_only_once() -> None:
    left = {channel_lane(FRENCH): LaneHead(offset=1, digest="d")}
    assert [comes(replace(COPY, left=left), each) for each in (FLOOR, FRENCH, ARABIC)] == [True, False, False]
    assert comes(None, FRENCH)
    assert comes(SessionCopy(session=S), FRENCH)


def test_the_front_page_names_the_languages_that_come_and_no_others() -> None:
    kinds = {FLOOR: ChannelKind.FLOOR, FRENCH: ChannelKind.TRANSLATION, ARABIC: ChannelKind.TRANSLATION}
    tags = {FLOOR: "en", FRENCH: "fr", ARABIC: "ar"}
    texts = tuple(OfferedText(channel=name, kind=kind, languages=(tags[name],)) for name, kind in kinds.items())
    offered = Offered(session=S, title="", status=Status.OPEN, texts=texts)
    assert readable(offered, COPY, ["en"]) == ["en", "en"]
    assert readable(offered, replace(COPY, followed=(FLOOR, FRENCH)), ["en"]) == ["en", "en", "fr"]
    assert readable(offered, SessionCopy(session=S, channels=(FLOOR, ARABIC)), ["en"]) == ["en", "en", "ar"]
    assert readable(offered, None, ["en"]) == readable(None, COPY, ["en"]) == ["en"]


async def test_what_is_not_there_stays_so() -> None:
    async def nothing(_: SessionId, __: Feed) -> Snapshot | None:
        return None

    async def found(_: SessionId, __: Feed) -> Snapshot | None:
        return snapshot()

    feed = Feed(channel=FLOOR)
    assert await only_here(nothing, lambda _: COPY)(S, feed) is None
    assert await only_here(found, lambda _: COPY)(S, feed) == here(snapshot(), COPY, FLOOR)
