"""What users, programs and states rely on: names, where they are, their types and documents, and the state's format.

A test here that fails on purpose needs a line in the changelog, and one about the state's format a way for old states.
"""

from __future__ import annotations

import base64
import dataclasses
import inspect
import json
import os
import pickle
import pickletools
import re
import subprocess
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args, get_origin

import pulumi
import pytest

import pulumi_zorg as zorg
from pulumi_zorg import errors, exports
from pulumi_zorg.providers.organization import OrganizationProvider
from pulumi_zorg.providers.user_grant import UserGrantProvider
from pulumi_zorg.resource_types.inputs import Inputs, check_inputs
from pulumi_zorg.resource_types.lifecycle import DeletionPolicy
from pulumi_zorg.resource_types.lookup import State
from pulumi_zorg.resource_types.manager.inputs import ManagerInputs
from pulumi_zorg.resource_types.manager.provider import ManagerProvider
from pulumi_zorg.resource_types.manager.resource import ManagerDeletionPolicyInput
from pulumi_zorg.resource_types.organization.inputs import OrganizationInputs
from pulumi_zorg.resource_types.project.inputs import LABELING, ProjectInputs
from pulumi_zorg.resource_types.project.provider import ProjectProvider
from pulumi_zorg.resource_types.project.resource import LabelingInput
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs
from pulumi_zorg.resource_types.project_grant.provider import ProjectGrantProvider
from pulumi_zorg.resource_types.registration import DeletionPolicyInput, ZitadelResource, pickled_provider
from pulumi_zorg.resource_types.user_grant.inputs import UserGrantInputs
from tests.support.stack import ROOT

PUBLIC = [getattr(zorg, name) for name in zorg.__all__]
ERRORS = [each for each in PUBLIC if isinstance(each, type) and issubclass(each, Exception)]
PROVIDERS = {
    "pulumi_zorg.providers.organization.OrganizationProvider": OrganizationProvider,
    "pulumi_zorg.resource_types.project.provider.ProjectProvider": ProjectProvider,
    "pulumi_zorg.resource_types.project_grant.provider.ProjectGrantProvider": ProjectGrantProvider,
    "pulumi_zorg.providers.user_grant.UserGrantProvider": UserGrantProvider,
    "pulumi_zorg.resource_types.manager.provider.ManagerProvider": ManagerProvider,
}


def in_a_new_process(program: str, **environment: str) -> Any:
    """What a program prints as JSON in a process that has imported nothing yet."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZITADEL_", "PULUMI_", "ZORG_"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Importing.


def test_a_program_imports_neither_the_client_nor_the_emulator() -> None:
    """Its process needs the classes and the checks of their inputs; the provider's process loads the rest."""
    loaded = in_a_new_process(
        "import json, sys, pulumi_zorg\npulumi_zorg.Organization\nprint(json.dumps(sorted(sys.modules)))"
    )
    assert "pulumi_zorg.providers.organization" in loaded
    unwanted = {"httpx", "pydantic", "click", "pulumi_zorg.api.client", "pulumi_zorg.engine.hooks"}
    extras = {"uvicorn", "starlette", "pulumi_zorg.emulator", "pulumi_zorg.testing"}
    assert not (unwanted | extras) & set(loaded)


def test_a_preview_without_changes_loads_nothing_for_calls() -> None:
    """It makes no call. Loading httpx, or pydantic and the models of all answers, takes a tenth of a second each."""
    program = """
import json, sys
from types import SimpleNamespace
from pulumi_zorg.providers.organization import OrganizationProvider
provider = OrganizationProvider()
settings = {"zorg:url": "http://127.0.0.1:1", "zorg:token": "token"}
provider.configure(SimpleNamespace(config=settings))
state = {"name": "Acme", "active": True, "adopt": False, "deletion_policy": "remove", "allow_lockout": False}
checked = provider.check(state, {**state, "__owner_in_preview": "org/project/dev/Organization/acme"})
provider.diff("1", {**state, "state": "ORG_STATE_ACTIVE"}, checked.inputs)
print(json.dumps([not checked.failures, sorted(sys.modules)]))
"""
    checked, loaded = in_a_new_process(program)
    assert checked
    assert not {
        "httpx",
        "pydantic",
        "jwt",
        "pulumi_zorg.api.client",
        "pulumi_zorg.api.records",
        "pulumi_zorg.exports",
        "pulumi_zorg.resource_types.organization.resource",
    } & set(loaded)


