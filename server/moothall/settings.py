"""What an operator can set: a TOML file, and environment variables that override it.

`MOOTHALL_SERVER__PORT=9000` sets `port` of `[server]`; lists are written with commas. Each setting's docstring
is what `config/moothall.toml` and `docs/reference/settings.md` say about it (`tools/settings_reference.py`).
Only `app` and `cli` read settings; everything below them is given values.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from moothall.core.errors import ConfigurationError
from moothall.wire.computing import ComputeType, Device, workers_for

PREFIX = "MOOTHALL_"
_BETWEEN = "__"


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """The web server and where it keeps its data."""

    host: Annotated[str, msgspec.Meta(min_length=1, description="a host name or address")] = "127.0.0.1"
    """Address to listen on. Anything but 127.0.0.1 or ::1 lets other machines in: put TLS in front of it."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="a whole number from 0 to 65535")] = 8080
    """Port to listen on; 0 takes a free one and prints it."""
    origins: tuple[
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^https?://[^/?#\s]+$",
                description="a list of origins such as 'https://hall.example.org', without a path",
            ),
        ],
        ...,
    ] = ()
    """Where pages may come from that send anything or open a WebSocket, each exactly as a browser writes it.
    Empty: only the address that the page itself was served from."""
    public_address: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(https?://[^/?#\s]+/?)?$",
            description="an address such as 'https://hall.example.org', without a path, or nothing",
        ),
    ] = ""
    """Address that links, codes and printed sheets say, when it isn't the one that the server listens on: the proxy's.
    With https the staff's cookies are sent over https alone."""
    tls_certificate: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the certificate for https, PEM, with its chain. Empty: http. Browsers open microphones for https alone,
    but on the machine itself."""
    tls_key: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the certificate's private key, PEM, without a password."""
    trusted_proxies: tuple[
        Annotated[str, msgspec.Meta(min_length=2, description="a list of addresses or networks such as '127.0.0.1'")],
        ...,
    ] = ()
    """Proxies whose `Forwarded` or `X-Forwarded-For` header is believed, so that rates count visitors and not the
    proxy. Each must write one itself and drop or write the other. Empty: nobody's."""
    hsts_seconds: Annotated[int, msgspec.Meta(ge=-1, description="a whole number from -1 up")] = -1
    """For how many seconds browsers are told to ask for https alone (HSTS), in answers over https. 0: not at all. -1: a
    year where `public_address` is https on a public name and the certificate isn't self-signed, else not at all."""
    data: Annotated[str, msgspec.Meta(min_length=1, description="the path of a folder")] = "data"
    """Folder of the logs, the spooled audio and the signing key; made when missing."""
    web: Annotated[str, msgspec.Meta(description="the path of a folder, or nothing")] = ""
    """Folder of templates, scripts and catalogues. Empty: the ones that came with this release."""
    embed: tuple[
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^(\*|https?://[^/?#\s;,'\"]+)$",
                description="a list of origins such as 'https://www.example.org', without a path, or '*' for all",
            ),
        ],
        ...,
    ] = ()
    """Whose pages may hold the box with the text of a public session (`/s/{session}/embed`) in a frame; `*` lets all.
    Empty: only pages of this server. No other page may ever stand in a frame."""
    unload_after_minutes: Annotated[int, msgspec.Meta(ge=1, description="a whole number from 1 up")] = 10
    """A session that isn't on leaves the memory when nobody has read it or asked for it for so long. Whoever asks for
    it later has it loaded again."""
    max_readers: Annotated[int, msgspec.Meta(ge=1, description="a whole number from 1 up")] = 10_000
    """Connections of readers at the same time; one more is told to come back later."""


