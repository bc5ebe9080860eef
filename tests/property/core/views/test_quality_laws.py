"""Laws of the fold that computes a text's quality."""

from __future__ import annotations

import msgspec
from hypothesis import given, reject
from hypothesis import strategies as st

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId
from moothall.core.views.quality import EDGES, LINES, MAPPINGS, MIN_WORDS, QualityFigures, QualityView
from support.sessions.strategies import Told, stories

CHANNELS = [ChannelId("floor"), ChannelId("fr")]
Written = tuple[int, Role, ev.AnyEvent | None]


def folded(view: QualityView, log: list[Written]) -> QualityView:
    for at, role, event in log:
        view = view.apply(at, role, event)
    return view


def figures(view: QualityView) -> QualityFigures:
    return sum((text.figures for text in view.texts.values()), start=QualityFigures())


@st.composite
def logs(draw: st.DrawFn) -> list[Written]:
    """A session of two texts: lines that come early, late and after a crash; corrected, struck, with gaps."""
    at, t = 1_000, 0
    log: list[Written] = [(at, Role.SYSTEM, ev.SessionOpened(wall=at))]
    lines: list[tuple[ChannelId, SegmentId]] = []
    for _ in range(draw(st.integers(0, 25))):
        at += draw(st.sampled_from([0, 40, 900, 12_000, 90_000]))
        t += draw(st.sampled_from([0, 40, 900, 12_000, 90_000]))
        channel = draw(st.sampled_from(CHANNELS))
        act = draw(st.sampled_from(["open", "words", "words", "words", "correct", "strike", "gap", "map"]))
        if act == "gap":
            long = draw(st.integers(1, 15_000))
            log.append((at, Role.SYSTEM, ev.GapNoted(channel=channel, t0=t, t1=t + long, reason=ev.GapReason.OVERLOAD)))
        elif act == "map":
            log.append((at, Role.SYSTEM, ev.ClockMapped(t=t, wall=at)))
        elif act == "open" or not lines:
            segment = SegmentId(f"s{len(lines)}")
            lines.append((channel, segment))
            language = draw(st.sampled_from(["en", "de"]))
            opened = le.SegmentOpened(
                channel=channel, segment=segment, t0=t, language=language, origin=le.Origin.MACHINE
            )
            log.append((at, Role.ENGINE, opened))
        else:
            channel, segment = draw(st.sampled_from(lines))
            log.append((at, *draw(changes(channel, segment, t))))
    return log


@st.composite
def changes(draw: st.DrawFn, channel: ChannelId, segment: SegmentId, t: int) -> tuple[Role, ev.AnyEvent]:
    kind = draw(st.sampled_from(["words", "words", "words", "correct", "correct", "strike"]))
    if kind == "words":
        words = tuple(le.Word(" w", t + 300 * n, t + 300 * n + 250) for n in range(draw(st.integers(1, 30))))
        role = draw(st.sampled_from([Role.ENGINE, Role.ENGINE, Role.SECRETARIAT]))
        return role, le.WordsCommitted(channel=channel, segment=segment, first=0, words=words)
    if kind == "correct":
        corrected = le.SegmentCorrected(
            channel=channel, segment=segment, base_revision=0, base_words=0, text="", tail=""
        )
        return draw(st.sampled_from([Role.ENGINE, Role.CAPTIONER])), corrected
    moved = le.SegmentsMovedAway(channel=channel, segments=(segment,), session=SessionId("other"))
    struck: list[ev.AnyEvent] = [moved, le.ChannelRewound(channel=channel, t=t, segments=(segment,))]
    return Role.TECHNICIAN, draw(st.sampled_from(struck))


@given(log=logs(), data=st.data())
def test_a_log_folded_in_parts_gives_what_it_gives_at_once(log: list[Written], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(log)))
    assert folded(folded(QualityView(), log[:cut]), log[cut:]) == folded(QualityView(), log)


@given(log=logs())
def test_texts_folded_by_themselves_add_up_to_the_whole(log: list[Written]) -> None:
    whole = folded(QualityView(), log)
    parts = [
        folded(QualityView(), [each for each in log if getattr(each[2], "channel", channel) == channel])
        for channel in CHANNELS
    ]
    assert figures(parts[0]) + figures(parts[1]) == figures(parts[1]) + figures(parts[0]) == figures(whole)
    assert figures(whole) + QualityFigures() == figures(whole)
    assert figures(whole) - figures(parts[0]) == figures(parts[1])


