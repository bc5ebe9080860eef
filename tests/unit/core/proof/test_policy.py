from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProofBroken
from moothall.core.proof.policy import MOST_POLICY_BYTES, read_policy
from support.proof.keys import log_key, witness_key

LOG = log_key().key
KEYS = {name: witness_key(f"{name.lower()}.example").key for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3")}
EXAMPLE = f"""# the example of c2sp.org/tlog-policy
log {LOG}

witness X1 {KEYS["X1"]}
witness X2 {KEYS["X2"]}  https://x2.example/w
\twitness X3 {KEYS["X3"]}
group X-witnesses 2 X1 X2 X3

witness Y1 {KEYS["Y1"]}
witness Y2 {KEYS["Y2"]}
witness Y3 {KEYS["Y3"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_the_example_of_the_specification() -> None:
    policy = read_policy(EXAMPLE.encode())
    assert policy.logs == (LOG,)
    assert policy.witnesses == KEYS
    assert policy.urls == {"X2": "https://x2.example/w"}
    assert policy.cosigned(["X1", "X3", "Y2"])
    assert not policy.cosigned(["X1", "Y1", "Y2", "Y3"])
    assert not policy.cosigned(["X1", "X2", "X3"])
    assert policy.lacking(["X1", "X2", "X3"]) == "1 of Y-witnesses"
    assert policy.lacking([]) == "2 of X-witnesses, Y-witnesses"


def test_one_witness_may_be_the_quorum() -> None:
    policy = read_policy(f"witness w {KEYS['X1']}\nquorum w".encode())
    assert policy.cosigned(["w"])
    assert not policy.cosigned([])
    assert policy.lacking([]) == "w"


def test_no_witness_may_be_needed() -> None:
    assert read_policy(b"quorum none\n").cosigned([])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no quorum"),
        ("quorum w\n", "Line 1 .* who w is"),
        ("quorum none\nquorum none\n", "Line 2 .* second quorum"),
        (f"log {LOG}\nlog {LOG}\nquorum none\n", "Line 2 .* key of another log"),
        (f"witness none {KEYS['X1']}\nquorum none\n", "name none is taken"),
        (f"witness a {KEYS['X1']}\nwitness b {KEYS['X1']}\nquorum none\n", "key of another witness"),
        (f"witness a {KEYS['X1']}\nwitness a {KEYS['X2']}\nquorum none\n", "name a is taken"),
        (f"witness a {LOG}\nquorum none\n", "no key for cosignatures"),
        (f"witness a {KEYS['X1']}\ngroup a any a\nquorum none\n", "name a is taken"),
        (f"witness a {KEYS['X1']}\ngroup g 2 a\nquorum none\n", "'2' can't be needed"),
        (f"witness a {KEYS['X1']}\ngroup g 0 a\nquorum none\n", "'0' can't be needed"),
        (f"witness a {KEYS['X1']}\ngroup g x a\nquorum none\n", "'x' can't be needed"),
        (f"witness a {KEYS['X1']}\ngroup g any a\ngroup h any a\nquorum none\n", "member of a group already"),
        ("group g any\nquorum none\n", "as no line has"),
        ("group g any none\nquorum none\n", "who none is"),
        ("log key url more\nquorum none\n", "as no line has"),
        ("witness a key url more\nquorum none\n", "as no line has"),
        ("log key\nquorum none\n", "Line 1 of the policy"),
        ("quorum none\r\n", "this file is none"),
        ("#" * (MOST_POLICY_BYTES + 1), "this file is none"),
    ],
)
def test_a_wrong_line_is_named(text: str, sentence: str) -> None:
    with pytest.raises(ProofBroken, match=sentence):
        read_policy(text.encode())


def test_names_are_bytes_to_it() -> None:
    policy = read_policy(f"witness \u212a {KEYS['X1']}\nwitness K {KEYS['X2']}\nquorum K\n".encode())
    assert policy.cosigned(["K"])
    assert not policy.cosigned(["\u212a"])
