"""A small OpenID Connect provider on this machine, which signs in whom it is told and can be made to lie."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey


@cache
def rsa_key(whose: str) -> RSAKey:
    """A key of 2,048 bits, which takes a second to find."""
    return RSAKey.generate_key(2048, {"kid": "one"})


@dataclass
class IdentityProvider:
    """claims: of the ID token, beside those that it must have; user_info: what its user info says."""

    claims: dict[str, Any] = field(default_factory=dict)
    user_info: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    key: RSAKey = field(default_factory=lambda: rsa_key("the provider's"))
    signs_with: RSAKey | None = None
    nonces: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def config(self) -> dict[str, Any]:
        """OidcConfig of a workforce that uses it."""
        return {
            "ClientId": "labels",
            "ClientSecret": "secret",
            "Issuer": self.url,
            "AuthorizationEndpoint": f"{self.url}/authorize",
            "TokenEndpoint": f"{self.url}/token",
            "UserInfoEndpoint": f"{self.url}/userinfo",
            "LogoutEndpoint": f"{self.url}/logout",
            "JwksUri": f"{self.url}/keys",
        }

    def token(self, code: str) -> dict[str, Any]:
        now = int(time.time())
        usual = {"iss": self.url, "aud": "labels", "sub": "ada", "iat": now, "exp": now + 300}
        claims = {**usual, "nonce": self.nonces[code], **self.claims}
        kept = {name: value for name, value in claims.items() if value is not None}
        id_token = jwt.encode({"alg": "RS256", "kid": "one"}, kept, self.signs_with or self.key)
        return {"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": id_token}

    @contextmanager
    def served(self) -> Iterator[IdentityProvider]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
                if path == "/authorize":
                    code = f"code-{len(provider.nonces)}"
                    provider.nonces[code] = query["nonce"]
                    provider.asked.append(query)
                    self.send_response(302)
                    answer = urlencode({"code": code, "state": query["state"]})
                    self.send_header("Location", f"{query['redirect_uri']}?{answer}")
                    self.end_headers()
                elif path == "/keys":
                    self._json(KeySet([provider.key]).as_dict(private=False))
                else:
                    self._json({"sub": "ada", **provider.user_info})

            def do_POST(self) -> None:
                form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                provider.asked.append(form)
                self._json(provider.token(form["code"]))

            def _json(self, document: Any) -> None:
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)
