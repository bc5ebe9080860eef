"""The settings themselves, a section each: their defaults, what may stand there and what they mean.

Each setting's docstring is what `config/moothall.toml` and `docs/reference/settings.md` say about it
(`tools/settings_reference.py`). `moothall.settings.loading` reads them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from moothall.core.questions.statements import Dimension, Group
from moothall.wire.engine import ComputeType, Device, workers_for
from moothall.wire.log_lines import LogFormat

DIMENSIONS = tuple(each.value for each in Dimension)
GROUPS = tuple(each.value for each in Group)


def _some_of(names: tuple[str, ...]) -> msgspec.Meta:
    return msgspec.Meta(pattern=f"^({'|'.join(names)})$", description=f"a list of {', '.join(names)}")


_ORIGIN = msgspec.Meta(
    pattern=r"^https?://[^/?#\s]+$", description="a list of origins such as 'https://hall.example.org', without a path"
)
_FRAMER = msgspec.Meta(
    pattern=r"^(\*|https?://[^/?#\s;,'\"]+)$",
    description="a list of origins such as 'https://www.example.org', without a path, or '*' for all",
)
_NETWORK = msgspec.Meta(min_length=2, description="a list of addresses or networks such as '127.0.0.1'")
_WORD = msgspec.Meta(
    min_length=1, max_length=100, description="a list of words such as 'en:darn', or 'darn' for any language"
)
_TAG = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_TRANSLATOR = msgspec.Meta(
    pattern=r"^(bergamot|apertium|argos|argostranslate|echo)$",
    description="a list of bergamot, apertium, argos, argostranslate",
)


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """The web server and where it keeps its data."""

    host: Annotated[str, msgspec.Meta(min_length=1, description="a host name or address")] = "127.0.0.1"
    """Address to listen on. Anything but 127.0.0.1 or ::1 lets other machines in: put TLS in front of it."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="a whole number from 0 to 65535")] = 8080
    """Port to listen on; 0 takes a free one and prints it."""
    origins: tuple[Annotated[str, _ORIGIN], ...] = ()
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
    trusted_proxies: tuple[Annotated[str, _NETWORK], ...] = ()
    """Proxies whose `Forwarded` or `X-Forwarded-For` header is believed, so that rates count visitors and not the
    proxy. Each must write one itself and drop or write the other. Empty: nobody's."""
    hsts_seconds: Annotated[int, msgspec.Meta(ge=-1, description="a whole number from -1 up")] = -1
    """For how many seconds browsers are told to ask for https alone (HSTS), in answers over https. 0: not at all. -1: a
    year where `public_address` is https on a public name and the certificate isn't self-signed, else not at all."""
    data: Annotated[str, msgspec.Meta(min_length=1, description="the path of a folder")] = "data"
    """Folder of the logs, the spooled audio and the signing key; made when missing."""
    removals: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File on another disk than `data` to which each line of the list of removals is written too, before anything is
    removed: a restore needs that list, as new as it can be. Empty: it is in the data folder alone, until a backup."""
    web: Annotated[str, msgspec.Meta(description="the path of a folder, or nothing")] = ""
    """Folder of templates, scripts and catalogues. Empty: the ones that came with this release."""
    embed: tuple[Annotated[str, _FRAMER], ...] = ()
    """Whose pages may hold the box with the text of a public session (`/s/{session}/embed`) in a frame; `*` lets all.
    Empty: only pages of this server. No other page may ever stand in a frame."""
    style_page: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Whether `/about/style` shows every part of the pages in each of its states, for whoever changes their look."""
    unload_after_minutes: Annotated[int, msgspec.Meta(ge=1, description="a whole number from 1 up")] = 10
    """A session that isn't on leaves the memory when nobody has read it or asked for it for so long. It is loaded
    again when somebody asks for it."""
    max_readers: Annotated[int, msgspec.Meta(ge=1, description="a whole number from 1 up")] = 10_000
    """Connections of readers at the same time; one more is told to come back later. Each needs an open file: where the
    system allows fewer, the server says so when it starts."""
    address_share: Annotated[int, msgspec.Meta(ge=1, le=100, description="a whole number from 1 to 100")] = 60
    """How many percent of the readers' places, and of all connections, one address may take, so that nobody keeps all
    others out: a hall that shares one has 6,000 of 10,000. An IPv6 address counts with its /48. 100: all of them."""


