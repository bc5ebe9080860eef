from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall_models.store import firefox_registry
from moothall_models.store.failures import SourceFailed
from moothall_models.store.firefox_registry import FirefoxRegistry
from moothall_models.translators.firefox_model import MODEL, SHORTLIST, SOURCE_VOCABULARY, TARGET_VOCABULARY, VOCABULARY

BASE = "https://bucket.example/models-of-firefox"


def read_registry(data: bytes, address: str = f"{BASE}/db/models.json") -> FirefoxRegistry:
    return firefox_registry.read_registry(data, address)


def model(
    source: str, target: str, architecture: str = "tiny", status: str | None = "Release", **files: Any
) -> dict[str, Any]:
    folder = f"models/{source}-{target}/{architecture}"
    given = {"model": {"path": f"{folder}/model.bin.gz"}, "vocab": {"path": f"{folder}/vocab.spm.gz"}} | files
    return {
        "architecture": architecture,
        "releaseStatus": status,
        "sourceLanguage": source,
        "targetLanguage": target,
        "files": {name: file for name, file in given.items() if file is not None},
        "metrics": {"flores200-plus": {"chrf": 59.1}},
    }


def listed(*models: dict[str, Any], **more: Any) -> bytes:
    by_direction: dict[str, list[dict[str, Any]]] = {}
    for each in models:
        by_direction.setdefault(f"{each['sourceLanguage']}-{each['targetLanguage']}", []).append(each)
    return msgspec.json.encode({"baseUrl": BASE, "generated": "2026-11-01", "models": by_direction} | more)


def chosen(registry: FirefoxRegistry, source: str, target: str, *, better: bool = False) -> str | None:
    found = registry.choose(source, target, better=better)
    return None if found is None else found.architecture


def test_of_released_models_the_lightest_or_the_one_that_translates_best_is_chosen() -> None:
    registry = read_registry(
        listed(
            model("en", "fr", "base"),
            model("en", "fr", "base-memory"),
            model("en", "fr", "tiny", "Nightly"),
            model("en", "ru", "huge"),
            model("en", "ru", "base", "Release Desktop"),
            model("fr", "en", "tiny", None),
        )
    )
    assert registry.directions == (("en", "fr"), ("en", "ru"))
    assert (chosen(registry, "en", "fr"), chosen(registry, "en", "fr", better=True)) == ("base-memory", "base")
    assert (chosen(registry, "en", "ru"), chosen(registry, "en", "ru", better=True)) == ("base", "base")
    assert chosen(registry, "fr", "en") is chosen(registry, "en", "xx") is None


def test_the_files_of_a_mirror_are_looked_for_beside_its_list_first() -> None:
    data = listed(model("en", "fr"))
    mirror = "https://mirror.example.org/firefox"
    assert read_registry(data, f"{mirror}/db/models.json").bases == (mirror, BASE)
    assert read_registry(data, f"{mirror}/list.json").bases == (BASE,)


def test_scripts_and_regions_are_written_as_tags_are() -> None:
    registry = read_registry(listed(model("en", "zh_hant"), model("en", "zh-hans"), model("pt_br", "en")))
    assert registry.directions == (("en", "zh-Hans"), ("en", "zh-Hant"), ("pt-BR", "en"))
    assert chosen(registry, "en", "zh-Hant") == "tiny"


def test_its_files_have_the_stores_names() -> None:
    hashed = {"path": "m.intgemm.alphas.bin.gz", "uncompressedSize": 5, "uncompressedHash": "ab" * 32}
    apart: dict[str, Any] = {"srcVocab": {"path": "s.spm.gz"}, "trgVocab": {"path": "t.spm.zst"}, "vocab": None}
    registry = read_registry(
        listed(model("en", "fr", model=hashed, lexicalShortlist={"path": "lex.bin.gz"}), model("en", "zh", **apart))
    )
    assert (registry.address, registry.bases) == (f"{BASE}/db/models.json", (BASE,))
    french, chinese = registry.choose("en", "fr"), registry.choose("en", "zh")
    assert french is not None
    assert french.stored is not None
    assert {name: file.path for name, file in french.stored.items()} == {
        MODEL: "m.intgemm.alphas.bin.gz",
        VOCABULARY: "models/en-fr/tiny/vocab.spm.gz",
        SHORTLIST: "lex.bin.gz",
    }
    assert (french.files.model.uncompressed_size, french.files.model.uncompressed_hash) == (5, "ab" * 32)
    assert chinese is not None
    assert chinese.stored is not None
    assert list(chinese.stored) == [MODEL, SOURCE_VOCABULARY, TARGET_VOCABULARY]


@pytest.mark.parametrize(
    "odd",
    [
        model("en", "../fr"),
        model("en", "fr", model={"path": "../../etc/passwd"}),
        model("en", "fr", model={"path": "m.bin.gz", "uncompressedHash": "none"}),
        model("en", "fr", vocab=None),
        model("en", "fr", vocab=None, srcVocab={"path": "s.spm"}),
        model("en", "fr", "a model of next year, with spaces"),
        model("en", "fr", model={"path": "model.enfr.onnx.gz"}),
        model("en", "fr", model={"path": "model.enfr.bin.br"}),
        model("en", "fr", vocab={"path": "tokenizer.json.zst"}),
        model("en", "fr", model={"path": "m.bin.gz", "uncompressedHash": f"blake3:{'ab' * 32}"}),
        model("en", "fr") | {"files": 7},
        model("en" + "-more" * 8, "fr"),
        {"sourceLanguage": "en", "targetLanguage": "fr"},
    ],
)
def test_a_model_that_can_t_be_read_or_run_is_left_out(odd: dict[str, Any]) -> None:
    assert read_registry(listed(odd, model("en", "ru"))).directions == (("en", "ru"),)
    with pytest.raises(SourceFailed, match="has none that this release can run: a newer release may; or name another"):
        read_registry(listed(odd))


def test_of_a_later_list_what_can_be_run_is_left() -> None:
    """Another version, fields and files that this release doesn't know, and directions of another shape."""
    later = model("en", "fr", model={"path": "m.bin.zst", "checksums": {"blake3": "x"}}, gate={"path": "gate.bin"})
    bare = model("en", "ru", lexicalShortlist={"path": "lex.enru.fst.gz"})
    known = {"en-fr": [later | {"quality": {"comet": 0.9}}, 7], "en-ru": [bare], "en-ar": {"tiny": later}, "en-zh": 3}
    registry = read_registry(listed(version=9, schema="https://bucket.example/9.json", models=known))
    assert registry.directions == (("en", "fr"), ("en", "ru"))
    russian = registry.choose("en", "ru")
    assert russian is not None
    assert russian.stored is not None
    assert list(russian.stored) == [MODEL, VOCABULARY], "it runs without a shortlist"


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"<html>", listed(baseUrl=3), listed(models=[]), b"\xff"])
def test_a_list_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(SourceFailed, match="another form than this release reads: a newer release may; or name"):
        read_registry(data)


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    with pytest.raises(SourceFailed):
        read_registry(data)
