from __future__ import annotations

import ipaddress

from moothall_hub.uplink.addresses import Origins, local_addresses, origins_of, room_address


def test_the_addresses_of_a_machine_are_numbers_that_others_can_reach() -> None:
    assert all(not ipaddress.IPv4Address(address).is_loopback for address in local_addresses())


def test_people_are_told_the_name_first_then_numbers() -> None:
    found = origins_of("0.0.0.0", 8090, "text.local", ("10.0.0.7",))  # noqa: S104
    assert found == ("http://text.local:8090", "http://10.0.0.7:8090", "http://127.0.0.1:8090", "http://localhost:8090")
    assert origins_of("127.0.0.1", 80) == ("http://127.0.0.1", "http://localhost")
    assert origins_of("10.0.0.7", 80, "text.local:8000") == ("http://text.local:8000", "http://10.0.0.7")
    assert origins_of("fe80::1", 8090) == ("http://[fe80::1]:8090",)
    assert origins_of("hub.example", 8090) == ("http://hub.example:8090",)


def test_an_address_that_the_machine_gets_later_is_one_of_its_own() -> None:
    known = Origins(["http://10.0.0.7:8090"])
    assert "http://10.0.0.7:8090" in known
    assert "http://192.168.1.4:8090" not in known
    known.learn("192.168.1.4", 8090)
    known.learn("::ffff:192.168.1.5", 80)
    known.learn("fe80::1%eth0", 8090)
    known.learn("evil.example", 8090)
    assert "http://192.168.1.4:8090" in known
    assert "http://192.168.1.5" in known
    assert "http://[fe80::1]:8090" in known
    assert "http://evil.example:8090" not in known


def test_the_room_is_told_the_address_that_others_reach() -> None:
    assert room_address(origins_of("0.0.0.0", 8090, "text.local", ("10.0.0.7",))) == "text.local:8090"  # noqa: S104
    assert room_address(origins_of("0.0.0.0", 8090, "", ("10.0.0.7",))) == "10.0.0.7:8090"  # noqa: S104
    for alone in ("127.0.0.1", "::1", "localhost"):
        assert not room_address(origins_of(alone, 8090))
