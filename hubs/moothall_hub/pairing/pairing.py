"""The identity of this machine as a hub, and how it gets one: six words, given once, are exchanged for a key.

The key is a bearer token of the link. The centre's public keys are sent with it, so that received events can be
verified from the first one on. These keys are trusted because the words were right, and because HTTPS carried them.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from moothall.adapters.http.bodies import up_to
from moothall.adapters.store.signing import verifier
from moothall.core.kernel.decoding import Unreadable, made_of, read_json
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.ports import Book, BookEntry, Randomness
from moothall.record.verify import VerifySignature
from moothall.wire.hubs.messages import PATH
from moothall.wire.hubs.pairing import secret_of, words_of

logger = logging.getLogger(__name__)

NAMESPACE, NODE, PAIRING = "node", "node", "pairing"
"""The namespace and keys under which the book keeps this machine's own name and its pairing."""
NODE_BYTES = 8
PAIR_PATH = "/hub/pair"
PATIENCE_S = 20
LONGEST_ANSWER = 64 << 10


class Pairing(msgspec.Struct, frozen=True, kw_only=True):
    """As which hub this machine is known, and at which server."""

    address: str
    """The address of the centre, or of the hub above, as it is dialled: `https://text.example.org`."""
    hub: str
    """The hub's name at the server above."""
    title: str
    """The name that people see."""
    key: str
    """The bearer token. It is in no log and on no page."""
    keys: dict[str, Any]
    """The centre's public keys, as in its `/.well-known/moothall.json`."""
    public: str = ""
    """The centre's public web address; empty when it is the same as `address`."""
    generation: int = 1
    """Counts the pairings of this machine. A newer pairing replaces the link of an older one."""

    @property
    def link(self) -> str:
        """The WebSocket address of the link."""
        scheme, rest = ("wss", self.address[8:]) if self.address.startswith("https://") else ("ws", self.address[7:])
        return f"{scheme}://{rest}{PATH}"

    @property
    def people(self) -> str:
        """The centre's public web address."""
        return self.public or self.address

    def __repr__(self) -> str:
        return f"Pairing(hub={self.hub!r}, address={self.address!r})"


class PairingFailure(StrEnum):
    """Why a machine was not paired."""

    ADDRESS = "address"
    """The text that was given is no address."""
    WORDS = "words"
    """The text that was given is not six words of the list."""
    UNKNOWN = "unknown"
    """The server does not know the words, or they were used already, or are too old."""
    OFTEN = "often"
    """Too many words were tried."""
    NOBODY = "nobody"
    """No server answers at the address, or it cannot at the moment."""
    STRANGE = "strange"
    """The answer is not that of a Moothall server, or of a version that cannot pair hubs."""


PROBLEMS = {
    PairingFailure.ADDRESS: "This is no address. Write it as it stands on your sheet.",
    PairingFailure.WORDS: "These are not six of the words that are given out. Look for one that is written wrong.",
    PairingFailure.UNKNOWN: "These words are not known there, or were used already. Ask for new ones.",
    PairingFailure.OFTEN: "Too many words were tried from here. Wait a minute, then try again.",
    PairingFailure.NOBODY: "Nobody answers at this address. Is it written right, and is there a connection?",
    PairingFailure.STRANGE: "What answers at this address does not know how to connect a computer like this one.",
}
"""The sentences for people; keys of the catalogues (`web/locales`, hub_status_bar.po)."""


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    hub: str
    title: str
    key: str
    keys: dict[str, Any]
    address: str = ""


