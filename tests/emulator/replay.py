"""Replay recorded exchanges on the emulator. Ids, times, addresses and tokens are mapped, everything else must be equal."""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt

from pulumi_zorg.emulator import Emulator
from tests.emulator.managers import FILES, Managers

RECORDINGS = Path(__file__).parent.parent / "recordings"

#: The files of each recording session, in the order of recording: later files list what earlier ones created.
#: Each session had its own servers.
SESSIONS = (
    (
        "organizations",
        "user_grants",
        "v2_and_permissions",
        "authentication",
        "cross_org_and_cascades",
        "events",
        "effects",
    ),
    ("projects", "project_effects", "lookups"),
    FILES,
    ("users",),
)

#: The names of the recording account in each session -> the names of the emulator's account.
ACCOUNTS: tuple[dict[str, str], ...] = (
    {},
    {"zitadel-admin-sa": "iac", "Admin": "IaC"},
    {},
    {"bench-admin": "IaC"},
)

_ID = re.compile(r"(?<!\d)\d{15,}(?!\d)")
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
#: What a recording has instead of a long text.
_LONG = re.compile(r"<(\d+) characters>")
_AUDIENCE = "openid urn:zitadel:iam:org:project:id:zitadel:aud"

#: Times of the real server's scheduler. Any time is accepted.
_FREE_MOMENTS = {"viewTimestamp"}

#: Times in tokens, in seconds since 1970. The times of a token are compared with each other.
_SECONDS = ("iat", "exp", "nbf", "auth_time")

#: Verification codes: short texts in answers, encrypted in events.
_CODES = {"code", "emailCode", "phoneCode", "verificationCode"}

#: Lists and texts of words whose order is the one in which the database of the real server found them.
_UNORDERED = {"aud", "scope"}


class Disagreement(AssertionError):
    """The emulator's answer differs from the recorded one."""


