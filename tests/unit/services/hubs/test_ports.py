from __future__ import annotations

import msgspec
import pytest

from moothall.core.kernel.ids import Epoch
from moothall.services.hubs.ports import LogStatus

STAND = LogStatus(epoch=Epoch("e"), offset=90, heads={}, public=True, channels=())


@pytest.mark.parametrize(
    ("begin", "complete_through", "whole", "through"),
    [(0, 0, True, 90), (60, 40, False, 40), (60, 60, True, 90), (60, 0, False, 0)],
)
def test_a_log_is_whole_where_its_parts_meet(begin: int, complete_through: int, whole: bool, through: int) -> None:
    stand = msgspec.structs.replace(STAND, begin=begin, complete_through=complete_through)
    assert (stand.whole, stand.through) == (whole, through)
