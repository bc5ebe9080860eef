from __future__ import annotations

from typing import get_args

import msgspec

from moothall.wire import hub, hub_acts


def test_whoever_speaks_of_the_link_has_them_all_and_each_is_told_by_its_tag() -> None:
    kinds = get_args(hub_acts.AnyAct)
    assert hub.AnyAct == hub_acts.AnyAct
    assert all(getattr(hub, kind.__name__) is kind for kind in kinds)
    assert len({kind.__struct_config__.tag for kind in kinds}) == len(kinds)
    count = hub_acts.HeadCountAct(people=3)
    assert msgspec.json.decode(msgspec.json.encode(count), type=hub_acts.AnyAct) == count
