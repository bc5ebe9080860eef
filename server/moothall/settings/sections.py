"""The settings in their sections: defaults, allowed values and meaning.

The docstring of each setting is its text in `config/moothall.toml` and `docs/reference/settings.md`
(`tools/settings_reference.py`). `moothall.settings.loading` reads the settings.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from moothall.core.questions.statements import Dimension, StakeholderGroup
from moothall.core.retention.periods import DEFAULTS, PATTERN, KeptKind
from moothall.core.sessions.who_speaks import VoicesMeasured
from moothall.wire.engine import ComputeType, Device, workers_for
from moothall.wire.languages import ARGOS_INDEX, REGISTRY
from moothall.wire.log_lines import LogFormat

DIMENSIONS = tuple(each.value for each in Dimension)
GROUPS = tuple(each.value for each in StakeholderGroup)


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
_PERIOD = msgspec.Meta(pattern=PATTERN, description="a number of days such as '90 days', or 'for ever'")
_TAG = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_TRANSLATOR = msgspec.Meta(
    pattern=r"^(bergamot|apertium|argos|argostranslate|firefox|echo)$",
    description="a list of bergamot, apertium, argos, argostranslate, firefox",
)


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """The web server and the folder of its data."""

    host: Annotated[str, msgspec.Meta(min_length=1, description="a host name or address")] = "127.0.0.1"
    """Address to listen on. Any other than 127.0.0.1 or ::1 lets other machines in: put TLS in front of it."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="a whole number from 0 to 65535")] = 8080
    """Port to listen on; 0 takes a free one and prints it."""
    origins: tuple[Annotated[str, _ORIGIN], ...] = ()
    """Origins of the pages that may send requests or open a WebSocket, each exactly as a browser writes it. Empty: only
    the address that served the page itself."""
    public_address: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(https?://[^/?#\s]+/?)?$",
            description="an address such as 'https://hall.example.org', without a path, or nothing",
        ),
    ] = ""
    """Address in links, codes and printed sheets, if it isn't the one that the server listens on: the proxy's. With
    https the staff's cookies are sent only over https."""
    tls_certificate: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the certificate for https, PEM, with its chain. Empty: http. Browsers allow microphones only over https,
    except on the machine itself."""
    tls_key: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the certificate's private key, PEM, without a password."""
    trusted_proxies: tuple[Annotated[str, _NETWORK], ...] = ()
    """Proxies whose `Forwarded` or `X-Forwarded-For` header is trusted, so that rate limits count visitors and not the
    proxy. Each proxy must write one of them itself, and drop or write the other. Empty: none is trusted."""
    hsts_seconds: Annotated[int, msgspec.Meta(ge=-1, description="a whole number from -1 up")] = -1
    """For how many seconds browsers are told to use only https (HSTS), in answers over https. 0: not at all. -1: a year
    if `public_address` is https on a public name and the certificate isn't self-signed, otherwise not at all."""
    data: Annotated[str, msgspec.Meta(min_length=1, description="the path of a folder")] = "data"
    """Folder of the logs, the spooled audio and the signing key; made when missing."""
    removals: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File on another disk than `data` to which each line of the list of removals is written too, before anything is
    removed: a restore needs this list as new as possible. Empty: the list is only in the data folder, until a backup.
    """
    web: Annotated[str, msgspec.Meta(description="the path of a folder, or nothing")] = ""
    """Folder of templates, scripts and catalogues. Empty: those of this release."""
    embed: tuple[Annotated[str, _FRAMER], ...] = ()
    """Origins whose pages may show the text of a public session (`/s/{session}/embed`) in a frame; `*` allows all.
    Empty: only pages of this server. No other page may ever be shown in a frame."""
    style_page: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Whether `/about/style` and the pages below it show each part of the pages in each of its states, for people who
    change their look."""
    unload_after_minutes: Annotated[int, msgspec.Meta(ge=1, description="a whole number from 1 up")] = 10
    """Minutes after which a session that isn't on leaves the memory when nobody has read or requested it. It is loaded
    again when somebody requests it."""
    max_readers: Annotated[int, msgspec.Meta(ge=1, description="a whole number from 1 up")] = 10_000
    """Most connections of readers at the same time; further readers are asked to come back later. Each needs an open
    file: if the system allows fewer, the server says so at its start."""
    address_share: Annotated[int, msgspec.Meta(ge=1, le=100, description="a whole number from 1 to 100")] = 60
    """Percentage of the reader slots, and of all connections, that one address may take, so that nobody can keep all
    others out: a hall whose readers share one address has 6,000 of 10,000. An IPv6 address counts with its /48. 100:
    all of them."""


