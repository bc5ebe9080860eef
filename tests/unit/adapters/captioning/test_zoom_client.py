from __future__ import annotations

import pytest

from moothall.adapters.captioning.zoom_client import LONGEST, zoom_address, zoom_session
from moothall.services.capture.pulling import StreamLost

GOOD = "https://wmcc.zoom.us/closedcaption?id=2&ns=abc&signature=x.y"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "closedcaption",
        "http://wmcc.zoom.us/closedcaption?id=2",
        "https://wmcc.zoom.us/other?id=2",
        "https://wmcc.zoom.us:8443/closedcaption",
        "https://user@wmcc.zoom.us/closedcaption",
        "https://localhost/closedcaption",
        "https://127.0.0.1/closedcaption",
        "https://[::1]/closedcaption",
        "https://[::ffff:10.0.0.1]/closedcaption",
        "https://[64:ff9b::a00:1]/closedcaption",
        "https://169.254.169.254/closedcaption",
        "https://10.0.0.9/closedcaption",
        "https://wmcc.zoom.us:x/closedcaption",
        "https://[/closedcaption",
        "https://wmcc.zoom.us/closedcaption?a=\nHost: b",
        f"{GOOD}&x={'y' * LONGEST}",
    ],
)
def test_an_address_that_may_lead_inside_is_none(address: str) -> None:
    assert zoom_address(address) is None


def test_zoom_s_address_is_taken_as_it_is() -> None:
    assert zoom_address(f" {GOOD} ") == GOOD
    assert zoom_address("http://127.0.0.1:8080/closedcaption?key=a", private=True) is not None


async def test_a_name_that_leads_inside_is_not_followed() -> None:
    async with zoom_session() as http:
        with pytest.raises(StreamLost, match="private"):
            await http.get("https://localhost/closedcaption")
