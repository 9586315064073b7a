"""Members' tokens: what is believed, what is not, and how seldom issuers are asked."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from marketplace.access.jwks import KeyStore
from marketplace.access.tokens import InvalidToken, Issuer, TokenVerifier
from marketplace.kit import clock

PROGRAM = UUID(int=7)
ISSUER = "https://id.airline.test"
URL = "https://id.airline.test/jwks.json"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
ENCRYPTING = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})


class IdentityProvider:
    """A program's identity provider: publishes keys over HTTP and counts how often it is asked."""

    def __init__(self, *keys: Key) -> None:
        self.keys = list(keys)
        self.asked = 0
        self.answer: Callable[[], httpx.Response] = self.publish
        transport = httpx.MockTransport(self.serve)
        self.store = KeyStore(httpx.AsyncClient(transport=transport))
        self.verifier = TokenVerifier(self.store)

    def publish(self) -> httpx.Response:
        """The keys as a JWK Set."""
        return httpx.Response(200, json={"keys": [dict(key.as_dict(private=False)) for key in self.keys]})

    def serve(self, request: httpx.Request) -> httpx.Response:
        """Answer one request for the keys."""
        self.asked += 1
        return self.answer()

    async def verify(self, token: str, issuers: dict[str, Issuer] | None = None) -> Any:
        """What our side makes of a token."""
        return await self.verifier.verify(token, issuers or {ISSUER: Issuer(PROGRAM, "marketplace", URL)})

    async def reason(self, token: str) -> str:
        """Why our side does not believe a token."""
        with pytest.raises(InvalidToken) as caught:
            await self.verify(token)
        return caught.value.reason


def token(key: Key = EC, alg: str = "ES256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A sound token, but for what is given; a claim that is None is left out."""
    now = int(clock.now().timestamp())
    written = {"iss": ISSUER, "aud": "marketplace", "sub": "m-1", "iat": now, "exp": now + 600} | claims
    kept = {name: value for name, value in written.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": key.kid, **(header or {})}, kept, key, algorithms=[alg])


def forged(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    """A token put together by hand."""
    parts = (orjson.dumps(header), orjson.dumps(claims), signature)
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (EC, "ES256"), (ED, "Ed25519")])
async def test_a_sound_token_speaks_for_its_subject(key: Key, alg: str):
    provider = IdentityProvider(RSA, EC, ED)

    verified = await provider.verify(token(key, alg))

    assert (verified.program_id, verified.issuer, verified.subject) == (PROGRAM, ISSUER, "m-1")


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # joserfc's word on minting, not on verifying
async def test_the_older_name_of_the_edwards_curve_is_accepted():
    provider = IdentityProvider(ED)

    assert (await provider.verify(token(ED, "EdDSA"))).subject == "m-1"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": None}, "its `exp` is missing"),
        ({"exp": "soon"}, "its `exp` is missing"),
        ({"exp": 10**30}, "its `exp` is out of range"),
        ({"iat": None}, "its `iat` is missing"),
        ({"sub": None}, "it names no subject"),
        ({"sub": ""}, "it names no subject"),
        ({"sub": 5}, "it names no subject"),
        ({"sub": "x" * 300}, "it names no subject"),
        ({"aud": None}, "it is meant for another audience"),
        ({"aud": "somebody else"}, "it is meant for another audience"),
        ({"aud": ["a", "b"]}, "it is meant for another audience"),
        ({"iss": None}, "its issuer is not known here"),
        ({"iss": "https://evil.test"}, "its issuer is not known here"),
        ({"iss": ["x"]}, "its issuer is not known here"),
        ({"nbf": 4102444800}, "it is not valid yet"),
    ],
)
async def test_required_claims_must_hold(claims: dict[str, Any], reason: str):
    assert await IdentityProvider(EC).reason(token(**claims)) == reason


async def test_one_of_several_audiences_is_enough():
    assert (await IdentityProvider(EC).verify(token(aud=["other", "marketplace"]))).subject == "m-1"


async def test_clocks_may_differ_by_thirty_seconds():
    provider = IdentityProvider(EC)
    now = int(clock.now().timestamp())

    assert await provider.verify(token(exp=now - 25, iat=now - 600))
    assert await provider.verify(token(iat=now + 25))
    assert await provider.reason(token(exp=now - 35, iat=now - 600)) == "it has expired"
    assert await provider.reason(token(iat=now + 40)) == "it was issued in the future"


async def test_a_remembered_token_is_forgotten_when_it_expires():
    provider = IdentityProvider(EC)
    text = token()
    await provider.verify(text)

    with clock.travel(timedelta(seconds=640)):
        assert await provider.reason(text) == "it has expired"


async def test_a_remembered_token_falls_with_its_issuer():
    provider = IdentityProvider(EC)
    text = token()
    await provider.verify(text)

    with pytest.raises(InvalidToken):
        await provider.verify(text, {"https://other.test": Issuer(PROGRAM, "marketplace", URL)})
    with pytest.raises(InvalidToken):
        await provider.verify(text, {ISSUER: Issuer(PROGRAM, "another audience", URL)})