class Conference(msgspec.Struct, frozen=True, kw_only=True):
    """The conference whose meetings these are."""

    time_zone: Annotated[str, msgspec.Meta(description="a name such as 'Africa/Nairobi', or nothing")] = ""
    """In which times are shown and typed, by its IANA name, until an imported programme names another. Empty: the
    machine's, and UTC where that has none by name."""
    glossaries: Annotated[str, msgspec.Meta(description="the path of a folder, or nothing")] = ""
    """Folder of the glossary files, `*.toml`: names and terms that the recogniser is to prefer. A file that is changed
    is read again within 10 s. Empty: none."""
    map: Annotated[bool, msgspec.Meta(description="true or false")] = True
    """Whether the list of groups far away has a map of where they are, with coastlines and without borders."""
    places: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of where countries and cities are on that map, and what countries are called. Empty: the one that came with
    this release (`config/places.toml`)."""
    people_at_one_address: Annotated[
        int, msgspec.Meta(ge=10, le=5000, description="a whole number from 10 to 5000")
    ] = 500
    """How many people may ask and vote behind one address, as in a hall with one line: so many questions of one address
    may be open, and so many new browsers of one count within five minutes; of more only ten do. An IPv6 address counts
    with its whole /48."""
    blocked_words: tuple[Annotated[str, _WORD], ...] = ()
    """Whole words for which a question or comment is marked for those who check it, in its text or name, in upper case
    or lower. Nothing is deleted, and a marked one is never approved together with others. Empty: none."""
    word_lists: Annotated[str, msgspec.Meta(description="the path of a folder, or nothing")] = ""
    """Folder of lists of rude words, `*.toml`, one a language, which count like `blocked_words`; `config/words` has one
    for each language of the pages. A list counts once it says `checked = true` and who has read it. Empty: none."""


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
    """File of the remote engines' tokens, one `name token recognise` or `name token translate` a line. Empty: none is
    let in."""
    memory_mb: Annotated[int, msgspec.Meta(ge=0, description="a whole number from 0 up")] = 0
    """Memory, MB, that each engine of the server's own may take (Linux): an engine that needs more ends, and another
    takes its place. 0: as much as there is."""

    def workers_each(self, cores: int) -> int:
        """How many workers each engine gets on a machine with so many cores, of which all engines take their share."""
        return self.workers or workers_for(cores, self.threads, self.count)


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """Into which languages the text is translated, and by what."""

    languages: tuple[
        Annotated[str, msgspec.Meta(pattern=_TAG, description="a list of language tags such as 'es' or 'pt-BR'")], ...
    ] = ("en", "es", "pt")
    """Languages of record: into these every session is translated whole, as far as a translator can. Any other language
    that can be reached is made while somebody reads it."""
    translators: tuple[Annotated[str, _TRANSLATOR], ...] = ("bergamot", "apertium", "argos")
    """Translators that the server starts and watches over, in one process of their own, with the service below. argos:
    all installed packages; argostranslate: the same, run by the package of that name (the extra argos). Empty:
    none of all these; others may dial in as engines do."""
    remote_first: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Whether translators on other machines are asked as well where the server's own can do it, if they say that they
    lose less. false: only where its own can't."""
    service: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^openai:[^@\s]+@https?://[^\s/?#@]+[^\s?#]*$",
            description="nothing, or a service such as 'openai:some-model@https://api.example.org/v1'",
        ),
    ] = ""
    """A chat service in the form of OpenAI's that translates too. All text that goes its way is sent to it, but for
    what is not recorded. Empty: none."""
    service_languages: tuple[
        Annotated[str, msgspec.Meta(pattern=_TAG, description="a list of language tags such as 'ar' or 'zh'")], ...
    ] = ()
    """Languages between which that service translates; two or more where there is one."""
    key_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the service's key, the key alone. Empty: the key is in the variable MOOTHALL_TRANSLATOR_KEY, or there is
    none."""
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
    waiting_each_mb: Annotated[int, msgspec.Meta(ge=50, description="a whole number from 50 up")] = 2_000
    """How many MB of sound of one microphone or file may wait on the disk for its words: 115 MB an hour, of which none
    stays while engines keep up. Beyond it no more is taken: microphones keep ten minutes themselves, and say so, as the
    control room does. The same sound is not meant that is kept as a recording."""
    waiting_mb: Annotated[int, msgspec.Meta(ge=50, description="a whole number from 50 up")] = 10_000
    """The same for all of them together."""


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """Sound that the server fetches from streams (`docs/how-to/streams.md`)."""

    allowed_networks: tuple[Annotated[str, _NETWORK], ...] = ()
    """Networks that aren't open to all from which streams may be fetched, such as that of the house's cameras. Each
    name is resolved, and each address checked, at every connection. Empty: only the open internet."""


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What people may say of themselves when they ask something, so that it can be seen who is heard."""

    asks: tuple[Annotated[str, _some_of(DIMENSIONS)], ...] = DIMENSIONS
    """What it is that they may say: their stakeholder group, UN regional group, gender, whether it is their first time,
    whether they are young, whether they have a disability. Empty: nothing is asked. Gender and region are asked of
    nobody in a meeting with young people present."""
    groups: tuple[Annotated[str, _some_of(GROUPS)], ...] = GROUPS
    """The stakeholder groups of which they may be."""


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """What Prometheus is told, on a listener of its own."""

    host: Annotated[str, msgspec.Meta(description="a host name or address, or nothing")] = "127.0.0.1"
    """Address on which `/metrics` is answered, without TLS or sign-in: leave it to this machine, or to a network that
    only those who run the server reach. Empty: no metrics are told."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="a whole number from 0 to 65535")] = 9464
    """Its port; 0 takes a free one. Where it is taken the server says so and goes on without."""


_REDIS = msgspec.Meta(
    pattern=r"^rediss?://[^\s?#]+$", description="an address such as 'rediss://10.0.0.9:6379', one for each"
)


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """Several servers that run one house, on Redis or Valkey; each of them is a node. They need the extra `cluster`."""

    redis: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^rediss?://[^\s?#]+$",
            description="nothing, or an address such as 'redis://10.0.0.9:6379', or 'rediss://' for TLS",
        ),
    ] = ""
    """The Redis or Valkey server that all nodes share, without a password. Empty: this server is alone."""
    replicas: tuple[Annotated[str, _REDIS], ...] = ()
    """Servers that replicate it, all of them: what is removed has to leave their files too. They have the same password
    and certificates."""
    password_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of that server's password, the password alone. Empty: it asks for none."""
    authorities: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of certificates, PEM, that vouch for that server. Empty: those of the system."""
    node: Annotated[
        str,
        msgspec.Meta(pattern=r"^$|^[a-z0-9][a-z0-9_.-]{0,63}$", description="a name such as 'north', or nothing"),
    ] = ""
    """Name of this node, which no other one has."""
    number: Annotated[int, msgspec.Meta(ge=0, le=999, description="a whole number from 1 to 999")] = 0
    """Number of this node, which no other one has: 1, 2, 3 and so on."""
    address: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^https?://[^/?#\s]+$",
            description="an address such as 'http://10.0.0.1:8080', without a path, or nothing",
        ),
    ] = ""
    """Where the other nodes reach this one."""
    key_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the key by which nodes know one another, the same at each."""
    archive_copies: Annotated[int, msgspec.Meta(ge=1, le=99, description="a whole number from 1 to 99")] = 2
    """How many nodes have to have the log of a session, an hour after its close, before Redis gives up its events."""
    one_copy: Annotated[Literal["refuse", "allow"], msgspec.Meta(description="refuse or allow")] = "refuse"
    """What a keeper does while Redis is away: `refuse` all acts, or `allow` them with one copy, on its own disk, for
    as long as every other node of `nodes` confirms each few seconds that it is without Redis too. What is on that disk
    alone is lost with it."""
    nodes: tuple[
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$", description="a list of names such as ['north', 'south']"
            ),
        ],
        ...,
    ] = ()
    """Names of all nodes, this one too, the same at each; for `one_copy`. They aren't taken from Redis, which may lose
    them, and which a node may join that the keeper can't see."""


