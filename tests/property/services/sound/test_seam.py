"""Laws of where a microphone resumes at a machine that lacks its sound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from moothall.core.events.lines import AirSource
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.sessions.air import Air
from moothall.core.sessions.keeping import Span, kept_from, merged
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State
from moothall.services.sound.live_audio import CONTEXT_MS, to_ms, to_samples
from moothall.services.sound.seam import seam_of, wanted_from

FLOOR = ChannelId("floor")
times = st.integers(0, 200_000)
positions = st.integers(0, 200_000 * 16)


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    """Spans in order and apart; the last one may last."""
    bounds = sorted(draw(st.lists(times, max_size=8, unique=True)))
    pairs: list[Span] = list(zip(bounds[::2], bounds[1::2], strict=False))
    return merged([*pairs, (bounds[-1], None)] if len(bounds) % 2 else pairs)


def kept(unkept: tuple[Span, ...], t: int) -> bool:
    return not any(t0 <= t and (t1 is None or t < t1) for t0, t1 in unkept)


@given(spans(), times)
def test_what_is_kept_from_a_time_on_begins_where_nothing_before_it_is(unkept: tuple[Span, ...], t: int) -> None:
    found = kept_from(unkept, t)
    bounds = [t, *(t0 for t0, _ in unkept if t0 >= t)]
    if found is None:
        assert not any(kept(unkept, each) for each in bounds)
        return
    assert found >= t
    assert kept(unkept, found)
    assert not any(kept(unkept, each) for each in bounds if each < found)


@given(spans(), times)
def test_for_the_seam_a_little_is_wanted_and_nothing_that_is_not_kept(unkept: tuple[Span, ...], decided: int) -> None:
    wanted = wanted_from(unkept, decided)
    assert max(0, decided - CONTEXT_MS) <= wanted <= decided
    assert all(kept(unkept, t) for t in range(wanted, decided, 97))
    assert wanted == decided or kept(unkept, decided - 1)


def a_state(unkept: tuple[Span, ...], through: int, set_back: tuple[int, int] = (0, 0)) -> State:
    floor = Channel(id=FLOOR, kind=ChannelKind.FLOOR, languages=("en",), committed_through=through)
    return replace(State(id=SessionId("s")), channels={FLOOR: floor}, not_recorded=unkept, set_back=set_back)


@st.composite
def takes(draw: st.DrawFn) -> dict[int, int]:
    """Sources of one take: at each position the media time at which it begins."""
    bases = sorted(draw(st.lists(positions, min_size=1, max_size=3, unique=True)))
    t, found = draw(times), dict[int, int]()
    for before, base in zip([bases[0], *bases], bases, strict=False):
        t += to_ms(base - before) + (draw(st.integers(0, 3_000)) if found else 0)
        found[base] = t
    return found


@given(takes(), spans(), times, positions, positions)
def test_a_sample_lies_where_it_lay_and_nothing_is_left_out_silently(
    bases: dict[int, int], unkept: tuple[Span, ...], through: int, first: int, done: int
) -> None:
    state = a_state(unkept, through)
    seam = seam_of(bases, state, FLOOR, first, done)
    decided = kept_from(unkept, through)
    decided = through if decided is None else decided
    wanted = wanted_from(unkept, decided)
    begun = [base for base in bases if bases[base] <= wanted]
    base = max(begun) if begun else min(bases)
    assert seam.at >= max(first, done)  # It has nothing else, and is asked for nothing that it was told is done.
    assert seam.t == bases[base] + to_ms(seam.at - base)
    for position in (seam.at, seam.at + 16, seam.at + 100_007):  # As both sources count them.
        assert abs(seam.t + to_ms(position - seam.at) - (bases[base] + to_ms(position - base))) <= 1
    needed = max(base + to_samples(max(0, wanted - bases[base])), done)
    if first <= needed:
        assert seam.at == needed
        assert seam.missing_from >= min(seam.t, decided)
    else:  # Whatever of it was neither decided nor done is said to be missing.
        told = bases[base] + to_ms(done - base) if done > base else 0
        assert seam.missing_from == max(decided, told, bases[base])


@given(times, times, times)
def test_while_a_respeaker_is_heard_the_floor_goes_on_where_its_own_words_ended(
    began: int, t: int, through: int
) -> None:
    air = Air(source=AirSource.RESPEAKER, since=began + t, away=((began, None),))
    heard = a_state((), began + t + through)
    channels = {FLOOR: replace(heard.channels[FLOOR], air=air)}
    state = replace(heard, channels=channels)
    assert seam_of({0: 0}, state, FLOOR, 0, 0) == seam_of({0: 0}, a_state((), began), FLOOR, 0, 0)
    assert seam_of({0: 0}, state, FLOOR, 0, 0, respoken=True) == seam_of({0: 0}, heard, FLOOR, 0, 0)


@given(times, times, st.integers(0, 60_000))
def test_what_was_done_in_a_break_whose_end_was_set_back_is_not_done(since: int, back: int, later: int) -> None:
    until = since + back
    state = a_state((), 0, (since, until))
    done = to_samples(since + later)
    seam = seam_of({0: 0}, state, FLOOR, done, done)
    assert seam.missing_from == (since if later <= back else since + later)
