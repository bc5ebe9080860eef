"""Signing in with an account over HTTP, through the server's own doors and a provider in this process."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from moothall.adapters.admin.local_door import Caller
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import SessionId
from moothall.services.programme.office import AdminLinkOrder
from moothall.settings.sections import SignIn
from support.desks.admin import AdminHouse, Browser, admin_house, make
from support.sign_in.house import house_with
from support.sign_in.provider import CLIENT, MAIL, NAME, SECRET, TestProvider, b64, new_rsa, public_pem, signed


async def test_somebody_signs_in_runs_a_meeting_and_signs_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with house_with(tmp_path) as (house, theirs):
        browser = await house.browser()
        assert await browser.get("/admin") == 403
        assert 'href="/sign-in?to=%2Fadmin"' in browser.text
        assert await browser.get("/sign-in?to=/admin", follow=False) == 303
        query = parse_qs(urlsplit(browser.headers["Location"]).query)
        assert query["redirect_uri"] == [f"{house.running.served.public}/sign-in/back"]
        assert [len(query[name][0]) for name in ("state", "nonce", "code_challenge")] == [43, 43, 43]
        assert query["code_challenge_method"] == ["S256"]
        (cookie,) = browser.cookies
        assert re.fullmatch(r"moothall_sign_in=[\w-]{43}; HttpOnly; Max-Age=600; Path=/sign-in; SameSite=Lax", cookie)
        assert await browser.get("/sign-in") == 200
        assert browser.url == "/admin"

        await make(browser)
        await browser.get("/admin/meetings/water-board")
        assert await browser.send("/admin/meetings/water-board", act="open") == 200
        records = await house.running.backend.log.read(SessionId("water-board"), 0, 100)
        kept = b"".join(msgspec.json.encode(record.header) + (record.body or b"") for record in records)
        (signed_in,) = house.running.backend.links.signed_in()
        assert re.fullmatch("[0-9a-f]{16}", signed_in.staff.link)
        assert signed_in.staff.link.encode() in kept

        await browser.get("/admin/links")
        assert "Signed in with an account" in browser.text
        assert signed_in.staff.link in browser.text
        other = await house.browser()
        assert await other.get("/sign-in") == 200
        pseudonyms = {each.staff.link for each in house.running.backend.links.signed_in()}
        assert pseudonyms == {signed_in.staff.link}  # An account keeps its pseudonym.
        assert await other.post("/leave") == 200
        assert await other.get("/admin") == 403
        await browser.get("/admin/links")
        assert await browser.send(f"/admin/signed-in/{signed_in.staff.link}/end") == 403  # Its own page is gone.
        assert await browser.get("/admin") == 403

        secrets = [MAIL, NAME, SECRET, theirs.subject, *theirs.tokens, "mh-office"]
        shelves = [await house.running.backend.book.read(shelf) for shelf in ("visitor", "link")]
        book = b"".join(body for shelf in shelves for body in shelf.values())
        said = caplog.text + kept.decode("utf-8", "replace") + book.decode("utf-8", "replace") + browser.text
        assert [secret for secret in secrets if secret in said] == []
        assert "a browser was let in as secretariat" in caplog.text


async def test_groups_give_roles_and_nothing_else_does(tmp_path: Path) -> None:
    async with house_with(tmp_path) as (house, theirs):
        browser = await house.browser()
        theirs.groups = ["mh-text", "cleaning"]
        assert await browser.get("/sign-in") == 200
        assert browser.url == "/staff"
        roles = {each.staff.role for each in house.running.backend.links.signed_in()}
        assert roles == {Role.CAPTIONER, Role.MODERATOR}
        assert await browser.get("/admin") == 403
        stranger = await house.browser()
        theirs.groups, theirs.subject = ["cleaning"], "another"
        assert await stranger.get("/sign-in") == 403
        assert "Your account has no job here" in stranger.text
        theirs.wrong = lambda claims: claims.pop("groups")
        assert await stranger.get("/sign-in") == 403
        assert await stranger.get("/staff") == 403


async def test_groups_may_lie_within_other_claims(tmp_path: Path) -> None:
    async with house_with(tmp_path, claim="realm_access.roles") as (house, theirs):
        theirs.wrong = lambda claims: claims.update(realm_access={"roles": ["mh-office"]})
        browser = await house.browser()
        assert await browser.get("/sign-in") == 200
        assert browser.url == "/admin"


async def test_where_admin_demands_it_a_link_leads_to_the_sign_in(tmp_path: Path) -> None:
    async with house_with(tmp_path, required_for_admin=True) as (house, theirs):
        link = await house.running.office.admin_link(new=True)
        assert link is not None
        browser = await house.browser()
        assert await browser.get(link, follow=False) == 303
        assert browser.headers["Location"] == "/sign-in"
        assert await browser.get("/admin", follow=False) == 303
        assert browser.headers["Location"] == "/sign-in?to=%2Fadmin"
        assert await browser.get("/admin/hubs", follow=False) == 303
        theirs.groups = ["mh-text"]
        assert await browser.get("/admin") == 403  # Signed in, with no job there: it is not sent round in circles.
        assert browser.url == "/admin"
        theirs.groups = ["mh-office"]
        assert await browser.get("/sign-in") == 200
        assert await browser.get("/admin/hubs") == 200

        theirs.down = True
        operator = Caller(house.running.backend.data)
        way_in = await operator.admin_link(
            new=False, order=AdminLinkOrder(hours=1, one_browser=True, without_sign_in=True)
        )
        assert way_in is not None
        other, second = await house.browser(), await house.browser()
        assert await other.get(way_in) == 200
        assert other.url == "/admin"
        await other.get("/admin/links")
        assert "Opens without a sign-in" in other.text
        assert await second.get(way_in) == 403


def other_claims(**changed: object) -> Callable[[dict[str, Any]], object]:
    return lambda claims: claims.update({k: v(claims) if callable(v) else v for k, v in changed.items()})


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "nonce": other_claims(nonce="x" * 43),
    "no nonce": lambda claims: claims.pop("nonce"),
    "audience": other_claims(aud="somebody else"),
    "audiences without a party": other_claims(aud=[CLIENT, "somebody else"]),
    "party": other_claims(azp="somebody else"),
    "issuer": other_claims(iss="http://127.0.0.1:9"),
    "issuer with a slash": other_claims(iss=lambda claims: claims["iss"] + "/"),
    "expired": other_claims(exp=lambda claims: claims["iat"] - 61),
    "no expiry": lambda claims: claims.pop("exp"),
    "expiry as text": other_claims(exp="never"),
    "old": other_claims(iat=lambda claims: claims["iat"] - 1000),
    "from the future": other_claims(iat=lambda claims: claims["iat"] + 100),
    "nobody": other_claims(sub=""),
    "endless subject": other_claims(sub="x" * 256),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_token_that_says_something_wrong_lets_nobody_in(tmp_path: Path, what: str) -> None:
    async with house_with(tmp_path) as (house, theirs):
        theirs.wrong = WRONG[what]
        await refused(house)
        theirs.wrong = None
        assert await (await house.browser()).get("/sign-in") == 200


async def refused(house: AdminHouse) -> None:
    browser = await house.browser()
    assert await browser.get("/sign-in") == 403
    assert "Signing in did not work" in browser.text
    assert house.running.backend.links.signed_in() == ()


FORGED: dict[str, Callable[[TestProvider, dict[str, Any]], str]] = {
    "none": lambda _, claims: signed(claims, None, alg="none"),
    "none with a key's name": lambda theirs, claims: signed(claims, None, alg="none", kid=theirs.kid),
    "HS256 with the public key": lambda theirs, claims: signed(
        claims, public_pem(theirs.key), alg="HS256", kid=theirs.kid
    ),
    "HS256 with the client's secret": lambda theirs, claims: signed(
        claims, SECRET.encode(), alg="HS256", kid=theirs.kid
    ),
    "another key": lambda theirs, claims: signed(claims, new_rsa(), alg="RS256", kid=theirs.kid),
    "ES256 over an RSA key": lambda theirs, claims: signed(
        claims, ec.generate_private_key(ec.SECP256R1()), alg="ES256", kid=theirs.kid
    ),
    "RS512": lambda theirs, claims: signed(claims, theirs.key, alg="RS512", kid=theirs.kid),
    "a critical extension": lambda theirs, claims: signed(
        claims, theirs.key, alg="RS256", kid=theirs.kid, crit=["b64"]
    ),
    "changed afterwards": lambda theirs, claims: ".".join(
        (
            signed(claims, theirs.key, alg="RS256", kid=theirs.kid).split(".")[0],
            signed({**claims, "sub": "1"}, None, alg="x").split(".")[1],
            signed(claims, theirs.key, alg="RS256", kid=theirs.kid).split(".")[2],
        )
    ),
    "no token": lambda *_: "x.y",
    "no text": lambda *_: "\u00e9.e.e",
    "no base 64": lambda *_: "!.!.!",
    "nested deep": lambda *_: b64(b'{"alg":"RS256","more":' + b"[" * 3_000 + b"]" * 3_000 + b"}") + ".e30.AA",
    "too long": lambda *_: "x" * 40_000,
}


@pytest.mark.parametrize("what", FORGED)
async def test_a_token_with_another_signature_lets_nobody_in(tmp_path: Path, what: str) -> None:
    async with house_with(tmp_path) as (house, theirs):
        theirs.forge = FORGED[what]
        await refused(house)


async def test_keys_may_be_elliptic_curves_and_change_meanwhile(tmp_path: Path) -> None:
    async with house_with(tmp_path) as (house, theirs):
        for turn, (key, kid) in enumerate(
            ((theirs.key, "k1"), (new_rsa(), "k2"), (ec.generate_private_key(ec.SECP256R1()), "k3")), 1
        ):
            theirs.key, theirs.kid = key, kid
            for _ in range(2):
                assert await (await house.browser()).get("/sign-in") == 200
            assert theirs.keys_asked == turn  # Once for each key.
        theirs.forge = lambda theirs, claims: signed(claims, new_rsa(), alg="RS256", kid="made up")
        for _ in range(4):
            assert await (await house.browser()).get("/sign-in") == 403
        assert theirs.keys_asked == 4  # Unknown keys have it ask three times a while, and no more.


async def test_a_token_without_a_keys_name_is_tried_with_new_keys(tmp_path: Path) -> None:
    async with house_with(tmp_path) as (house, theirs):
        theirs.forge = lambda theirs, claims: signed(claims, theirs.key, alg="RS256")
        assert await (await house.browser()).get("/sign-in") == 200
        theirs.key = new_rsa()
        assert await (await house.browser()).get("/sign-in") == 200
        theirs.key = new_rsa(1024)
        assert await (await house.browser()).get("/sign-in") == 403


async def sent(browser: Browser) -> str:
    """Go to the provider, and return the address of ours that it sends the browser back to."""
    assert await browser.get("/sign-in", follow=False) == 303
    assert await browser.get(browser.headers["Location"], follow=False) == 302
    return browser.headers["Location"]


async def test_a_code_comes_back_once_to_the_browser_that_was_sent(tmp_path: Path) -> None:
    async with house_with(tmp_path) as (house, _):
        browser, thief = await house.browser(), await house.browser()
        back = await sent(browser)
        assert await thief.get(back) == 403
        await sent(thief)
        assert await thief.get(back) == 403  # With an attempt of its own, too.
        for state in ("", "x", "x" * 43, "x" * 9_000):
            assert await browser.get(re.sub("state=[^&]*", f"state={state}", back)) in (400, 403)
        assert await browser.get(back, follow=False) == 403  # That answer ended the attempt of this browser.
        back = await sent(browser)
        assert await browser.get(back, follow=False) == 303
        key = browser.cookies
        assert await browser.get(back, follow=False) == 403
        assert any(each.startswith("moothall_staff=") for each in key)
        assert len(house.running.backend.links.signed_in()) == 1


async def test_what_comes_back_without_a_code_or_from_another_provider_lets_nobody_in(tmp_path: Path) -> None:
    async with house_with(tmp_path) as (house, _):
        for part, instead in (
            ("code=[^&]*", "error=access_denied"),
            ("code=[^&]*", "code=made-up"),
            ("code=[^&]*", "code=" + "x" * 5_000),
            ("iss=[^&]*", "iss=http%3A%2F%2Fevil.example"),
            ("&iss=[^&]*", ""),
        ):
            browser = await house.browser()
            back = re.sub(part, instead, await sent(browser))
            assert await browser.get(back) in (400, 403)
        assert house.running.backend.links.signed_in() == ()


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "/admin\r\nX: y", "javascript:1", "/enter/x"]
)
async def test_no_address_of_another_house_is_followed(tmp_path: Path, to: str) -> None:
    async with house_with(tmp_path) as (house, theirs):
        theirs.redirects = frozenset({f"{house.running.served.public}/sign-in/back"})
        browser = await house.browser()
        async with browser.http.get(f"{browser.address}/sign-in", params={"to": to}, allow_redirects=False) as answer:
            there = answer.headers["Location"]
        assert await browser.get(there, follow=False) == 302
        assert await browser.get(browser.headers["Location"], follow=False) == 303
        assert browser.headers["Location"] == "/admin"
        bad = there.replace("sign-in%2Fback", "sign-in%2Fbackdoor")
        assert await browser.get(bad, follow=False) == 400


async def test_a_provider_that_is_down_or_another_one_is_told_in_a_sentence(tmp_path: Path) -> None:
    async with house_with(tmp_path) as (house, theirs):
        browser = await house.browser()
        theirs.down = True
        assert await browser.get("/sign-in") == 503
        assert "be reached at the moment" in browser.text
        theirs.down, theirs.named_issuer = False, "https://evil.example"
        assert await browser.get("/sign-in") == 503
        theirs.named_issuer = ""
        back = await sent(browser)
        theirs.down = True
        assert await browser.get(back) == 503
        assert house.running.backend.links.signed_in() == ()


async def test_behind_https_the_cookie_goes_over_https_alone(tmp_path: Path) -> None:
    async with house_with(tmp_path, public="https://hall.example") as (house, _):
        browser = await house.browser()
        assert await browser.get("/sign-in", follow=False) == 303
        assert all("; Secure" in each for each in browser.cookies)
        query = parse_qs(urlsplit(browser.headers["Location"]).query)
        assert query["redirect_uri"] == ["https://hall.example/sign-in/back"]


async def test_without_the_section_there_is_no_such_address(tmp_path: Path) -> None:
    async with admin_house(tmp_path) as house:
        browser = await house.browser()
        assert await browser.get("/sign-in") == 404
        assert await browser.get("/admin") == 403
        assert "/sign-in" not in browser.text


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"roles": ("hub=x",)}, "a staff role and a group"),
        ({"roles": ("boss=x",)}, "a staff role and a group"),
        ({"required_for_admin": True}, "needs a provider"),
        ({"issuer": "http://login.example"}, "has to begin with https"),
        ({"issuer": "https://login.example"}, "needs client_id, and roles"),
        (
            {
                "issuer": "https://login.example",
                "client_id": "x",
                "roles": ("captioner=x",),
                "required_for_admin": True,
            },
            "a group of the secretariat",
        ),
    ],
)
async def test_settings_that_do_not_fit_together_stop_the_server(
    tmp_path: Path, settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises((ConfigurationError, ExceptionGroup)) as raised:
        async with admin_house(tmp_path, "", SignIn(**settings)):
            pass
    error: BaseException = raised.value
    while isinstance(error, BaseExceptionGroup):
        (error,) = error.exceptions
    assert sentence in str(error)
