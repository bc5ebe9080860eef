"""The format of `manifest.toml`: which models there are, their files, and the sources of these.

Pure: it parses text into values. `docs/reference/manifest.md` describes every field for people.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import is_name
from moothall.core.kernel.languages import WRITTEN_TOGETHER, primary

FORMAT = 1
"""The version of the manifest's format that this release reads."""

_PATH = r"\A[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*\Z"

RelativePath = Annotated[str, Meta(pattern=_PATH, max_length=200)]
"""A path of parts joined by `/`, none of which begins with a dot, so that it can't lead out of a folder."""
Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Size = Annotated[int, Meta(ge=1)]
"""A size in bytes."""
Language = Annotated[str, Meta(pattern=r"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")]
"""A BCP-47 tag."""


class Task(StrEnum):
    """What a model is for."""

    RECOGNISE = "recognise"
    """Speech to text."""
    VOICES = "voices"
    """Tells voices apart: speech to a vector of its voice."""


class ModelFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of a model, with the size and hash that it must have from any source."""

    name: RelativePath
    """Its path in the model's folder."""
    size: Size
    sha256: Sha256


class FolderSource(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="folder", tag_field="kind"
):
    """A local or mounted folder that contains the model's files under their own names."""

    path: Annotated[str, Meta(min_length=1)]
    """Absolute, or beginning with `~`."""


class Wheel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wheel in the package index."""

    project: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\Z")]
    version: Annotated[str, Meta(pattern=r"\A[0-9][A-Za-z0-9.!+_-]*\Z")]
    size: Size
    sha256: Sha256
    tag: Annotated[str, Meta(pattern=r"\A(|cp3[0-9]+-cp3[0-9]+-[a-z0-9_]+)\Z")] = ""
    """Which of a project's wheels it is, as in `cp311-cp311-manylinux_2_28_x86_64`; empty: the one for any machine. The
    wheel of another machine serves as well, since only data is read from it."""


class ManifestFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member of a wheel."""

    wheel: str
    """The wheel's project."""
    member: RelativePath


class WheelSource(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="wheels", tag_field="kind"
):
    """Wheels that contain the files as data. They are downloaded and opened, never installed or imported."""

    wheels: Annotated[tuple[Wheel, ...], Meta(min_length=1)]
    files: dict[str, Annotated[tuple[ManifestFile, ...], Meta(min_length=1)]]
    """For each of the model's files the members that it is made of, in the order in which they are joined."""


class HubSource(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hugging-face", tag_field="kind"
):
    """A repository of the Hugging Face hub, at one commit."""

    repository: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*\Z")]
    revision: Annotated[str, Meta(pattern=r"\A[0-9a-f]{40}\Z")]
    """The full id of the commit, since a branch may move."""
    files: dict[str, RelativePath] = {}
    """The paths in the repository of those files that have another name there, by the file's name in the model."""


