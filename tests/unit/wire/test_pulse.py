from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProtocolError
from moothall.wire import pulse as wire


def test_a_pulse_goes_over_the_link_as_it_is() -> None:
    pulse = wire.ProcessPulse(life="a", working=True, passes=3, samples=9, busy_ms=7, usual_ms=5, attachments=(1,))
    assert wire.decode(wire.encode(pulse)) == pulse


@pytest.mark.parametrize(
    "frame",
    [
        b"\xc1",
        b"\x81\xa1a" * 5_000,
        b"\x81\xa4life\xa1\xff",
        wire.encode(wire.ProcessPulse(life="", working=True)),
        wire.encode(wire.ProcessPulse(life="a" * (wire.MOST_LIFE + 1), working=True)),
    ],
)
def test_what_is_none_is_refused(frame: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.decode(frame)
