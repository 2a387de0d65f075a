"""A server without the v1 API: a proxy refuses its calls."""

from __future__ import annotations

import json

from pulumi_zorg.testing import Fault
from tests.support.servers import Server

V1 = "^/(management|admin|auth)/"
#: The answers of servers and gateways that do not have the v1 API.
ANSWERS = {
    "501": (501, "application/json", json.dumps({"code": 12, "message": "unknown service"})),
    "404": (404, "application/json", json.dumps({"code": 5, "message": "Not Found"})),
    "page": (404, "text/html", "<html><body>404 page not found</body></html>"),
    "501 page": (501, "text/html", "<html><body>Not Implemented</body></html>"),
}


def refuse_v1(server: Server, answer: str = "501") -> Fault:
    """Refuse all calls of v1 from now on, also after :meth:`FaultProxy.clear` was called and this again."""
    status, form, body = ANSWERS[answer]
    fault = Fault("answer", path=V1, times=None, status=status, body=body, headers={"Content-Type": form})
    server.proxy.add(fault)
    return fault


def calls_of_v1(server: Server) -> list[str]:
    """The calls of v1 that the proxy has recorded, as ``METHOD path``."""
    starts = ("/management/", "/admin/", "/auth/")
    return [f"{each.method} {each.path}" for each in server.proxy.exchanges if each.path.startswith(starts)]
