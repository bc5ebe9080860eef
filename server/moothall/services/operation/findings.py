"""The findings of `moothall doctor`: a sentence about one thing, and whether something has to be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

MEGABYTE, GIGABYTE = 1_000_000, 1_000_000_000


class Verdict(StrEnum):
    """The verdict of a finding."""

    FINE = "fine"
    MEND = "mend"
    """Something has to be done, and the sentence says what."""
    UNSEEN = "not looked at"
    """It couldn't be checked, or isn't wanted here; the sentence says why. This is no fault."""


class Finding(msgspec.Struct, frozen=True):
    """What was found about one thing."""

    topic: str
    verdict: Verdict
    sentence: str
    """What was found; for `MEND` also what to do. It holds no secret: it may be printed and passed on."""


def fine(topic: str, sentence: str) -> Finding:
    """A finding that needs no action."""
    return Finding(topic, Verdict.FINE, sentence)


def mend(topic: str, sentence: str) -> Finding:
    """A finding that needs action."""
    return Finding(topic, Verdict.MEND, sentence)


def unseen(topic: str, sentence: str) -> Finding:
    """A finding about something that wasn't checked."""
    return Finding(topic, Verdict.UNSEEN, sentence)


def all_well(findings: Iterable[Finding]) -> bool:
    """Whether no finding needs action."""
    return all(each.verdict is not Verdict.MEND for each in findings)
