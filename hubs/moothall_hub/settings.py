"""The settings of a hub: a TOML file with a section `[hub]`, and environment variables that override it.

`MOOTHALL_HUB_PORT=9000` sets `port`. The centre of a hub is not a setting: pairing stores it in the data folder. The
docstring of each setting is its text in `docs/reference/hub-settings.md` and `config/moothall-hub.toml`
(`tools/hub_settings_reference.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec

from moothall.core.kernel.decoding import read_toml
from moothall.core.kernel.errors import ConfigurationError
from moothall.wire.log_lines import LogFormat

PREFIX = "MOOTHALL_HUB_"
SECTION = "hub"


class HubSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of a hub."""

    host: Annotated[str, msgspec.Meta(min_length=1, description="a host name or address")] = "0.0.0.0"  # noqa: S104  # the local network is whom a hub is for
    """Address to listen on. The default lets everybody in the local network read, which is what a hub is for; 127.0.0.1
    serves this machine alone, such as a wall that it shows."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="a whole number from 0 to 65535")] = 8090
    """Port to listen on; 0 takes a free one and prints it."""
    public_name: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$",
            description="a name such as 'text.local', with a port where it isn't the one that is listened on",
        ),
    ] = ""
    """The name of this machine in the local network, if it has one. Empty: pages show its IP addresses."""
    data: Annotated[str, msgspec.Meta(min_length=1, description="the path of a folder")] = "hub-data"
    """Folder of the copies, of what waits for the connection to the meeting, and of the pairing. One hub at a time uses
    it."""
    budget_mb_per_day: Annotated[
        float, msgspec.Meta(ge=0, le=1_000_000, description="a number of megabytes, 0 for as many as it takes")
    ] = 0
    """How many megabytes (of a million bytes) the connection to the meeting may carry a day, both ways together. Once
    half of them are used, only finished lines are sent; after four fifths, only one language. The connection is never
    cut for it."""
    readers: Annotated[int, msgspec.Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")] = 500
    """How many may read here at once."""
    web: Annotated[str, msgspec.Meta(description="the path of a folder, or nothing")] = ""
    """Folder of the pages. Empty: that of this release."""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], msgspec.Meta(description="debug, info, warning or error")
    ] = "info"
    """The least important level of messages that is written. No message contains what was said, names or keys."""
    log_format: Annotated[LogFormat, msgspec.Meta(description="text or json")] = "text"
    """Format of messages: text for people, or json for programs, one object a line (`docs/how-to/monitoring.md`)."""

    @property
    def budget(self) -> int | None:
        """The data budget in bytes a day; None: there is no limit."""
        return round(self.budget_mb_per_day * 1_000_000) or None


def load(path: Path | None, environ: Mapping[str, str]) -> HubSettings:
    """Read the settings file at `path`, if given, and override it from the environment. All others have their defaults.

    Raises ConfigurationError with a sentence that names the file or variable, the setting and what is allowed.
    """
    given: dict[str, Any] = {}
    if path is not None:
        for key, value in _file(path).items():
            given[key] = _checked(f"{path}: [{SECTION}]", key, value, strict=True)
    for variable in sorted(environ):
        key = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX):
            given[key] = _checked(variable, key, environ[variable], strict=False)
    return HubSettings(**given)


def allowed(key: str) -> str:
    """The allowed values of a setting, in words."""
    meta = get_args(get_type_hints(HubSettings, include_extras=True)[key])[1]
    return str(meta.description)


def _file(path: Path) -> dict[str, Any]:
    try:
        tables = read_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}.") from error
    for section, table in tables.items():
        if section != SECTION or not isinstance(table, dict):
            msg = f"{path}: {section} doesn't belong there; all settings of a hub stand in one section [{SECTION}]."
            raise ConfigurationError(msg)
    return dict(tables.get(SECTION, {}))


def _checked(where: str, key: str, value: object, *, strict: bool) -> Any:
    if key not in HubSettings.__struct_fields__:
        msg = f"{where}: there is no setting {key}; there are {', '.join(HubSettings.__struct_fields__)}."
        raise ConfigurationError(msg)
    try:
        return msgspec.convert(value, get_type_hints(HubSettings, include_extras=True)[key], strict=strict)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {key} is {value!r}; allowed is {allowed(key)}.") from error
