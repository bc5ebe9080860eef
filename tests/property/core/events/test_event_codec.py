"""Law 3: decode(encode(x)) == x, whatever the event."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.events import types as ev
from moothall.core.events.base import Event
from moothall.core.events.codec import EVENT_TYPES, UnknownEvent, decode_event, encode_event, type_name
from moothall.core.kernel.errors import RecordBroken
from support.sessions.strategies import EVENTS, EVENTS_BY_TYPE


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
@given(data=st.data())
def test_an_event_comes_back_from_its_bytes(name: str, data: st.DataObject) -> None:
    event = data.draw(EVENTS_BY_TYPE[name])
    body = encode_event(event)
    assert decode_event(body) == event
    assert encode_event(event) == body
    assert type_name(event) == name
    written = msgspec.json.decode(body)
    assert (written["type"], written["v"]) == (name, type(event).VERSION)


@given(event=EVENTS, extra=st.dictionaries(st.text("xyz", min_size=4), st.integers() | st.text(), min_size=1))
def test_fields_that_a_later_release_added_are_passed_over(event: ev.AnyEvent, extra: dict[str, object]) -> None:
    body = msgspec.json.encode({**msgspec.json.decode(encode_event(event)), **extra})
    assert decode_event(body) == event


@given(event=EVENTS, cut=st.integers(0, 10_000))
def test_a_body_that_was_cut_is_never_taken_for_another(event: ev.AnyEvent, cut: int) -> None:
    body = encode_event(event)
    with pytest.raises(RecordBroken):
        decode_event(body[: cut % len(body)])


@given(body=st.binary(max_size=60))
def test_any_bytes_are_an_event_or_broken(body: bytes) -> None:
    try:
        event = decode_event(body)
    except RecordBroken:
        return
    assert isinstance(event, Event | UnknownEvent)


@given(event=EVENTS, later=st.integers(2, 10**9))
def test_a_body_of_a_later_version_is_unknown(event: ev.AnyEvent, later: int) -> None:
    raw = {**msgspec.json.decode(encode_event(event)), "v": later}
    assert decode_event(msgspec.json.encode(raw)) == UnknownEvent(type=type_name(event), v=later)
