from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from moothall_models.recognizers.whisper.timestamp_rules import ChosenToken, TimestampRules

END, NO_TIMESTAMPS = 4, 6
BEGIN, COUNT = 7, 67
RULES = TimestampRules(end=END, no_timestamps=NO_TIMESTAMPS, never=[2, 5])


def chosen(tokens: Sequence[int], **likely: float) -> ChosenToken:
    """By logits that are 0 but for `t3` (a token) or `at9` (a timestamp), ...; timestamps else -9."""
    logits = np.zeros(BEGIN + COUNT, dtype=np.float32)
    logits[BEGIN:] = -9
    for name, value in likely.items():
        logits[BEGIN + int(name[2:]) if name.startswith("at") else int(name[1:])] = value
    return RULES.choose(tokens, logits)


def at(step: int) -> int:
    return BEGIN + step


def test_it_begins_with_a_timestamp_of_the_first_second() -> None:
    assert chosen([], t3=20, at7=1).token == at(7)
    assert chosen([], at50=1, at51=2).token == at(50)
    assert chosen([], at51=20, t4=20).token == at(0)


def test_behind_the_first_timestamp_stands_text_or_the_end() -> None:
    assert chosen([at(0)], at9=20, t3=1).token == 3
    assert chosen([at(0)], at9=20, t4=1).token == END


def test_behind_text_stands_text_the_end_or_a_later_timestamp() -> None:
    assert chosen([at(5), 3], t1=1).token == 1
    assert chosen([at(5), 3], t4=1).token == END
    assert chosen([at(5), 3], at5=20, at6=9).token == at(6)
    assert chosen([at(5), 3], at3=20, t1=1).token == 1


def test_behind_a_timestamp_that_closes_stands_the_same_a_later_one_or_the_end() -> None:
    assert chosen([at(0), 3, at(9)], at9=5, t1=9).token == at(9)
    assert chosen([at(0), 3, at(9)], at8=9, at12=5, t1=9).token == at(12)
    assert chosen([at(0), 3, at(9)], t4=5, t1=9).token == END


def test_behind_a_timestamp_that_opens_stands_text_or_the_end() -> None:
    assert chosen([at(0), 3, at(9), at(9)], at9=20, t1=1).token == 1


def test_a_timestamp_is_written_when_all_together_are_likelier_than_any_other_token() -> None:
    together = dict.fromkeys((f"at{step}" for step in range(10, 20)), 0.0)
    assert chosen([at(5), 3], t1=2, **together).token == at(10)
    assert chosen([at(5), 3], t1=2.5, **together).token == 1


def test_what_is_never_written() -> None:
    assert chosen([at(0), 3], t2=9, t5=9, t6=9, t0=1).token == 0


def test_how_likely_it_is() -> None:
    # Of text: among 0, 1, 3 and the end; timestamps hardly count here.
    found = chosen([at(5), 3], t1=1)
    assert found.p == pytest.approx(math.e / (math.e + 3))
    assert found.log_p == pytest.approx(math.log(math.e / (math.e + 3 + 61 * math.exp(-9))))
    # Behind an opening timestamp what the rules forbid counts for nothing.
    found = chosen([at(5)], t1=1, at9=20)
    assert found.log_p == pytest.approx(math.log(math.e / (math.e + 3)))
    # Of a timestamp: among all that is allowed.
    found = chosen([], at3=1, t1=20)
    assert found.p == pytest.approx(math.e / (math.e + 50 * math.exp(-9)))
    assert found.p == pytest.approx(math.exp(found.log_p))


def likeliest(tokens: Sequence[int], count: int, **likely: float) -> list[ChosenToken]:
    logits = np.full(BEGIN + COUNT, -20, dtype=np.float32)
    for name, value in likely.items():
        logits[BEGIN + int(name[2:]) if name.startswith("at") else int(name[1:])] = value
    return RULES.likeliest(tokens, logits, count)


def test_the_likeliest_come_in_their_order_and_all_timestamps_are_one() -> None:
    found = likeliest([at(0), 1], 3, t3=2, t1=1, t0=0.5, at9=0, at10=0.5, at11=0)
    assert [choice.token for choice in found] == [3, at(10), 1]
    of_all = sum(math.exp(x) for x in (2, 1, 0.5, 0, 0.5, 0))
    assert found[0].log_p == pytest.approx(math.log(math.exp(2) / of_all), abs=1e-3)
    assert found[1].p == pytest.approx((2 + math.exp(0.5)) / of_all, abs=1e-3)
    assert found[2].p == pytest.approx(math.exp(1) / sum(math.exp(x) for x in (2, 1, 0.5)), abs=1e-3)


def test_where_timestamps_together_are_likelier_than_any_text_there_is_one_choice() -> None:
    assert [each.token for each in likeliest([at(0), 1], 3, t3=1, at9=0.9, at10=0.8)] == [at(9)]
    assert [each.token for each in likeliest([], 3, t3=9, at9=0)] == [at(9)]


def test_among_the_likeliest_is_nothing_that_may_not_be_written() -> None:
    assert {each.token for each in likeliest([at(0)], 9, t2=9, t5=9, t6=9, t3=1, at9=9)} <= {0, 1, 3, END}
    # Behind a timestamp that ended something: another one, or the end.
    assert {each.token for each in likeliest([at(0), 1, at(9)], 9, t3=9, t4=1, at5=9, at9=0)} == {END, at(9)}


def test_the_first_of_the_likeliest_is_what_is_chosen() -> None:
    random = np.random.default_rng(4)
    for tokens in ([], [at(0)], [at(0), 1], [at(0), 1, at(9)], [at(0), 1, at(9), at(9), 3]):
        for _ in range(20):
            logits = random.normal(0, 3, BEGIN + COUNT).astype(np.float32)
            logits[BEGIN:] -= 3
            assert RULES.likeliest(tokens, logits.copy(), 3)[0].token == RULES.choose(tokens, logits.copy()).token
