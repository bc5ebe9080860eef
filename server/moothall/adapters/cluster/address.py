"""The address of a Redis or Valkey server and the credentials for it, from a setting and a password file.

The password is never part of the address, because addresses appear in settings, error messages and logs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from moothall.adapters.store.files import read_text
from moothall.core.kernel.errors import ConfigurationError

PORT = 6379
"""Redis's default port."""
_FORM = "redis://[USER@]HOST[:PORT][/NUMBER], or rediss:// for TLS"


@dataclass(frozen=True)
class RedisAddress:
    """A server, the user of its access list (ACL) and the number of its database."""

    host: str
    port: int = PORT
    database: int = 0
    user: str = ""
    """Empty: the user `default`."""
    tls: bool = False
    authorities: Path | None = None
    """The file of CA certificates (PEM) against which the server's certificate is verified; None: the system's. TLS
    only."""
    password: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """Host and port, for messages. Holds no secret."""
        return f"{self.host}:{self.port}"


def parsed(url: str, *, password_file: Path | None = None, authorities: Path | None = None) -> RedisAddress:
    """Parse `url`. `password_file` holds the password in one line; None: no password.

    Raises ConfigurationError when the URL or the file can't be used.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"An address of Redis can't be read. It has to look like {_FORM}.") from error
    if parts.password is not None:
        msg = "The address of Redis holds a password. Put the password into a file, and name that file instead."
        raise ConfigurationError(msg)
    database = parts.path.strip("/") or "0"
    named = parts.scheme in ("redis", "rediss") and parts.hostname and not parts.query and not parts.fragment
    if not named or not re.fullmatch(r"[0-9]{1,4}", database):
        raise ConfigurationError(f"{url!r} is no address of Redis. It has to look like {_FORM}.")
    password = "" if password_file is None else read_text(password_file).strip()
    if password_file is not None and (not password or "\n" in password):
        raise ConfigurationError(f"{password_file} has to hold the password of Redis, in one line.")
    return RedisAddress(
        host=parts.hostname or "",
        port=port or PORT,
        database=int(database),
        user=unquote(parts.username or ""),
        tls=parts.scheme == "rediss",
        authorities=authorities,
        password=password,
    )
