from __future__ import annotations

import json

import audit


def test_advisories_and_what_was_passed_over_are_told_apart() -> None:
    answer = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": []},
            {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]},
            {"name": "c", "version": "3", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]},
            {"name": "d", "skip_reason": "Dependency not found"},
        ]
    }
    found = audit.read_answer(json.dumps(answer))
    assert found == (["b 2: PYSEC-1, fixed in 2.1", "c 3: PYSEC-2, fixed in none"], ["Dependency not found"])


def test_a_program_that_could_ask_nobody_gives_no_answer() -> None:
    assert audit.read_answer("") is None
    assert audit.read_answer("Traceback") is None
    assert audit.read_answer("{}") is None


def test_all_lock_files_are_asked_about() -> None:
    assert {path.stem for path in (audit.ROOT / "requirements").glob("*.txt")} == set(audit.LOCKED)
