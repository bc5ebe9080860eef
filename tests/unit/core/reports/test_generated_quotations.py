"""Of 2,000 altered quotations none passes, and of 2,000 right ones at most five are refused."""

from __future__ import annotations

from collections import Counter
from functools import cache

from moothall.core.reports.quoting import QuotableRecord
from support.reports.quotations import ALTERATIONS, SpokenSession, altered_quotations, right_quotations, sessions

MANY = 2_000


@cache
def said() -> tuple[SpokenSession, ...]:
    return sessions()


@cache
def records() -> dict[str, QuotableRecord]:
    return {session.name: QuotableRecord(session.lines) for session in said()}


def test_no_altered_quotation_passes() -> None:
    made = list(altered_quotations(MANY, said()))
    assert min(Counter(each.kind for each in made).values()) >= MANY // len(ALTERATIONS) - len(said())
    passed = [each for each in made if records()[each.session.name].check(each.claim).passes]
    assert [(each.kind, each.claim.text) for each in passed] == []


def test_right_quotations_pass() -> None:
    made = list(right_quotations(MANY, said()))
    refused = [each for each in made if not records()[each.session.name].check(each.claim).passes]
    assert len(refused) <= 5, [(each.kind, each.claim.text) for each in refused]
