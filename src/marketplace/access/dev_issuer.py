"""An identity provider for development and the demo: mints member tokens and publishes its keys.

Production never mounts or trusts it. Its ES256 keys live in a folder of their own under `var/`,
one for each program, so tokens survive a restart.
"""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from marketplace.kit import clock

ALGORITHM = "ES256"
_PROGRAM = re.compile(r"[A-Za-z0-9_-]{1,40}")


class DevIssuer:
    """Keys by program code in `folder`; made on first use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, ECKey] = {}

    def issuer(self, program: str) -> str:
        """The `iss` of this program's tokens."""
        return f"urn:rewards-marketplace:dev-issuer:{program}"

    def jwks(self, program: str) -> dict[str, Any]:
        """The program's public keys as a JWK Set."""
        return {"keys": [dict(self._key(program).as_dict(private=False))]}

    def mint(
        self,
        program: str,
        subject: str,
        *,
        audience: str,
        lifetime: timedelta = timedelta(days=30),
        **claims: Any,
    ) -> str:
        """A signed token that speaks for the program's member; `claims` override what it says by default."""
        key = self._key(program)
        now = int(clock.now().timestamp())
        written = {
            "iss": self.issuer(program),
            "aud": audience,
            "sub": subject,
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
        }
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, written | claims, key)

    def exists(self, program: str) -> bool:
        """Whether this issuer has made a key for the program."""
        return program in self._keys or self._path(program).exists()

    def _path(self, program: str) -> Path:
        if not _PROGRAM.fullmatch(program):
            raise ValueError("a program code is made of letters, digits, dashes and underscores")
        return self._folder / f"{program}.json"

    def _key(self, program: str) -> ECKey:
        if program not in self._keys:
            path = self._path(program)
            if not path.exists():
                _write_private(path, ECKey.generate_key("P-256", auto_kid=True))
            self._keys[program] = ECKey.import_key(orjson.loads(path.read_bytes()))
        return self._keys[program]

    async def serve_jwks(self, request: Request) -> Response:
        """`/dev/issuer/{program}/jwks.json`: the keys of a program that has some."""
        program = str(request.path_params["program"])
        if not _PROGRAM.fullmatch(program) or not self.exists(program):
            return JSONResponse({"error": "no such issuer"}, status_code=404)
        return JSONResponse(self.jwks(program))


def _write_private(path: Path, key: ECKey) -> None:
    """Write the key so that only its owner can read it; of two writers at once the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(dict(key.as_dict(private=True))))
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
