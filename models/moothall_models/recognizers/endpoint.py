"""An HTTP client for services with OpenAI's API: `POST {base}/audio/transcriptions`, or another route of it.

Self-hosted servers offer this API too, speaches among them. Data is sent to the named address and nowhere else: the
client uses no proxy of the environment, follows no redirect, and without TLS connects only to this machine.
"""

from __future__ import annotations

import contextlib
import http.client
import math
import re
import ssl
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError, KeyRefused, RecognitionFailed

SCHEME = "openai:"
"""Prefix of the names of such recognisers and translators: `openai:NAME@https://HOST/v1`."""
PASS_SECONDS = 20.0
"""Time limit of one request, s, all tries and pauses included; a later answer would be too late for live text."""
SILENCE_SECONDS = 10.0
"""Timeout for connecting, and for receiving any data, s."""
PAUSES = (0.0, 0.5, 1.5)
"""Seconds before each retry. The first is immediate: a kept-alive connection has often been closed meanwhile."""
KEPT = "The sound is kept and asked again."
BUSY_PAUSE = 0.5
"""Least seconds before a new try when the service said that it is busy."""
MOST_BYTES = 1 << 20
"""Most bytes of an answer. Thirty seconds of fast speech with the times of its words are some 20 KB."""
PIECE = 1 << 16
"""Bytes that are read at a time."""
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses after which the same request may succeed."""
OVERLOADED = 503
"""The only status from 500 on that implies no fault in handling this request."""
_WORD = re.compile(r"[a-z][a-z0-9_]{0,47}\Z")


class Unusable(RecognitionFailed):
    """The service's answer can't be used; the same request will mostly get the same answer."""


class Faulty(RecognitionFailed):
    """The service answered each try with a server error; the cause may be this particular request."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """A route of the API, with the words for error messages about it."""

    path: str
    """Path below the service's base path."""
    model: str
    """Name of a model as an example."""
    sent: str
    """Noun for what is sent, such as `sound`."""
    does: str
    """Verb for what the service does, such as `transcribe`."""
    gives: str
    """Noun for what the service returns, such as `transcription`."""
    wants: str
    """A sentence about what the service has to support."""
    kept: str = ""
    """A sentence about what becomes of a request without an answer; empty for none."""


TRANSCRIPTIONS = Door(
    path="/audio/transcriptions",
    model="whisper-1",
    sent="sound",
    does="transcribe",
    gives="transcription",
    wants="It must know verbose_json; see its log.",
    kept=KEPT,
)


class EndpointAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A model, and the address of the service that runs it."""

    model: str
    secure: bool
    """Whether it is reached over TLS."""
    host: str
    port: int
    path: str
    """Base path of the service, without a slash at its end, such as `/v1`."""


def read_address(name: str, door: Door = TRANSCRIPTIONS) -> EndpointAddress:
    """Parse `openai:NAME@https://HOST/v1`. Raises ConfigurationError."""
    model, _, url = name.removeprefix(SCHEME).partition("@")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # an invalid port, or unbalanced brackets of an IPv6 address
        host, port = "", None
    plain = f"{model}{url}".isascii() and f"{model}{url}".isprintable() and " " not in name
    if not model or not host or not plain or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        msg = f"'{_shown(name)}' names no service: it looks like {SCHEME}{door.model}@https://api.example.org/v1."
        raise ConfigurationError(msg)
    if parts.username is not None or parts.password is not None:
        msg = "The service's address holds a name or a password. Take it out; the key has a file of its own."
        raise ConfigurationError(msg)
    secure = parts.scheme == "https"
    if not secure and not _is_this_machine(host):
        how = "Use https://, or http:// to this machine with a tunnel behind it."
        raise ConfigurationError(f"{host} would get the {door.sent} in clear. {how}")
    return EndpointAddress(
        model=model, secure=secure, host=host, port=port or (443 if secure else 80), path=parts.path.rstrip("/")
    )


@dataclass(eq=False, repr=False)
class Endpoint:
    """A client of one route of a service. It keeps as many connections alive as threads have used at a time.

    `key` returns the service's key, empty when it needs none, and is called by each `read_key`; `seconds` is a
    monotonic clock; `pause` sleeps for some seconds; `trust` holds the trusted certificates, those of this machine
    unless given; `door` is the route. Making one raises as `read_key`.
    """

    address: EndpointAddress
    key: Callable[[], str]
    _: KW_ONLY
    seconds: Callable[[], float]
    pause: Callable[[float], None]
    trust: ssl.SSLContext | None = None
    door: Door = TRANSCRIPTIONS

    def __post_init__(self) -> None:
        self._headers: dict[str, str] = {}
        self.read_key()
        self._idle: list[http.client.HTTPConnection] = []
        self._closings = 0

    def read_key(self) -> None:
        """Read the key again and use it from now on. Raises ConfigurationError when it is unreadable or malformed."""
        key = self.key()
        if not key.isascii() or not (key.isprintable() and " " not in key):
            msg = "The service's key has spaces or signs that no key has. Put the key alone on one line."
            raise ConfigurationError(msg)
        headers = {"Accept": "application/json", "User-Agent": "moothall"}
        self._headers = headers | ({"Authorization": f"Bearer {key}"} if key else {})

    def ask(self, body: bytes, content_type: str, *, once: bool = False, seconds: float = PASS_SECONDS) -> bytes:
        """Post a request and return the body of the answer.

        When the service is busy or can't be reached, the request is tried up to four times within `seconds`; with
        `once` it is not tried again after a server error.

        Raises:
            KeyRefused: the service refuses the key.
            ConfigurationError: it doesn't know the model or path, or its certificate isn't trusted.
            Unusable: it refuses this request, or its answer is too long.
            Faulty: it answered each try with a server error.
            RecognitionFailed: it gave no answer in time.
        """
        until = self.seconds() + seconds
        pauses = iter(PAUSES)
        faulty = True
        while True:
            try:
                return self._exchange(body, content_type, until)
            except _TryAgain as failed:
                self.close()  # The other connections have been idle for as long and may be dead too.
                faulty = faulty and failed.faulty
                wait = max(math.inf if once and failed.faulty else next(pauses, math.inf), failed.pause)
                if self.seconds() + wait >= until:
                    msg = f"{self.address.host} gave no {self.door.gives}: {failed}."
                    if faulty:
                        raise Faulty(msg) from None
                    raise RecognitionFailed(f"{msg} {self.door.kept}".strip()) from None
            if wait:
                self.pause(wait)

    def close(self) -> None:
        """Close the idle connections, and those in use once they have their answer; the next request opens a new
        one.
        """
        self._closings += 1
        self._close_idle()

    def _close_idle(self) -> None:
        with contextlib.suppress(IndexError):  # Another thread may take the last connection.
            while True:
                self._idle.pop().close()

    def _exchange(self, body: bytes, content_type: str, until: float) -> bytes:
        headers = {**self._headers, "Content-Type": content_type}
        closings = self._closings
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._new()
        kept = False
        try:
            connection.timeout = self._patience(until)
            if connection.sock is None:
                connection.connect()
            connection.sock.settimeout(self._patience(until))
            connection.request("POST", f"{self.address.path}{self.door.path}", body, headers)
            response = connection.getresponse()
            answer = self._read(response, until)
            kept = not response.will_close
        except ssl.SSLCertVerificationError as error:
            whose = f"The certificate of {self.address.host} isn't trusted ({error.verify_message})"
            raise ConfigurationError(f"{whose}: no {self.door.sent} was sent to it.") from None
        except TimeoutError:
            what = "it said nothing for too long"
            raise _TryAgain(what, 0.0) from None
        except (OSError, http.client.HTTPException) as error:
            what = f"it can't be reached ({type(error).__name__})"
            raise _TryAgain(what, 0.0) from None
        finally:
            if kept:
                self._idle.append(connection)
            else:
                connection.close()
            if closings != self._closings:
                self._close_idle()
        if response.status != HTTPStatus.OK:
            raise self._refused(response, answer)
        return answer

    def _patience(self, until: float) -> float:
        """The socket timeout from now on, s: `SILENCE_SECONDS`, or the time left until `until` if that is shorter."""
        return max(0.1, min(SILENCE_SECONDS, until - self.seconds()))

    def _new(self) -> http.client.HTTPConnection:
        host, port = self.address.host, self.address.port
        if self.address.secure:
            return http.client.HTTPSConnection(host, port, context=self.trust or ssl.create_default_context())
        return http.client.HTTPConnection(host, port)

    def _read(self, response: http.client.HTTPResponse, until: float) -> bytes:
        data = bytearray()
        while piece := response.read1(PIECE):
            data += piece
            if len(data) > MOST_BYTES:
                raise Unusable(f"{self.address.host} answered with more than {MOST_BYTES} bytes; the rest wasn't read.")
            if self.seconds() >= until:
                what = "its answer took too long"
                raise _TryAgain(what, 0.0)
        response.close()  # Otherwise http.client refuses the connection's next request, after read1.
        if response.length:
            what = "its answer was cut off"
            raise _TryAgain(what, 0.0)
        return bytes(data)

    def _refused(self, response: http.client.HTTPResponse, answer: bytes) -> Exception:
        """The error for a status other than 200. It quotes only an error code of the answer: its text is untrusted."""
        host, status = self.address.host, response.status
        if status in BUSY:
            wait = _retry_after(response.getheader("Retry-After"))
            faulty = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != OVERLOADED
            return _TryAgain(f"it answered with status {status}", wait, faulty=faulty)
        code = _error_code(answer)
        why = f"status {status}, {code}" if code else f"status {status}"
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return KeyRefused(f"{host} refused the key ({why}). Give the engine the right one.")
        if status == HTTPStatus.NOT_FOUND:
            asked = f"{self.address.path}{self.door.path}"
            return ConfigurationError(f"{host} knows no model {self.address.model}, or nothing at {asked} ({why}).")
        if 300 <= status < 400:
            return ConfigurationError(f"{host} sends elsewhere ({why}). Write the address that it leads to.")
        return Unusable(f"{host} refused to {self.door.does} ({why}). {self.door.wants}")


class _TryAgain(Exception):
    """A try failed and may succeed when repeated; the text says what was wrong, without a full stop."""

    def __init__(self, what: str, pause: float, *, faulty: bool = False) -> None:
        super().__init__(what)
        self.pause = pause
        """Least seconds before the next try."""
        self.faulty = faulty
        """Whether the service answered with a server error."""


class _Error(msgspec.Struct, frozen=True):
    code: str | None = None
    type: str | None = None


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error


def _error_code(answer: bytes) -> str:
    """The error code in an answer of the API, such as `model_not_found`; empty when there is none."""
    try:
        error = read_json(answer, _Refusal).error
    except Unreadable:
        return ""
    return next((code for code in (error.code, error.type) if code is not None and _WORD.match(code)), "")


def _retry_after(header: str | None) -> float:
    """Seconds to wait by a `Retry-After` header; `BUSY_PAUSE` if the header is missing or a date."""
    return max(BUSY_PAUSE, float(header)) if header is not None and re.fullmatch(r"[0-9]{1,6}", header) else BUSY_PAUSE


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(name: str) -> str:
    """The name of a recogniser without the part that may be a password, for error messages."""
    return re.sub(r"://[^/@]*@", "://…@", name)
