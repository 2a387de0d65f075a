"""The settings: the stack's configuration first, then the environment; an error has the name under which
the user gave the setting, and never a secret."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_zorg.errors import ConfigurationError
from pulumi_zorg.settings.config import Process, Settings, load_settings, same_address
from pulumi_zorg.settings.credentials import ClientCredentials, PersonalAccessToken
from pulumi_zorg.settings.service_account_key import ServiceAccountKey
from tests.unit.keys import key_json, parts_of, pem

URL = "https://acme.zitadel.cloud"
STACK = {"url": URL, "token": "pat-in-stack"}
ENVIRONMENT = {"ZITADEL_URL": URL, "ZITADEL_TOKEN": "pat-in-environment"}


def settings(stack: dict[str, str] | None = None, environment: dict[str, str] | None = None) -> Settings:
    return load_settings((stack or {}).get, environment or {})


def refusal(stack: dict[str, str] | None = None, environment: dict[str, str] | None = None) -> str:
    """The message with which these settings are refused."""
    with pytest.raises(ConfigurationError) as caught:
        settings(stack, environment)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None, "the cause would show the value"
    return str(caught.value)


def token_of(found: Settings) -> str:
    assert isinstance(found.credential, PersonalAccessToken)
    return found.credential.token.value


# Where settings come from.


def test_the_stack_comes_before_the_environment() -> None:
    found = settings(
        {"url": "https://stack.example", "token": "pat-in-stack", "audience": "https://a.example", "timeout": "5"},
        {
            "ZITADEL_URL": "https://environment.example",
            "ZITADEL_TOKEN": "pat-in-environment",
            "ZITADEL_AUDIENCE": "https://b.example",
            "ZITADEL_TIMEOUT": "6",
        },
    )
    assert (found.url, token_of(found)) == ("https://stack.example", "pat-in-stack")
    assert (found.audience, found.timeout) == ("https://a.example", 5.0)


def test_the_environment_completes_the_stack() -> None:
    found = settings({"url": URL}, {"ZITADEL_TOKEN": "pat-in-environment", "ZITADEL_RETRY_DEADLINE": "7"})
    assert (found.url, token_of(found), found.retry_deadline) == (URL, "pat-in-environment", 7.0)


def test_the_environment_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    found = load_settings(lambda key: None)
    assert (found.url, token_of(found)) == (URL, "pat-in-environment")


def test_what_is_empty_is_not_given() -> None:
    found = settings(
        {"url": "", "token": "", "clientId": "", "timeout": "", "allowHttp": "", "caFile": ""},
        {**ENVIRONMENT, "ZITADEL_CLIENT_SECRET": "", "ZITADEL_JWT_PROFILE_FILE": "", "ZITADEL_AUDIENCE": ""},
    )
    assert (found.url, token_of(found)) == (URL, "pat-in-environment")
    assert (found.audience, found.timeout, found.ca_file) == (URL, 30.0, None)
    empty = {"ZITADEL_TIMEOUT": "", "ZITADEL_RETRY_DEADLINE": "", "ZITADEL_CA_FILE": "", "ZITADEL_ALLOW_HTTP": ""}
    found = settings(STACK, {**empty, "ZITADEL_URL": "", "ZITADEL_TOKEN": "", "ZITADEL_CLIENT_ID": ""})
    assert (found.timeout, found.retry_deadline, found.ca_file) == (30.0, 120.0, None)


@pytest.mark.parametrize("blank", ["\n", " ", "\t\r\n"])
def test_a_token_of_white_space_is_not_given(blank: str) -> None:
    """What a pipeline makes of a secret that it does not have, read from a file."""
    refusal({"url": URL, "token": blank})


def test_each_setting_can_be_given_in_the_environment() -> None:
    ca_file = Path(certifi.where())
    found = settings(
        None,
        {
            "ZITADEL_URL": "http://zitadel.internal:8080",
            "ZITADEL_CLIENT_ID": "iac",
            "ZITADEL_CLIENT_SECRET": "secret-1",
            "ZITADEL_CA_FILE": str(ca_file),
            "ZITADEL_AUDIENCE": "https://issuer.example/",
            "ZITADEL_TIMEOUT": "2.5",
            "ZITADEL_RETRY_DEADLINE": "1e3",
            "ZITADEL_ALLOW_HTTP": "true",
        },
    )
    assert found.url == "http://zitadel.internal:8080"
    assert found.ca_file == ca_file
    assert (found.audience, found.timeout, found.retry_deadline) == ("https://issuer.example", 2.5, 1000.0)


# The address.


def test_without_an_address_the_error_has_the_way_to_set_one() -> None:
    message = refusal({"token": "pat-in-stack"})
    assert "pulumi config set zorg:url" in message
    assert "ZITADEL_URL" in message


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://acme.zitadel.cloud", "https://acme.zitadel.cloud"),
        ("https://acme.zitadel.cloud/", "https://acme.zitadel.cloud"),
        (" https://acme.zitadel.cloud\n", "https://acme.zitadel.cloud"),
        ("https://zitadel.internal:8443", "https://zitadel.internal:8443"),
        ("https://[::1]:8443/", "https://[::1]:8443"),
    ],
)
def test_an_address_is_scheme_and_host(given: str, url: str) -> None:
    found = settings({**STACK, "url": given})
    assert found.url == url
    assert found.audience == url


@pytest.mark.parametrize(
    "url",
    [
        "acme.zitadel.cloud",
        "//acme.zitadel.cloud",
        "ftp://acme.zitadel.cloud",
        "https://",
        "https:///path",
        "https:acme.zitadel.cloud",
        "https://acme.zitadel.cloud/ui/console",
        "https://acme.zitadel.cloud?x=1",
        "https://acme.zitadel.cloud#x",
        "https://acme.zitadel.cloud:port",
        "https://acme.zitadel.cloud:99999",
        "https://[::1",
    ],
)
def test_what_is_no_address_is_refused_by_name(url: str) -> None:
    assert refusal({**STACK, "url": url}).startswith("zorg:url ")
    assert refusal(None, {**ENVIRONMENT, "ZITADEL_URL": url}).startswith("ZITADEL_URL ")


@pytest.mark.parametrize(
    "url",
    [
        "https://ann:hunter2@acme.zitadel.cloud",
        "https://:hunter2@acme.zitadel.cloud",
        "https://hunter2@acme.zitadel.cloud",
        "ftp://ann:hunter2@acme.zitadel.cloud",
        "https://ann:hunter2@acme.zitadel.cloud:port",
        "https://ann:hunter2@acme.zitadel.cloud/path",
        "ann:hunter2@acme.zitadel.cloud",
    ],
)
def test_an_address_with_a_password_is_refused_without_repeating_it(url: str) -> None:
    assert "hunter2" not in refusal({**STACK, "url": url})


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8080",
        "http://LOCALHOST:8080",
        "http://acme.localhost",
        "http://127.0.0.1:8080",
        "http://127.8.8.8",
        "http://[::1]:8080",
    ],
)
def test_plain_http_is_fine_on_this_machine(url: str) -> None:
    assert settings({**STACK, "url": url}).url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.zitadel.cloud",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://localhost.evil.example",
        "http://notlocalhost",
    ],
)
def test_plain_http_to_elsewhere_has_to_be_meant(url: str) -> None:
    message = refusal({**STACK, "url": url})
    assert "in the clear" in message
    assert "zorg:allowHttp" in message
    refusal({**STACK, "url": url, "allowHttp": "false"})
    assert settings({**STACK, "url": url, "allowHttp": "true"}).url == url
    assert settings({**STACK, "url": url}, {"ZITADEL_ALLOW_HTTP": "True"}).url == url


# Numbers, flags, files.


@pytest.mark.parametrize("key", ["timeout", "retryDeadline"])
@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "inf", "86401", "30s", "1,5"])
def test_times_are_seconds_above_nothing(key: str, value: str) -> None:
    message = refusal({**STACK, key: value})
    assert message.startswith(f"zorg:{key} ")
    assert value in message


def test_a_time_of_the_environment_is_refused_by_its_name_there() -> None:
    assert refusal(STACK, {"ZITADEL_TIMEOUT": "soon"}).startswith("ZITADEL_TIMEOUT ")


@given(st.floats(min_value=0.001, max_value=86_400))
def test_any_time_of_a_day_is_taken(seconds: float) -> None:
    found = settings({**STACK, "timeout": repr(seconds), "retryDeadline": repr(seconds)})
    assert (found.timeout, found.retry_deadline) == (seconds, seconds)


@pytest.mark.parametrize("value", ["yes", "1", "on", "truth"])
def test_a_flag_is_true_or_false(value: str) -> None:
    message = refusal({**STACK, "url": "http://acme.example", "allowHttp": value})
    assert message == f"zorg:allowHttp must be true or false, not {value!r}"


@pytest.mark.parametrize("url", [URL, "http://localhost:8080"])
def test_a_flag_that_the_address_does_not_need_is_checked_too(url: str) -> None:
    expected = "zorg:allowHttp must be true or false, not 'yes'"
    assert refusal({**STACK, "url": url, "allowHttp": "yes"}) == expected
    assert refusal({**STACK, "url": url}, {"ZITADEL_ALLOW_HTTP": "yes"}) == expected.replace(
        "zorg:allowHttp", "ZITADEL_ALLOW_HTTP"
    )


def test_a_missing_ca_file_is_an_error(tmp_path: Path) -> None:
    missing = tmp_path / "ca.pem"
    assert refusal({**STACK, "caFile": str(missing)}) == f"zorg:caFile does not name a file: {missing}"
    assert refusal(STACK, {"ZITADEL_CA_FILE": str(tmp_path)}) == f"ZITADEL_CA_FILE does not name a file: {tmp_path}"


# The credential: exactly one.


def test_a_personal_access_token() -> None:
    assert token_of(settings({**STACK, "token": " pat-1\n"})) == "pat-1"


def test_a_service_account_key_as_text() -> None:
    found = settings({"url": URL, "jwtProfileJson": key_json(expirationDate="2099-01-01T00:00:00Z")}).credential
    assert isinstance(found, ServiceAccountKey)
    assert (found.key_id, found.user_id, found.key.get_secret_value()) == ("key-77", "user-42", pem())


def test_a_service_account_key_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(key_json())
    for found in (
        settings({"url": URL, "jwtProfileFile": str(file)}),
        settings(None, {"ZITADEL_URL": URL, "ZITADEL_JWT_PROFILE_FILE": str(file)}),
    ):
        assert isinstance(found.credential, ServiceAccountKey)
        assert found.credential.key_id == "key-77"


@pytest.mark.parametrize("place", ["stack", "environment"])
def test_a_relative_path_starts_at_the_folder_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """The program and the provider's process are in the program's folder."""
    program = tmp_path / "app"
    program.mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: app\n")
    (tmp_path / "key.json").write_text(key_json())
    shutil.copy(certifi.where(), tmp_path / "ca.pem")
    monkeypatch.chdir(program)
    stack = {"url": URL, "jwtProfileFile": "key.json", "caFile": "./ca.pem"}
    environment = {"ZITADEL_URL": URL, "ZITADEL_JWT_PROFILE_FILE": "key.json", "ZITADEL_CA_FILE": "./ca.pem"}
    found = settings(stack) if place == "stack" else settings({}, environment)
    assert isinstance(found.credential, ServiceAccountKey)
    assert found.ca_file == tmp_path / "ca.pem"
    (tmp_path / "key.json").unlink()
    shown = refusal(stack) if place == "stack" else refusal({}, environment)
    assert f"cannot be read: {tmp_path / 'key.json'}: No such file" in shown, (
        "with the folder that it was looked for in"
    )


def test_a_relative_path_without_a_project_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key.json").write_text(key_json())
    monkeypatch.chdir(tmp_path)
    assert "zorg:jwtProfileFile is a relative path: key.json." in refusal({"url": URL, "jwtProfileFile": "key.json"})
    # One that is not used is not looked for.
    assert token_of(settings(STACK, {"ZITADEL_JWT_PROFILE_FILE": "key.json"})) == "pat-in-stack"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://acme.example", "https://ACME.example:443", True),
        ("http://127.0.0.1", "http://127.0.0.1:80", True),
        ("https://acme.example", "http://acme.example", False),
        ("https://acme.example", "https://acme.example:8443", False),
        ("https://acme.example", "https://other.example", False),
    ],
)
def test_addresses_are_compared_however_they_are_written(one: str, other: str, same: bool) -> None:
    assert same_address(one, other) is same


def test_a_key_file_is_looked_for_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key.json").write_text(key_json())
    monkeypatch.setenv("HOME", str(tmp_path))
    assert isinstance(settings({"url": URL, "jwtProfileFile": "~/key.json"}).credential, ServiceAccountKey)


def test_client_credentials() -> None:
    found = settings({"url": URL, "clientId": "iac", "clientSecret": "secret-1"}).credential
    assert isinstance(found, ClientCredentials)
    assert (found.client_id, found.client_secret.value) == ("iac", "secret-1")


def test_a_pair_may_be_split_over_stack_and_environment() -> None:
    for found in (
        settings({"url": URL, "clientId": "iac"}, {"ZITADEL_CLIENT_SECRET": "secret-1"}),
        settings({"url": URL, "clientSecret": "secret-1"}, {"ZITADEL_CLIENT_ID": "iac"}),
    ):
        assert isinstance(found.credential, ClientCredentials)
        assert (found.credential.client_id, found.credential.client_secret.value) == ("iac", "secret-1")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("clientId", "zorg:clientSecret (or ZITADEL_CLIENT_SECRET)"),
        ("clientSecret", "zorg:clientId (or ZITADEL_CLIENT_ID)"),
    ],
)
def test_the_error_for_half_a_pair_names_the_missing_half(given: str, missing: str) -> None:
    message = refusal({"url": URL, given: "value-1"})
    assert message.startswith(f"{missing} is not given")
    assert "value-1" not in message


def test_without_a_credential_the_error_has_every_way_to_give_one() -> None:
    message = refusal({"url": URL})
    assert message.startswith("no credential is given")
    for name in ("token", "jwtProfileFile", "jwtProfileJson", "clientId", "clientSecret"):
        assert f"zorg:{name}" in message
    for name in ("TOKEN", "JWT_PROFILE_FILE", "JWT_PROFILE_JSON", "CLIENT_ID", "CLIENT_SECRET"):
        assert f"ZITADEL_{name}" in message


CREDENTIALS = {"token": "value-1", "jwtProfileFile": "value-2", "jwtProfileJson": "value-3", "clientSecret": "value-4"}
NAMES = {
    "token": "ZITADEL_TOKEN",
    "jwtProfileFile": "ZITADEL_JWT_PROFILE_FILE",
    "jwtProfileJson": "ZITADEL_JWT_PROFILE_JSON",
    "clientSecret": "ZITADEL_CLIENT_SECRET",
}


@given(st.sets(st.sampled_from(sorted(CREDENTIALS)), min_size=2))
def test_two_credentials_in_one_place_are_one_too_many(given: set[str]) -> None:
    in_stack = refusal({"url": URL, **{key: CREDENTIALS[key] for key in given}})
    in_environment = refusal({"url": URL}, {NAMES[key]: CREDENTIALS[key] for key in given})
    for message, names in (
        (in_stack, {f"zorg:{key}" for key in given}),
        (in_environment, {NAMES[key] for key in given}),
    ):
        shown = (
            message.partition(":")[0] if "(" not in message else message[message.index("(") + 1 : message.index(")")]
        )
        assert set(shown.split(", ")) == names
        assert "value-" not in message


def test_a_credential_of_the_stack_hides_another_one_of_the_environment() -> None:
    found = settings({**STACK}, {"ZITADEL_CLIENT_ID": "iac", "ZITADEL_CLIENT_SECRET": "secret-1"})
    assert token_of(found) == "pat-in-stack"


@pytest.mark.parametrize("token", ["pat 1", "pat\n1", "pät", "pat\x00", "pat\u200b1"])
def test_a_token_with_characters_that_none_has_is_refused_without_repeating_it(token: str) -> None:
    message = refusal({"url": URL, "token": token})
    assert message.startswith("zorg:token ")
    assert "pat" not in message
    assert "pät" not in message


# Where a refused credential came from.


@pytest.mark.parametrize(
    ("stack", "environment", "names"),
    [
        ({"token": "pat-1"}, {}, "zorg:token"),
        ({"clientId": "iac"}, {"ZITADEL_CLIENT_SECRET": "s"}, "ZITADEL_CLIENT_SECRET and zorg:clientId"),
        ({"jwtProfileJson": key_json()}, {}, "zorg:jwtProfileJson"),
    ],
)
def test_a_credential_of_the_stack_may_be_that_of_the_last_up(
    stack: dict[str, str], environment: dict[str, str], names: str
) -> None:
    origin = settings({"url": URL, **stack}, environment).credential_origin
    assert origin.startswith(
        f"The credential was read from {names}, in a refresh and in `pulumi destroy` as it was at the "
    )
    assert "add --run-program or run `pulumi up` without --refresh" in origin


def test_a_credential_of_the_environment_is_the_present_one() -> None:
    """Also where other settings are those of the stack."""
    found = settings({"url": URL, "timeout": "5"}, {"ZITADEL_CLIENT_ID": "iac", "ZITADEL_CLIENT_SECRET": "s"})
    names = "ZITADEL_CLIENT_ID and ZITADEL_CLIENT_SECRET"
    assert found.credential_origin == f"The credential was read from {names} in the environment."


def test_the_present_configuration_is_not_reported_as_an_old_one() -> None:
    """The command ``zorg`` reads the present one, and has no option ``--run-program``."""
    assert (
        load_settings(STACK.get, {}, process=Process.COMMAND).credential_origin
        == "The credential was read from zorg:token."
    )
    for stack in ({}, {"url": URL}, {**STACK, "clientId": "iac"}):
        with pytest.raises(ConfigurationError) as caught:
            load_settings(stack.get, {}, process=Process.COMMAND)
        assert "--run-program" not in str(caught.value)


@pytest.mark.parametrize("missing", ["url", "token"])
def test_a_missing_setting_names_the_way_to_use_the_present_configuration(missing: str) -> None:
    """It may be set already: a refresh is given the configuration of the last `up`, which had it elsewhere or not at all."""
    message = refusal({key: value for key, value in STACK.items() if key != missing})
    assert "add --run-program or run `pulumi up` without --refresh" in message


# A key that is malformed: the message must not carry any of it.

MALFORMED = {
    "no JSON": pem(),
    "cut JSON": key_json()[:-40],
    "another type": key_json(type="application"),
    "no type": key_json(type=None),
    "no key id": key_json(keyId=None),
    "an empty user id": key_json(userId=""),
    "no key": key_json(key=None, privateKey=pem()),
    "a key that is a list": key_json(key=[pem()]),
    "a list": json.dumps([json.loads(key_json())]),
    "text in text": json.dumps(key_json()),
    "the key as a type": key_json(type=pem()),
}


@pytest.mark.parametrize("malformed", MALFORMED.values(), ids=MALFORMED.keys())
def test_the_error_for_a_malformed_key_has_no_part_of_it(malformed: str, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(malformed)
    for name, message in {
        "zorg:jwtProfileJson": refusal({"url": URL, "jwtProfileJson": malformed}),
        "ZITADEL_JWT_PROFILE_JSON": refusal({"url": URL}, {"ZITADEL_JWT_PROFILE_JSON": malformed}),
        "zorg:jwtProfileFile": refusal({"url": URL, "jwtProfileFile": str(file)}),
        "ZITADEL_JWT_PROFILE_FILE": refusal({"url": URL}, {"ZITADEL_JWT_PROFILE_FILE": str(file)}),
    }.items():
        assert message.startswith(f"{name} is not the JSON that ZITADEL hands out")
        assert not [part for part in parts_of(pem()) if part in message]


@given(st.text(min_size=1))
def test_no_text_that_is_no_key_is_repeated(text: str) -> None:
    secret = "s3cr3t-" + text
    assert "s3cr3t" not in refusal({"url": URL, "jwtProfileJson": secret})


def test_the_error_for_a_malformed_key_names_the_field() -> None:
    assert "keyId" in refusal({"url": URL, "jwtProfileJson": key_json(keyId="")})


def test_an_unreadable_key_file_is_an_error(tmp_path: Path) -> None:
    missing = tmp_path / "key.json"
    assert refusal({"url": URL, "jwtProfileFile": str(missing)}) == (
        f"zorg:jwtProfileFile cannot be read: {missing}: No such file or directory"
    )
    assert refusal({"url": URL}, {"ZITADEL_JWT_PROFILE_FILE": str(tmp_path)}) == (
        f"ZITADEL_JWT_PROFILE_FILE cannot be read: {tmp_path}: Is a directory"
    )
    missing.write_bytes(b"\xff\xfe\x00")
    assert refusal({"url": URL, "jwtProfileFile": str(missing)}).endswith("it is not text")


@pytest.mark.parametrize("file", ["~nobody-of-that-name/key.json"])
def test_a_key_file_in_an_unknown_home_is_an_error(file: str) -> None:
    assert refusal({"url": URL, "jwtProfileFile": file}).startswith("zorg:jwtProfileFile cannot be read")


# Nothing shows a secret by accident.


def test_no_repr_shows_a_secret() -> None:
    for credential, secrets in (
        ({"token": "pat-0123456789"}, {"pat-0123456789"}),
        ({"jwtProfileJson": key_json()}, parts_of(pem())),
        ({"clientId": "iac", "clientSecret": "secret-0123456789"}, {"secret-0123456789"}),
    ):
        found = settings({"url": URL, **credential})
        for shown in (repr(found), str(found), f"{found.credential!r} {found.credential}", f"{vars(found)}"):
            assert not [secret for secret in secrets if secret in shown]
        assert URL in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jwtProfileFile", '{"type": "serviceaccount", "key": "-----BEGIN RSA PRIVATE KEY-----x"}'),
        ("caFile", "-----BEGIN PRIVATE KEY-----\nx"),
        ("url", "dEk2dmVyeXNlY3JldHRva2Vu"),
    ],
)
def test_what_may_be_a_secret_in_the_wrong_place_is_not_repeated(name: str, value: str) -> None:
    given = {"url": "http://localhost:8080", "token": "t", name: value}
    if name == "jwtProfileFile":
        del given["token"]
    with pytest.raises(ConfigurationError) as error:
        load_settings(given.get, {})
    assert value[:20] not in str(error.value)
    assert "not shown" in str(error.value)


# What is often given by mistake.


@pytest.mark.parametrize("path", ["/run/secrets/zitadel-token", "./key.json", r"C:\keys\token", "~/token", "admin.pat"])
def test_a_path_that_is_given_as_a_token_is_called_a_path(path: str) -> None:
    assert refusal({"url": URL, "token": path}).startswith(
        "zorg:token must be a personal access token itself, and is the path of a file. The path of a file with a token belongs in "
        "zorg:tokenFile or ZITADEL_TOKEN_FILE, and that of a service account's key file in zorg:jwtProfileFile"
    )


def test_a_key_that_is_given_as_a_token_is_called_a_key() -> None:
    message = refusal({}, {"ZITADEL_URL": URL, "ZITADEL_TOKEN": key_json()})
    assert message.startswith("ZITADEL_TOKEN must be a personal access token, and is JSON.")
    assert "ZITADEL_JWT_PROFILE_JSON" in message


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_key_file_that_windows_wrote_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(key_json(), encoding=encoding)
    assert isinstance(settings({"url": URL, "jwtProfileFile": str(file)}).credential, ServiceAccountKey)
    assert isinstance(settings({"url": URL, "jwtProfileJson": "\ufeff" + key_json()}).credential, ServiceAccountKey)


@pytest.mark.parametrize("name", ["jwtProfileFile", "jwtProfileJson"])
def test_a_key_in_base64_is_called_base64(tmp_path: Path, name: str) -> None:
    file = tmp_path / "key"
    encoded = base64.encodebytes(key_json().encode()).decode()
    file.write_text(encoded)
    message = refusal({"url": URL, name: str(file) if name == "jwtProfileFile" else encoded})
    assert message.startswith(f"zorg:{name} must be the JSON that ZITADEL issued, and is base64 of it.")
