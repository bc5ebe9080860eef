from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.cluster.address import RedisAddress, parsed
from moothall.core.kernel.errors import ConfigurationError


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", RedisAddress("localhost")),
        ("redis://10.0.0.7:7000/3", RedisAddress("10.0.0.7", 7000, 3)),
        ("redis://hall@redis.example.org/", RedisAddress("redis.example.org", user="hall")),
        ("redis://a%40b@[fd00::7]:7000", RedisAddress("fd00::7", 7000, user="a@b")),
        ("rediss://redis.example.org", RedisAddress("redis.example.org", tls=True)),
    ],
)
def test_addresses_are_read(url: str, address: RedisAddress) -> None:
    assert parsed(url) == address
    assert address.name == f"{address.host}:{address.port}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        "unix:///run/redis.sock",
        "redis://",
        "redis://localhost:many",
        "redis://localhost/words",
        "redis://localhost?db=3",
        "redis://[fd00::7",
    ],
)
def test_what_is_no_address_is_refused_with_what_it_looks_like(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"redis://\[USER@\]HOST"):
        parsed(url)


def test_a_password_comes_from_a_file_and_never_from_the_address(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="into a file") as refused:
        parsed("redis://hall:rhubarb@localhost")
    assert "rhubarb" not in str(refused.value)
    secret = tmp_path / "secret"
    secret.write_text(" rhubarb \n")
    address = parsed("redis://hall@localhost", password_file=secret)
    assert address.password == "rhubarb"  # noqa: S105
    assert "rhubarb" not in repr(address)
    for wrong in ("", "\n", "one\ntwo\n"):
        secret.write_text(wrong)
        with pytest.raises(ConfigurationError, match="in one line"):
            parsed("redis://localhost", password_file=secret)
    with pytest.raises(ConfigurationError, match="can't be read"):
        parsed("redis://localhost", password_file=tmp_path / "nowhere")
