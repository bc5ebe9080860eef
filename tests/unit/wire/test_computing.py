from __future__ import annotations

import pytest

from moothall.wire.computing import workers_for


@pytest.mark.parametrize(("cores", "threads", "workers"), [(1, 1, 1), (2, 1, 2), (16, 1, 4), (8, 4, 2), (2, 4, 1)])
def test_as_many_workers_as_the_cores_allow_and_no_more_than_four(cores: int, threads: int, workers: int) -> None:
    assert workers_for(cores, threads) == workers
