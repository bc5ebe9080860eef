"""Targets for what adds languages: public lists of models, and the lines of the program that fetches from them."""

from __future__ import annotations

from fuzz.target import Target
from moothall.core.kernel.errors import ConfigurationError, ProtocolError
from moothall.wire import languages
from moothall_models.store.argos_index import beside, choose, read_index
from moothall_models.store.failures import SourceFailed
from moothall_models.store.firefox_registry import read_registry

_ADDRESS = "https://models.example/models.json"


def registry(data: bytes) -> None:
    """Read a list of Firefox's models: a model can be chosen for each of its directions, and has all of its files."""
    found = read_registry(data, _ADDRESS)
    for source, target in found.directions:
        for better in (False, True):
            model = found.choose(source, target, better=better)
            if model is None or not model.stored:
                raise AssertionError("A direction of the list has no model.")


def argos_index(data: bytes) -> None:
    """Read an index of Argos: each of its packages can be chosen by its name, and is fetched from an https address."""
    found = read_index(data)
    for package in found:
        chosen = choose(found, f"argos:{'-'.join(package.pair)}")
        addresses = (*chosen.addresses, *beside(chosen, "https://mirror.example/argos/index.json").addresses)
        if not addresses or any(not each.startswith(("https://", "http://127.0.0.1:")) for each in addresses):
            raise AssertionError("A package would be fetched from an address that isn't https.")


TARGETS = (
    Target(
        name="model-registry",
        call=registry,
        declared=(SourceFailed,),
        seeds=(
            (
                b'{"baseUrl":"https://models.example","generated":"2026-11-30T00:00:00","models":{"en-es":[{'
                b'"architecture":"tiny","sourceLanguage":"en","targetLanguage":"es","releaseStatus":"Release Desktop",'
                b'"files":{"model":{"path":"a/model.intgemm8.bin.gz","uncompressedSize":9,"uncompressedHash":"'
                + b"0" * 64
                + b'"},"vocab":{"path":"a/vocab.spm.gz"},"lexicalShortlist":{"path":"a/lex.bin.gz"}}}],"en-zh":[]}}'
            ),
        ),
    ),
    Target(
        name="argos-index",
        call=argos_index,
        declared=(SourceFailed, ConfigurationError),
        seeds=(
            (
                b'[{"from_code":"en","to_code":"ar","package_version":"1.0","links":["https://models.example/a"]},'
                b'{"from_code":"en","to_code":"ar","package_version":"1.10","links":["https://models.example/b"]}]'
            ),
        ),
    ),
    Target(
        name="language-lines",
        call=languages.decode,
        declared=(ProtocolError,),
        seeds=tuple(
            languages.encode(message)
            for message in (
                languages.LanguageOffer(language="es", size=22_000_000, licence="MPL-2.0", here=False),
                languages.LanguageProgress(done=1, total=2),
                languages.LanguageAdded(language="zh-Hant"),
                languages.LanguagesFailed(said="The disk is full."),
            )
        ),
    ),
)
