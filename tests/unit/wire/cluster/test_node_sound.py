from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import SessionId, SourceId
from moothall.wire.cluster.node_sound import SpooledSound, decode, encode

SOUND = SpooledSound(session=SessionId("plenary"), source=SourceId("live-pull-0"), start=1, safe=2, version="1.0")


def test_a_list_is_read_as_it_was_written() -> None:
    assert decode(encode((SOUND,))) == (SOUND,)
    assert decode(encode(())) == ()


@pytest.mark.parametrize("raw", [b"", b"{}", b'[{"session": 1}]'])
def test_what_is_no_list_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError, match="can't be read"):
        decode(raw)