async def test_memory_for_tokens_is_bounded():
    verifier = TokenVerifier(max_remembered=3)
    jwks = {"keys": [dict(EC.as_dict(private=False))]}
    for number in range(9):
        await verifier.verify(token(sub=f"m-{number}"), {ISSUER: Issuer(PROGRAM, "marketplace", jwks=jwks)})

    assert len(verifier._remembered) == 3  # pyright: ignore[reportPrivateUsage]


async def test_foreign_algorithms_and_forgeries_are_refused():
    provider = IdentityProvider(RSA, EC, ENCRYPTING)
    now = int(clock.now().timestamp())
    claims = {"iss": ISSUER, "aud": "marketplace", "sub": "m-1", "iat": now, "exp": now + 600}
    algorithm = "its algorithm is not one of RS256, ES256 and EdDSA"
    signature = "its signature does not hold"
    hmac = jwt.encode({"alg": "HS256", "kid": "rsa"}, claims, OctKey.import_key("x" * 32), algorithms=["HS256"])

    assert await provider.reason(forged({"alg": "none", "kid": "ec"}, claims)) == algorithm
    assert await provider.reason(hmac) == algorithm
    assert await provider.reason(token(RSA, "PS256")) == algorithm
    assert await provider.reason(forged({"alg": "ES256", "kid": "ec"}, claims, b"x" * 64)) == signature
    assert await provider.reason(forged({"alg": "RS256", "kid": "ec"}, claims, b"x" * 256)) == signature
    assert await provider.reason(token(ECKey.generate_key("P-256", {"kid": "ec"}))) == signature
    assert await provider.reason(token()[:-6] + "AAAAAA") == signature
    assert await provider.reason(forged({"alg": "ES256", "kid": "ec", "crit": ["b64"]}, claims)) == signature
    assert "key is not published" in await provider.reason(forged({"alg": "RS256", "kid": "enc"}, claims))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b.c",
        "..",
        "a.b.c.d",
        "é.é.é",
        "W10.W10.W10",
        "bnVsbA.bnVsbA.",
        "x" * 9_000,
        ("W" * 3_000) + ".e30.e30",
    ],
)
async def test_what_is_no_token_is_refused(text: str):
    with pytest.raises(InvalidToken):
        await IdentityProvider(EC).verify(text)


async def test_deep_json_in_a_token_is_refused():
    deep = base64.urlsafe_b64encode(b'{"iss":' + b"[" * 2_500 + b"]" * 2_500 + b"}").decode()

    assert await IdentityProvider(EC).reason(f"{deep}.{deep}.x") in ("it is not a JWT", "it is too long")


async def test_keys_are_fetched_once_and_an_unknown_one_is_asked_for_at_most_once_a_minute():
    provider = IdentityProvider(EC)
    await provider.verify(token())
    await provider.verify(token(sub="m-2"))
    assert provider.asked == 1

    provider.keys.append(ED)
    for _ in range(5):
        assert "key is not published" in await provider.reason(token(ED, "Ed25519"))
    assert provider.asked == 1

    with clock.travel(timedelta(seconds=61)):
        assert await provider.verify(token(ED, "Ed25519"))
    assert provider.asked == 2


async def test_a_key_that_was_taken_back_stops_working():
    provider = IdentityProvider(EC, ED)
    await provider.verify(token())
    provider.keys.remove(EC)

    with clock.travel(timedelta(hours=2)):
        assert "key is not published" in await provider.reason(token(sub="m-3"))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"location": "http://169.254.169.254/"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": 5}),
        httpx.Response(200, json={"keys": [5, {}, {"kty": "EC"}, {"kty": "oct", "k": "eA"}]}),
        httpx.Response(200, content=b"[" * 200_000),
    ],
)
async def test_an_issuer_that_answers_nonsense_is_not_believed(answer: httpx.Response):
    provider = IdentityProvider(EC)
    provider.answer = lambda: answer

    assert "key is not published" in await provider.reason(token())
    assert provider.asked == 1


async def test_keys_are_never_fetched_over_plain_http():
    provider = IdentityProvider(EC)
    plain = {ISSUER: Issuer(PROGRAM, "marketplace", URL.replace("https", "http"))}

    with pytest.raises(InvalidToken, match="key is not published"):
        await provider.verify(token(), plain)
    assert provider.asked == 0


async def test_an_issuers_outage_locks_nobody_out():
    provider = IdentityProvider(EC)
    await provider.verify(token())

    def outage() -> httpx.Response:
        raise httpx.ConnectTimeout("no answer")

    provider.answer = outage
    with clock.travel(timedelta(hours=2)):
        assert await provider.verify(token(sub="m-4"))
    assert provider.asked == 2
