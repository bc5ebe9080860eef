"""Tries a family's targets with their corpus, hostile inputs and mixtures of both: `fuzz.replay FAMILY`.

It needs no atheris, does the same in each run, and takes a few seconds. Ends with 1 at the first
finding, which it prints.
"""

from __future__ import annotations

import importlib
import random
import sys

from fuzz.target import HOSTILE, Target

MIXED = 150
"""Mixtures for each target."""


def inputs(target: Target) -> list[bytes]:
    """Return the inputs for a target."""
    chance = random.Random(20261128)  # noqa: S311  # repeatable is what it has to be
    known = [*target.corpus(), *HOSTILE]
    mixed = []
    for _ in range(MIXED):
        one, other = chance.choice(known), chance.choice(known)
        at, size = chance.randrange(len(one) + 1), chance.randrange(9)
        mixed.append(one[:at] + other[size : size + chance.randrange(64)] + one[at + size :])
    return [*known, *mixed]


def main(family: str) -> int:
    """Run the command; returns 1 at the first finding."""
    for target in importlib.import_module(f"fuzz.{family}").TARGETS:
        given = inputs(target)
        for data in given:
            try:
                target.try_with(data)
            except Exception as error:  # any error that the target doesn't declare is a finding
                print(f"{target.name}: {type(error).__name__}: {error} for {data!r}")
                return 1
        print(f"{target.name}: {len(given)} inputs.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
