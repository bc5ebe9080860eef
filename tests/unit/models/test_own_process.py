from __future__ import annotations

import resource

from moothall_models.own_process import LIFE_VARIABLE, limit_memory, own_life


def test_a_run_is_named_by_the_server_that_started_it_or_by_chance() -> None:
    assert own_life({LIFE_VARIABLE: "given"}) == "given"
    assert len({own_life({}), own_life({LIFE_VARIABLE: ""}), own_life({})}) == 3


def test_without_a_bound_memory_is_what_there_is() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    limit_memory(0)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
