"""Laws of an engine's capacity: what is said in its rooms decides how many more fit, and never the other way round."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall_models.speech.overload import LEAST_SPEECH, LEAST_SPOKEN, SPOKEN, Load, SpeechShare

SHARES = st.lists(st.floats(LEAST_SPOKEN, 1.0), max_size=20)
SPANS = st.lists(st.tuples(st.integers(32, 60_000), st.floats(0, 1)), max_size=50)


def load(cost: float, workers: int) -> Load:
    """An engine on which a second of speech takes `cost` seconds of a worker."""
    made = Load(workers)
    made.passed(ran=LEAST_SPEECH * cost, waited=0, speech=LEAST_SPEECH)
    return made


@given(SPANS)
def test_a_share_is_one_of_time(spans: list[tuple[int, float]]) -> None:
    share = SpeechShare()
    for sound, spoken in spans:
        share.add(sound, sound * spoken)
    heard = [spoken for _, spoken in spans]
    assert LEAST_SPOKEN <= share.value <= max([SPOKEN, *heard]) + 1e-9


@given(SHARES, st.floats(0.01, 2.0), st.integers(1, 4), st.data())
def test_where_more_is_said_no_more_rooms_fit(
    shares: list[float], cost: float, workers: int, data: st.DataObject
) -> None:
    louder = [data.draw(st.floats(share, 1.0)) for share in shares]
    before, after = (load(cost, workers).room(each, 0) for each in (shares, louder))
    assert after.channels <= before.channels
    assert after.most <= before.most


@given(SHARES, st.floats(0.01, 2.0), st.integers(1, 4))
def test_rooms_that_fit_in_time_leave_the_workers_their_rest(shares: list[float], cost: float, workers: int) -> None:
    room = load(cost, workers).room(shares, 0)
    assert room.most >= max(0, room.channels)
    if room.channels > 0 and len(shares) + room.channels > 1:
        assert cost * (sum(shares) + room.channels * SPOKEN) <= workers, "of the time of all workers"


@given(st.integers(0, 20), st.floats(0.01, 2.0), st.integers(1, 4))
def test_a_room_of_which_nothing_is_known_costs_as_much_as_was_always_assumed(
    rooms: int, cost: float, workers: int
) -> None:
    of_none = load(cost, workers).room((), 0)
    assert load(cost, workers).room((SPOKEN,) * rooms, 0).channels == of_none.channels - rooms
    assert SpeechShare().value == pytest.approx(SPOKEN)
