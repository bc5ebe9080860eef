"""Write `tests/golden/opinions.json`: groups of opinion as red-dwarf finds them, to which those found here are held.

red-dwarf (MPL-2.0) computes what Polis does. It brings pandas, SciPy and scikit-learn, 350 MB, so tests compare with
what it found; `make opinions` asks it again. Its k-means begins by chance: of ten beginnings the best is taken.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "server")]

import numpy as np  # noqa: E402  # after the warnings are off
from reddwarf.implementations.polis import run_pipeline  # noqa: E402
from reddwarf.utils.clusterer.kmeans import find_best_kmeans  # noqa: E402
from reddwarf.utils.stats import calculate_comment_statistics_dataframes  # noqa: E402

from moothall.core.events.question_parts import Opinion  # noqa: E402  # found by the path above
from support.opinions import REFERENCES, camps  # noqa: E402

BEGINNINGS = 10
VALUES = {Opinion.AGREE: 1, Opinion.DISAGREE: -1, Opinion.PASS: 0}


def reference(sizes: tuple[int, ...], answered: float, true: float) -> dict[str, object]:
    """What red-dwarf finds in the votes of camps."""
    votes = camps(*sizes, answered=answered, true=true)
    voters = sorted(votes)
    comments = sorted({comment for given in votes.values() for comment in given})
    rows = [
        {
            "participant_id": n,
            "statement_id": comments.index(comment),
            "vote": VALUES[vote],
            "modified": 1,
        }
        for n, voter in enumerate(voters)
        for comment, vote in votes[voter].items()
    ]
    found = run_pipeline(votes=rows)
    points = [[float(each) for each in found.participant_projections[n]] for n in range(len(voters))]
    partings = [find_best_kmeans(np.array(points), [2, 5], random_state=seed)[1:] for seed in range(BEGINNINGS)]
    best, kmeans = max(partings, key=lambda each: each[0])
    labels = [int(each) for each in kmeans.labels_]
    _, consensus = calculate_comment_statistics_dataframes(
        vote_matrix=found.raw_vote_matrix, cluster_labels=kmeans.labels_
    )
    return {
        "sizes": sizes,
        "answered": answered,
        "true": true,
        "points": [[round(each, 6) for each in point] for point in points],
        "labels": labels,
        "silhouette": round(float(best), 6),
        **{
            side: {comments[n]: round(float(each), 9) for n, each in consensus[f"group-aware-consensus-{side}"].items()}
            for side in ("agree", "disagree")
        },
    }


if __name__ == "__main__":
    target = ROOT / "tests/golden/opinions.json"
    target.write_text(json.dumps([reference(*each) for each in REFERENCES]) + "\n", encoding="utf-8")
    print(f"wrote {target.relative_to(ROOT)}")  # what the tool is for