class Pairings:
    """This machine's name and pairing, in memory and in the book. Make it with `load`."""

    def __init__(self, book: Book, node: str, pairing: Pairing | None) -> None:
        self._book = book
        self.node = node
        """The random name of this installation."""
        self.now = pairing

    @classmethod
    async def load(cls, book: Book, randomness: Randomness) -> Pairings:
        """Read the book, and give a new installation its name. Raises StorageUnavailable."""
        kept = await book.read(NAMESPACE)
        node = kept[NODE].decode() if NODE in kept else randomness.bytes(NODE_BYTES).hex()
        if NODE not in kept:
            await book.write([BookEntry(NAMESPACE, NODE, node.encode())])
        pairing = msgspec.json.decode(kept[PAIRING], type=Pairing) if PAIRING in kept else None
        return cls(book, node, pairing)

    async def keep(self, pairing: Pairing) -> None:
        """Store a new pairing and use it from now on. Raises StorageUnavailable."""
        generation = 1 if self.now is None else self.now.generation + 1
        pairing = msgspec.structs.replace(pairing, generation=generation)
        await self._book.write([BookEntry(NAMESPACE, PAIRING, msgspec.json.encode(pairing))])
        self.now = pairing
        logger.info("the hub is paired as %s, generation %d", pairing.hub, generation)

    async def renew_keys(self, keys: dict[str, Any]) -> None:
        """Replace the centre's public keys in the pairing. Raises StorageUnavailable."""
        if self.now is not None:
            pairing = msgspec.structs.replace(self.now, keys=keys)
            await self._book.write([BookEntry(NAMESPACE, PAIRING, msgspec.json.encode(pairing))])
            self.now = pairing


def address_of(text: str) -> str | None:
    """Turn an address that somebody typed into one that can be dialled; None when it is no address.

    Without a scheme it becomes HTTPS, except for an IPv4 address or `localhost`, which become HTTP.
    """
    text = text.strip().rstrip("/")
    if "://" not in text:
        host = text.partition(":")[0]
        near = host == "localhost" or host.replace(".", "").isdecimal()
        text = f"{'http' if near else 'https'}://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or any(map(str.isspace, text)):
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}"


async def pair(address: str, words: str, node: str) -> Pairing | PairingFailure:
    """Exchange six words for a key. `node` is this installation's name. On any failure it returns `PairingFailure`."""
    where = address_of(address[:2000])
    if where is None:
        return PairingFailure.ADDRESS
    secret = secret_of(words)
    if secret is None:
        return PairingFailure.WORDS
    words = " ".join(words_of(secret))
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(f"{where}{PAIR_PATH}", json={"words": words, "node": node}, allow_redirects=False) as response,
        ):
            body = await up_to(response.content, LONGEST_ANSWER)
            status = response.status
    except (aiohttp.ClientError, TimeoutError, OSError):
        return PairingFailure.NOBODY
    if status == 429:
        return PairingFailure.OFTEN
    if status in (400, 403) and _is_json(body):
        return PairingFailure.UNKNOWN if status == 403 else PairingFailure.WORDS
    if status >= 500:
        return PairingFailure.NOBODY
    try:
        answer = read_json(body, _Answer)
        verifier(answer.keys)  # With unreadable keys no event could ever be verified.
    except (Unreadable, ConfigurationError):
        return PairingFailure.STRANGE
    return made_of(Pairing, answer, address=where, public=answer.address)


def _is_json(body: bytes) -> bool:
    try:
        read_json(body, dict)
    except Unreadable:
        return False
    return True


class CentreKeys:
    """The keys by which a hub verifies events: those of the pairing, and later ones that the centre has added.

    A later document of keys is trusted if the link uses HTTPS, as the first one was. On plain HTTP anybody on the
    network path could put in keys of their own. So the keys of the pairing are kept then, and the hub has to be paired
    again after the centre has changed its key.
    """

    def __init__(self, pairings: Pairings) -> None:
        self._pairings = pairings
        self._made: tuple[Pairing, VerifySignature] | None = None

    def signed(self, key: str, message: bytes, signature: bytes) -> bool:
        """Whether the centre's key with this id made the signature (`VerifySignature`)."""
        pairing = self._pairings.now
        if pairing is None:
            return False
        if self._made is None or self._made[0] is not pairing:
            try:
                self._made = (pairing, verifier(pairing.keys))
            except ConfigurationError:
                logger.error("the centre's public keys can't be read: pair the hub again")
                return False
        return self._made[1](key, message, signature)

    async def announced(self, document: bytes) -> None:
        """Take the public keys that the server above announces. Raises StorageUnavailable."""
        pairing = self._pairings.now
        if pairing is None or not pairing.address.startswith("https://"):
            return
        try:
            keys = read_json(document, dict)
            verifier(keys)
        except (Unreadable, ConfigurationError):
            logger.warning("the public keys from the server above can't be read")
            return
        if keys != pairing.keys and keys.get("keys"):
            await self._pairings.renew_keys(keys)
            logger.info("the centre's public keys changed")
