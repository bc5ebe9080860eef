from __future__ import annotations

import json
from pathlib import Path

import pytest

from scoring import COLUMNS, OFFLINE, Result, latency, markdown, score, table, together

SCORER = """
import json, sys
reference, hypothesis, *options = sys.argv[1:]
said = json.loads(open(hypothesis).read())
if said.get("fails"):
    sys.exit("no such thing")
if "rows" in said:
    with open(options[options.index("--words") + 1], "w") as out:
        out.writelines(json.dumps(row) + "\\n" for row in said["rows"])
print(json.dumps(said["result"]))
"""


def result(words: int, wrong: int, waits: list[float], **more: object) -> Result:
    mean = sum(waits) / len(waits)
    return {
        "ref_words": words,
        "hyp_words": words,
        "substitutions": wrong,
        "deletions": 0,
        "insertions": 0,
        "wer": wrong / words,
        "commit_latency": {"n": len(waits), "mean": mean},
        "visible_latency": {"n": len(waits), "mean": mean / 2},
        "_commit": waits,
        "_visible": [wait / 2 for wait in waits],
        "erasure": 0.1,
        "end_lag": 0.4,
        "never_shown": 0,
        "silence_words": 1,
        "corrected_words": 2,
        "cpu_seconds": 3.0,
        "audio_seconds": 10.0,
        "rtf": 0.3,
        **more,
    }


def test_recordings_together_are_one_recording_of_all_their_words() -> None:
    small = result(10, 1, [1.0] * 9, lang_accuracy=0.5, offline=result(10, 2, [9.0]))
    large = result(90, 0, [2.0] * 91, erasure=0.2, end_lag=-0.3, lang_accuracy=1.0, offline=result(90, 1, [9.0]))
    both = together([small, large])
    assert both["wer"] == pytest.approx(0.01)
    assert both["offline"]["wer"] == pytest.approx(0.03)
    assert both["commit_latency"] == {"n": 100, "mean": pytest.approx(1.91), "p50": 2.0, "p95": 2.0}
    assert both["visible_latency"]["mean"] == pytest.approx(0.955)
    assert both["erasure"] == pytest.approx(0.19)
    assert both["lang_accuracy"] == pytest.approx(0.95)
    assert (both["end_lag"], both["silence_words"], both["corrected_words"]) == (0.4, 2, 4)
    assert both["rtf"] == pytest.approx(0.3)


def test_without_each_words_latency_there_is_a_mean_of_means() -> None:
    small, large = result(10, 1, [1.0] * 10), result(90, 0, [2.0] * 30)
    del small["_commit"]
    assert together([small, large])["commit_latency"] == {"mean": pytest.approx(1.75)}


def test_what_is_not_there_is_a_dash() -> None:
    nothing = {**result(1, 0, [1.0]), "ref_words": 0, "hyp_words": 0, "end_lag": None, "erasure": None}
    for key in ("commit_latency", "visible_latency"):
        nothing[key] = {"n": 0, "mean": None}
    del nothing["rtf"], nothing["_commit"], nothing["_visible"]
    both = together([nothing])
    assert (both["wer"], both["erasure"], both["end_lag"], both["rtf"]) == (None, None, None, None)
    cells = [cell.strip() for cell in table([("none", both)]).splitlines()[2].split("|")[1:-1]]
    assert cells == ["none", "0", "-", "-", "-", "-", "-", "-", "-", "-", "0", "1", "2", "-", "-"]


def test_percentiles_are_by_nearest_rank() -> None:
    assert latency([]) == {"n": 0, "mean": None, "p50": None, "p95": None}
    assert latency([float(n) for n in range(20, 0, -1)]) == {"n": 20, "mean": 10.5, "p50": 10.0, "p95": 19.0}


def test_the_table_is_markdown_with_the_offline_figures_beside() -> None:
    shown = table([("set", {**result(10, 1, [1.0]), "offline": result(10, 0, [9.0])})], (*COLUMNS, *OFFLINE))
    head, rule, row = shown.splitlines()
    assert head.count("|") == rule.count("|") == row.count("|") == len(COLUMNS) + len(OFFLINE) + 2
    assert "offline WER %" in head
    assert " 10.0 |" in row
    assert markdown(("a", "b"), [("long name", "1")]).splitlines() == [
        "| a         |   b |",
        "| --------- | --: |",
        "| long name |   1 |",
    ]


def test_offline_figures_with_given_languages_are_named_an_oracle() -> None:
    told = {**result(10, 1, [1.0]), "offline": result(10, 1, [9.0], oracle=True)}
    plain = {**told, "offline": result(10, 1, [9.0], oracle=False)}
    shown = table([("one", plain), ("many", told), ("together", together([plain, told]))], OFFLINE).splitlines()[2:]
    assert [" (oracle) |" in row for row in shown] == [False, True, True]


def test_the_scorer_is_asked_and_what_it_says_of_each_word_is_kept(tmp_path: Path) -> None:
    scorer, hypothesis = tmp_path / "scorer.py", tmp_path / "set.hypothesis.jsonl"
    scorer.write_text(SCORER, encoding="utf-8")
    rows = [
        {"ref": "a", "hyp": "a", "end": 1.0, "commit_at": 2.5, "visible_at": 1.5},
        {"ref": "b", "hyp": "c", "end": 1.0, "commit_at": 9.0, "visible_at": 9.0},
        {"ref": "d", "hyp": None, "end": 1.0},
        {"ref": None, "hyp": "e", "commit_at": 9.0},
    ]
    hypothesis.write_text(json.dumps({"result": {"latency_words": 1}, "rows": rows}), encoding="utf-8")
    assert score(scorer, scorer, hypothesis) == {"latency_words": 1, "_commit": [1.5], "_visible": [0.5]}
    hypothesis.write_text(json.dumps({"result": {"latency_words": 2}, "rows": rows}), encoding="utf-8")
    assert score(scorer, scorer, hypothesis) == {"latency_words": 2}
    hypothesis.write_text(json.dumps({"result": {"wer": 0}}), encoding="utf-8")
    assert score(scorer, scorer, hypothesis) == {"wer": 0}
    hypothesis.write_text(json.dumps({"fails": True}), encoding="utf-8")
    with pytest.raises(SystemExit, match="no such thing"):
        score(scorer, scorer, hypothesis)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scorer.py", "set.hypothesis.jsonl"]