class Conference(msgspec.Struct, frozen=True, kw_only=True):
    """The conference to which the meetings belong."""

    time_zone: Annotated[str, msgspec.Meta(description="a name such as 'Africa/Nairobi', or nothing")] = ""
    """Time zone in which times are shown and typed, by its IANA name, until an imported programme names another. Empty:
    the machine's, or UTC if that has no name."""
    glossaries: Annotated[str, msgspec.Meta(description="the path of a folder, or nothing")] = ""
    """Folder of the glossary files, `*.toml`: names and terms that the recogniser prefers. A changed file is read again
    within 10 s. Empty: none."""
    map: Annotated[bool, msgspec.Meta(description="true or false")] = True
    """Whether the list of groups far away has a map of their locations, with coastlines and without borders."""
    places: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the locations of countries and cities on that map, and of the countries' names. Empty: that of this
    release (`config/places.toml`)."""
    recommendations: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the recommendations that the table at `/recommendations` answers, each with its figure. Empty: that of
    this release (`config/recommendations.toml`)."""
    report_templates: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the templates of reports of meetings: their sections, what is counted in them, and limits. A changed file
    is read again within 10 s. Empty: those of this release (`config/report-templates.toml`)."""
    people_at_one_address: Annotated[
        int, msgspec.Meta(ge=10, le=5000, description="a whole number from 10 to 5000")
    ] = 500
    """How many people may ask and vote at one address, such as a hall with one internet connection. So many questions
    of one address may be open, and so many new browsers of one address are counted within five minutes; of further ones
    only ten. An IPv6 address counts with its whole /48."""
    blocked_words: tuple[Annotated[str, _WORD], ...] = ()
    """Whole words for which a question or comment is marked for those who check it, in its text or name, in upper or
    lower case. Nothing is deleted, and a marked question is never approved together with others. Empty: none."""
    word_lists: Annotated[str, msgspec.Meta(description="the path of a folder, or nothing")] = ""
    """Folder of lists of rude words, `*.toml`, one a language, which count like `blocked_words`; `config/words` has one
    for each language of the pages. A list counts once it says `checked = true` and who has read it. Empty: none."""


class EngineSection(msgspec.Struct, frozen=True, kw_only=True):
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
    """Model that the server's own engines load, or transcription service with OpenAI's interface that they use; in that
    case all sound is sent to the service."""
    key_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the service's key, with nothing else in it. Empty: the key is in the variable MOOTHALL_RECOGNISER_KEY, or
    there is none."""
    device: Annotated[Device, msgspec.Meta(description="cpu, cuda or auto")] = "cpu"
    """Device on which a model of this machine computes: the processor, or an NVIDIA graphics card. auto: the card if
    there is one."""
    compute_type: Annotated[
        ComputeType,
        msgspec.Meta(description="auto, or one of CTranslate2's compute types such as int8 or float16"),
    ] = "auto"
    """Numbers with which it computes. auto: int8 on the processor, float16 on a card."""
    count: Annotated[int, msgspec.Meta(ge=0, le=64, description="a whole number from 0 to 64")] = 1
    """Engines that the server starts and supervises; 0 if only remote ones are to be used."""
    threads: Annotated[int, msgspec.Meta(ge=1, le=256, description="a whole number from 1 to 256")] = 1
    """Threads that compute one pass of an engine."""
    workers: Annotated[int, msgspec.Meta(ge=0, le=64, description="a whole number from 0 to 64")] = 0
    """Workers of each engine; each does one pass at a time, or up to four together. 0: one for each core, up to 4."""
    listen_host: Annotated[str, msgspec.Meta(min_length=1, description="a host name or address")] = "127.0.0.1"
    """Address to which engines connect. Any other than 127.0.0.1 or ::1 lets engines on other machines in."""
    listen_port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="a whole number from 0 to 65535")] = 0
    """Port to which engines connect; 0 takes a free one, which only the server's own engines know."""
    tokens: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the remote engines' tokens, one `name token recognise` or `name token translate` a line. Empty: no remote
    engine is let in."""
    memory_mb: Annotated[int, msgspec.Meta(ge=0, description="a whole number from 0 up")] = 0
    """Memory in MB that each of the server's own engines may take (Linux): an engine that needs more ends, and is
    replaced by another. 0: no limit."""

    def workers_each(self, cores: int) -> int:
        """The number of workers of each engine on a machine with so many cores, which all engines share."""
        return self.workers or workers_for(cores, self.threads, self.count)


_LIST = r"(https://[^\s#]+|http://127\.0\.0\.1:[0-9]+/[^\s#]*)"


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """Languages into which the text is translated, and the translators."""

    languages: tuple[
        Annotated[str, msgspec.Meta(pattern=_TAG, description="a list of language tags such as 'es' or 'pt-BR'")], ...
    ] = ("en", "es", "pt")
    """Languages of record: every session is translated completely into these, as far as a translator can. Translations
    into other languages that can be reached are made while somebody reads them."""
    translators: tuple[Annotated[str, _TRANSLATOR], ...] = ("bergamot", "apertium", "argos", "firefox")
    """Translators that the server starts and supervises, in one process of their own, together with the service below.
    argos: all installed packages; argostranslate: the same, run by the package of that name (the extra argos); firefox:
    the models that `moothall languages add` has fetched. Empty: none of these; others may connect as engines do."""
    remote_first: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Whether translators on other machines are also used for directions that the server's own can do, if they state a
    lower cost, that is, loss of quality. false: only for directions that its own can't do."""
    service: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^openai:[^@\s]+@https?://[^\s/?#@]+[^\s?#]*$",
            description="nothing, or a service such as 'openai:some-model@https://api.example.org/v1'",
        ),
    ] = ""
    """Chat service with OpenAI's interface that translates too. All text on its routes is sent to it, except what is
    not recorded, meetings that only staff may read, and meetings with young people. Empty: none."""
    service_languages: tuple[
        Annotated[str, msgspec.Meta(pattern=_TAG, description="a list of language tags such as 'ar' or 'zh'")], ...
    ] = ()
    """Languages between which that service translates; two or more if there is a service."""
    key_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the service's key, with nothing else in it. Empty: the key is in the variable MOOTHALL_TRANSLATOR_KEY, or
    there is none."""
    registry: Annotated[
        str,
        msgspec.Meta(
            pattern=rf"^$|^{_LIST}(\s+{_LIST})*$",
            description="nothing, or addresses of https with spaces between them",
        ),
    ] = REGISTRY
    """The list of models out of which languages are added, on `/admin` and by `moothall languages`, which also has
    `--registry`: Mozilla's, or mirrors of it, which are tried in turn. The files of a mirror whose list ends in
    `/db/models.json` are fetched beside it. Empty: no languages are added on `/admin`."""
    argos_index: Annotated[
        str, msgspec.Meta(pattern=rf"^{_LIST}(\s+{_LIST})*$", description="addresses of https with spaces between them")
    ] = ARGOS_INDEX
    """The index out of which `moothall models fetch argos:en-ar` gets packages; the command also has `--index`: that of
    Argos Translate, or mirrors of it, which are tried in turn. The packages of a mirror are looked for beside its index
    first."""
    phrases: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the formulas of meetings and their translations into other languages. Empty: that of this release
    (`config/phrases.toml`)."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """Recordings of the sound, for sessions that keep it."""

    kbits: Annotated[int, msgspec.Meta(ge=12, le=64, description="a whole number from 12 to 64")] = 24
    """Bit rate of the recording in kbit/s (Opus, one channel): 24 is 11 MB an hour, and good for speech."""
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=30, description="a whole number from 1 to 30")] = 30
    """Days after which sound that is kept for checking the text is erased at the latest; it is erased earlier once the
    text is sealed as checked or final. Published sound is kept as `[retention]` says. Proposals of a second pass are
    erased after as many days."""
    waiting_each_mb: Annotated[int, msgspec.Meta(ge=50, description="a whole number from 50 up")] = 2_000
    """Most MB of sound of one microphone or file that may wait on the disk for its words: 115 MB an hour, and nothing
    waits while engines keep up. Beyond that, no more is accepted: microphones keep ten minutes themselves and say so,
    and so does the control room. Sound that is kept as a recording does not count."""
    waiting_mb: Annotated[int, msgspec.Meta(ge=50, description="a whole number from 50 up")] = 10_000
    """Most MB of sound that may wait of all microphones and files together."""


class VoicesSection(msgspec.Struct, frozen=True, kw_only=True):
    """The most that engines may measure of voices (`docs/how-to/name-speakers.md`): a meeting may do with less, and
    with none; with young people there is nothing.
    """

    changes: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Whether engines that can hear it split lines where one voice ends and another begins. Nothing of a voice is kept
    beyond its turn."""
    recognise: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Whether voices of people who agreed are recognised within a meeting, so that desks are shown who may have spoken.
    What a voice is known by stays in the memory of the engine, until the close at the latest."""

    @property
    def allowed(self) -> VoicesMeasured:
        """The most that engines may measure in any meeting."""
        return VoicesMeasured(changes=self.changes, learnt=self.recognise)


class RetentionSection(msgspec.Struct, frozen=True, kw_only=True):
    """How long what is kept of meetings is kept after their end; at `/admin/retention` the secretariat can state other
    periods. Nothing is kept for ever but what somebody states to be.
    """

    text: Annotated[str, _PERIOD] = DEFAULTS[KeptKind.TEXT]
    """Lines, translations, names of speakers and whether they agreed to have their voice recognised, published
    questions, shows of hands, names on final attendance lists, published reports and documents, and files of imported
    meetings."""
    sound: Annotated[str, _PERIOD] = DEFAULTS[KeptKind.SOUND]
    """Published sound. Sound that is kept for checking the text goes after `keep_days` of `[recording]`."""
    staff: Annotated[str, _PERIOD] = DEFAULTS[KeptKind.STAFF]
    """Notes among the staff and to groups, marks for the report, drafts of reports that were never published, chosen
    terms, what was reported as rude, what people wrote on attendance lists, lines that were never on air, and how often
    the meeting's links were used."""
    questions: Annotated[str, _PERIOD] = DEFAULTS[KeptKind.QUESTIONS]
    """Questions that nobody published, the wording in which the others arrived, and the keyed hashes of who asked."""
    notice_days: Annotated[int, msgspec.Meta(ge=7, le=365, description="a whole number from 7 to 365")] = 30
    """Days for which a removal is listed before it happens, on which the server was running; until then it can be put
    off."""


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """Sound that the server fetches from streams (`docs/how-to/streams.md`)."""

    allowed_networks: tuple[Annotated[str, _NETWORK], ...] = ()
    """Networks that are not public from which sound streams may be fetched, such as that of the house's cameras. Each
    name is resolved and each address checked at every connection. Empty: only the public internet."""


