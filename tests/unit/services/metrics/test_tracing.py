from __future__ import annotations

from moothall.services.metrics.tracing import ATTRIBUTES, NotTraced


def test_what_is_not_traced_does_nothing() -> None:
    made = NotTraced()
    with made.span("act", session="s"), made.span("append", made.here(), events=1):
        assert made.here() is None


def test_no_span_has_a_place_for_what_people_say_or_are_called() -> None:
    assert not ATTRIBUTES & {"text", "name", "title", "token", "key", "speaker", "address", "question", "words"}
