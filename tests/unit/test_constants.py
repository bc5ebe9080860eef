"""Hypothesis reads the constants of the source once for all workers: `support.files.constants`."""

from __future__ import annotations

import pytest

from moothall.core.kernel import ids
from support.files.constants import local_modules, part_of


def test_the_modules_of_the_source_are_those_that_are_read() -> None:
    assert ids in local_modules()
    assert pytest not in local_modules()


def test_each_module_is_read_by_one_worker() -> None:
    dealt = [module for part in range(5) for module in part_of(part, 5)]
    assert sorted(each.__name__ for each in dealt) == sorted(each.__name__ for each in local_modules())