class WebhookSection(msgspec.Struct, frozen=True, kw_only=True):
    """Messages about public sessions, which the server sends to programs (`docs/how-to/programs.md`)."""

    allowed_networks: tuple[Annotated[str, _NETWORK], ...] = ()
    """Networks that are not public to which messages may be sent, such as that of the house's own programs. Each name
    is resolved and each address checked at every connection. Empty: only the public internet, by https."""


class MailSection(msgspec.Struct, frozen=True, kw_only=True):
    """The mail server through which documents are sent to the bodies of the register
    (`docs/how-to/publish-outcomes.md`), and reminders to those who write reports (`docs/how-to/write-the-report.md`).
    """

    host: Annotated[str, msgspec.Meta(max_length=253, description="a name or an IP address, or nothing")] = ""
    """Name of the mail server. Empty: nothing is mailed."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535, description="a port, such as 587")] = 587
    """Port of the mail server."""
    tls: Annotated[str, msgspec.Meta(pattern=r"^(starttls|tls|none)$", description="'starttls', 'tls' or 'none'")] = (
        "starttls"
    )
    """Encryption: `starttls`, after a greeting in clear (port 587); `tls`, from the beginning (port 465); `none`, for a
    mail server on the same machine only."""
    user: Annotated[str, msgspec.Meta(max_length=500, description="a text, or nothing")] = ""
    """Name with which the server signs in there. Empty: it doesn't."""
    password_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the password, with nothing else in it."""
    sender: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^[^\s@]+@[^\s@]+$", description="an address such as 'office@example.org', or nothing"
        ),
    ] = ""
    """Address from which documents are sent; answers go there. Needed where `host` is set."""
    remind_days: Annotated[int, msgspec.Meta(ge=1, le=30, description="days, such as 3")] = 3
    """Days before its deadline on which those who write a report are reminded of it. They are reminded on its day, too.
    """


class DraftingSection(msgspec.Struct, frozen=True, kw_only=True):
    """A service that drafts sentences of reports (`docs/how-to/write-the-report.md`)."""

    service: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^openai:[^@\s]+@https?://[^\s/?#@]+[^\s?#]*$",
            description="nothing, or a service such as 'openai:some-model@https://api.example.org/v1'",
        ),
    ] = ""
    """Chat service with OpenAI's interface that drafts sentences when a rapporteur asks for them. It gets the suggested
    lines, but none of meetings that only staff may read or with young people. Empty: none."""
    key_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the service's key, with nothing else in it. Empty: the key is in the variable MOOTHALL_DRAFTING_KEY, or
    there is none."""
    allowed_networks: tuple[Annotated[str, _NETWORK], ...] = ()
    """Networks that are not public in which that service may be, such as that of the house. Empty: only the public
    internet, by https."""


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What people may say of themselves when they ask something, so that it can be seen who is heard."""

    asks: tuple[Annotated[str, _some_of(DIMENSIONS)], ...] = DIMENSIONS
    """What they may say: their stakeholder group, UN regional group, gender, whether it is their first time, whether
    they are young, whether they have a disability. Empty: nothing is asked. Gender and region are never asked in a
    meeting with young people present."""
    groups: tuple[Annotated[str, _some_of(GROUPS)], ...] = GROUPS
    """Stakeholder groups that people can choose."""


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics for Prometheus, served at an address of their own."""

    host: Annotated[str, msgspec.Meta(description="a host name or address, or nothing")] = "127.0.0.1"
    """Address at which `/metrics` is served, without TLS or sign-in: use this machine only, or a network that only
    those who run the server can reach. Empty: no metrics are served."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="a whole number from 0 to 65535")] = 9464
    """Port of the metrics; 0 takes a free one. If it is in use, the server says so and runs without metrics."""


_WITNESS = msgspec.Meta(
    pattern=r"^[^\s+#]+ [^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+ https?://[^\s?#]+$",
    description="a list of witnesses, each 'NAME KEY ADDRESS' as in a policy file",
)
_LOG_KEY = msgspec.Meta(
    pattern=r"^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$", description="a list of keys, each as in a policy file"
)


class ProofSection(msgspec.Struct, frozen=True, kw_only=True):
    """The public tree, by which a stranger can check what was said."""

    witnesses: tuple[Annotated[str, _WITNESS], ...] = ()
    """Witnesses outside that are asked each minute to cosign the tree's newest checkpoint, each as the line of a policy
    file has it: a name, its key and its address, such as 'university w.example+1234abcd+BAAA… https://w.example'."""
    outside_hubs: tuple[Annotated[str, msgspec.Meta(min_length=1, description="a list of hubs' names")], ...] = ()
    """Hubs that somebody else runs. The policy that the server offers has them as a quorum; hubs of its own operator
    are none by themselves."""
    cosigns: tuple[Annotated[str, _LOG_KEY], ...] = ()
    """Trees of other instances that this server cosigns at `/log/add-checkpoint`, by their keys: the line `log` of
    their `/log/policy`. Empty: it is nobody's witness."""
    time_stamps: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^https?://[^\s?#/@]+[^\s#@]*$",
            description="nothing, or an address such as 'https://stamps.example.org'",
        ),
    ] = ""
    """Address of a time-stamping authority (RFC 3161), which is asked for a stamp of each seal. Empty: none is."""


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
    """Redis or Valkey server that all nodes share, without its password. Empty: this server is alone."""
    replicas: tuple[Annotated[str, _REDIS], ...] = ()
    """All replicas of that server: what is removed has to leave their files too. They have the same password and
    certificates."""
    password_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of that server's password, with nothing else in it. Empty: it needs none."""
    authorities: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the CA certificates, PEM, with which that server's certificate is verified. Empty: the system's."""
    node: Annotated[
        str,
        msgspec.Meta(pattern=r"^$|^[a-z0-9][a-z0-9_.-]{0,63}$", description="a name such as 'north', or nothing"),
    ] = ""
    """Name of this node; no other node has it."""
    number: Annotated[int, msgspec.Meta(ge=0, le=999, description="a whole number from 1 to 999")] = 0
    """Number of this node, which no other node has: 1, 2, 3 and so on."""
    address: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^https?://[^/?#\s]+$",
            description="an address such as 'http://10.0.0.1:8080', without a path, or nothing",
        ),
    ] = ""
    """Address at which the other nodes reach this one."""
    key_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the key with which nodes recognise each other, the same at all nodes."""
    archive_copies: Annotated[int, msgspec.Meta(ge=1, le=99, description="a whole number from 1 to 99")] = 2
    """How many nodes must have the log of a session, an hour after its close, before Redis gives up its events."""
    one_copy: Annotated[Literal["refuse", "allow"], msgspec.Meta(description="refuse or allow")] = "refuse"
    """What the keeper does while Redis is away: `refuse` all acts, or `allow` them with one copy on its own disk, as
    long as every other node of `nodes` confirms every few seconds that it has no Redis either. If that disk is lost, so
    is what only it has."""
    nodes: tuple[
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$", description="a list of names such as ['north', 'south']"
            ),
        ],
        ...,
    ] = ()
    """Names of all nodes, including this one, the same at all nodes; for `one_copy`. They are not taken from Redis,
    which may lose them, and where a node may register that the keeper cannot see."""