@dataclass
class Mapping:
    """Recorded ids and times -> those of the emulator. The mapping is one to one."""

    ids: dict[str, str] = field(default_factory=dict)
    moments: dict[str, str] = field(default_factory=dict)
    #: Texts that are replaced as a whole, in requests and in recorded answers.
    texts: dict[str, str] = field(default_factory=dict)

    def translate(self, value: Any) -> Any:
        """Return a part of a request with the emulator's ids and texts."""
        if isinstance(value, dict):
            return {key: self.translate(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.translate(inner) for inner in value]
        if isinstance(value, str):
            value = _LONG.sub(lambda match: "A" * int(match[1]), self.texts.get(value, value))
            return _ID.sub(lambda match: self.ids.get(match[0], match[0]), value)
        return value

    def bind(self, kind: dict[str, str], recorded: str, found: str) -> bool:
        """Map a recorded value to a found one, and return whether that fits the mapping so far."""
        if recorded not in kind and found not in kind.values():
            kind[recorded] = found
        return kind.get(recorded) == found


class Replay:
    """One recorded server, replayed against one emulator."""

    def __init__(self, emulator: Emulator, recorded_url: str, account: dict[str, str]) -> None:
        self.emulator = emulator
        self.recorded_url = recorded_url
        self.map = Mapping(texts=account)
        self.client = httpx.Client(base_url=emulator.url, timeout=30)
        # A recorded date is before the first event of the recorded server. It is mapped to one before the emulator's first event.
        self.start = "2020-01-01T00:00:00Z"
        self.pat = ""
        self.access_token = ""
        self.client_id = self.client_secret = ""
        self.password = "Recorded-1-password!"
        self.key: dict[str, str] = {}
        #: Who called, and what was not recorded, in the session that has it.
        self.managers: Managers | None = None

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def call(self, method: str, path: str, body: Any = None, org: str = "", token: str = "") -> Any:
        """Send a call outside the recording, as the administrator or with a token."""
        headers = {"authorization": f"Bearer {token or self.emulator.token}", "x-zitadel-orgid": org}
        response = self.client.request(method, path, json=body, headers=headers)
        assert response.status_code < 300, response.text
        return response.json()

    def fixture(self, name: str, recorded_org: str, recorded_project: str) -> None:
        """Create an organization with a project, which existed before the recording."""
        org = self.call("POST", "/management/v1/orgs", {"name": name})["id"]
        project = self.call("POST", "/management/v1/projects", {"name": "P"}, org)["id"]
        self.map.ids |= {recorded_org: org, recorded_project: project}

    def earlier_project(self) -> None:
        """Create a first project. The first one of an instance reaches a milestone, which the answer would show."""
        self.call("POST", "/management/v1/projects", {"name": "Earlier"})

    def crowd(self) -> None:
        """Create what a load test left on the older server: 99 grants of one organization, and 99 more organizations."""
        org = self.call("POST", "/management/v1/orgs", {"name": "tffix"})["id"]
        project = self.call("POST", "/management/v1/projects", {"name": "P"}, org)["id"]
        self.call(
            "POST", f"/management/v1/projects/{project}/roles", {"roleKey": "viewer", "displayName": "viewer"}, org
        )
        # Several callers created them at once, and these two came last.
        for number in [*(one for one in range(99) if one not in (6, 91)), 91, 6]:
            machine = {"userName": f"tffix-{number}", "name": "x"}
            user = self.call("POST", "/management/v1/users/machine", machine, org)["userId"]
            grant = {"projectId": project, "roleKeys": ["viewer"]}
            self.call("POST", f"/management/v1/users/{user}/grants", grant, org)
        for number in range(99):
            other = self.call("POST", "/v2/organizations", {"name": f"tf-org-{number}"})["organizationId"]
            if number == 1:
                self.call("POST", "/management/v1/orgs/me/_deactivate", {}, other)

    def five_grants(self) -> None:
        """Create five service accounts with a grant each, as between two recorded exchanges."""
        query = {"nameQuery": {"name": "Owner Co", "method": "TEXT_QUERY_METHOD_EQUALS"}}
        org = self.call("POST", "/admin/v1/orgs/_search", {"queries": [query]})["result"][0]["id"]
        project = self.call("POST", "/management/v1/projects/_search", {}, org)["result"][0]["id"]
        users = []
        for number in range(5):
            machine = {"userName": f"pg{number}", "name": f"pg{number}"}
            users.append(self.call("POST", "/management/v1/users/machine", machine, org)["userId"])
        for user in users:
            grant = {"projectId": project, "roleKeys": ["admin", "viewer"]}
            self.call("POST", f"/management/v1/users/{user}/grants", grant, org)

    def add_key(self, recorded_id: str) -> None:
        """Add a key to the account whose recorded assertions are signed anew."""
        me = self.call("GET", "/auth/v1/users/me")["user"]["id"]
        self.map.bind(self.map.ids, recorded_id, me)
        answer = self.call("POST", f"/management/v1/users/{me}/keys", {"type": "KEY_TYPE_JSON"})
        self.key = json.loads(base64.b64decode(answer["keyDetails"]))
        self.client_id = "iac"

    # Requests.

    def exchange(self, recorded: dict[str, Any], name: str) -> httpx.Response:
        """Send the recorded request, and return the answer."""
        request, title = recorded["request"], recorded["title"]
        if "form" in request:
            return self._token_request(request["form"], title)
        headers = {}
        token = self._token_for(title, name)
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        if request.get("org") is not None:
            headers["x-zitadel-orgid"] = self.map.translate(request["org"])
        content = None
        if request.get("body") is not None:
            content = json.dumps(self._body(request["body"]), separators=(",", ":")).encode()
            headers["content-type"] = "application/json"
        return self.client.request(
            request["method"], self.map.translate(request["path"]), content=content, headers=headers
        )

    def _body(self, body: Any) -> Any:
        text = json.dumps(body).replace('"returnCode": "<redacted>"', '"returnCode": {}')
        body = json.loads(text.replace("<redacted>", self.password))
        for holder in (body, body.get("range", {})):
            for key in ("from", "since"):
                if key in holder:
                    holder[key] = self.start
        if "expirationDate" in body:
            body["expirationDate"] = "9000-01-01T00:00:00Z"
        return self.map.translate(body)

    def _token_for(self, title: str, name: str) -> str | None:
        if self.managers is not None:
            return self.managers.token_for(title)
        special = {"bad token": "nonsense", "no token": None, "events as no member": "nonsense"}
        if title in special:
            return special[title]
        if title in ("use jwt token", "use cc token", "use token without audience") or "userinfo" in title:
            return self.access_token
        by_pat = title.startswith(("low ", "owner ", "oneself, ")) or "as an organization's owner" in title
        by_pat = by_pat or title in (
            "permissions of an organization's owner",
            "that organization's changes as its owner",
            "the next call with that token",
        )
        if (by_pat and title != "lowpriv") or (name == "effects" and title.endswith(": personal access token")):
            return self.pat
        return self.emulator.token

    def _token_request(self, form: dict[str, str], title: str) -> httpx.Response:
        form = {key: self.map.translate(value) for key, value in form.items()}
        auth = None
        if "assertion" in form:
            form["assertion"] = self._assertion(title)
        elif "client_id" in form:
            form["client_secret"] = self.client_secret
        else:
            secret = "wrong" if "wrong secret" in title else self.client_secret
            auth = ("nobody" if "unknown client" in title else self.client_id, secret)
        return self.client.post("/oauth/v2/token", data=form, auth=auth)

    def _assertion(self, title: str) -> str:
        now = int(time.time())
        claims = {
            "iss": self.key["userId"],
            "sub": self.key["userId"],
            "aud": self.emulator.url,
            "iat": now,
            "exp": now + 600,
        }
        if title == "wrong audience":
            claims["aud"] = "http://elsewhere"
        elif title == "expired assertion":
            claims |= {"iat": now - 1200, "exp": now - 600}
        elif title == "future iat":
            claims |= {"iat": now + 600, "exp": now + 1200}
        elif title == "assertion of over an hour":
            claims["exp"] = now + 7200
        kid = "1" if title == "unknown key" else self.key["keyId"]
        return jwt.encode(claims, self.key["key"], "RS256", {"kid": kid})

    # Answers.

    def check(
        self, recorded: dict[str, Any], response: httpx.Response, *, whole: bool = True, names: tuple[str, ...] = ()
    ) -> None:
        """Compare an answer with the recorded one: the whole answer, only its status, or only the items with these names.

        Raises:
            Disagreement: with the place and both values.
        """
        if response.status_code != recorded["status"]:
            raise Disagreement(f"status {response.status_code}, recorded {recorded['status']}: {response.text[:300]}")
        found = _body_of(response)
        if not whole:
            return
        expected = json.loads(json.dumps(recorded["response"]).replace(self.recorded_url, self.emulator.url))
        if names:
            for answer in (expected, found):
                answer["result"] = [item for item in answer["result"] if item["displayName"] in names]
                del answer["details"]["totalResult"]
        if isinstance(expected, dict) and expected.pop("_truncated", False):
            _only_names(expected["result"], found["result"])
        if self.managers is not None and self.managers.is_unsorted(recorded["title"]):
            self._sort(recorded, expected, found)
        self._compare(expected, found, "", "")
        self._remember(found)

    def _sort(self, recorded: dict[str, Any], expected: dict[str, Any], found: dict[str, Any]) -> None:
        """Bring the items of a list that has no order into the recorded order. A page has other items than the recorded one."""
        name = "metadata" if "metadata" in expected else "result"
        key = "key" if "key" in expected[name][0] else "userId"
        request = recorded["request"]
        body = {**(request["body"] or {}), "query": None, "pagination": None}
        whole = self.exchange({**recorded, "request": {**request, "body": body}}, "").json().get(name, [])
        items = found.get(name, [])
        if len(items) == len(expected[name]) and all(item in whole for item in items):
            by_key = {item[key]: item for item in whole}
            found[name] = [by_key.get(self.map.translate(item[key])) for item in expected[name]]

    def _compare(self, expected: Any, found: Any, where: str, name: str) -> None:
        if isinstance(expected, dict) and isinstance(found, dict):
            expected = self._with_found_keys(expected, found)
            if expected.keys() != found.keys():
                raise Disagreement(f"{where or 'the answer'} has {sorted(found)}, recorded {sorted(expected)}")
            _compare_times(expected, found)
            for key, value in sorted(expected.items()):
                self._compare(value, found[key], f"{where}.{key}", key)
        elif isinstance(expected, list) and isinstance(found, list):
            if len(expected) != len(found):
                raise Disagreement(f"{where} has {len(found)} items, recorded {len(expected)}")
            if name in _UNORDERED:
                expected, found = self._in_found_order(expected, found)
            for index, (one, other) in enumerate(zip(expected, found, strict=True)):
                self._compare(one, other, f"{where}[{index}]", name)
        elif not (self._same(expected, found, name) or (found and expected == "<redacted>" and name in _CODES)):
            raise Disagreement(f"{where} is {found!r}, recorded {expected!r}")

    def _with_found_keys(self, expected: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
        """Return the recorded fields with the emulator's ids as names. An id that is seen for the first time is mapped."""
        new = [key for key in expected if _ID.fullmatch(key) and key not in self.map.ids]
        left = [key for key in found if _ID.fullmatch(key) and key not in self.map.ids.values()]
        if len(new) == len(left) == 1:
            self.map.bind(self.map.ids, new[0], left[0])
        return {self.map.translate(key): value for key, value in expected.items()}

    def _in_found_order(self, expected: list[str], found: list[str]) -> tuple[list[str], list[str]]:
        """Return two lists of ids, of which the known ones come first and in the same order."""
        known = [one for one in expected if self.map.translate(one) != one]
        names = [self.map.translate(one) for one in known]
        new = [one for one in expected if one not in known]
        return known + new, [one for one in names if one in found] + [one for one in found if one not in names]

    def _same(self, expected: Any, found: Any, name: str) -> bool:
        if name in _SECONDS:
            return isinstance(expected, int) and isinstance(found, int)
        if not isinstance(expected, str) or not isinstance(found, str):
            return bool(expected == found) and type(expected) is type(found)
        if name == "scope":
            return sorted(self.map.translate(expected).split()) == sorted(found.split())
        if expected == "<redacted>":
            return len(found) > 20
        if _MOMENT.match(expected) and not expected.startswith("0001"):
            good = bool(_MOMENT.match(found))
            known = self.canonical(expected), self.canonical(found)
            return good and (name in _FREE_MOMENTS or self.map.bind(self.map.moments, *known))
        return self._same_text(expected, found)

    @staticmethod
    def canonical(moment: str) -> str:
        """Return a moment without zeros at the end. SCIM leaves them out, the other APIs do not."""
        return re.sub(r"(\.\d*?)0+Z$", r"\1Z", moment)

    def _same_text(self, expected: str, found: str) -> bool:
        """Compare texts with ids and redacted parts: `V2_401638026268118054-at_401638026268183590`."""
        if long := _LONG.fullmatch(expected):
            return len(found) == int(long[1])
        if "<redacted>" in expected:
            parts = [re.escape(self.map.translate(part)) for part in expected.split("<redacted>")]
            return re.fullmatch("[^&]{20,}".join(parts), found) is not None
        ids, others = _ID.findall(expected), _ID.findall(found)
        if _ID.sub("#", self.map.texts.get(expected, expected)) != _ID.sub("#", found) or len(ids) != len(others):
            return False
        return all(self.map.bind(self.map.ids, *pair) for pair in zip(ids, others, strict=True))

    def _remember(self, found: Any) -> None:
        if isinstance(found, dict):
            self.access_token = found.get("access_token", self.access_token)
            self.client_secret = found.get("clientSecret", self.client_secret)
            self.client_id = found.get("clientId", self.client_id)
            if "tokenId" in found:
                self.pat = found["token"]


def _compare_times(expected: dict[str, Any], found: dict[str, Any]) -> None:
    """Compare the times of a token with each other: its lifetime, and that it is valid from the moment when it was issued."""
    if "iat" not in expected:
        return
    if any(expected[name] - expected["iat"] != found[name] - found["iat"] for name in ("exp", "nbf")):
        raise Disagreement(f"the token is valid {found['nbf']} to {found['exp']}, issued {found['iat']}")
    if found["auth_time"] > found["iat"]:
        raise Disagreement("the token was issued before its user was authenticated")


def _only_names(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> None:
    """Return the items of a list that were recorded, in the recorded order, for lists that were cut while recording."""
    by_name = {item["name"]: item for item in found}
    found[:] = [by_name[item["name"]] for item in expected if item["name"] in by_name]


def _body_of(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text


def exchanges(server: str, name: str) -> list[dict[str, Any]]:
    """Return all exchanges of a file."""
    with (RECORDINGS / server / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
