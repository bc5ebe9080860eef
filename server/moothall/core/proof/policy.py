"""Trust policies: which logs are believed, and which witnesses must have cosigned (c2sp.org/tlog-policy)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import msgspec

from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.notes import SignatureKind, VerifierKey

NO_QUORUM = "none"
"""The name of the quorum that needs no witness."""
MOST_POLICY_BYTES = 256 << 10
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_BLANKS = re.compile(r"[ \t]+")


class WitnessGroup(msgspec.Struct, frozen=True):
    """A group of witnesses and groups, of which `least` have to have cosigned."""

    least: int
    members: tuple[str, ...]


class TrustPolicy(msgspec.Struct, frozen=True):
    """What a policy file says."""

    logs: tuple[VerifierKey, ...]
    witnesses: dict[str, VerifierKey]
    """By the names that the file gives them."""
    groups: dict[str, WitnessGroup]
    quorum: str
    urls: dict[str, str] = {}
    """Addresses of witnesses, by their names, where the file has them."""

    def cosigned(self, by: Collection[str]) -> bool:
        """Whether the witnesses of these names are enough."""
        return self.quorum == NO_QUORUM or self._has(self.quorum, by)

    def lacking(self, by: Collection[str]) -> str:
        """What the quorum still needs, in words; for the sentence about a checkpoint that has too few."""
        wanted = self.groups.get(self.quorum)
        if wanted is None:
            return self.quorum
        there = sum(self._has(each, by) for each in wanted.members)
        missing = ", ".join(each for each in wanted.members if not self._has(each, by))
        return f"{wanted.least - there} of {missing}"

    def _has(self, name: str, by: Collection[str]) -> bool:
        group = self.groups.get(name)
        return name in by if group is None else sum(self._has(each, by) for each in group.members) >= group.least


def read_policy(data: bytes) -> TrustPolicy:
    """Read a policy file. Raises ProofBroken, which names the line."""
    if len(data) > MOST_POLICY_BYTES or _FORBIDDEN.search(data):
        raise ProofBroken(f"A policy is text of {MOST_POLICY_BYTES} bytes at most; this file is none.")
    reading = _Reading()
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        words = _BLANKS.split(line.strip(" \t"))
        if words != [""] and not words[0].startswith("#"):
            try:
                reading.take(words)
            except ProofBroken as error:
                raise ProofBroken(f"Line {number} of the policy can't be read. {error}") from None
    return reading.end()


class _Reading:
    """The state in which a policy is read line by line."""

    def __init__(self) -> None:
        self._logs: list[VerifierKey] = []
        self._witnesses: dict[str, VerifierKey] = {}
        self._groups: dict[str, WitnessGroup] = {}
        self._members: set[str] = set()
        self._urls: dict[str, str] = {}
        self._quorum = ""

    def take(self, words: list[str]) -> None:
        match words:
            case ["log", key] | ["log", key, _]:
                self._log(VerifierKey.parse(key))
            case ["witness", name, key, *url] if len(url) < 2:
                self._witness(name, VerifierKey.parse(key))
                self._urls.update((name, address) for address in url)
            case ["group", name, least, *members] if members:
                self._group(name, least, members)
            case ["quorum", name]:
                if self._quorum:
                    raise ProofBroken("It has a second quorum.")
                if name != NO_QUORUM:
                    self._known(name)
                self._quorum = name
            case _:
                raise ProofBroken(f"It begins with {words[0][:40]!r} and has {len(words)} words, as no line has.")

    def end(self) -> TrustPolicy:
        if not self._quorum:
            raise ProofBroken("The policy has no quorum; 'quorum none' asks for no witness.")
        return TrustPolicy(tuple(self._logs), self._witnesses, self._groups, self._quorum, self._urls)

    def _log(self, key: VerifierKey) -> None:
        if key.public in {each.public for each in self._logs}:
            raise ProofBroken(f"The log {key.name} has the key of another log.")
        self._logs.append(key)

    def _witness(self, name: str, key: VerifierKey) -> None:
        self._new(name)
        if key.kind is not SignatureKind.COSIGNATURE:
            raise ProofBroken(f"The key of {name} is no key for cosignatures.")
        if key.public in {each.public for each in self._witnesses.values()}:
            raise ProofBroken(f"The witness {name} has the key of another witness.")
        self._witnesses[name] = key

    def _group(self, name: str, least: str, members: list[str]) -> None:
        self._new(name)
        for each in members:
            self._known(each)
            if each in self._members:
                raise ProofBroken(f"{each} is a member of a group already.")
            self._members.add(each)
        count: Mapping[str, str] = {"any": "1", "all": str(len(members))}
        number = count.get(least, least)
        if not (number.isascii() and number.isdecimal() and 1 <= int(number[:9]) <= len(members)):
            raise ProofBroken(f"Of {len(members)} members {least[:20]!r} can't be needed.")
        self._groups[name] = WitnessGroup(int(number), tuple(members))

    def _new(self, name: str) -> None:
        if name == NO_QUORUM or name in self._witnesses or name in self._groups:
            raise ProofBroken(f"The name {name} is taken.")

    def _known(self, name: str) -> None:
        if name not in self._witnesses and name not in self._groups:
            raise ProofBroken(f"No line above says who {name} is.")
