"""How often something may be done: a token bucket in whole numbers, without a clock."""

from __future__ import annotations

import msgspec

_SCALE = 1000
"""Thousandths of a token: with times in ms, `per_second` tokens a second are `per_second` thousandths a ms."""


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """A rate: `per_second` on average (1 or more), `burst` at once."""

    per_second: int
    burst: int


class Bucket(msgspec.Struct, frozen=True):
    """What is left of an allowance."""

    level: int
    """Thousandths of tokens; below zero while somebody waits their turn."""
    at: int
    """The moment of `level`, ms of a clock that never runs back."""

    @classmethod
    def full(cls, allowance: Allowance, now: int) -> Bucket:
        """A bucket that nobody has used."""
        return cls(allowance.burst * _SCALE, now)

    def take(self, allowance: Allowance, now: int, patience: int = 0) -> tuple[Bucket, int]:
        """Take one token at `now` (ms), waiting up to `patience` ms for it.

        Returns the bucket afterwards and the wait in ms: 0 to go on at once. A wait longer than `patience`
        means that nothing was taken; it says in how many ms there will be a token.
        """
        level = min(allowance.burst * _SCALE, self.level + (now - self.at) * allowance.per_second)
        wait = max(0, -(-(_SCALE - level) // allowance.per_second))
        if wait > patience:
            return Bucket(level, now), wait
        return Bucket(level - _SCALE, now), wait
