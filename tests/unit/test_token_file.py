"""A personal access token in a file: what a file may hold, and when it is read again."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_zorg.api.transport import Transport
from pulumi_zorg.errors import ConfigurationError, CredentialError, Unauthenticated
from pulumi_zorg.settings.config import Process, Settings, load_settings
from pulumi_zorg.settings.credentials import PersonalAccessToken
from tests.unit.keys import key_json
from tests.unit.patience import URL, Scripted, Waits, answers, refuses
from tests.unit.test_auth import READ, WRITE, shown

OLD, NEW = "pat-old-1f0c2b7a", "pat-new-9e8d7c6b"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file that ZITADEL's first setup writes."""
    file = tmp_path / "iam-admin.pat"
    file.write_text(f"{OLD}\n")
    return file


def settings(file: str | Path, **more: str) -> Settings:
    return load_settings({"url": URL, "tokenFile": str(file), **more}.get, {})


def token_of(found: Settings) -> str:
    assert isinstance(found.credential, PersonalAccessToken)
    return found.credential.token.value


def refusal(file: str | Path) -> str:
    """The message with which a file is refused, the same in both places but for the name of the setting."""
    with pytest.raises(ConfigurationError) as of_stack:
        settings(file)
    with pytest.raises(ConfigurationError) as of_environment:
        load_settings(lambda key: None, {"ZITADEL_URL": URL, "ZITADEL_TOKEN_FILE": str(file)})
    message = str(of_stack.value)
    assert message.startswith("zorg:tokenFile")
    assert str(of_environment.value) == "ZITADEL_TOKEN_FILE" + message.removeprefix("zorg:tokenFile")
    for error in (of_stack.value, of_environment.value):
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
    return message


# What a file may hold.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_token_of_a_file_is_read_without_white_space(file: Path, encoding: str) -> None:
    file.write_text(f" {OLD}\r\n\n", encoding=encoding)
    assert token_of(settings(file)) == OLD
    assert token_of(load_settings(lambda key: None, {"ZITADEL_URL": URL, "ZITADEL_TOKEN_FILE": str(file)})) == OLD


def test_a_file_is_looked_for_at_home(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(file.parent))
    assert token_of(settings("~/iam-admin.pat")) == OLD


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "names a file without a token: {file} is empty"),
        (b" \n\t\r\n", "names a file without a token: {file} is empty"),
        (key_json().encode(), "the file must be a personal access token, and is JSON. The JSON of a service account's key belongs"),
        (b'["s3cr3t"]\n["s3cr3t"]', "names a file with several lines: {file}. A file with a personal access token has nothing but"),
        (b"s3cr3t\ns3cr3t", "names a file with several lines"),
        (b"s3cr3t s3cr3t", "the file has characters that no token has"),
        ("s3cr3tü".encode(), "the file has characters that no token has"),
        (b"s3cr3t\x00", "the file has characters that no token has"),
        (b"\xff\xfe\x00", "cannot be read: {file}: it is not text"),
    ],
)  # fmt: skip
def test_a_file_with_anything_else_is_refused_without_repeating_it(file: Path, content: bytes, says: str) -> None:
    file.write_bytes(content)
    message = refusal(file)
    assert says.format(file=file) in message
    assert not [part for part in ("s3cr3t", "BEGIN", "key-77") if part in message]


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    assert refusal(missing) == f"zorg:tokenFile cannot be read: {missing}: No such file or directory"
    assert refusal(tmp_path) == f"zorg:tokenFile cannot be read: {tmp_path}: Is a directory"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert refusal(pipe) == f"zorg:tokenFile cannot be read: {pipe}: it is not a regular file"
    with pytest.raises(
        ConfigurationError, match=r"zorg:jwtProfileFile cannot be read: .*pipe: it is not a regular file"
    ):
        load_settings({"url": URL, "jwtProfileFile": str(pipe)}.get, {})


def test_a_token_that_was_given_in_the_place_of_a_path_is_not_repeated() -> None:
    """A token of ZITADEL has 72 characters or more."""
    for token in ("s3cr3t" * 12, "s3cr3t" * 100, "a/" + "s3cr3t" * 12):
        assert "s3cr3t" not in refusal(token)
        assert "not shown" in refusal(token)


def test_a_file_is_one_kind_of_credential(file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"more than one credential is given \(zorg:token, zorg:tokenFile\)"):
        settings(file, token="x")
    with pytest.raises(ConfigurationError, match=r"no credential is given .*: .*zorg:tokenFile.* ZITADEL_TOKEN_FILE"):
        load_settings({"url": URL}.get, {})
    assert token_of(load_settings({"url": URL, "tokenFile": str(file)}.get, {"ZITADEL_TOKEN": "other"})) == OLD


