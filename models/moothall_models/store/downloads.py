"""Downloads files over HTTP, and unpacks them.

A download that broke off is continued by the next call: what has arrived stays in a folder of parts, in a file named
after the address. The bytes are not trusted: whoever unpacks them checks their number and hash where these are known.
The proxy settings of the environment apply.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from moothall_models.store.failures import SourceFailed
from moothall_models.store.progress import Progress

SECONDS = 30.0
"""How long a server may take to answer, and to send anything more."""
CHUNK = 1 << 16
"""Bytes that are read at a time."""
PACKINGS = (".gz", ".zst")
"""How files may be packed, by the ends of their names."""
ZSTANDARD = "zstandard"
"""The package that unpacks `.zst`."""
_ZSTD_HEADER = 18
"""Most bytes of the header of a frame (RFC 8878)."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


_RANGE = re.compile(r"bytes ([0-9]{1,15})-")


def read_small(address: str, most: int) -> bytes:
    """The bytes at an address, at most `most`. Raises SourceFailed."""
    with _opened(address) as answer:
        data = b"" if answer is None else b"".join(_body(answer, most))
    return data


def download(address: str, parts: Path, most: int, progress: Progress) -> Path:
    """Download a file, or the rest of it, into the folder `parts`; return its path there, which the caller deletes.

    Args:
        address: of https, or of a server on this machine.
        parts: the folder; what has arrived stays in it after a failure.
        most: more bytes than this are refused.
        progress: is told how many bytes have arrived.

    Raises:
        SourceFailed: the server can't be reached, doesn't have the file, or broke off.
        OSError: the disk is full, or can't be written to.
    """
    path = parts / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.part"
    there = path.stat().st_size if path.exists() else 0
    with _opened(address, there) as answer:
        if answer is None:
            return path
        if not _goes_on(answer, there):
            there = 0
        with path.open("r+b" if there else "wb") as out:
            out.seek(there)
            for chunk in _body(answer, most - there):
                out.write(chunk)
                there += len(chunk)
                progress.at(there)
    return path


@contextmanager
def unpacked(path: Path, packing: str, zstd: str = ZSTANDARD) -> Iterator[Iterator[bytes]]:
    """The bytes of a file in chunks, which is packed as `packing` says: as one of `PACKINGS`, or not at all.

    `zstd`: the package that unpacks `.zst`. Raises SourceFailed, while they are read too.
    """
    stated = -1
    opened: AbstractContextManager[_Readable]
    if packing == ".gz":
        opened = gzip.GzipFile(path)
    elif packing == ".zst":
        if find_spec(zstd) is None:
            raise SourceFailed(f"its files are packed with zstd: run `pip install {zstd}`")
        zstandard = import_module(zstd)
        opened = zstandard.open(path)
        with path.open("rb") as file, suppress(zstandard.ZstdError):
            stated = zstandard.frame_content_size(file.read(_ZSTD_HEADER))
    else:
        opened = path.open("rb")
    with opened as stream:
        yield _chunks(stream, stated)


def _chunks(stream: _Readable, stated: int) -> Iterator[bytes]:
    """`stated`: how many bytes there are; -1 where nothing states it. Only this shows that a `.zst` was cut off."""
    came = 0
    try:
        while chunk := stream.read(CHUNK):
            came += len(chunk)
            yield chunk
        if stated not in (-1, came):
            raise EOFError
    except Exception as error:
        if not isinstance(error, OSError | EOFError | zlib.error) and type(error).__name__ != "ZstdError":
            raise
        raise SourceFailed("a file of it is damaged, or packed in another way than its name says") from None


def _is_secure(address: str) -> bool:
    """Whether an address is of https, or of a server on this machine."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in ("127.0.0.1", "::1")))


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https alone. Another one is taken for an error of the server's."""

    def redirect_request(self, *given: Any) -> urllib.request.Request | None:
        return super().redirect_request(*given) if _is_secure(given[-1]) else None  # the new address


@contextmanager
def _opened(address: str, first: int = 0) -> Iterator[HTTPResponse | None]:
    """Request a file from its byte `first` on; None where the server says that it has no more. Raises SourceFailed."""
    if not _is_secure(address):
        raise SourceFailed("its address isn't of https")
    request = urllib.request.Request(address, headers={"User-Agent": "moothall"})  # noqa: S310  # checked above
    if first:
        request.add_header("Range", f"bytes={first}-")
    host = urlsplit(address).hostname
    try:
        answer = urllib.request.build_opener(_SecureRedirects()).open(request, timeout=SECONDS)
    except HTTPError as error:
        error.close()
        if not (first and error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
            raise SourceFailed(f"{host} answered {error.code} for {urlsplit(address).path}") from None
        answer = None
    except (URLError, OSError, HTTPException, ValueError):
        raise SourceFailed(f"{host} can't be reached: check the network, and the proxy of this machine") from None
    if answer is None:
        yield None
        return
    with answer:
        yield answer


def _goes_on(answer: HTTPResponse, first: int) -> bool:
    """Whether an answer begins at the byte `first` of the file."""
    found = _RANGE.match(answer.headers.get("Content-Range", ""))
    return answer.status == HTTPStatus.PARTIAL_CONTENT and found is not None and int(found[1]) == first


def _body(answer: HTTPResponse, most: int) -> Iterator[bytes]:
    """The bytes of an answer. Raises SourceFailed where there are more than `most`, or fewer than it announced."""
    came, announced = 0, answer.headers.get("Content-Length")
    while True:
        try:
            chunk = answer.read(CHUNK)
        except (OSError, HTTPException):
            chunk = b""
            announced = announced or "more"
        if not chunk:
            break
        came += len(chunk)
        if came > most:
            raise SourceFailed("it sends more than such a file may hold")
        yield chunk
    if announced is not None and announced != str(came):
        raise SourceFailed("the download broke off; the next try goes on from there")
