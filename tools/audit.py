"""Asks the database of advisories about every package that the lock files pin; `make audit` runs it.

Ends with 0 when the database has no advisory for any package, with 1 when it has one, and with 2 when it doesn't answer
for all packages (pip-audit skips such packages and still reports success). To fix an advisory, run `make lock` or set a
bound in pyproject.toml.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKED = (
    *("cluster", "otel", "transducers", "demo", "documents", "meaning", "dev", "plover2cat", "fuzz", "opinions"),
    "audit",
)
UNREACHABLE = """\
The database of advisories gives no answer from here for %s of requirements/%s.txt.
Run `make audit` where there is a network, before each release. What was said last:
%s"""


def main() -> int:
    """Run the command; returns the exit status."""
    status = 0
    for name in LOCKED:
        path = ROOT / "requirements" / f"{name}.txt"
        options = ("--requirement", str(path), "--require-hashes", "--disable-pip", "--format", "json")
        run = subprocess.run(  # noqa: S603  # this Python, and files of ours
            [sys.executable, "-m", "pip_audit", *options, "--progress-spinner", "off", "--timeout", "20"],
            capture_output=True,
            text=True,
            check=False,
        )
        answer = read_answer(run.stdout)
        if answer is None:
            said = run.stderr.strip().splitlines() or ["nothing"]
            print(UNREACHABLE % ("any package", name, said[-1]))
            return 2
        found, passed_over = answer
        for line in found:
            print(f"requirements/{name}.txt: {line}")
        status = max(status, 1) if found else status
        if passed_over:
            which = f"{len(passed_over)} packages" if len(passed_over) > 1 else "a package"
            print(UNREACHABLE % (which, name, passed_over[0]))
            status = 2
        else:
            print(f"requirements/{name}.txt: {len(found) or 'no'} known advisories.")
    return status


def read_answer(answer: str) -> tuple[list[str], list[str]] | None:
    """Return pip-audit's advisories and the packages it skipped, one text each; None when the answer isn't its JSON."""
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    found = [
        f"{each['name']} {each['version']}: {advisory['id']}, fixed in {', '.join(advisory['fix_versions']) or 'none'}"
        for each in packages
        for advisory in each.get("vulns", ())
    ]
    return found, [each["skip_reason"] for each in packages if each.get("skip_reason")]


if __name__ == "__main__":
    sys.exit(main())