def test_the_origin_names_the_setting_of_the_file(file: Path) -> None:
    assert load_settings({"url": URL, "tokenFile": str(file)}.get, {}, process=Process.COMMAND).credential_origin == (
        "The credential was read from zorg:tokenFile."
    )
    assert "ZITADEL_TOKEN_FILE in the environment" in load_settings(
        lambda key: None, {"ZITADEL_URL": URL, "ZITADEL_TOKEN_FILE": str(file)}
    ).credential_origin  # fmt: skip


def test_no_repr_shows_the_token(file: Path) -> None:
    found = settings(file)
    assert OLD not in f"{found!r} {found} {found.credential!r} {vars(found)}"
    assert hash(found) == hash(settings(file))


# When it is read again.


class Instance:
    """A ZITADEL that accepts some tokens."""

    def __init__(self, *accepts: str, then: Callable[[], Any] = lambda: None) -> None:
        self.accepts, self.then = set(accepts), then
        self.used: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.used.append(token)
        if token in self.accepts:
            return httpx.Response(200, json={"org": {}})
        self.then()
        return httpx.Response(401, json={"code": 16, "message": f"Errors.Token.Invalid {token} (AUTH-7fs1e)"})


def transport(server: Any, file: Path, waits: Waits) -> Transport:
    return Transport(settings(file), transport=httpx.MockTransport(server), sleep=waits, notice=lambda sentence: None)


def test_a_rotated_file_is_read_after_a_401_and_used_from_then_on(file: Path, waits: Waits) -> None:
    server = Instance(OLD)
    sends = transport(server, file, waits)
    sends.send(READ)
    file.write_text(NEW)
    sends.send(READ)
    assert server.used == [OLD, OLD], "a file is read again only after a 401"
    server.accepts = {NEW}
    sends.send(WRITE)
    sends.send(READ)
    assert server.used == [OLD, OLD, OLD, NEW, NEW]
    # And once more.
    server.accepts = {OLD}
    file.write_text(OLD)
    sends.send(READ)
    assert server.used[5:] == [NEW, OLD]


def test_a_401_with_the_same_content_is_the_usual_error(file: Path, waits: Waits) -> None:
    server = Instance(NEW)
    sends = transport(server, file, waits)
    with pytest.raises(Unauthenticated, match=r"not accepted: .* read from zorg:tokenFile") as caught:
        sends.send(WRITE)
    assert not caught.value.may_have_applied
    assert OLD not in shown(caught.value)
    assert server.used == [OLD]
    # The file may be rotated a moment later.
    file.write_text(NEW)
    sends.send(WRITE)
    assert server.used == [OLD, OLD, NEW]


def test_a_call_is_repeated_once(file: Path, waits: Waits) -> None:
    names = iter(range(10))
    server = Instance(then=lambda: file.write_text(f"pat-{next(names)}"))
    with pytest.raises(Unauthenticated):
        transport(server, file, waits).send(READ)
    assert server.used == [OLD, "pat-0"]


@pytest.mark.parametrize("content", [None, "", "{}", "two\nlines"])
def test_a_file_that_is_wrong_after_a_401_is_named(file: Path, content: str | None, waits: Waits) -> None:
    sends = transport(Instance(), file, waits)
    file.unlink()
    if content is not None:
        file.write_text(content)
    with pytest.raises(
        CredentialError, match=r"refused the personal access token \(401\), and zorg:tokenFile.*"
    ) as caught:
        sends.send(WRITE)
    assert not caught.value.may_have_applied
    assert OLD not in shown(caught.value)


def test_a_relative_path_is_read_again_from_the_same_folder(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: Waits
) -> None:
    """A program may change its folder."""
    (file.parent / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    monkeypatch.chdir(file.parent)
    server = Instance(NEW)
    sends = transport(server, Path(file.name), waits)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    file.write_text(NEW)
    sends.send(READ)
    assert server.used == [OLD, NEW]


def test_eight_threads_with_a_refused_token_read_the_file_once(file: Path, waits: Waits) -> None:
    server = Instance(OLD)
    sends = transport(server, file, waits)
    credential = sends.settings.credential
    assert isinstance(credential, PersonalAccessToken)
    server.accepts = {NEW}
    file.write_text(NEW)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sends.send(READ), range(32)))
    assert set(server.used) == {OLD, NEW}
    assert server.used.count(NEW) == 32
    assert server.used.count(OLD) <= 8


def test_a_refusal_of_another_kind_reads_no_file(file: Path, waits: Waits) -> None:
    sends = transport(Scripted(refuses(500, 13, "no"), answers(200)), file, waits)
    file.unlink()
    with pytest.raises(Exception, match="500"):
        sends.send(READ)
    sends.send(READ)
