"""The tables of a meeting's figures as text, each with its charts: values for the page's template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import msgspec
from babel.numbers import format_decimal
from markupsafe import Markup

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.events.question_parts import HUB, REMOTE, ROOM
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId
from moothall.core.kernel.times import Zone, time_of_day
from moothall.core.pictures.charts import MOST_GROUPS, MOST_LINES, Bar, BarGroup, Series, bars, lines
from moothall.core.questions.balance import SpeakingShare
from moothall.core.sessions.parts import Channel
from moothall.core.views.quality import PERIOD_MS, QualityFigures
from moothall.services.control.reader_trends import SAMPLE_MS, ReaderSample

NONE = "\u2013"
QUARTER_MS = 900_000
"""A row of the readers' table covers a quarter of an hour and shows the maxima."""


class Drawn(msgspec.Struct, frozen=True):
    """A chart: its caption and its SVG."""

    caption: str
    svg: Markup


class FigurePart(msgspec.Struct, frozen=True, kw_only=True):
    """A table with its charts."""

    heads: tuple[str, ...]
    """The column headings, that of the row names first."""
    rows: tuple[tuple[str, ...], ...]
    pictures: tuple[Drawn, ...]
    more: bool = False
    """Whether the table has data that its charts leave out."""


def heard_part(shares: Mapping[str, SpeakingShare], titles: Mapping[str, str], ui: Catalogue) -> FigurePart:
    """Who was heard, by origin. `titles`: the hubs' titles by name."""
    asked, taken, answered = ui.text("Asked"), ui.text("Had their turn"), ui.text("Answered")
    named = {origin: _origin_name(origin, titles, ui) for origin in shares}
    rows = [
        (
            named[origin],
            *(_number(n, ui) for n in (each.received, each.taken, each.answered)),
            _minutes(each.spoken),
        )
        for origin, each in shares.items()
    ]
    counts = [
        BarGroup(
            named[origin],
            (
                Bar(asked, each.received, _number(each.received, ui)),
                Bar(taken, each.taken, _number(each.taken, ui)),
                Bar(answered, each.answered, _number(each.answered, ui)),
            ),
        )
        for origin, each in shares.items()
    ]
    times = [BarGroup(named[at], (Bar("", each.spoken, _minutes(each.spoken)),)) for at, each in shares.items()]
    return FigurePart(
        heads=(ui.text("Place"), asked, taken, answered, ui.text("Minutes spoken")),
        rows=tuple(rows),
        pictures=_drawn(
            (ui.text("Asked, had a turn and answered, by place"), bars(counts, rtl=_rtl(ui))),
            (ui.text("Minutes spoken, by place"), bars(times, rtl=_rtl(ui))),
        ),
        more=len(shares) > MOST_GROUPS,
    )


def quality_part(periods: Sequence[tuple[int, QualityFigures]], ui: Catalogue, zone: Zone) -> FigurePart:
    """The quality of the text, in periods of five minutes."""
    rate, half, most = ui.text("Words a minute"), ui.text("Half of the words within, s"), ui.text("95 in 100 within, s")
    by_people, by_machine, gaps = ui.text("Lines mended by people"), ui.text("Lines mended by machine"), ui.text("Gaps")
    quality = [each.quality() for _, each in periods]
    rates = [None if each is None else each.words_a_minute for each in quality]
    delays = [None if each is None else each.delay for each in quality]
    halves = [None if each is None else each.p50 / 1_000 for each in delays]
    mosts = [None if each is None else each.p95 / 1_000 for each in delays]
    counts = [(each.by_person, each.by_machine, each.gaps) for _, each in periods]
    rows = [
        (
            time_of_day(zone.at(at)),
            *(_number(rates[i], ui), _seconds(halves[i], ui), _seconds(mosts[i], ui)),
            *(_number(n, ui) for n in counts[i]),
        )
        for i, (at, _) in enumerate(periods)
    ]
    slots = _slots([at for at, _ in periods], PERIOD_MS)
    times = [(slot, time_of_day(zone.at(at))) for slot, (at, _) in zip(slots, periods, strict=True)]

    def over_time(*named: tuple[str, Sequence[float | None]], whole: bool = True) -> str:
        return _lines([Series(name, _spread(values, slots)) for name, values in named], times, ui, whole=whole)

    return FigurePart(
        heads=(ui.text("Time"), rate, half, most, by_people, by_machine, gaps),
        rows=tuple(rows),
        pictures=_drawn(
            (rate, over_time((ui.text("Words"), rates))),
            (
                ui.text("Delay in seconds"),
                over_time((ui.text("Half"), halves), (ui.text("95 in 100"), mosts), whole=False),
            ),
            (
                ui.text("Mended lines and gaps"),
                over_time(
                    (ui.text("By people"), [each[0] for each in counts]),
                    (ui.text("By machine"), [each[1] for each in counts]),
                    (gaps, [each[2] for each in counts]),
                ),
            ),
        ),
    )


