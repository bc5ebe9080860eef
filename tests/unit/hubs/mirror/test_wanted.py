from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.kernel.times import Zone
from moothall.core.sessions.state import Status
from moothall.wire.hubs.messages import Offered, OfferedText
from moothall_hub.mirror.wanted import MOST, Saved, Want, texts, wanted

NAIROBI = Zone("Africa/Nairobi", timezone(timedelta(hours=3)))
NOON = round(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = 3_600_000
FLOOR = OfferedText(channel=ChannelId("floor"), kind=ChannelKind.FLOOR, languages=("en",))
SPANISH = OfferedText(channel=ChannelId("mt-es"), kind=ChannelKind.TRANSLATION, languages=("es",))
FRENCH = OfferedText(channel=ChannelId("fr"), kind=ChannelKind.INTERPRETATION, languages=("fr-FR",))


def offered(
    name: str,
    status: Status = Status.CREATED,
    begins: int | None = None,
    ends: int | None = None,
    texts: tuple[OfferedText, ...] = (FLOOR, SPANISH, FRENCH),
) -> Offered:
    return Offered(session=SessionId(name), title=name, status=status, begins=begins, ends=ends, texts=texts)


def names(*programme: Offered, chosen: set[SessionId] | None = None, unfinished: tuple[str, ...] = ()) -> list[str]:
    found = wanted(
        programme,
        chosen=chosen,
        languages=(),
        words=False,
        saved=Saved(),
        unfinished=[SessionId(name) for name in unfinished],
        now=NOON,
        zone=NAIROBI,
    )
    return list(found)


def test_what_is_on_or_of_today_is_wanted_where_nobody_has_chosen() -> None:
    assert names(
        offered("tonight", begins=NOON + 8 * HOUR),
        offered("tomorrow", begins=NOON + 9 * HOUR),  # 21 h UTC is midnight there
        offered("yesterday", Status.CLOSED, begins=NOON - 24 * HOUR),
        offered("this-morning", Status.CLOSED, begins=NOON - 3 * HOUR),
        offered("over-night", Status.CLOSED, begins=NOON - 20 * HOUR, ends=NOON - 14 * HOUR),
        offered("unplanned", Status.PAUSED),
        offered("unmade", begins=NOON, texts=()),
        offered("never"),
    ) == ["unplanned", "over-night", "this-morning", "tonight"]


def test_what_the_coordinator_names_is_wanted_and_what_is_unfinished_is() -> None:
    programme = (offered("a", Status.OPEN), offered("b"), offered("c", Status.CLOSED))
    assert names(*programme, chosen={SessionId("b"), SessionId("gone")}, unfinished=("c",)) == ["b", "c"]
    assert names(*programme, chosen=set()) == []


def test_there_is_an_end_to_it() -> None:
    assert len(names(*(offered(f"s{number}", Status.OPEN) for number in range(MOST + 5)))) == MOST


def test_the_texts_are_the_first_and_those_of_the_hubs_languages() -> None:
    one = offered("a")
    assert texts(one, (), Saved()) == ("floor",)
    assert texts(one, ("fr", "en"), Saved()) == ("floor", "fr")
    assert texts(one, ("es", "fr"), Saved()) == ("floor", "mt-es", "fr")
    assert texts(one, ("es", "fr"), Saved(one_language=True)) == ("mt-es",)
    assert texts(one, ("zh",), Saved(one_language=True)) == ("floor",)


def test_words_come_unless_bytes_are_saved() -> None:
    for saved, words in ((Saved(), True), (Saved(lines_only=True), False)):
        found = wanted(
            [offered("a", Status.OPEN)],
            chosen=None,
            languages=("es",),
            words=True,
            saved=saved,
            unfinished=(),
            now=NOON,
            zone=NAIROBI,
        )
        assert found == {SessionId("a"): Want(channels=(ChannelId("floor"), ChannelId("mt-es")), words=words)}