# Names.


def test_all_that_can_be_imported_is_what_is_said_to_be() -> None:
    there = {
        name for name, value in vars(exports).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert there == set(zorg.__all__) == set(dir(zorg))
    assert list(zorg.__all__) == sorted(zorg.__all__)


@pytest.mark.parametrize(
    ("program", "names"),
    [
        ("from pulumi_zorg import Organization, get_users", ["Organization", "get_users"]),
        ("from pulumi_zorg import *", zorg.__all__),
        ("import pulumi_zorg as zorg\nOrganization = zorg.Organization", ["Organization"]),
    ],
    ids=["from", "all", "attribute"],
)
def test_names_are_imported_in_every_way(program: str, names: list[str]) -> None:
    """They are loaded with the first that is used."""
    shown = f"import json\nprint(json.dumps([name for name in {list(names)!r} if name in globals()]))"
    assert in_a_new_process(f"{program}\n{shown}") == list(names)


def test_a_wrong_name_is_the_error_that_every_module_has() -> None:
    """Python suggests a name by what the error has."""
    with pytest.raises(AttributeError, match="module 'pulumi_zorg' has no attribute 'Organisation'") as raised:
        zorg.Organisation  # type: ignore[attr-defined]  # noqa: B018
    assert (raised.value.name, raised.value.obj) == ("Organisation", zorg)
    with pytest.raises(ImportError, match="cannot import name 'Organisation' from 'pulumi_zorg'"):
        from pulumi_zorg import Organisation  # type: ignore[attr-defined]  # noqa: F401
    assert not hasattr(zorg, "__wrapped__")


def test_these_are_the_names() -> None:
    assert set(zorg.__all__) == {
        "AccessGrant",
        "AccessRow",
        "AlreadyExists",
        "AnotherObject",
        "ApiError",
        "ConfigurationError",
        "CredentialError",
        "EventConflict",
        "FailedPrecondition",
        "Gone",
        "HeaderIgnored",
        "HumanUser",
        "HumanUserArgs",
        "InputError",
        "InvalidArgument",
        "LockoutRefused",
        "LookupFailed",
        "MachineUser",
        "MachineUserArgs",
        "Manager",
        "ManagerArgs",
        "ManagerResult",
        "NameTaken",
        "NeverThere",
        "NoAnswer",
        "NoMatch",
        "NotAllChanged",
        "NotFound",
        "NotProven",
        "Organization",
        "OrganizationArgs",
        "OrganizationResult",
        "PermissionDenied",
        "RolesRemain",
        "Project",
        "ProjectArgs",
        "ProjectGrant",
        "ProjectGrantArgs",
        "ProjectGrantResult",
        "ProjectResult",
        "ProjectRole",
        "ProjectRoleResult",
        "SeveralMatches",
        "Unauthenticated",
        "UnexpectedAnswer",
        "Unreachable",
        "UntrustedMatch",
        "UserGrant",
        "UserGrantArgs",
        "UserGrantResult",
        "UserResult",
        "ZorgError",
        "get_access",
        "get_access_output",
        "get_managers",
        "get_managers_output",
        "get_organization",
        "get_organization_output",
        "get_organizations",
        "get_organizations_output",
        "get_project",
        "get_project_grant",
        "get_project_grant_output",
        "get_project_output",
        "get_project_roles",
        "get_project_roles_output",
        "get_user",
        "get_user_grants",
        "get_user_grants_output",
        "get_user_output",
        "get_users",
        "get_users_output",
    }


def test_every_error_can_be_imported() -> None:
    defined = {
        name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, zorg.ZorgError)
    }
    assert defined == {each.__name__ for each in ERRORS}


