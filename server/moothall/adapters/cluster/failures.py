"""What Redis's answers of refusal mean: each is a reply, so it is known that nothing was done.

Its texts are passed on nowhere: they may hold arguments, and arguments hold words.
"""

from __future__ import annotations

import re

from moothall.core.kernel.errors import OutcomeUnknown, StorageUnavailable

_REFUSED = {
    "OOM": "has no memory left (maxmemory). Give it more, or have closed meetings trimmed",
    "MISCONF": "can't write its files. Is its disk full? Its log says more",
    "READONLY": "is a replica, which takes no writes. Name the primary",
    "LOADING": "is still reading its files",
    "CLUSTERDOWN": "is part of a cluster that is down",
    "MASTERDOWN": "is a replica that has lost its primary",
    "NOREPLICAS": "has fewer replicas than it has to have (min-replicas-to-write)",
    "BUSY": "is held up by somebody's script",
    "MOVED": "is part of a Redis Cluster, which is not supported. Name a single server or a primary",
    "ASK": "is part of a Redis Cluster, which is not supported. Name a single server or a primary",
    "CROSSSLOT": "is part of a Redis Cluster, which is not supported. Name a single server or a primary",
    "TRYAGAIN": "is part of a Redis Cluster, which is not supported. Name a single server or a primary",
    "NOAUTH": "asks for a password. Name the file that holds it",
    "WRONGPASS": "refuses the user or the password",
    "NOPERM": "doesn't permit the user what Moothall needs. docs/reference/redis.md lists it",
    "NOSCRIPT": "forgets its scripts while they are used",
}
_CODE = re.compile(r"[A-Z][A-Z0-9]+")


def code_of(error: Exception) -> str:
    """The word with which Redis begins an answer of refusal, such as `OOM`; `ERR` where it has none."""
    told = getattr(error, "status_code", None)
    found = _CODE.match(told if isinstance(told, str) else str(error))
    return found[0] if found else "ERR"


def refused(where: str, error: Exception, *, writes: bool) -> StorageUnavailable:
    """Our error for an answer of refusal from the server `where`."""
    code = code_of(error)
    if code in _REFUSED:
        return StorageUnavailable(f"Redis at {where} {_REFUSED[code]}. Nothing was stored.")
    sentence = f"Redis at {where} answered with an error ({code}) that nothing was prepared for; its log may say more."
    # A script that ended half-way has done its first half.
    return OutcomeUnknown(sentence) if writes else StorageUnavailable(sentence)


def unreachable(where: str, why: str) -> StorageUnavailable:
    """It can't be reached; nothing was sent."""
    return StorageUnavailable(f"Redis at {where} can't be reached ({why}). Nothing was stored.")


def unanswered(where: str, why: str, *, writes: bool) -> StorageUnavailable:
    """Something was sent, and no answer came."""
    if writes:
        return OutcomeUnknown(f"Redis at {where} gave no answer ({why}): it may have stored what it was sent, or not.")
    return StorageUnavailable(f"Redis at {where} gave no answer ({why}).")
