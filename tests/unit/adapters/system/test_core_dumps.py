from __future__ import annotations

import resource

from moothall.adapters.system.core_dumps import refuse_core_dumps


def test_a_process_that_breaks_down_leaves_no_picture_of_its_memory() -> None:
    refuse_core_dumps()
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
