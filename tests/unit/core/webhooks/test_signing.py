from __future__ import annotations

import base64

from moothall.core.webhooks.signing import PREFIX, SECRET_BYTES, secret_text, signature

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105  # the convention's own example
MESSAGE, AT_S, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_example_of_the_convention_is_signed_as_there() -> None:
    assert signature([SECRET], MESSAGE, AT_S, BODY) == SIGNED


def test_each_secret_signs_and_every_part_counts() -> None:
    other = secret_text(bytes(SECRET_BYTES))
    both = signature([SECRET, other], MESSAGE, AT_S, BODY).split(" ")
    assert both[0] == SIGNED
    assert both[1] == signature([other], MESSAGE, AT_S, BODY) != SIGNED
    for message, at_s, body in ((f"{MESSAGE}x", AT_S, BODY), (MESSAGE, AT_S + 1, BODY), (MESSAGE, AT_S, BODY + b" ")):
        assert signature([SECRET], message, at_s, body) != SIGNED


def test_a_secret_holds_its_bytes_in_base64() -> None:
    text = secret_text(bytes(range(SECRET_BYTES)))
    assert text.startswith(PREFIX)
    assert base64.b64decode(text.removeprefix(PREFIX)) == bytes(range(SECRET_BYTES))
