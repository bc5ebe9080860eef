"""Time zones by name, from the system's database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.core.programme.times import Zones

MISSING = "this machine has no time zones: install its package tzdata (on Debian and Ubuntu: apt install tzdata)"
_PROBE = "Europe/London"
"""A zone that every copy of the database contains."""
_FOLDER = "/zoneinfo/"


def find_zone(name: str) -> tzinfo | None:
    """The zone of a name such as `Africa/Nairobi`; None for a name that the system doesn't know."""
    if name.upper() in ("UTC", "Z", "GMT", "ETC/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; the name of a folder raises OSError.
        return None


def chosen_zone(name: str, environ: Mapping[str, str], etc: Path = Path("/etc"), *, find: Zones = find_zone) -> Zone:
    """The zone that an operator names; without a name the machine's zone, or UTC when that has no known name.

    Raises ConfigurationError with a sentence for a name that the system doesn't know.
    """
    if not name:
        named = machine_zone(environ, etc)
        rules = find(named)
        return UTC_ZONE if rules in (None, UTC) else Zone(named, rules or UTC)
    rules = find(name)
    if rules is None:
        why = MISSING if find(_PROBE) is None else "write it as Africa/Nairobi"
        raise ConfigurationError(f"time_zone of [conference] is '{name[:60]}', which is not known here; {why}.")
    return UTC_ZONE if rules is UTC else Zone(name, rules)


def machine_zone(environ: Mapping[str, str], etc: Path = Path("/etc")) -> str:
    """The name of the machine's zone, from TZ, `/etc/timezone` or the target of `/etc/localtime`; else empty.

    TZ may also be a rule (`EST5EDT,M3.2.0,M11.1.0`), which is no name and is found in no database.
    """
    if environ.get("TZ"):
        return environ["TZ"].removeprefix(":")
    try:
        named = (etc / "timezone").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        named = ""
    if named:
        return named
    try:
        return str((etc / "localtime").readlink()).partition(_FOLDER)[2]
    except OSError:
        return ""
