"""Writes a release's bill of materials, CycloneDX 1.6 (`moothall-VERSION.cdx.json`): `bill_of_materials.py FOLDER`.

The components are the packages of `requirements/demo.txt`, which covers everything that runs, with their hashes,
licences and dependencies; and the models of the manifest, with the digests of their files. Packages that only
developers use are left out. The same sources give the same document: its serial number is derived from them, and it has
no date.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
import uuid
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "demo.txt"
LICENCES = ROOT / "docs" / "reference" / "licences.md"
_PIN = re.compile(r"^([a-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]*))?")
_NEEDED_BY = re.compile(r"^    #(?: via)? +(?!via$)(\S.*)$")


def bill(version: str) -> dict[str, Any]:
    """Return the CycloneDX document for a release."""
    packages = pinned(LOCK.read_text(encoding="utf-8"))
    said = licences(LICENCES.read_text(encoding="utf-8"))
    own = f"pkg:pypi/moothall@{version}"
    needs: dict[str, list[str]] = {own: []}
    references: dict[str, str] = {}
    for package in packages:
        references.setdefault(package["name"], package["ref"])
        needs.setdefault(package["ref"], [])
    for package in packages:
        for by in package["by"]:
            needs.setdefault(references.get(by, own), []).append(package["ref"])
    components = [_component(package, said) for package in packages] + models()
    digest = hashlib.sha256(json.dumps([version, components], sort_keys=True).encode()).digest()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "moothall",
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": ref, "dependsOn": sorted(set(on))} for ref, on in sorted(needs.items())],
    }


def pinned(lock: str) -> list[dict[str, Any]]:
    """Return the packages of a lock file: name, version, marker, hashes (SHA-256) and the packages that need them."""
    found: list[dict[str, Any]] = []
    for line in lock.splitlines():
        pin = _PIN.match(line)
        if pin is not None:
            name, version = pin[1], pin[2]
            ref = f"pkg:pypi/{name}@{version}"
            found.append(
                {"name": name, "version": version, "marker": (pin[3] or "").strip(), "ref": ref, "hashes": [], "by": []}
            )
        elif found:
            found[-1]["hashes"] += re.findall(r"--hash=sha256:([0-9a-f]{64})", line)
            by = _NEEDED_BY.match(line)
            if by is not None:
                found[-1]["by"].append(re.split(r"[ (\[]", by[1])[0])
    return found


def licences(page: str) -> dict[str, str]:
    """Return the licence of each package, read from the generated page."""
    return dict(re.findall(r"^\| ([a-z0-9._-]+) \| ([^|]+?) \|$", page, re.MULTILINE))


def models() -> list[dict[str, Any]]:
    """Return the models of the manifest as components."""
    manifest = tomllib.loads((ROOT / "models" / "manifest.toml").read_text(encoding="utf-8"))
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model:{model['name']}",
            "name": model["name"],
            "description": model["origin"],
            "licenses": [{"license": {"name": model["licence"]}}],
            "properties": [
                {"name": f"moothall:sha256:{file['name']}", "value": file["sha256"]} for file in model["files"]
            ],
        }
        for model in manifest["model"]
    ]


def _component(package: dict[str, Any], said: dict[str, str]) -> dict[str, Any]:
    licence = said.get(str(package["name"]), "")
    marker = [{"name": "moothall:marker", "value": package["marker"]}] if package["marker"] else []
    return {
        "type": "library",
        "bom-ref": package["ref"],
        "name": package["name"],
        "version": package["version"],
        "purl": package["ref"],
        "licenses": [{"expression": licence}] if licence else [],
        # A package has several files, one for each system; the installed file has one of these digests.
        "properties": [*marker, *({"name": "moothall:sha256", "value": each} for each in package["hashes"])],
    }


def main(folder: Path) -> None:
    """Write the bill of materials of the current version into `folder`."""
    source = (ROOT / "server" / "moothall" / "__init__.py").read_text(encoding="utf-8")
    version = re.findall(r'^__version__ = "([^"]+)"', source, re.MULTILINE)[0]
    path = folder / f"moothall-{version}.cdx.json"
    path.write_text(json.dumps(bill(version), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