class Conference(msgspec.Struct, frozen=True, kw_only=True):
    """The conference whose meetings these are."""

    time_zone: Annotated[str, msgspec.Meta(description="a name such as 'Africa/Nairobi', or nothing")] = ""
    """In which times are shown and typed, by its IANA name, until an imported programme names another. Empty: the
    machine's, and UTC where that has none by name."""
    glossaries: Annotated[str, msgspec.Meta(description="the path of a folder, or nothing")] = ""
    """Folder of the glossary files, `*.toml`: names and terms that the recogniser is to prefer. A file that is changed
    is read again within 10 s. Empty: none."""


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """The engines that turn sound into words."""

    model: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            pattern=r"^(?!openai:)|^openai:[^@\s]+@https?://[^\s/?#@]+[^\s?#]*$",
            description="a name that `moothall models list` shows, or a service such as "
            "'openai:whisper-1@https://api.example.org/v1'",
        ),
    ] = "whisper-base"
    """The model that the server's own engines load, or the transcription service in the form of OpenAI's that they ask;
    all sound is sent to it then."""
    key_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the service's key, the key alone. Empty: the key is in the variable MOOTHALL_RECOGNISER_KEY, or there is
    none."""
    device: Annotated[Device, msgspec.Meta(description="cpu, cuda or auto")] = "cpu"
    """Where a model of this machine computes: on the processor or on one of NVIDIA's graphics cards. auto: on the card
    where there is one."""
    compute_type: Annotated[
        ComputeType,
        msgspec.Meta(description="auto, or one of CTranslate2's compute types such as int8 or float16"),
    ] = "auto"
    """With which numbers it computes. auto: int8 on the processor, float16 on a card."""
    count: Annotated[int, msgspec.Meta(ge=0, le=64, description="a whole number from 0 to 64")] = 1
    """Engines that the server starts and watches over; 0 when only remote ones are to be used."""
    threads: Annotated[int, msgspec.Meta(ge=1, le=256, description="a whole number from 1 to 256")] = 1
    """Threads that one pass of an engine computes with."""
    workers: Annotated[int, msgspec.Meta(ge=0, le=64, description="a whole number from 0 to 64")] = 0
    """Workers of each engine, each with a pass at a time or up to four together; 0: one a core, up to 4."""
    listen_host: Annotated[str, msgspec.Meta(min_length=1, description="a host name or address")] = "127.0.0.1"
    """Address that engines dial. Anything but 127.0.0.1 or ::1 lets engines on other machines in."""
    listen_port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="a whole number from 0 to 65535")] = 0
    """Port that engines dial; 0 takes a free one, which only the server's own engines are told."""
    tokens: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the remote engines' tokens, one `name token` a line. Empty: none is let in."""

    def workers_each(self, cores: int) -> int:
        """How many workers each engine gets on a machine with so many cores, of which all engines take their share."""
        return self.workers or workers_for(cores, self.threads, self.count)


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """Into which languages the text is translated, and by what."""

    languages: tuple[
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
                description="a list of language tags such as 'es' or 'pt-BR'",
            ),
        ],
        ...,
    ] = ("en", "es", "pt")
    """Languages of record: into these every session is translated whole, as far as a translator can. Any other language
    that can be reached is made while somebody reads it."""
    translators: tuple[
        Annotated[str, msgspec.Meta(pattern=r"^(bergamot|apertium|echo)$", description="a list of bergamot, apertium")],
        ...,
    ] = ("bergamot", "apertium")
    """Translators that the server starts and watches over, in one process of their own. Empty: none; others may dial in
    as engines do."""
    phrases: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the formulas of meetings and how they are said in other languages. Empty: the one that came with this
    release (`config/phrases.toml`)."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """The recording of the sound, where a session keeps any."""

    kbits: Annotated[int, msgspec.Meta(ge=12, le=64, description="a whole number from 12 to 64")] = 24
    """How many kbit a second of the recording takes (Opus, one channel): 24 is 11 MB an hour, and good for speech."""
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=30, description="a whole number from 1 to 30")] = 30
    """After so many days sound that is kept for checking the text is erased at the latest; earlier once the text is
    sealed as checked or final. Published sound stays with its record. What a second pass proposes goes as late."""


class Logging(msgspec.Struct, frozen=True, kw_only=True):
    """What the program writes about itself. Never speech, names or tokens."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], msgspec.Meta(description="debug, info, warning or error")
    ] = "info"
    """The least important message that is written."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings, a section each."""

    server: Server = Server()
    conference: Conference = Conference()
    engine: Engine = Engine()
    translation: Translation = Translation()
    recording: Recording = Recording()
    logging: Logging = Logging()


