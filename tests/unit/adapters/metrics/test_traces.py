from __future__ import annotations

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # what is tested
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # as above

from moothall.adapters.metrics.traces import LONGEST, Traces


def traces(percent: int = 100) -> tuple[Traces, InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    return Traces(SimpleSpanProcessor(kept), percent), kept


def test_spans_lie_below_each_other_also_where_a_task_hands_on_its_place() -> None:
    made, kept = traces()
    with made.span("act", session="s"):
        context = made.here()
    with made.span("append", context, events=2):
        pass
    act, append = kept.get_finished_spans()
    assert append.parent is not None
    assert append.parent.span_id == act.context.span_id
    assert dict(append.attributes or {}) == {"moothall.events": 2}


def test_what_has_no_name_cannot_be_said() -> None:
    made, kept = traces()
    with pytest.raises(KeyError, match="text"), made.span("act", text="mallow"):
        pass
    assert kept.get_finished_spans() == ()


def test_of_an_exception_its_type_is_told_and_no_message() -> None:
    made, kept = traces()
    with pytest.raises(ValueError, match="mallow"), made.span("act"):
        raise ValueError("mallow")
    (span,) = kept.get_finished_spans()
    assert span.status.description == "ValueError"
    assert span.events == ()
    assert "mallow" not in span.to_json()


def test_a_long_attribute_is_cut_and_the_machine_is_not_named() -> None:
    made, kept = traces()
    with made.span("act", commands="x" * 3 * LONGEST):
        pass
    (span,) = kept.get_finished_spans()
    assert len(str((span.attributes or {})["moothall.commands"])) == LONGEST
    assert set(span.resource.attributes) == {"service.name", "service.version"}


def test_a_part_of_the_traces_may_do() -> None:
    made, kept = traces(percent=1)
    for _ in range(200):
        with made.span("act"):
            pass
    assert len(kept.get_finished_spans()) < 100
