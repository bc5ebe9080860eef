from __future__ import annotations

import random

import msgspec

from cluster_spans import SECRET, SLACK_S, Span, Spans, own_word, secret, spans_against, without_words
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.kernel.ids import ChannelId, SegmentId
from support.sessions.recorder import Recorder


def spans(*some: Span) -> Spans:
    made = Spans()
    made.all.extend(some)
    return made


def line(number: int, text: str) -> LogRecord:
    ended = le.SegmentEnded(
        channel=ChannelId("floor"), segment=SegmentId(f"s{number}"), t1=1, text=text, reason=le.EndReason.SENTENCE
    )
    return Recorder().record(ended, cause=f"ann:type:{number}")


def test_what_is_surely_in_a_span_and_what_may_be() -> None:
    one = Span(asked=100.0, begun=101.0, ending=120.0, over=121.0)
    made = spans(one)
    assert made.surely(101.0 + SLACK_S, 120.0 - SLACK_S)
    assert not made.surely(101.0, 110.0)
    assert not made.surely(105.0, 119.0)
    assert made.perhaps(121.0 + SLACK_S, 130.0)
    assert not made.perhaps(122.0 + SLACK_S, 130.0)
    assert not made.perhaps(90.0, 99.0 - SLACK_S)
    assert (made.take_lines, made.on, Spans().take_lines) == (True, False, False)
    assert spans(Span(asked=100.0)).on
    assert not spans(Span(asked=100.0)).surely(105.0, 106.0), "nobody has acknowledged it"
    assert spans(Span(asked=100.0, begun=100.0)).surely(105.0, 900.0)


def test_a_beginning_is_set_back_to_the_end_of_the_span_before_at_most() -> None:
    made = spans(
        Span(asked=100.0, begun=100.0, ending=104.0, over=104.0),
        Span(asked=110.0, back_s=8.0, begun=110.0, ending=130.0, over=130.0),
    )
    assert made.surely(104.0 + SLACK_S, 109.0)
    assert not made.surely(103.0, 109.0)
    assert made.perhaps(102.0, 103.0)


def test_only_a_span_that_is_on_or_just_over_refuses() -> None:
    made = spans(Span(asked=100.0, begun=100.0, ending=104.0, over=104.0))
    assert [made.may_refuse(at) for at in (99.0, 100.0, 110.0, 200.0)] == [False, True, True, False]


def test_words_that_no_file_may_have_are_those_of_lines_without_their_text() -> None:
    chance = random.Random(1)  # noqa: S311  # repeatable is what it has to be
    texts = {n: f"Line {n} says {secret(chance)}." for n in (1, 2)}
    assert all(SECRET.fullmatch(own_word(text)) for text in texts.values())
    one, two = (line(n, text) for n, text in texts.items())
    gone = msgspec.structs.replace(two, salt=None, body=None)
    assert without_words({"ann": texts}, [one, gone]) == [own_word(texts[2])]
    assert not spans_against({"ann": [2]}, {"ann": {3: texts[2]}}, [one, gone])
    assert spans_against({"ann": [1]}, {}, [one]).other == 1
    assert spans_against({}, {"ann": {3: texts[1]}}, [one]).other == 1
