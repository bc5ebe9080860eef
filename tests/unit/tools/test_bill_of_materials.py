from __future__ import annotations

import json
import re

from bill_of_materials import LOCK, bill, pinned

LOCKED = """\
aiohttp==3.14.5 \\
    --hash=sha256:{0} \\
    --hash=sha256:{1}
    # via moothall (pyproject.toml)
multidict==7.2.1 ; python_full_version >= '3.11' \\
    --hash=sha256:{1}
    # via
    #   aiohttp
    #   yarl
""".format("0" * 64, "1" * 64)


def test_a_lock_file_says_what_is_pinned_and_by_what_it_is_needed() -> None:
    aiohttp, multidict = pinned(LOCKED)
    assert (aiohttp["name"], aiohttp["version"], aiohttp["hashes"]) == ("aiohttp", "3.14.5", ["0" * 64, "1" * 64])
    assert (aiohttp["by"], multidict["by"]) == (["moothall"], ["aiohttp", "yarl"])
    assert (aiohttp["marker"], multidict["marker"]) == ("", "python_full_version >= '3.11'")


def test_the_bill_names_each_pinned_package_with_its_licence_and_digests() -> None:
    made = bill("1.2.3")
    pins = re.findall(r"^([a-z0-9._-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    packages = [each for each in made["components"] if each["type"] == "library"]
    assert [(each["name"], each["version"]) for each in packages] == pins
    assert all(each["licenses"] and each["properties"] for each in packages)
    models = {each["name"] for each in made["components"] if each["type"] == "machine-learning-model"}
    assert {"whisper-base", "whisper-tiny.en"} <= models
    assert made["bomFormat"] == "CycloneDX"
    references = {each["bom-ref"] for each in made["components"]} | {"pkg:pypi/moothall@1.2.3"}
    assert {each["ref"] for each in made["dependencies"]} <= references
    needs = {each["ref"]: each["dependsOn"] for each in made["dependencies"]}
    assert any(ref.startswith("pkg:pypi/aiohttp@") for ref in needs["pkg:pypi/moothall@1.2.3"])
    assert not any(ref.startswith("pkg:pypi/multidict@") for ref in needs["pkg:pypi/moothall@1.2.3"])


def test_the_same_sources_give_the_same_bill() -> None:
    assert json.dumps(bill("1")) == json.dumps(bill("1"))
    assert bill("1")["serialNumber"] != bill("2")["serialNumber"]