class Tracing(msgspec.Struct, frozen=True, kw_only=True):
    """Traces by OpenTelemetry, for whoever looks for what takes long. They need the extra `otel`."""

    endpoint: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^https?://[^\s/?#@]+[^\s?#]*$",
            description="nothing, or the address of a collector such as 'http://127.0.0.1:4318'",
        ),
    ] = ""
    """Collector that takes OTLP over HTTP, from the server and the engines that it starts. Spans say ids, kinds and
    sizes, never speech, names or tokens. Empty: nothing is traced."""
    percent: Annotated[int, msgspec.Meta(ge=1, le=100, description="a whole number from 1 to 100")] = 100
    """Of how many acts in a hundred the traces are kept."""


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """How staff come in beside role links: with an account of their own house (OpenID Connect), and until when links
    that end with their meeting are good.
    """

    issuer: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^https?://[^?#\s@]+$",
            description="an address such as 'https://login.example.org/realms/staff', or nothing",
        ),
    ] = ""
    """The provider's issuer, exactly as it writes it. Needs the extra oidc. Empty: nobody signs in."""
    client_id: Annotated[str, msgspec.Meta(max_length=500, description="a text, or nothing")] = ""
    """What this server is called at the provider."""
    client_secret_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the client's secret, the secret alone. Empty: the client has none, and PKCE alone protects it."""
    scopes: tuple[
        Annotated[
            str, msgspec.Meta(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$", description="a list of scopes such as 'groups'")
        ],
        ...,
    ] = ()
    """What is asked for beside `openid`, where the provider tells of groups only then. Names and mail addresses are
    never needed."""
    claim: Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="a name such as 'groups' or 'realm_access.roles'")
    ] = "groups"
    """The claim of the ID token that lists somebody's groups; with dots where it lies within others."""
    roles: tuple[
        Annotated[
            str, msgspec.Meta(pattern=r"^[a-z]+=\S.*$", description="a list of lines such as 'secretariat=mh-office'")
        ],
        ...,
    ] = ()
    """Which group gives which role, a role and a group each. Roles: technician, chair, moderator, captioner,
    interpreter, rapporteur, secretariat; each is good for everything."""
    required_for_admin: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Whether a link for `/admin` leads to the sign-in. `moothall admin-link --without-sign-in` on the server's machine
    is the way in while the provider is down."""
    hours: Annotated[int, msgspec.Meta(ge=1, le=720, description="a whole number from 1 to 720")] = 12
    """After so many hours somebody has to sign in again."""
    link_hours_after_close: Annotated[int, msgspec.Meta(ge=0, le=8760, description="a whole number from 0 to 8760")] = (
        24
    )
    """How long after its meeting's close a link is good that ends with it."""