class Tracing(msgspec.Struct, frozen=True, kw_only=True):
    """Traces by OpenTelemetry, to find out what takes long. They need the extra `otel`."""

    endpoint: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^https?://[^\s/?#@]+[^\s?#]*$",
            description="nothing, or the address of a collector such as 'http://127.0.0.1:4318'",
        ),
    ] = ""
    """Collector that accepts OTLP over HTTP, from the server and the engines that it starts. Spans contain ids, kinds
    and sizes, never speech, names or tokens. Empty: nothing is traced."""
    percent: Annotated[int, msgspec.Meta(ge=1, le=100, description="a whole number from 1 to 100")] = 100
    """Percentage of acts whose traces are kept."""


class SearchSection(msgspec.Struct, frozen=True, kw_only=True):
    """What finds lines beside the server's own search by words."""

    meaning: Annotated[bool, msgspec.Meta(description="true or false")] = True
    """Whether the search also shows lines that are similar to what was asked, in any language. It needs the extra
    `meaning`; without it nothing changes."""
    opensearch: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^https?://[^\s/?#@]+/[a-z0-9][a-z0-9._-]{0,99}$",
            description="nothing, or the address of an index such as 'https://search.example.org:9200/moothall'",
        ),
    ] = ""
    """Index of an OpenSearch of your own, which gets the finished lines of the meetings that everybody may read, but
    for those in which young people take part, and loses what is removed. It is this server's alone. Empty: none."""
    opensearch_key_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File with `user:password` for it. Empty: it asks for none."""


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """Ways for staff to come in besides role links: an account of their own house (OpenID Connect); and how long links
    that end with their meeting are valid after it.
    """

    issuer: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^$|^https?://[^?#\s@]+$",
            description="an address such as 'https://login.example.org/realms/staff', or nothing",
        ),
    ] = ""
    """The provider's issuer, exactly as the provider writes it. Needs the extra oidc. Empty: there is no sign-in."""
    client_id: Annotated[str, msgspec.Meta(max_length=500, description="a text, or nothing")] = ""
    """Id of this server at the provider."""
    client_secret_file: Annotated[str, msgspec.Meta(description="the path of a file, or nothing")] = ""
    """File of the client's secret, with nothing else in it. Empty: the client has none, and is protected by PKCE
    only."""
    scopes: tuple[
        Annotated[
            str, msgspec.Meta(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$", description="a list of scopes such as 'groups'")
        ],
        ...,
    ] = ()
    """Scopes to request besides `openid`, if the provider reports groups only then. Names and mail addresses are never
    needed."""
    claim: Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="a name such as 'groups' or 'realm_access.roles'")
    ] = "groups"
    """Claim of the ID token that lists a person's groups; with dots if it is inside other claims."""
    roles: tuple[
        Annotated[
            str, msgspec.Meta(pattern=r"^[a-z]+=\S.*$", description="a list of lines such as 'secretariat=mh-office'")
        ],
        ...,
    ] = ()
    """Which group gives which role, a role and a group each. Roles: technician, chair, moderator, captioner,
    interpreter, rapporteur, secretariat; each is valid for all meetings and rooms."""
    required_for_admin: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Whether a link for `/admin` leads to the sign-in. While the provider is down, `moothall admin-link
    --without-sign-in` on the server's machine makes a link that works without it."""
    hours: Annotated[int, msgspec.Meta(ge=1, le=720, description="a whole number from 1 to 720")] = 12
    """Hours after which somebody has to sign in again."""
    link_hours_after_close: Annotated[int, msgspec.Meta(ge=0, le=8760, description="a whole number from 0 to 8760")] = (
        24
    )
    """Hours after its meeting's close for which a link that ends with the meeting is still valid."""