class Secret(msgspec.Struct, frozen=True):
    """Text that no log and no traceback shows."""

    value: str

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


MIN_TOKEN = 24
"""Characters of the shortest token that is taken: 24 of base 64 hold 144 bits."""


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the file at `path`, where given, and lay the environment over it; what neither names is the default.

    Raises ConfigurationError with a sentence that names the file or variable, the setting and what is allowed.
    """
    given: dict[str, dict[str, Any]] = {name: {} for name in Settings.__struct_fields__}
    if path is not None:
        for section, key, value in _file(path):
            given[section][key] = _checked(str(path), section, key, value, strict=True)
    for section, key, variable, value in _environment(environ):
        parts = _split(value) if _is_list(section, key) else value
        given[section][key] = _checked(variable, section, key, parts, strict=False)
    return Settings(
        server=Server(**given["server"]),
        conference=Conference(**given["conference"]),
        engine=Engine(**given["engine"]),
        translation=Translation(**given["translation"]),
        recording=Recording(**given["recording"]),
        logging=Logging(**given["logging"]),
    )


def sections() -> dict[str, type[msgspec.Struct]]:
    """The sections by name, in the file's order."""
    return get_type_hints(Settings)


def allowed(section: str, key: str) -> str:
    """What may stand there, in words."""
    return str(_meta(_hint(section, key)).description)


def engine_tokens(path: Path) -> dict[str, Secret]:
    """The remote engines' tokens by engine name, from a file of one `name token` a line; `#` begins a comment.

    Raises ConfigurationError with the line's number, never with what stands in it.
    """
    found: dict[str, Secret] = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2:
            msg = f"{path}, line {number}: an engine's name and its token belong there, with a space between."
            raise ConfigurationError(msg)
        name, token = words
        if len(token) < MIN_TOKEN:
            msg = f"{path}, line {number}: the token has {len(token)} characters; at least {MIN_TOKEN} are needed."
            raise ConfigurationError(msg)
        if name in found:
            msg = f"{path}, line {number}: this engine has a token already; each name may stand there once."
            raise ConfigurationError(msg)
        found[name] = Secret(token)
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror}."
        raise ConfigurationError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path} can't be read: it is not UTF-8 text."
        raise ConfigurationError(msg) from error


def _file(path: Path) -> list[tuple[str, str, Any]]:
    """Section, key and value of everything that the file sets."""
    try:
        tables = tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is not TOML: {error}."
        raise ConfigurationError(msg) from error
    found = []
    for section, table in tables.items():
        if section not in sections():
            msg = f"{path}: there is no section [{section}]; there are {_list(sections())}."
            raise ConfigurationError(msg)
        if not isinstance(table, dict):
            msg = f"{path}: {section} is a section; write [{section}] on a line of its own and its settings below."
            raise ConfigurationError(msg)
        for key, value in table.items():
            _known(str(path), section, key)
            found.append((section, key, value))
    return found


def _environment(environ: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Section, key, variable and value of every variable that is a setting, in order of their names."""
    found = []
    for variable in sorted(environ):
        section, between, key = variable.removeprefix(PREFIX).lower().partition(_BETWEEN)
        if not variable.startswith(PREFIX):
            continue
        if not between:  # Either another variable of ours that is no setting, or a setting misspelt.
            _not_misspelt(variable)
            continue
        if section not in sections():
            msg = f"{variable}: there is no section [{section}]; there are {_list(sections())}."
            raise ConfigurationError(msg)
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
        msg = f"{where}: [{section}] has no setting {key}; it has {_list(keys)}."
        raise ConfigurationError(msg)


def _checked(where: str, section: str, key: str, value: object, *, strict: bool) -> Any:
    try:
        return msgspec.convert(value, _hint(section, key), strict=strict)
    except msgspec.ValidationError as error:
        msg = f"{where}: {key} of [{section}] is {value!r}; allowed is {allowed(section, key)}."
        raise ConfigurationError(msg) from error


def _hint(section: str, key: str) -> Any:
    return get_type_hints(sections()[section], include_extras=True)[key]


def _meta(hint: Any) -> msgspec.Meta:
    """The constraint of a setting, or of the members of one that is a list."""
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
