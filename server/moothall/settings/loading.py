"""Read the settings: a TOML file, and environment variables that override it.

`MOOTHALL_SERVER__PORT=9000` sets `port` of `[server]`; lists are written with commas. The settings are declared in
`moothall.settings.sections`. Only `app` and `cli` read settings; they pass values to everything below them.

When settings are read again while a server runs, some take effect at once, and the others need a restart:
`moothall.app.reloading` carries that out, and the reference page (`tools/settings_reference.py`) marks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from moothall.adapters.store.files import read_text
from moothall.core.kernel.decoding import Unreadable, read_toml
from moothall.core.kernel.errors import ConfigurationError
from moothall.settings.sections import Settings

PREFIX = "MOOTHALL_"
_BETWEEN = "__"

RELOADED = frozenset(
    {
        ("server", "tls_certificate"),
        ("server", "tls_key"),
        ("server", "max_readers"),
        ("server", "address_share"),
        ("conference", "glossaries"),
        ("conference", "blocked_words"),
        ("conference", "word_lists"),
        ("engine", "tokens"),
        ("logging", "level"),
    }
)
"""Section and name of the settings that take effect at once when they are read again, with the files that they name."""


class Secret(msgspec.Struct, frozen=True):
    """A text that no log and no traceback shows."""

    value: str

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


TokenUse = Literal["recognise", "translate"]
"""What an engine's token may be used for."""
MIN_TOKEN = 24
"""The characters of the shortest token that is accepted: 24 characters of base 64 hold 144 bits."""


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the settings file at `path`, if given, and override it from the environment. All others have their defaults.

    Raises ConfigurationError with a sentence that names the file or variable, the setting and what is allowed.
    """
    given: dict[str, dict[str, Any]] = {name: {} for name in Settings.__struct_fields__}
    if path is not None:
        for section, key, value in _file(path):
            given[section][key] = _checked(str(path), section, key, value, strict=True)
    for section, key, variable, value in _environment(environ):
        parts = _split(value) if _is_list(section, key) else value
        given[section][key] = _checked(variable, section, key, parts, strict=False)
    made: dict[str, Any] = {name: section(**given[name]) for name, section in sections().items()}
    return Settings(**made)


def sections() -> dict[str, type[msgspec.Struct]]:
    """The section classes by name, in the order of the file."""
    return get_type_hints(Settings)


def allowed(section: str, key: str) -> str:
    """The allowed values of a setting, in words."""
    return str(_meta(_hint(section, key)).description)


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that differ, such as `port of [server]`, in the order of the file."""

    at_once: tuple[str, ...]
    by_restart: tuple[str, ...]


def _reloaded(now: Settings, new: Settings) -> frozenset[tuple[str, str]]:
    """The settings that take effect at once. A change between HTTP and HTTPS needs a restart."""
    https = {("server", "tls_certificate"), ("server", "tls_key")}
    same = bool(now.server.tls_certificate) == bool(new.server.tls_certificate)
    return RELOADED if same else RELOADED - https


def changed(now: Settings, new: Settings) -> Changed:
    """The settings that differ between those in force and new ones."""
    reloaded = _reloaded(now, new)
    at_once: list[str] = []
    by_restart: list[str] = []
    for section in Settings.__struct_fields__:
        before, after = getattr(now, section), getattr(new, section)
        for key in before.__struct_fields__:
            if getattr(before, key) != getattr(after, key):
                (at_once if (section, key) in reloaded else by_restart).append(f"{key} of [{section}]")
    return Changed(at_once=tuple(at_once), by_restart=tuple(by_restart))


def in_force(now: Settings, new: Settings) -> Settings:
    """The settings in force after `new` was read: `now` with those of `new` that take effect at once."""
    reloaded = _reloaded(now, new)
    parts = {}
    for section in Settings.__struct_fields__:
        before, after = getattr(now, section), getattr(new, section)
        taken = {key: getattr(after, key) for key in before.__struct_fields__ if (section, key) in reloaded}
        parts[section] = msgspec.structs.replace(before, **taken)
    return Settings(**parts)