ModelSource = FolderSource | WheelSource | HubSource


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model: its properties, its files, and the sources from which they can be fetched."""

    name: str
    task: Task
    about: str = ""
    """A short description, shown in the list of models."""
    languages: Annotated[tuple[Language, ...], Meta(min_length=1)]
    licence: Annotated[str, Meta(min_length=1)]
    """SPDX identifier of the weights' licence."""
    errors: dict[Language, Annotated[float, Meta(ge=0, le=100)]] = {}
    """Of 100 words how many come out wrong, by language, as measured; of 100 characters where words are written
    together."""
    measured: str = ""
    """On what, how and when `errors` was measured, one sentence."""
    origin: str = ""
    """Who made the weights and who converted them."""
    files: Annotated[tuple[ModelFile, ...], Meta(min_length=1)]
    sources: Annotated[tuple[ModelSource, ...], Meta(min_length=1)]
    """Tried in this order."""

    @property
    def size(self) -> int:
        """Total size of all files, bytes."""
        return sum(file.size for file in self.files)

    @property
    def said_errors(self) -> str:
        """The sentence about its errors by language; empty where nothing is known."""
        if not self.errors:
            return ""
        of = {tag: " (characters)" if primary(tag) in WRITTEN_TOGETHER else "" for tag in self.errors}
        named = ", ".join(f"{tag} {wrong:.0f}{of[tag]}" for tag, wrong in sorted(self.errors.items()))
        return f"Of 100 words about so many come out wrong: {named}. {self.measured}".rstrip()


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All models that can be fetched, and the default model of each task."""

    defaults: dict[Task, str]
    models: tuple[Model, ...]

    def model(self, name: str) -> Model:
        """The model of that name; raises ConfigurationError, with a list of the names, when there is none."""
        for model in self.models:
            if model.name == name:
                return model
        names = ", ".join(model.name for model in self.models)
        raise ConfigurationError(f"There is no model {name!r}. There are: {names}.")

    def default(self, task: Task) -> Model:
        """The default model of a task; raises ConfigurationError when there is none."""
        if task not in self.defaults:
            msg = f"No model is set for the task {task.value!r}: name one, or set one under [defaults]."
            raise ConfigurationError(msg)
        return self.model(self.defaults[task])


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    format: int


class _Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: int  # checked above
    defaults: dict[Task, str] = {}
    model: tuple[Model, ...] = ()


def parse(text: str, where: str, base: Manifest | None = None) -> Manifest:
    """Parse and check a manifest.

    Args:
        text: the TOML.
        where: the file's name, for messages.
        base: a manifest to which this one is added; its models and defaults of the same name are replaced.

    Raises:
        ConfigurationError: it isn't TOML, has a wrong or unknown field, or contradicts itself; the message says where.
    """
    try:
        head = msgspec.toml.decode(text, type=_Head)
        if head.format != FORMAT:  # before the rest: another format has other fields
            raise _wrong(where, f"this release reads format {FORMAT}, and it is of format {head.format}")
        document = msgspec.toml.decode(text, type=_Document)
    except msgspec.DecodeError as error:
        raise _wrong(where, f"{error}") from None
    for model in document.model:
        _check_model(model, where)
    _check_unique([model.name for model in document.model], where, "the model")
    models = {} if base is None else {model.name: model for model in base.models}
    models.update((model.name, model) for model in document.model)
    defaults = {} if base is None else dict(base.defaults)
    defaults.update(document.defaults)
    for task, name in defaults.items():
        if name not in models or models[name].task is not task:
            raise _wrong(where, f"the default for {task.value} is {name!r}, and no such model does that")
    return Manifest(defaults=defaults, models=tuple(models.values()))


def _check_model(model: Model, where: str) -> None:
    if not is_name(model.name):
        raise _wrong(where, f"{model.name!r} can't be a model's name: use small letters, digits, dots and hyphens")
    names = [file.name for file in model.files]
    _check_unique(names, where, f"of {model.name}, the file")
    _check_unique(list(model.languages), where, f"of {model.name}, the language")
    for language in model.errors:
        if language not in model.languages:
            raise _wrong(where, f"{model.name} has errors of {language!r}, which is none of its languages")
    for name in names:
        if any(other.startswith(f"{name}/") for other in names):
            raise _wrong(where, f"of {model.name}, {name} can't be both a file and a folder")
    for source in model.sources:
        match source:
            case WheelSource():
                _check_wheels(model, source, set(names), where)
            case HubSource():
                for name in source.files:
                    if name not in names:
                        raise _wrong(where, f"{source.repository} gives {name!r}, which is no file of {model.name}")
            case FolderSource():
                if not source.path.startswith(("/", "~")):
                    raise _wrong(where, f"the folder {source.path!r} of {model.name} must be absolute or begin with ~")


def _check_wheels(model: Model, source: WheelSource, names: set[str], where: str) -> None:
    projects = [wheel.project for wheel in source.wheels]
    _check_unique(projects, where, f"of {model.name}, the wheel")
    if len({wheel.tag for wheel in source.wheels}) > 1:
        raise _wrong(where, f"the wheels of a source of {model.name} must have the same tag: make two sources of them")
    if set(source.files) != names:
        odd = ", ".join(sorted(set(source.files) ^ names))
        raise _wrong(where, f"the wheels of {model.name} must give exactly its files; see {odd}")
    used = {part.wheel for parts in source.files.values() for part in parts}
    if used != set(projects):
        odd = ", ".join(sorted(used ^ set(projects)))
        raise _wrong(where, f"the wheels of {model.name} must be those that its files are made of; see {odd}")


def _check_unique(names: list[str], where: str, what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise _wrong(where, f"{what} {name!r} is in the list twice")
        seen.add(name)


def _wrong(where: str, what: str) -> ConfigurationError:
    return ConfigurationError(f"{where} is not a right list of models: {what}. Correct it there.")
