from __future__ import annotations

import pytest

from moothall.core.questions.floods import widest


@pytest.mark.parametrize(
    ("network", "wide"),
    [
        ("2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::/64", "2001:db8:1::/48"),
        ("2001:db8:2::/64", "2001:db8:2::/48"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("198.51.100.7", "198.51.100.7"),
        ("unix:", "unix:"),
        ("", ""),
    ],
)
def test_an_ipv6_address_counts_with_all_that_one_customer_may_have(network: str, wide: str) -> None:
    assert widest(network) == wide