class Captioning(msgspec.Struct, frozen=True, kw_only=True):
    """Captioners: what happens where one goes silent, and what takes text of their own software."""

    machine_by_itself: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Whether the machine is put on air without anybody's key where the captioner's link is gone for 3 seconds, or
    nothing is written for 8 while somebody speaks. A US patent claims such a choice of the source by a program: ask a
    lawyer first (`docs/how-to/caption-a-meeting.md`)."""
    tcp_port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="a whole number from 0 to 65535")] = 0
    """Port on which raw text over TCP is taken, at `host` of `[server]`, with its certificate over TLS; the first line
    is the key. Without a certificate keys and text can be read on the way. 0: none, and `moothall caption-bridge` does
    the same at the captioner's."""


class Logging(msgspec.Struct, frozen=True, kw_only=True):
    """What the program writes about itself. Never speech, names or tokens."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], msgspec.Meta(description="debug, info, warning or error")
    ] = "info"
    """The least important message that is written."""
    format: Annotated[LogFormat, msgspec.Meta(description="text or json")] = "text"
    """How messages are written, by the server and by the engines and translators that it starts: text for people, or
    json for programs, one object a line (`docs/how-to/monitoring.md`)."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings, a section each."""

    server: Server = Server()
    conference: Conference = Conference()
    engine: Engine = Engine()
    translation: Translation = Translation()
    captioning: Captioning = Captioning()
    recording: Recording = Recording()
    streams: Streams = Streams()
    balance: Balance = Balance()
    sign_in: SignIn = SignIn()
    metrics: Metrics = Metrics()
    cluster: Cluster = Cluster()
    tracing: Tracing = Tracing()
    logging: Logging = Logging()
