"""The tables of a meeting's figures, and what their pictures show."""

from __future__ import annotations

from moothall.adapters.desks.figure_tables import QUARTER_MS, heard_part, quality_part, readers_part
from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.pictures.charts import MOST_GROUPS, MOST_LINES
from moothall.core.questions.balance import SpeakingShare
from moothall.core.sessions.parts import Channel
from moothall.core.views.quality import EDGES, PERIOD_MS, QualityFigures
from moothall.services.control.reader_trends import SAMPLE_MS, ReaderSample

UI = Catalogues(find_web_folder() / "locales")
EN, AR, FR = UI["en"], UI["ar"], UI["fr"]
NINE = 1_764_061_200_000
FLOOR, FRENCH, SPANISH = ChannelId("floor"), ChannelId("fr"), ChannelId("mt-es")


def share(received: int = 3, taken: int = 1, answered: int = 2, spoken: int = 95_000) -> SpeakingShare:
    return SpeakingShare(received=received, taken=taken, answered=answered, turns=taken, spoken=spoken, wait=None)


def channel(name: ChannelId, kind: ChannelKind, language: str) -> Channel:
    return Channel(id=name, kind=kind, languages=(language,))


CHANNELS = {
    FLOOR: channel(FLOOR, ChannelKind.FLOOR, "en"),
    FRENCH: channel(FRENCH, ChannelKind.INTERPRETATION, "fr"),
    SPANISH: channel(SPANISH, ChannelKind.TRANSLATION, "es"),
}


def test_who_was_heard_by_place() -> None:
    part = heard_part({"room": share(), "hub:kisumu": share(0, 0, 0, 0)}, {"kisumu": "Kisumu & <Library>"}, EN)
    assert part.heads == ("Place", "Asked", "Had their turn", "Answered", "Minutes spoken")
    assert part.rows == (
        ("On site", "3", "1", "2", "1:35"),
        ("Group: \u2068Kisumu & <Library>\u2069", "0", "0", "0", "0:00"),
    )
    assert [each.caption for each in part.pictures] == [
        "Asked, had a turn and answered, by place",
        "Minutes spoken, by place",
    ]
    assert "Kisumu &amp; &lt;Library&gt;" in part.pictures[0].svg
    assert 'direction="rtl"' in heard_part({"room": share()}, {}, AR).pictures[0].svg
    assert not part.more


def test_a_place_that_a_later_release_knows_has_a_dash_for_a_name() -> None:
    assert heard_part({"moon": share()}, {}, EN).rows[0][0] == "\u2013"


def test_more_places_than_the_picture_has_room_for_are_in_the_table() -> None:
    part = heard_part({f"hub:h{n}": share() for n in range(MOST_GROUPS + 1)}, {}, EN)
    assert len(part.rows) == MOST_GROUPS + 1
    assert part.more


def test_nothing_is_no_row_and_no_picture() -> None:
    for part in (heard_part({}, {}, EN), quality_part((), EN, UTC_ZONE), readers_part((), CHANNELS, EN, UTC_ZONE)):
        assert (part.rows, part.pictures) == ((), ())


def figures(words: int, delays: dict[int, int] | None = None, **more: int) -> QualityFigures:
    return QualityFigures(words=words, spoken_ms=60_000, delays=delays or {}, languages={"en": words}, **more)


def test_quality_in_periods_with_dashes_where_too_little_is_known() -> None:
    fast, slow = EDGES.index(1_500), EDGES.index(3_000)
    periods = (
        (NINE, figures(100, {fast: 90, slow: 10}, by_person=2, by_machine=1, gaps=1)),
        (NINE + PERIOD_MS, figures(100)),
        (NINE + 3 * PERIOD_MS, figures(10)),
    )
    part = quality_part(periods, FR, UTC_ZONE)
    assert part.rows == (
        ("09:00", "100", "1,5", "3,0", "2", "1", "1"),
        ("09:05", "100", "\u2013", "\u2013", "0", "0", "0"),
        ("09:15", "\u2013", "\u2013", "\u2013", "0", "0", "0"),
    )
    assert len(part.pictures) == 3
    assert part.pictures[1].svg.count("<circle") == 2, "the delay is known of one period alone"
    assert "09:10" not in part.pictures[0].svg


def test_readers_each_minute_and_the_most_of_each_quarter() -> None:
    samples = [
        ReaderSample(NINE, {FLOOR: 20}),
        ReaderSample(NINE + SAMPLE_MS, {FLOOR: 25, SPANISH: 5}),
        ReaderSample(NINE + QUARTER_MS, {SPANISH: 30}),
    ]
    part = readers_part(samples, CHANNELS, EN, UTC_ZONE)
    assert part.heads == ("Time", "Translation: Spanish", "As spoken"), "most read first; none of what few read"
    assert part.rows == (("09:00", "5", "25"), ("09:15", "30", "fewer than 5"))
    [picture] = part.pictures
    assert ">Spanish<" in picture.svg
    assert "French" not in picture.svg
    assert not part.more


def test_two_texts_of_a_language_keep_their_kinds_at_the_ends_of_lines() -> None:
    own = ChannelId("es")
    channels = {**CHANNELS, own: channel(own, ChannelKind.INTERPRETATION, "es")}
    part = readers_part([ReaderSample(NINE, {own: 9, SPANISH: 7})], channels, EN, UTC_ZONE)
    assert ">Spanish<" not in part.pictures[0].svg


def test_more_texts_than_there_are_dashes_are_in_the_table() -> None:
    many = {
        ChannelId(f"c{n}"): channel(ChannelId(f"c{n}"), ChannelKind.TRANSLATION, "es") for n in range(MOST_LINES + 1)
    }
    part = readers_part([ReaderSample(NINE, dict.fromkeys(many, 8))], many, EN, UTC_ZONE)
    assert len(part.heads) == MOST_LINES + 2
    assert part.more


def test_samples_that_come_late_or_early_have_steps_of_their_own() -> None:
    times = (0, 20_000, 130_000)
    samples = [ReaderSample(NINE + at, {FLOOR: 10 + n}) for n, at in enumerate(times)]
    [picture] = readers_part(samples, CHANNELS, EN, UTC_ZONE).pictures
    assert picture.svg.count('class="line line-0"') == 2, "the line, and its piece beside the name"
