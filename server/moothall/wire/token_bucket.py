"""A token bucket for rate limits, in whole numbers and without a clock: the caller passes the time."""

from __future__ import annotations

import msgspec

_SCALE = 1000
"""Levels count thousandths of a token: with times in ms, `per_second` tokens a second are `per_second` of them a ms."""


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """A rate limit: `per_second` tokens a second on average (1 or more), at most `burst` at once."""

    per_second: int
    burst: int


class Bucket(msgspec.Struct, frozen=True):
    """The tokens that are left of an allowance at one moment."""

    level: int
    """Thousandths of a token; below zero while callers wait for tokens that they have already taken."""
    at: int
    """The moment of `level`, ms of a monotonic clock."""

    @classmethod
    def full(cls, allowance: Allowance, now: int) -> Bucket:
        """Return a full bucket; `now` in ms."""
        return cls(allowance.burst * _SCALE, now)

    def take(self, allowance: Allowance, now: int, patience: int = 0) -> tuple[Bucket, int]:
        """Take one token at `now` (ms), waiting up to `patience` ms for it.

        Returns the bucket afterwards and the wait in ms; 0 means that the caller may proceed at once. A wait longer
        than `patience` means that no token was taken: it is the time until one will be available.
        """
        level = min(allowance.burst * _SCALE, self.level + (now - self.at) * allowance.per_second)
        wait = max(0, -(-(_SCALE - level) // allowance.per_second))
        if wait > patience:
            return Bucket(level, now), wait
        return Bucket(level - _SCALE, now), wait
