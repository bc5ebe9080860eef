from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_hub.uplink.counted_connection import dial, link_address


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://meeting.example", "wss://meeting.example/hub/link"),
        ("http://127.0.0.1:8080/", "ws://127.0.0.1:8080/hub/link"),
        ("https://meeting.example:8443/hall/", "wss://meeting.example:8443/hall/hub/link"),
    ],
)
def test_the_link_is_behind_the_public_address(address: str, link: str) -> None:
    assert link_address(address) == link


@pytest.mark.parametrize(
    "address", ["", "meeting.example", "ftp://meeting.example", "https://", "https://a:b@meeting.example"]
)
def test_what_is_no_address_is_a_sentence(address: str) -> None:
    with pytest.raises(ConfigurationError, match="is no address of a server: it looks like https://meeting"):
        dial(address, "key", lambda received, sent: None)
