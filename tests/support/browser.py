"""A real browser: Debian's chromium, over the DevTools protocol on two pipes. No port is open, and no package is needed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Browser", "browser"]

_COMMANDS = ("chromium", "chromium-browser", "google-chrome")
INSTALL = "apt-get install --no-install-recommends chromium"


class Browser:
    """One page of a running browser."""

    def __init__(self, to: int, answers: int) -> None:
        self._to = to
        self._answers = os.fdopen(answers, "rb")
        self._buffer = b""
        self._calls = 0
        self._session: str | None = None
        #: What the browser reported by itself, like requests and violations of a policy.
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._session = None
        self.call("Browser.close")
        self._answers.close()
        os.close(self._to)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Return the result of a command of the protocol (https://chromedevtools.github.io/devtools-protocol)."""
        self._calls += 1
        message = {"id": self._calls, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        left = json.dumps(message).encode() + b"\0"
        while left:
            left = left[os.write(self._to, left) :]
        while True:
            answer = self._next()
            if answer.get("id") == self._calls:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            read = self._answers.read1(1 << 20)
            assert read, "the browser ended"
            self._buffer += read
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def open(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""
        self.events.clear()
        failed = self.call("Page.navigate", url=url).get("errorText")
        assert not failed, failed
        while not any(each["method"] == "Page.loadEventFired" for each in self.events):
            self.events.append(self._next())

    def run(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page. A promise is waited for."""
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until a JavaScript expression is true."""
        until = time.monotonic() + 10
        while not self.run(condition):
            assert time.monotonic() < until, f"never true: {condition}"
            time.sleep(0.01)

    def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse."""
        x, y = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            "const r = e.getClientRects()[0]; return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def type(self, selector: str, text: str) -> None:
        """Replace the text of a field, as if it was typed."""
        self.run(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.focus(); e.select(); }})()")
        if text:
            self.call("Input.insertText", text=text)
        else:
            self.press("Delete")

    def press(self, key: str) -> None:
        """Press a key, like ``Enter`` or ``Tab``."""
        codes = {"Enter": 13, "Tab": 9, "Delete": 46}
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=codes[key], **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=codes[key])

    def choose(self, selector: str, label: str) -> None:
        """Choose the option of a list that has a label."""
        self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            f"const o = [...e.options].find((each) => each.textContent === {json.dumps(label)});"
            "e.value = o.value; e.dispatchEvent(new Event('input', {bubbles: true})); })()"
        )

    def media(self, media: str = "", scheme: str = "light") -> None:
        """Show the page as on paper (``print``) or on a screen, light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def pdf(self) -> bytes:
        """Return the page as it is printed."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])


@contextmanager
def browser(home: Path) -> Iterator[Browser]:
    """A browser with a profile in a folder.

    Without one the test is skipped. With ``ZORG_BROWSER=required`` it fails: where all tests must run, as in .ci/run.
    """
    command = next(filter(None, map(shutil.which, _COMMANDS)), None)
    if command is None:
        missing = f"no chromium on PATH: {INSTALL}"
        if os.environ.get("ZORG_BROWSER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    commands, to = os.pipe()
    answers, back = os.pipe()
    options = ["--headless", "--remote-debugging-pipe", f"--user-data-dir={home}", "--no-first-run", "--disable-gpu"]
    # In a container there is only root, whom chromium's sandbox refuses. The pages are the tests' own.
    options += ["--no-sandbox"] if os.geteuid() == 0 else []
    # The protocol has its pipes at the descriptors 3 and 4.
    shell = ["bash", "-c", 'exec "${@:3}" 3<&"$1" 4>&"$2"', "bash", str(commands), str(back)]
    with subprocess.Popen(
        [*shell, command, *options, "about:blank"],
        pass_fds=(commands, back),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(commands)
        os.close(back)
        try:
            page = Browser(to, answers)
            yield page
            page.close()
            process.wait(10)
        finally:
            process.kill()
