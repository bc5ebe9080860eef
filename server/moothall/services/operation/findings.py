"""What `moothall doctor` finds: a sentence about one thing, and whether something has to be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

MEGABYTE, GIGABYTE = 1_000_000, 1_000_000_000


class Verdict(StrEnum):
    """How one thing stands."""

    FINE = "fine"
    MEND = "mend"
    """Something has to be done, and the sentence says what."""
    UNSEEN = "not looked at"
    """It couldn't be found out, or isn't wanted here; the sentence says why. No fault."""


class Finding(msgspec.Struct, frozen=True):
    """About one thing."""

    topic: str
    verdict: Verdict
    sentence: str
    """What was found; for `MEND` what to do as well. It holds no secret: it may be printed and passed on."""


def fine(topic: str, sentence: str) -> Finding:
    """Nothing has to be done."""
    return Finding(topic, Verdict.FINE, sentence)


def mend(topic: str, sentence: str) -> Finding:
    """Something has to be done."""
    return Finding(topic, Verdict.MEND, sentence)


def unseen(topic: str, sentence: str) -> Finding:
    """It wasn't looked at."""
    return Finding(topic, Verdict.UNSEEN, sentence)


def all_well(findings: Iterable[Finding]) -> bool:
    """Whether nothing has to be done."""
    return all(each.verdict is not Verdict.MEND for each in findings)
