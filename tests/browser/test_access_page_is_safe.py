"""Names in a report are harmless on its page, and no request leaves it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.access.page import page
from tests.browser.shown import Report, people, show
from tests.support.browser import Browser

pytestmark = pytest.mark.slow

HOSTILE = [
    "</script><img src=x onerror=document.title='owned'>",
    "</style></table><script>document.title='owned'</script>",
    "\" onmouseover=\"document.title='owned'\" autofocus onfocus='document.title=1' x=\"",
    "<!--<script>",
    "&lt;b&gt; &amp; '",
    "javascript:document.title='owned'",
    "\u202egpj.exe\u2066 \x00\x1b[31m half \ud800 pair",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_a_name(window: Browser, report: Report, tmp_path: Path, name: str) -> None:
    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            kept = ("kind", "in_force", "read_at", "with", "user_kind", "user_state", "level", "state", "open_to")
            return {key: each if key in kept else renamed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [renamed(each) for each in value]
        return name if isinstance(value, str) else value

    show(window, tmp_path, report)
    elements = "Object.entries(Object.groupBy([...document.querySelectorAll('*')], (e) => e.localName)).map(([k, v]) => [k, v.length])"
    before = dict(window.run(elements))
    changed = {**renamed(report), "unknown": {name: name}}
    show(window, tmp_path, changed)
    after = dict(window.run(elements))
    assert after.keys() == before.keys(), "no element is made from a name"
    assert after["script"] == after["style"] == 1
    assert after["tr"] == before["tr"]
    handlers = (
        "[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()).filter((n) => n.startsWith('on'))"
    )
    assert window.run(handlers) == []
    assert window.run("document.title").startswith("Access review of ")
    links = window.run("[...document.links].map((each) => each.getAttribute('href'))")
    assert all(each.startswith("#") for each in links)
    assert len(people(window)) == 14, "the script runs"
    shown = people(window)[0]
    if name.isprintable():
        assert shown == name
    else:
        assert "gpj.exe" in shown
        assert shown.isprintable(), "no character turns the text around it"
    window.click("#rows tbody a")
    window.wait_for(f"document.getElementById('rows-title').textContent === {json.dumps('All access of ' + shown)}")
    assert len(people(window)) == 14, "all rows have one user now"


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback, and the paths that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_no_request_leaves_the_page(
    opened: Browser, listener: tuple[str, list[str]], report: Report, tmp_path: Path
) -> None:
    requests = [
        each["params"]["request"]["url"] for each in opened.events if each.get("method") == "Network.requestWillBeSent"
    ]
    assert len(requests) == 1
    assert requests[0].startswith("file://"), "the file itself, and nothing else"
    url, asked = listener
    tries = f"""(async () => {{
        const add = (name, values) => document.body.append(Object.assign(document.createElement(name), values));
        add("img", {{src: "{url}/img"}});
        add("script", {{src: "{url}/script"}});
        add("link", {{rel: "stylesheet", href: "{url}/style"}});
        add("iframe", {{src: "{url}/frame"}});
        add("script", {{textContent: "document.title = 'owned'"}});
        await fetch("{url}/fetch").catch(() => null);
        await new Promise((done) => setTimeout(done, 200));
    }})()"""
    opened.run(tries)
    assert asked == []
    assert opened.run("document.title") != "owned"
    # The same calls reach the server from a page without the policy.
    file = tmp_path / "open.html"
    file.write_text(page(report).replace("Content-Security-Policy", "ignored"), encoding="utf-8")
    opened.open(file.as_uri())
    opened.run(tries)
    assert {"/img", "/script", "/style", "/frame", "/fetch"} <= set(asked)
    assert opened.run("document.title") == "owned"