def readers_part(
    samples: Sequence[ReaderSample], channels: Mapping[ChannelId, Channel], ui: Catalogue, zone: Zone
) -> FigurePart:
    """The readers of each channel: one point for each minute in the chart, one row for each quarter of an hour in the
    table.
    """
    read = [name for name in channels if any(name in each.readers for each in samples)]
    read.sort(key=lambda name: -max(each.readers.get(name, 0) for each in samples))
    named = {name: _text(channels[name], ui) for name in read}
    quarters: dict[int, list[ReaderSample]] = {}
    for each in samples:
        quarters.setdefault(each.at // QUARTER_MS, []).append(each)
    rows = []
    for within in quarters.values() if read else ():
        most = (max(each.readers.get(name, 0) for each in within) for name in read)
        rows.append(
            (time_of_day(zone.at(within[0].at)), *(_number(n, ui) if n else ui.text("fewer than 5") for n in most))
        )
    slots = _slots([each.at for each in samples], SAMPLE_MS)
    times = [(slot, time_of_day(zone.at(each.at))) for slot, each in zip(slots, samples, strict=True)]
    short = _short(read, channels, ui)
    series = [Series(short[name], _spread([each.readers.get(name) for each in samples], slots)) for name in read]
    return FigurePart(
        heads=(ui.text("Time"), *named.values()),
        rows=tuple(rows),
        pictures=_drawn((ui.text("Readers"), _lines(series, times, ui))),
        more=len(read) > MOST_LINES,
    )


def _drawn(*pictures: tuple[str, str]) -> tuple[Drawn, ...]:
    """The charts that aren't empty."""
    # core.pictures makes it of numbers and escaped texts
    return tuple(Drawn(caption, Markup(svg)) for caption, svg in pictures if svg)  # noqa: S704


def _lines(series: Sequence[Series], times: Sequence[tuple[int, str]], ui: Catalogue, *, whole: bool = True) -> str:
    return lines(series, times, written=partial(_number, ui=ui), whole=whole, rtl=_rtl(ui))


def _slots(times: Sequence[int], step: int) -> list[int]:
    """The index of each time on a grid of `step` ms that begins at the first time. Indices strictly increase."""
    found: list[int] = []
    for at in times:
        slot = round((at - times[0]) / step)
        found.append(max(slot, found[-1] + 1) if found else 0)
    return found


def _spread(values: Sequence[float | None], slots: Sequence[int]) -> tuple[float | None, ...]:
    """The values at their grid indices, with None in between."""
    spread: list[float | None] = [None] * (slots[-1] + 1 if slots else 0)
    for slot, value in zip(slots, values, strict=True):
        spread[slot] = value
    return tuple(spread)


def _origin_name(origin: str, titles: Mapping[str, str], ui: Catalogue) -> str:
    """The name of an origin; a dash for an origin that only a later release knows."""
    if origin.startswith(HUB):
        hub = origin.removeprefix(HUB)
        return ui.named("moderation/from.hub", name=f"\u2068{titles.get(hub, hub)}\u2069")
    return ui.named(f"moderation/from.{origin}") if origin in (ROOM, REMOTE) else NONE


def _text(channel: Channel, ui: Catalogue) -> str:
    return ui.named(f"staff/kind.{channel.kind}", language=ui.language_name(channel.languages[0]))


def _short(read: Sequence[ChannelId], channels: Mapping[ChannelId, Channel], ui: Catalogue) -> dict[ChannelId, str]:
    """Labels for the ends of lines in a chart: the language alone where only one channel has it."""
    whole = {name: _text(channels[name], ui) for name in read}
    name_of = {name: ui.language_name(channels[name].languages[0]) for name in read}
    several = Counter(name_of.values())
    floor = {name for name in read if channels[name].kind is ChannelKind.FLOOR}
    return {name: whole[name] if name in floor or several[name_of[name]] > 1 else name_of[name] for name in read}


def _minutes(ms: int) -> str:
    return f"{ms // 60_000}:{ms // 1_000 % 60:02}"


def _number(value: float | None, ui: Catalogue) -> str:
    return NONE if value is None else str(format_decimal(value, "#,##0.#", locale=ui.locale))


def _seconds(value: float | None, ui: Catalogue) -> str:
    return NONE if value is None else str(format_decimal(value, "#,##0.0", locale=ui.locale))


def _rtl(ui: Catalogue) -> bool:
    return ui.direction == "rtl"
