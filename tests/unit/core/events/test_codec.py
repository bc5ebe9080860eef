from __future__ import annotations

import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.events.codec import EVENT_TYPES, UnknownEvent, Upcast, decode_event, encode_event
from moothall.core.kernel.errors import RecordBroken
from moothall.core.kernel.ids import SpeakerId


def test_a_body_is_plain_json_with_its_type_first() -> None:
    event = ev.SpeakerIntroduced(speaker=SpeakerId("s-1"), name="Zoë Ávila")
    assert encode_event(event) == ('{"type":"speaker.introduced","v":1,"speaker":"s-1","name":"Zoë Ávila"}'.encode())


def test_every_type_has_a_name_of_its_own() -> None:
    assert len(set(EVENT_TYPES.values())) == len(EVENT_TYPES) == 107
    assert EVENT_TYPES["words.committed"] is le.WordsCommitted


def test_a_type_of_a_later_release_is_carried_as_unknown() -> None:
    assert decode_event(b'{"type":"floor.asked","v":3,"text":"Why?"}') == UnknownEvent(type="floor.asked", v=3)


def test_a_later_version_of_a_known_type_is_carried_as_unknown() -> None:
    assert decode_event(b'{"type":"session.paused","v":2,"t":5}') == UnknownEvent(type="session.paused", v=2)


def test_a_body_without_a_version_is_of_the_first() -> None:
    assert decode_event(b'{"type":"session.paused","t":5}') == ev.SessionPaused(t=5)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"t":5}',
        b'{"type":7}',
        b'{"type":"session.paused"}',
        b'{"type":"session.paused","t":"5"}',
        b'{"type":"session.paused","v":0,"t":5}',
        b'{"type":"session.paused","v":-1,"t":5}',
        b'{"type":"session.paused","v":1,"t":5}}',
        b'{"type":"speaker.introduced","speaker":"a","name":"\xff"}',
        b'{"type":"floor.asked","deep":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    ],
)
def test_what_can_be_no_event_is_broken_and_says_so(body: bytes) -> None:
    with pytest.raises(RecordBroken, match=f"An event's body of {len(body)} bytes can't be read"):
        decode_event(body)


UPCASTS: dict[tuple[str, int], Upcast] = {
    ("session.paused", -1): lambda raw: {"type": raw["type"], "seconds": raw["minutes"] * 60},
    ("session.paused", 0): lambda raw: {"type": raw["type"], "t": raw["seconds"] * 1000},
}
"""As if two versions had come before the first."""


def test_an_older_version_is_brought_up_step_by_step() -> None:
    assert decode_event(b'{"type":"session.paused","v":0,"seconds":3}', UPCASTS) == ev.SessionPaused(t=3_000)
    assert decode_event(b'{"type":"session.paused","v":-1,"minutes":3}', UPCASTS) == ev.SessionPaused(t=180_000)


@pytest.mark.parametrize(
    "body", [b'{"type":"session.paused","v":0}', b'{"type":"session.paused","v":-1,"minutes":null}']
)
def test_an_older_version_that_lacks_what_it_had_is_broken(body: bytes) -> None:
    upcasts = {**UPCASTS, ("session.paused", -1): lambda raw: {"type": raw["type"], "seconds": 0, "t": raw["minutes"]}}
    with pytest.raises(RecordBroken):
        decode_event(body, {**upcasts, ("session.paused", 0): lambda raw: {"type": raw["type"], "t": raw["t"]}})