class Captioning(msgspec.Struct, frozen=True, kw_only=True):
    """Captioners: what happens when a captioner goes silent, and where text of their own software is received."""

    machine_by_itself: Annotated[bool, msgspec.Meta(description="true or false")] = False
    """Whether the machine is put on air without a key press when the captioner's link is gone for 3 seconds, or nothing
    is written for 8 seconds while somebody speaks. A US patent claims such a choice of the source by a program: ask a
    lawyer first (`docs/how-to/caption-a-meeting.md`)."""
    tcp_port: Annotated[int, msgspec.Meta(ge=0, le=65535, description="a whole number from 0 to 65535")] = 0
    """Port on which raw text over TCP is received, at `host` of `[server]`, over TLS with its certificate; the first
    line is the key. Without a certificate, keys and text can be read on the network. 0: none; `moothall caption-bridge`
    on the captioner's computer does the same."""


class Logging(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that the program writes about itself. They never contain speech, names or tokens."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], msgspec.Meta(description="debug, info, warning or error")
    ] = "info"
    """The least important level of messages that is written."""
    format: Annotated[LogFormat, msgspec.Meta(description="text or json")] = "text"
    """Format of messages, of the server and of the engines and translators that it starts: text for people, or json for
    programs, one object a line (`docs/how-to/monitoring.md`)."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings, in their sections."""

    server: Server = Server()
    conference: Conference = Conference()
    engine: EngineSection = EngineSection()
    translation: Translation = Translation()
    captioning: Captioning = Captioning()
    recording: Recording = Recording()
    voices: VoicesSection = VoicesSection()
    retention: RetentionSection = RetentionSection()
    streams: Streams = Streams()
    webhooks: WebhookSection = WebhookSection()
    mail: MailSection = MailSection()
    drafting: DraftingSection = DraftingSection()
    balance: Balance = Balance()
    sign_in: SignIn = SignIn()
    metrics: Metrics = Metrics()
    proof: ProofSection = ProofSection()
    search: SearchSection = SearchSection()
    cluster: Cluster = Cluster()
    tracing: Tracing = Tracing()
    logging: Logging = Logging()
