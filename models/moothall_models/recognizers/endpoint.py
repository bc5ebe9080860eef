"""A service behind HTTP in the form that OpenAI gave it: `POST {base}/audio/transcriptions`, or another of its doors.

Servers that one runs oneself speak it too, speaches among them. What is sent goes to the named address and nowhere
else: no proxy of the environment is used, no redirect is followed, and without TLS only this machine is talked to.
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
"""How the name of such a recogniser or translator begins: `openai:NAME@https://HOST/v1`."""
PASS_SECONDS = 20.0
"""For one question, tries and pauses together; then the speaker is too far ahead for it to matter."""
SILENCE_SECONDS = 10.0
"""How long a connection may be made, and how long the other side may say nothing at all."""
PAUSES = (0.0, 0.5, 1.5)
"""Seconds before each new try. The first is at once: a kept connection has often been closed meanwhile."""
KEPT = "The sound is kept and asked again."
BUSY_PAUSE = 0.5
"""Seconds at least, when the service said that it is busy."""
MOST_BYTES = 1 << 20
"""Of an answer. Thirty seconds of fast speech with the times of its words are some 20 KB."""
PIECE = 1 << 16
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""
OVERLOADED = 503
"""The one status from 500 on that says nothing of the request: later it may succeed."""
_WORD = re.compile(r"[a-z][a-z0-9_]{0,47}\Z")


class Unusable(RecognitionFailed):
    """The service answered, but not with what it was asked for; to the same question it will mostly say the same."""


class Faulty(RecognitionFailed):
    """The service said at each try that it had failed itself; it may be this question that it fails at."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What a service is asked for, with the words that sentences about it need."""

    path: str
    """Below the service's own."""
    model: str
    """A model that there might be."""
    sent: str
    does: str
    gives: str
    wants: str
    """What the service has to know, as a sentence."""
    kept: str = ""
    """What becomes of a question without an answer, as a sentence."""


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
    """Which model of which service."""

    model: str
    secure: bool
    """Whether over TLS."""
    host: str
    port: int
    path: str
    """Of the service, without a slash at its end, such as `/v1`."""


def read_address(name: str, door: Door = TRANSCRIPTIONS) -> EndpointAddress:
    """Read `openai:NAME@https://HOST/v1`. Raises ConfigurationError."""
    model, _, url = name.removeprefix(SCHEME).partition("@")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # the port is none, or the brackets of an IPv6 address don't fit
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
    """Kept connections to the service, as many as threads have asked at a time.

    `key` gives that for the service, empty where it wants none, and is asked at each `read_key`; `seconds` is a
    clock that never runs back; `trust` says whose certificates are believed: those that this machine believes
    unless given; `door` is what is asked for.

    Raises as `read_key`.
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

    def read_key(self) -> None:
        """Ask with the key as it is now. Raises ConfigurationError when it can't be read, or can't be one."""
        key = self.key()
        if not key.isascii() or not (key.isprintable() and " " not in key):
            msg = "The service's key has spaces or signs that no key has. Put the key alone on one line."
            raise ConfigurationError(msg)
        headers = {"Accept": "application/json", "User-Agent": "moothall"}
        self._headers = headers | ({"Authorization": f"Bearer {key}"} if key else {})

    def ask(self, body: bytes, content_type: str, *, once: bool = False, seconds: float = PASS_SECONDS) -> bytes:
        """Post a question and return the answer's body.

        A service that is busy or can't be reached is asked up to four times within `seconds`; with `once`, one that
        answers is not asked again where it says that it has failed itself.

        Raises:
            KeyRefused: it refuses the key.
            ConfigurationError: it knows no such model or address, or isn't who it should be.
            Unusable: it refuses to answer this, or says more than may be read.
            Faulty: at each try it said that it had failed itself.
            RecognitionFailed: it gave no answer in time.
        """
        until = self.seconds() + seconds
        pauses = iter(PAUSES)
        faulty = True
        while True:
            try:
                return self._exchange(body, content_type, until)
            except _TryAgain as failed:
                self.close()  # The others have been idle for as long.
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
        """Close the connections that are idle; the next request makes a new one."""
        with contextlib.suppress(IndexError):  # Another thread may take the last one.
            while True:
                self._idle.pop().close()

    def _exchange(self, body: bytes, content_type: str, until: float) -> bytes:
        headers = {**self._headers, "Content-Type": content_type}
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
        if response.status != HTTPStatus.OK:
            raise self._refused(response, answer)
        return answer

    def _patience(self, until: float) -> float:
        """Seconds for which the other side may say nothing from now on."""
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
        response.close()  # Else the connection takes no other request (http.client, with read1).
        if response.length:
            what = "its answer was cut off"
            raise _TryAgain(what, 0.0)
        return bytes(data)

    def _refused(self, response: http.client.HTTPResponse, answer: bytes) -> Exception:
        """What a status that isn't 200 means. Of the answer only a code is passed on: its text may hold anything."""
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
    """It may work the next time; the text says what was wrong, without a full stop."""

    def __init__(self, what: str, pause: float, *, faulty: bool = False) -> None:
        super().__init__(what)
        self.pause = pause
        self.faulty = faulty
        """Whether the service said that it had failed itself."""


class _Error(msgspec.Struct, frozen=True):
    code: str | None = None
    type: str | None = None


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error


def _error_code(answer: bytes) -> str:
    """The code of an error in the service's form, such as `model_not_found`; empty when there is none."""
    try:
        error = read_json(answer, _Refusal).error
    except Unreadable:
        return ""
    return next((code for code in (error.code, error.type) if code is not None and _WORD.match(code)), "")


def _retry_after(header: str | None) -> float:
    """Seconds to wait; a date, or nothing, counts as the least."""
    return max(BUSY_PAUSE, float(header)) if header is not None and re.fullmatch(r"[0-9]{1,6}", header) else BUSY_PAUSE


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(name: str) -> str:
    """The name without what may be a password."""
    return re.sub(r"://[^/@]*@", "://…@", name)