@pytest.mark.parametrize("public", PUBLIC, ids=zorg.__all__)
def test_everything_public_is_documented_and_typed(public: type) -> None:
    assert inspect.isfunction(public) or "__doc__" in vars(public)
    assert (public.__doc__ or "").strip()
    members = {public.__name__: public} if inspect.isfunction(public) else vars(public)
    for name, member in members.items():
        function = member.__func__ if isinstance(member, staticmethod | classmethod) else member
        if not inspect.isfunction(function) or (name.startswith("_") and name != "__init__"):
            continue
        if dataclasses.is_dataclass(public):
            continue  # what a dataclass writes itself
        assert function.__doc__ or issubclass(public, Exception), f"{public.__name__}.{name} has no docstring"
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty
        for parameter in signature.parameters.values():
            assert parameter.name == "self" or parameter.annotation is not inspect.Parameter.empty


def test_the_types_are_there_for_checkers() -> None:
    assert (Path(zorg.__file__).parent / "py.typed").is_file()


def test_pulumi_does_not_look_for_a_plugin() -> None:
    plugin = json.loads((Path(zorg.__file__).parent / "pulumi-plugin.json").read_text())
    assert plugin["resource"] is False


# Importing.


def test_importing_works_for_a_user_without_a_home() -> None:
    """Containers run under ids that nobody wrote into /etc/passwd."""
    program = (
        "import json, os, pwd\n"
        "os.environ.pop('HOME', None)\n"
        "def nobody(*args): raise KeyError(*args)\n"
        "pwd.getpwuid = nobody\n"
        "import pulumi_zorg\n"
        "print(json.dumps('fine'))\n"
    )
    assert in_a_new_process(program) == "fine"


# Errors.


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_shows_under_the_name_that_a_program_imports_it_by(error: type[Exception]) -> None:
    shown = "".join(traceback.format_exception_only(error, error.__new__(error)))
    assert shown.split(":")[0].strip() == f"pulumi_zorg.{error.__name__}"


def test_the_tree_of_errors_is_as_it_is_drawn() -> None:
    drawn: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^ {4}([│ ]*)(?:[├└]── )?(\w+)", line)
        if found is None:
            continue
        depth, name = len(found[1]) + (1 if "── " in line else 0), found[2]
        above = [each for each in above if each[0] < depth]
        if above:
            drawn[name] = above[-1][1]
        above.append((depth, name))
    assert drawn == {each.__name__: each.__base__.__name__ for each in ERRORS if each is not zorg.ZorgError}


def test_one_root_catches_all_of_them() -> None:
    assert all(issubclass(each, zorg.ZorgError) for each in ERRORS)


def test_an_input_error_is_a_value_error_and_names_the_property() -> None:
    error = zorg.InputError("Organization 'acme'", "name", "is missing")
    assert isinstance(error, ValueError)
    assert (error.property, error.reason, str(error)) == ("name", "is missing", "Organization 'acme': name is missing")


# The state's format: where the provider is, what the type is called, what the properties are called.


@pytest.mark.parametrize(("path", "provider"), PROVIDERS.items())
def test_a_provider_is_in_the_state_as_its_path_and_nothing_else(path: str, provider: type) -> None:
    assert f"{provider.__module__}.{provider.__qualname__}" == path
    pickled = base64.b64decode(pickled_provider(provider()))
    texts = [argument for _, argument, _ in pickletools.genops(pickled) if isinstance(argument, str)]
    assert texts == path.rsplit(".", 1)
    assert len(pickled) < 120


#: As states have it since it exists.
MANAGER_PROVIDER = (
    "gASVRgAAAAAAAACMK3B1bHVtaV96b3JnLnJlc291cmNlX3R5cGVzLm1hbmFnZXIucHJvdmlkZXKUjA9NYW5hZ2VyUHJvdmlkZXKUk5QpgZQu"
)