@given(log=logs(), data=st.data())
def test_corrections_may_come_in_any_order(log: list[Written], data: st.DataObject) -> None:
    places = [n for n, (_, _, event) in enumerate(log) if isinstance(event, le.SegmentCorrected)]
    mixed = list(log)
    for place, other in zip(places, data.draw(st.permutations(places)), strict=True):
        mixed[place] = log[other]
    opened: set[SegmentId] = set()
    for _, _, event in mixed:  # a line is there before it is corrected
        if isinstance(event, le.SegmentOpened):
            opened.add(event.segment)
        elif isinstance(event, le.SegmentCorrected) and event.segment not in opened:
            reject()
    assert figures(folded(QualityView(), mixed)) == figures(folded(QualityView(), log))


@given(log=logs(), data=st.data())
def test_what_is_removed_leaves_no_trace(log: list[Written], data: st.DataObject) -> None:
    """Bodies that are gone are as if the lines had never been."""
    lines = {event.segment for _, _, event in log if isinstance(event, le.SegmentOpened)}
    gone = data.draw(st.sets(st.sampled_from(sorted(lines)))) if lines else set()
    removed = [(at, role, None if getattr(event, "segment", None) in gone else event) for at, role, event in log]
    never = [each for each in log if getattr(each[2], "segment", None) not in gone]
    view = folded(QualityView(), removed)
    assert view == folded(QualityView(), never)
    assert not gone & {name for text in view.texts.values() for name, _ in (*text.newer.items(), *text.older.items())}


@given(log=logs())
def test_what_is_struck_leaves_no_word_delay_or_correction(log: list[Written]) -> None:
    view = folded(QualityView(), log)
    for channel, text in view.texts.items():
        names = tuple(name for name, _ in text.newer.items())
        view = view.apply(0, Role.TECHNICIAN, le.ChannelRewound(channel=channel, t=0, segments=names))
    assert figures(view) == QualityFigures(gaps=figures(view).gaps)


@given(log=logs())
def test_the_figures_fit_together_and_are_bounded(log: list[Written]) -> None:
    view = folded(QualityView(), log)
    found = figures(view)
    assert sum(found.delays.values()) <= found.words == sum(found.languages.values())
    assert max(found.by_machine, found.by_person) <= found.corrected <= found.by_machine + found.by_person
    assert found.corrected <= found.lines
    assert all(n > 0 for n in (*found.delays.values(), *found.languages.values()))
    assert found.delays.keys() <= set(range(len(EDGES)))
    assert len(view.mappings) <= MAPPINGS
    assert all(len(text.newer) <= LINES for text in view.texts.values())
    quality = view.quality()
    assert (quality is None) == (found.words < MIN_WORDS)
    if quality is not None and quality.delay is not None:
        assert quality.delay.p50 <= quality.delay.p95


@given(delays=st.lists(st.integers(0, 4_000_000), min_size=MIN_WORDS, max_size=300), percent=st.sampled_from([50, 95]))
def test_a_share_of_the_words_came_within_the_time_that_is_told(delays: list[int], percent: int) -> None:
    view = QualityView().apply(0, Role.SYSTEM, ev.SessionOpened(wall=0))
    opened = le.SegmentOpened(
        channel=CHANNELS[0], segment=SegmentId("a"), t0=0, language="en", origin=le.Origin.MACHINE
    )
    view = view.apply(0, Role.ENGINE, opened)
    for delay in delays:
        words = (le.Word("w", 0, 0),)
        committed = le.WordsCommitted(channel=CHANNELS[0], segment=SegmentId("a"), first=0, words=words)
        view = view.apply(delay, Role.ENGINE, committed)
    quality = view.quality()
    assert quality is not None
    assert quality.delay is not None
    told = quality.delay.p50 if percent == 50 else quality.delay.p95
    exact = sorted(delays)[-(-len(delays) * percent // 100) - 1]
    if exact <= EDGES[-1]:
        assert exact <= told <= max(exact + 50, exact * 1.05 + 1)
    else:
        assert told == EDGES[-1]


@given(told=stories())
def test_it_takes_any_story(told: list[Told]) -> None:
    view = QualityView()
    for each in told:
        view = view.apply(each.offset, each.role, each.event)
    assert msgspec.convert(msgspec.to_builtins(figures(view)), QualityFigures) == figures(view)


@given(log=logs())
def test_the_periods_add_up_to_the_whole(log: list[Written]) -> None:
    view = folded(QualityView(), log)
    periods = view.periods()
    assert sum((each for _, each in periods), start=QualityFigures()) == figures(view)
    assert all(each != QualityFigures() for _, each in periods)
    for text in view.texts.values():
        assert sum(text.periods.values(), start=QualityFigures()) == text.figures