class EngineToken(msgspec.Struct, frozen=True):
    """A line of the file of engines' tokens, without the name."""

    secret: Secret
    kind: TokenUse = "recognise"


def engine_tokens(path: Path) -> dict[str, EngineToken]:
    """Read the remote engines' tokens, by engine name. The file has one `name token kind` a line; `#` begins a comment.

    The kind is `recognise`, which is also the default, or `translate`. Raises ConfigurationError with the line's
    number, never with its content.
    """
    found: dict[str, EngineToken] = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) not in (2, 3):
            msg = f"{path}, line {number}: an engine's name, its token and what it is for belong there, in words."
            raise ConfigurationError(msg)
        name, token, *kind = words
        if kind and kind[0] not in get_args(TokenUse):
            msg = (
                f"{path}, line {number}: behind the token stands {_list(get_args(TokenUse))}, or nothing for the first."
            )
            raise ConfigurationError(msg)
        if len(token) < MIN_TOKEN:
            msg = f"{path}, line {number}: the token has {len(token)} characters; at least {MIN_TOKEN} are needed."
            raise ConfigurationError(msg)
        if name in found:
            msg = f"{path}, line {number}: this engine has a token already; each name may stand there once."
            raise ConfigurationError(msg)
        found[name] = EngineToken(Secret(token), "translate" if kind == ["translate"] else "recognise")
    return found


def _file(path: Path) -> list[tuple[str, str, Any]]:
    """Section, key and value of each setting in the file."""
    try:
        tables = read_toml(read_text(path))
    except Unreadable as error:
        raise ConfigurationError(f"{path} is not TOML: {error}.") from error
    found = []
    for section, table in tables.items():
        if section not in sections():
            raise ConfigurationError(f"{path}: there is no section [{section}]; there are {_list(sections())}.")
        if not isinstance(table, dict):
            msg = f"{path}: {section} is a section; write [{section}] on a line of its own and its settings below."
            raise ConfigurationError(msg)
        for key, value in table.items():
            _known(str(path), section, key)
            found.append((section, key, value))
    return found


def _environment(environ: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Section, key, variable and value of each variable that is a setting, in the order of the variables' names."""
    found = []
    for variable in sorted(environ):
        section, between, key = variable.removeprefix(PREFIX).lower().partition(_BETWEEN)
        if not variable.startswith(PREFIX):
            continue
        if not between:  # It is either another variable of this program, or a misspelt setting.
            _not_misspelt(variable)
            continue
        if section not in sections():
            raise ConfigurationError(f"{variable}: there is no section [{section}]; there are {_list(sections())}.")
        _known(variable, section, key)
        found.append((section, key, variable, environ[variable]))
    return found


def _not_misspelt(variable: str) -> None:
    section, _, key = variable.removeprefix(PREFIX).lower().partition("_")
    if section in sections() and key in sections()[section].__struct_fields__:
        msg = f"{variable}: write {PREFIX}{section.upper()}{_BETWEEN}{key.upper()}, with two underscores."
        raise ConfigurationError(msg)


def _known(where: str, section: str, key: str) -> None:
    keys = sections()[section].__struct_fields__
    if key not in keys:
        raise ConfigurationError(f"{where}: [{section}] has no setting {key}; it has {_list(keys)}.")


def _checked(where: str, section: str, key: str, value: object, *, strict: bool) -> Any:
    try:
        return msgspec.convert(value, _hint(section, key), strict=strict)
    except msgspec.ValidationError as error:
        msg = f"{where}: {key} of [{section}] is {value!r}; allowed is {allowed(section, key)}."
        raise ConfigurationError(msg) from error


def _hint(section: str, key: str) -> Any:
    return get_type_hints(sections()[section], include_extras=True)[key]


def _meta(hint: Any) -> msgspec.Meta:
    """The constraint of a setting; for a list, that of its members."""
    if get_origin(hint) is tuple:
        hint = get_args(hint)[0]
    meta = get_args(hint)[1]
    return meta if isinstance(meta, msgspec.Meta) else msgspec.Meta(description="anything")


def _is_list(section: str, key: str) -> bool:
    return get_origin(_hint(section, key)) is tuple


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
