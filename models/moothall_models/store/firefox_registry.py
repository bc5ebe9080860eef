"""The public list of the models of Firefox Translations, and the choice of one for a direction. Pure.

Mozilla publishes the list as `db/models.json` in the bucket that holds the models; its form is that of
`PublicModelsJsonGenerator` in `mozilla/translations`. For each direction it has at most one model of an architecture,
the newest of those that were released, or the newest. It states the size and hash of the model itself, but only the
paths of its vocabularies and of its shortlist.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import msgspec
from msgspec import Meta

from moothall.core.kernel.decoding import Unreadable, read, read_json
from moothall_models.manifest import RelativePath, Sha256, Size
from moothall_models.store.downloads import PACKINGS
from moothall_models.store.failures import SourceFailed
from moothall_models.translators.firefox_model import MODEL, SHORTLIST, SOURCE_VOCABULARY, TARGET_VOCABULARY, VOCABULARY

MOST_REGISTRY = 8 << 20
"""Most bytes of the list; with a hundred directions it has some 200 KB."""
LIGHT, BETTER = ("tiny", "base-memory", "base"), ("base", "base-memory", "tiny")
"""Architectures from the lightest, and from the one that translates best."""
LIST = "/db/models.json"
"""The path of the list in Mozilla's bucket and in a copy of it, beside the folders of the files."""
RELEASED = "Release"
"""What the status of a model begins with that Firefox gives to its users; others are trials."""


OTHER_LIST = "a newer release may; or name another list with --registry, or as `registry` of [translation]"
"""What to do where a list can't be used, as the end of a sentence."""
WEIGHTS, PIECES = ".bin", ".spm"
"""The ends of the names of files that this release can run: models and shortlists, and vocabularies."""

_Code = Annotated[str, Meta(pattern=r"\A[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*\Z", max_length=35)]
"""A language as the list has it: `zh`, `zh_hant`."""


def _tag(code: str) -> str:
    """The BCP-47 tag of such a code: scripts of four letters begin with a capital, regions of two are capitals."""
    first, *rest = code.replace("_", "-").split("-")
    return "-".join([first, *(each.upper() if len(each) == 2 else each.capitalize() for each in rest)])


class RegistryFile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A file of a model."""

    path: RelativePath
    """Its path below the list's base address; its end says how it is packed."""
    uncompressed_size: Size | None = None
    """Its bytes once it is unpacked, where the list states them."""
    uncompressed_hash: Sha256 | None = None
    """Its SHA-256 once it is unpacked, where the list states it."""

    def ends(self, end: str) -> bool:
        """Whether its name ends as that of a form that this release can run, packed in a way that it can unpack."""
        return self.path.endswith((end, *(end + packing for packing in PACKINGS)))


class _Files(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    model: RegistryFile
    lexical_shortlist: RegistryFile | None = None
    vocab: RegistryFile | None = None
    src_vocab: RegistryFile | None = None
    trg_vocab: RegistryFile | None = None


class RegistryModel(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A model of one direction."""

    architecture: Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,31}\Z")]
    source_language: _Code
    target_language: _Code
    files: _Files
    release_status: str | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """BCP-47 tags of the source and the target language."""
        return _tag(self.source_language), _tag(self.target_language)

    @property
    def released(self) -> bool:
        """Whether Firefox gives it to its users."""
        return (self.release_status or "").startswith(RELEASED)

    @property
    def stored(self) -> dict[str, RegistryFile] | None:
        """Its files by their names in the store; None for a model that can't be run, as a vocabulary is missing or
        something has another form. It runs without a shortlist.
        """
        files, named = self.files, dict[str, RegistryFile]()
        if files.vocab is not None:
            named = {VOCABULARY: files.vocab}
        elif files.src_vocab is not None and files.trg_vocab is not None:
            named = {SOURCE_VOCABULARY: files.src_vocab, TARGET_VOCABULARY: files.trg_vocab}
        else:
            return None
        if not files.model.ends(WEIGHTS) or not all(file.ends(PIECES) for file in named.values()):
            return None
        if files.lexical_shortlist is not None and files.lexical_shortlist.ends(WEIGHTS):
            named[SHORTLIST] = files.lexical_shortlist
        return {MODEL: files.model, **named}


class _Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    base_url: Annotated[str, Meta(max_length=500)]
    generated: Annotated[str, Meta(max_length=40)] = ""
    models: dict[str, msgspec.Raw]
    """By direction; a tuple of models, as far as this release knows."""


class FirefoxRegistry(msgspec.Struct, frozen=True, kw_only=True):
    """The released models of the list that can be run."""

    address: str
    """Where the list came from."""
    bases: tuple[str, ...]
    """Addresses to which the files' paths are added, in the order in which they are tried: that of the mirror from
    which the list came, and the one that the list names.
    """
    generated: str
    """When the list was made, as it says itself."""
    models: tuple[RegistryModel, ...]

    @property
    def directions(self) -> tuple[tuple[str, str], ...]:
        """The directions that have a model, sorted."""
        return tuple(sorted({model.pair for model in self.models}))

    def choose(self, source: str, target: str, *, better: bool = False) -> RegistryModel | None:
        """The model of a direction, the lightest or the one that translates best; None where there is none. A model of
        an architecture that this release doesn't know comes last.
        """
        order = BETTER if better else LIGHT
        rank = {name: number for number, name in enumerate(order)}
        usable = [model for model in self.models if model.pair == (source, target)]
        return min(usable, key=lambda model: rank.get(model.architecture, len(order)), default=None)


_entries = msgspec.json.Decoder(tuple[msgspec.Raw, ...])
_decoder = msgspec.json.Decoder(RegistryModel)


def read_registry(data: bytes, address: str) -> FirefoxRegistry:
    """Decode the list, which came from `address`. Models that this release can't read or run are left out.

    Raises SourceFailed.
    """
    try:
        document = read_json(data, _Document)
    except Unreadable:
        raise SourceFailed(f"its list of models has another form than this release reads: {OTHER_LIST}") from None
    entries: list[msgspec.Raw] = []
    for direction in document.models.values():
        with suppress(Unreadable):
            entries += read(_entries, direction)
    models: list[RegistryModel] = []
    for entry in entries:
        with suppress(Unreadable):
            models.append(read(_decoder, entry))
    usable = tuple(model for model in models if model.released and model.stored)
    if not usable:
        raise SourceFailed(f"its list of models has none that this release can run: {OTHER_LIST}")
    own, at, _ = address.rpartition(LIST)
    bases = [*([own] if at and address.endswith(LIST) else []), document.base_url.rstrip("/")]
    return FirefoxRegistry(
        address=address, bases=tuple(dict.fromkeys(bases)), generated=document.generated, models=usable
    )
