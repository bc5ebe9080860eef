from __future__ import annotations

from typing import get_args

import msgspec

from moothall.wire.hubs.acts import AnyAct, HeadCountAct


def test_each_act_of_a_room_is_told_by_its_tag() -> None:
    kinds = get_args(AnyAct)
    assert len({kind.__struct_config__.tag for kind in kinds}) == len(kinds)
    count = HeadCountAct(people=3)
    assert msgspec.json.decode(msgspec.json.encode(count), type=AnyAct) == count