@pytest.mark.parametrize("default", [4, 5])
def test_a_provider_is_the_same_text_with_every_python(default: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine compares it. The default protocol of pickling is 4 up to Python 3.13, and 5 since 3.14."""
    monkeypatch.setattr(pickle, "DEFAULT_PROTOCOL", default)
    written = {
        each["inputs"]["__provider"]
        for file in (ROOT / "tests" / "fixtures").glob("state-*.json")
        for each in json.loads(file.read_text())["deployment"]["resources"]
        if "__provider" in each.get("inputs", {})
    }
    written.add(MANAGER_PROVIDER)  # no release has written one yet
    assert {pickled_provider(provider()) for provider in PROVIDERS.values()} == written


@pytest.mark.parametrize(("path", "provider"), PROVIDERS.items())
def test_a_provider_in_a_state_comes_back(path: str, provider: type) -> None:
    """As the host of the engine does it, in a process of its own."""
    pickled = pickled_provider(provider())
    program = (
        "import base64, dill, json\n"
        f"provider = dill.loads(base64.b64decode({pickled!r}))\n"
        "print(json.dumps(f'{type(provider).__module__}.{type(provider).__qualname__} {vars(provider)}'))\n"
    )
    assert in_a_new_process(program) == f"{path} {{}}"


def test_no_setting_gets_into_the_state_with_a_provider() -> None:
    """Not even from a process that has settings."""
    program = (
        "import json, pulumi.dynamic as dynamic\n"
        "from pulumi_zorg.resource_types.registration import pickled_provider\n"
        "from pulumi_zorg.providers.organization import OrganizationProvider\n"
        "from pulumi_zorg.providers.user_grant import UserGrantProvider\n"
        "from pulumi_zorg.resource_types.manager.provider import ManagerProvider\n"
        "from pulumi_zorg.resource_types.project.provider import ProjectProvider\n"
        "from pulumi_zorg.resource_types.project_grant.provider import ProjectGrantProvider\n"
        "classes = OrganizationProvider, ProjectProvider, ProjectGrantProvider, UserGrantProvider, ManagerProvider\n"
        "providers = [each() for each in classes]\n"
        "for provider in providers:\n"
        "    provider.configure(dynamic.ConfigureRequest(dynamic.Config({}, 'infra')))\n"
        "print(json.dumps([pickled_provider(each) for each in providers]))\n"
    )
    configured = in_a_new_process(
        program, ZITADEL_URL="https://acme.example", ZITADEL_TOKEN="pat-0123456789", ZORG_LOG="debug"
    )
    assert configured == [pickled_provider(each()) for each in PROVIDERS.values()]


@pytest.mark.parametrize("provider", PROVIDERS.values())
def test_a_provider_holds_nothing_so_that_it_need_not_be_a_secret(provider: type) -> None:
    made = provider()
    assert vars(made) == {}
    assert made.serialize_as_secret_always is False


def test_the_types_have_these_tokens() -> None:
    assert zorg.Organization._resource_type_name == "dynamic/zorg:Organization"
    assert zorg.Project._resource_type_name == "dynamic/zorg:Project"
    assert zorg.ProjectGrant._resource_type_name == "dynamic/zorg:ProjectGrant"
    assert zorg.UserGrant._resource_type_name == "dynamic/zorg:UserGrant"
    assert zorg.Manager._resource_type_name == "dynamic/zorg:Manager"


INPUTS: dict[type, dict[str, Any]] = {
    zorg.Organization: {
        "name": None,
        "admins": None,
        "custom_id": None,
        "active": True,
        "adopt": False,
        "deletion_policy": "remove",
        "allow_lockout": False,
        "cascade": None,
    },
    zorg.Project: {
        "org_id": None,
        "name": None,
        "roles": None,
        "project_role_assertion": None,
        "project_role_check": None,
        "has_project_check": None,
        "private_labeling_setting": None,
        "custom_id": None,
        "active": True,
        "adopt": False,
        "deletion_policy": "remove",
    },
    zorg.ProjectGrant: {
        "org_id": None,
        "project_id": None,
        "granted_org_id": None,
        "role_keys": [],
        "active": True,
        "adopt": False,
        "deletion_policy": "remove",
    },
    zorg.UserGrant: {
        "org_id": None,
        "user_id": None,
        "project_id": None,
        "role_keys": [],
        "project_grant_id": None,
        "active": True,
        "adopt": False,
        "deletion_policy": "remove",
    },
    zorg.Manager: {
        "user_id": None,
        "roles": None,
        "org_id": None,
        "project_id": None,
        "project_grant_id": None,
        "allow_lockout": False,
        "adopt": False,
        "deletion_policy": "remove",
    },
}
#: Arguments that must be given and are no text.
NEEDED: dict[type, dict[str, Any]] = {zorg.Manager: {"roles": ["IAM_OWNER_VIEWER"]}}
OUTPUTS: dict[type, set[str]] = {
    zorg.Organization: {"primary_domain", "state"},
    zorg.Project: {"state"},
    zorg.ProjectGrant: {"state"},
    zorg.UserGrant: {"state"},
    zorg.Manager: set(),
}
KINDS = pytest.mark.parametrize(
    ("resource", "args", "model"),
    [
        (zorg.Organization, zorg.OrganizationArgs, OrganizationInputs),
        (zorg.Project, zorg.ProjectArgs, ProjectInputs),
        (zorg.ProjectGrant, zorg.ProjectGrantArgs, ProjectGrantInputs),
        (zorg.UserGrant, zorg.UserGrantArgs, UserGrantInputs),
        (zorg.Manager, zorg.ManagerArgs, ManagerInputs),
    ],
    ids=["Organization", "Project", "ProjectGrant", "UserGrant", "Manager"],
)


@KINDS
def test_the_properties_have_these_names(resource: type, args: type, model: type[Inputs]) -> None:
    assert set(model.names()) == set(INPUTS[resource])
    sources = _source(ZitadelResource) + _source(resource)
    outputs = re.findall(r"^        (\w+): pulumi\.Output\[", sources, re.MULTILINE)
    assert set(outputs) == set(INPUTS[resource]) | OUTPUTS[resource]
    assert set(inspect.signature(args).parameters) == set(INPUTS[resource])


@KINDS
def test_every_property_is_documented(resource: type, args: type, model: type[Inputs]) -> None:
    constructor = resource.__init__.__doc__ or ""  # type: ignore[misc]  # of this class
    assert set(re.findall(r":ivar (\w+):", resource.__doc__ or "")) == OUTPUTS[resource]
    assert set(re.findall(r":param (\w+):", constructor)) == {*INPUTS[resource], "resource_name", "args", "opts"}
    # An editor shows the docstring of the constructor where a program calls the class, and that of the class elsewhere.
    assert constructor.splitlines()[0] == (resource.__doc__ or "").splitlines()[0]


def test_checkers_know_the_texts_that_an_argument_takes() -> None:
    def texts(alias: Any) -> set[str]:
        found = [alias, *(each for part in get_args(alias) for each in (part, *get_args(part)))]
        return {text for each in found if get_origin(each) is Literal for text in get_args(each)}

    assert texts(DeletionPolicyInput) == {each.value for each in DeletionPolicy}
    assert texts(ManagerDeletionPolicyInput) == set(ManagerInputs.texts()["deletion_policy"]) == {"remove", "retain"}
    assert texts(LabelingInput) == set(LABELING)
    assert texts(pulumi.Input[State] | pulumi.Output[str]) == {"active", "inactive"}


@KINDS
def test_the_defaults_of_the_arguments_are_those_of_the_state(resource: type, args: type, model: type[Inputs]) -> None:
    """Else leaving an argument out and giving its default would differ."""
    needed: dict[str, Any] = {**dict.fromkeys(model.required(), "1"), **NEEDED.get(resource, {})}
    assert check_inputs(model, vars(args(**needed))) == check_inputs(model, needed)
    checked, problems = check_inputs(model, needed)
    assert problems == []
    expected = {**INPUTS[resource], **needed}
    assert checked == {name: value for name, value in expected.items() if value is not None}


@KINDS
def test_the_constructor_takes_what_the_arguments_object_takes(resource: type, args: type, model: type[Inputs]) -> None:
    """The overload by name is written out a second time, for editors; both must be the same."""
    by_name = re.search(
        r"@overload\s+def __init__\(\s*self,\s*resource_name: str,\s*\*,(.*?)\) -> None", _source(resource), re.DOTALL
    )
    assert by_name is not None
    written = re.findall(r"^\s+(\w+): (.+?),?$", by_name[1], re.MULTILINE)
    assert written == [
        *re.findall(r"^    (\w+): (.+?)$", _source(args), re.MULTILINE),
        ("opts", "pulumi.ResourceOptions | None = None"),
    ]


def _source(cls: type) -> str:
    return inspect.getsource(cls)


@KINDS
def test_the_sdk_has_no_annotations_to_evaluate_for_each_resource(
    resource: type, args: type, model: type[Inputs]
) -> None:
    """It evaluates those of the class anew, which took a quarter of a program's time. tests/typing has what checkers see."""
    assert not inspect.get_annotations(resource)
