"""Run random sequences of calls on two servers, and compare the answers.

    python -m tests.emulator.differential --left URL --left-token T --right URL --right-token T --examples N --seed S

Ids and times are mapped. Lists that the server does not sort are compared as sets. A read with different answers is
repeated for a while, because the lists of a real server lag behind its writes. The first difference is printed with the calls
before it.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.emulator.project_sequences import ProjectCallSequence
from tests.emulator.sequences import CallSequence, Step

_ID = re.compile(r"\b\d{17,}\b")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
#: How long a read is repeated, in seconds. Lists of a real server lag, most after a grant on which its projection fails.
_PATIENCE = 15.0
#: Lists whose order is not compared, unless the step says so.
_UNSORTED = {"result", "authorizations", "roles", "projects", "projectGrants", "projectRoles"}
#: Fields with values that each server generates.
_OWN = {
    "viewTimestamp",
    "timestamp",
    "token",
    "clientSecret",
    "keyDetails",
    "encodedHash",
    "hashedSecret",
    "publicKey",
    "Crypted",
}


@dataclass
class Side:
    """A server, and its ids for the handles of the sequence."""

    name: str
    url: str
    token: str
    handles: dict[str, str] = field(default_factory=dict)
    #: The id of an object that was never created. Each example has its own: some commands write events of such an object.
    unknown_id: str = "999"

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=60)
        me = self.client.get("/auth/v1/users/me", headers={"authorization": f"Bearer {self.token}"}).json()["user"]
        #: The names of the administrator, which differ between servers.
        self.own_names = {me["userName"], me.get("machine", {}).get("name", me["userName"])}

    def resolve(self, value: Any) -> Any:
        """Replace handles by the ids of this server. An object that was never created gets an id that does not exist."""
        if isinstance(value, dict):
            return {key: self.resolve(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.resolve(inner) for inner in value]
        if isinstance(value, str):
            return re.sub(r"\{(\w+)\}", lambda match: self.handles.get(match[1], self.unknown_id), value)
        return value

    def call(self, step: Step) -> tuple[int, Any]:
        """Send a call, and return status and body."""
        token = self.resolve(step.caller) if step.caller else self.token
        headers = {"authorization": f"Bearer {token}"}
        if step.org:
            headers["x-zitadel-orgid"] = self.resolve(step.org)
        content = None
        if step.body is not None:
            content = json.dumps(self.resolve(step.body), separators=(",", ":")).encode()
            headers["content-type"] = "application/json"
        response = self.client.request(step.method, self.resolve(step.path), content=content, headers=headers)
        try:
            return response.status_code, response.json()
        except ValueError:
            return response.status_code, response.text

    def comparable(self, step: Step, body: Any) -> str:
        """Return the body without what can differ between servers."""
        by_id = {value: name for name, value in self.handles.items()}
        text = (
            json.dumps(_settled(body, step), sort_keys=True, ensure_ascii=False)
            .replace("\\u00a0", " ")
            .replace("\u00a0", " ")
        )
        for name in self.own_names:
            text = text.replace(json.dumps(name, ensure_ascii=False), '"<administrator>"')
        text = _MOMENT.sub("<moment>", text.replace(self.url, "<server>"))
        return _ID.sub(lambda match: by_id.get(match[0], "<id>"), text)


def _settled(value: Any, step: Step, key: str = "") -> Any:
    """Sort unsorted lists, and leave out generated values and sequences of cascades."""
    if isinstance(value, dict):
        dropped = {*_OWN, *({"sequence"} if step.any_sequence else ())}
        return {name: _settled(inner, step, name) for name, inner in value.items() if name not in dropped}
    if isinstance(value, list):
        items = [_settled(inner, step) for inner in value]
        unsorted = key in _UNSORTED or (key == "roleKeys" and "grants" in step.path)
        if unsorted and "changes" not in step.path and not step.ordered:
            return sorted(
                items,
                key=lambda item: re.sub(r"\d{17,}|\d{4}-\d\d-\d\dT[\d:.]+Z", "", json.dumps(item, sort_keys=True)),
            )
        return items
    return value


@dataclass
class Difference:
    """The first call that two servers answered differently."""

    step: Step
    left: str
    right: str
    history: list[Step]

    def __str__(self) -> str:
        lines = [str(step) for step in self.history]
        return "\n".join([*lines, f"--> {self.step}", f"left:  {self.left}", f"right: {self.right}"])


def _once(step: Step, left: Side, right: Side) -> tuple[str, str]:
    answers = []
    for side in (left, right):
        status, body = side.call(step)
        if step.gives and isinstance(body, dict) and step.field in body:
            side.handles[step.gives] = body[step.field]
        answers.append((side, status, body))
    return answers[0][0].comparable(step, [answers[0][1], answers[0][2]]), answers[1][0].comparable(
        step, [answers[1][1], answers[1][2]]
    )


def compare(step: Step, left: Side, right: Side) -> tuple[str, str]:
    """Return both answers to a call. A read is repeated until they agree, for a while."""
    one, other = _once(step, left, right)
    end = time.monotonic() + _PATIENCE
    while step.read and one != other and time.monotonic() < end:
        time.sleep(0.1)
        one, other = _once(step, left, right)
    return one, other


def run_example(left: Side, right: Side, seed: str, length: int, *, wide: bool = True) -> Difference | None:
    """Run one example, and return the first difference, or None."""
    # The calls depend on the seed alone. Names must be unique on an instance, so each run has its own.
    sequence = (ProjectCallSequence if wide else CallSequence)(
        random.Random(seed), f"D{time.time_ns() // 1_000_000 % 10**10}"
    )
    for side in (left, right):
        side.handles.clear()
        side.unknown_id = f"999{sequence.nonce[1:]}"
    # The first project of an instance reaches a milestone, and its answer has the milestone's sequence.
    for side in (left, right):
        side.call(Step("POST", "/management/v1/projects", body={"name": f"First {sequence.nonce}"}))
    history: list[Step] = []
    for _ in range(length):
        step = sequence.step()
        one, other = compare(step, left, right)
        if one != other:
            return Difference(step, one, other, history)
        history.append(step)
    return None


def main(argv: list[str] | None = None) -> int:
    """Run the examples, by default until the first difference."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name in ("left", "left-token", "right", "right-token"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--examples", type=int, default=20)
    parser.add_argument("--length", type=int, default=60, help="calls of one example")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--narrow", action="store_true", help="only the administrator's calls with good bodies")
    parser.add_argument("--keep-going", action="store_true", help="run all examples, even after a difference")
    given = parser.parse_args(argv)
    left = Side("left", given.left, given.left_token)
    right = Side("right", given.right, given.right_token)
    found = 0
    for number in range(given.examples):
        difference = run_example(left, right, f"{given.seed}:{number}", given.length, wide=not given.narrow)
        if difference is not None:
            found += 1
            print(f"example {number}:\n{difference}\n")
            if not given.keep_going:
                return 1
    print(f"{given.examples - found} of {given.examples} examples agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
