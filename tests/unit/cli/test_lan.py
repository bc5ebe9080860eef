from __future__ import annotations

import ipaddress

import pytest

from moothall.cli.lan import lan_address
from moothall.core.kernel.errors import ConfigurationError


def test_it_is_an_address_that_others_can_reach_or_a_sentence() -> None:
    try:
        address = ipaddress.ip_address(lan_address())
    except ConfigurationError as error:
        pytest.skip(f"This machine can't tell: {error}")
    assert not address.is_loopback
    assert not address.is_unspecified
