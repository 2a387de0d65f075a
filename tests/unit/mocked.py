"""The unit tests of somebody's infrastructure, as they would write them: with Pulumi's own mocks, without a server.

``test_mocks.py`` runs this file in a process of its own, since Pulumi's mocks are global to a process.
"""

from __future__ import annotations

import pickle
import sys
from types import MappingProxyType
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks

import pulumi_zorg as zorg


class Mocks(mocks.Mocks):
    """Keeps what was registered, and gives ids."""

    def __init__(self) -> None:
        self.registered: dict[str, mocks.MockResourceArgs] = {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.registered[args.name] = args
        known = {name: value for name, value in args.inputs.items() if value is not None}
        return args.resource_id or f"{args.name}-id", {"state": "MADE_UP", "primary_domain": "made.up", **known}

    def call(self, args: mocks.MockCallArgs) -> dict[Any, Any]:
        raise AssertionError(f"nothing is looked up: {args.token}")


@pytest.fixture(autouse=True)
def mocked() -> Mocks:
    made = Mocks()
    pulumi.runtime.set_mocks(made, project="infra", stack="test")
    return made


def ended() -> None:
    """Waits until all that was declared is registered."""
    pulumi.runtime.test(lambda: None)()


def inputs_of(mocked: Mocks, name: str) -> dict[str, Any]:
    """What of a resource was declared, without what is Pulumi's and the package's own, and what was left out."""
    return {
        key: value
        for key, value in mocked.registered[name].inputs.items()
        if not key.startswith("__") and value is not None
    }


def test_the_provider_learns_which_properties_are_outputs_and_may_have_no_value(mocked: Mocks) -> None:
    nothing = pulumi.Output.from_input(None)
    zorg.Organization("acme", name="Acme", active=nothing, cascade=nothing, custom_id=nothing)
    zorg.Organization("bluth", name="Bluth", active=False)
    ended()
    assert mocked.registered["acme"].inputs["__outputs"] == ["active", "cascade"]
    assert "__outputs" not in mocked.registered["bluth"].inputs


@pulumi.runtime.test
def test_an_organization_has_outputs() -> Any:
    acme = zorg.Organization("acme", name="Acme", active=False)

    def check(values: list[Any]) -> None:
        assert values == ["acme-id", "Acme", False, False, "remove", False, "made.up", "MADE_UP"]

    return pulumi.Output.all(
        acme.id,
        acme.name,
        acme.active,
        acme.adopt,
        acme.deletion_policy,
        acme.allow_lockout,
        acme.primary_domain,
        acme.state,
    ).apply(check)


@pulumi.runtime.test
def test_inputs_that_are_left_out_have_outputs_too() -> Any:
    """They are not sent to the engine, and neither are those that are given as their default."""
    ann = zorg.UserGrant("ann", org_id="1", user_id="2", project_id="3", deletion_policy="remove")

    def check(values: list[Any]) -> None:
        assert values == [[], False, "remove", None]

    return pulumi.Output.all(ann.role_keys, ann.adopt, ann.deletion_policy, ann.project_grant_id).apply(check)


def test_a_resource_has_no_other_attributes() -> None:
    acme = zorg.Organization("acme", name="Acme")
    with pytest.raises(AttributeError, match="'Organization' object has no attribute 'activ'"):
        acme.activ  # type: ignore[attr-defined]  # noqa: B018 - a slip of the pen


@pulumi.runtime.test
def test_outputs_can_be_built_upon() -> Any:
    acme = zorg.Organization("acme", name="Acme")

    def check(url: str) -> None:
        assert url == "https://made.up/login"

    return acme.primary_domain.apply(lambda domain: f"https://{domain}/login").apply(check)


@pulumi.runtime.test
def test_a_grant_is_wired_to_its_organization() -> Any:
    acme = zorg.Organization("acme", name="Acme")
    ann = zorg.UserGrant("ann", org_id=acme.id, user_id="2", project_id="3", role_keys=["viewer", acme.name])

    def check(values: list[Any]) -> None:
        assert values == ["ann-id", "acme-id", "2", "3", ["viewer", "Acme"], True, None, "MADE_UP"]

    return pulumi.Output.all(
        ann.id, ann.org_id, ann.user_id, ann.project_id, ann.role_keys, ann.active, ann.project_grant_id, ann.state
    ).apply(check)


def test_what_is_registered_is_what_was_declared(mocked: Mocks) -> None:
    acme = zorg.Organization("acme", name="Acme", deletion_policy="retain", adopt=True, allow_lockout=True)
    zorg.UserGrant(
        "ann", org_id=acme.id, user_id="2", project_id="3", project_grant_id="4", role_keys=["b", "a"], active=False
    )
    ended()
    assert {name: args.typ for name, args in mocked.registered.items()} == {
        "acme": "pulumi-python:dynamic/zorg:Organization",
        "ann": "pulumi-python:dynamic/zorg:UserGrant",
    }
    assert inputs_of(mocked, "acme") == {
        "name": "Acme",
        "active": True,
        "adopt": True,
        "deletion_policy": "retain",
        "allow_lockout": True,
    }
    assert inputs_of(mocked, "ann") == {
        "org_id": "acme-id",
        "user_id": "2",
        "project_id": "3",
        "project_grant_id": "4",
        "role_keys": ["b", "a"],
        "active": False,
    }


def test_inputs_that_have_their_default_are_not_sent(mocked: Mocks) -> None:
    """Whether they are given or left out. The flag always is sent: transforms and the unit tests of a program look at it."""
    zorg.UserGrant("ann", org_id="1", user_id="2", project_id="3", role_keys=[], deletion_policy="remove")
    ended()
    assert inputs_of(mocked, "ann") == {"org_id": "1", "user_id": "2", "project_id": "3", "active": True}


def test_arguments_may_come_as_one_object(mocked: Mocks) -> None:
    acme = zorg.Organization("acme", zorg.OrganizationArgs(name="Acme", active=False))
    zorg.Organization("emca", name="Acme", active=False)
    zorg.UserGrant(
        "ann",
        zorg.UserGrantArgs(org_id=acme.id, user_id="2", project_id="3", role_keys=["viewer"]),
        pulumi.ResourceOptions(protect=True),
    )
    ended()
    assert inputs_of(mocked, "acme") == inputs_of(mocked, "emca")
    assert inputs_of(mocked, "ann")["org_id"] == "acme-id"


def test_many_resources_leave_pickling_as_it_is() -> None:
    """The SDK wraps Python's pickling anew for each resource. After some 300 of them a program would end with a RecursionError."""

    def declare(number: int) -> None:
        zorg.Organization(f"acme{number}", name=f"Acme {number}")
        zorg.Organization.get(f"got{number}", str(number + 1))
        zorg.UserGrant.get(f"grant{number}", str(number + 1), org_id="1")

    before = vars(pickle._Pickler)["_batch_setitems"]  # type: ignore[attr-defined]  # what the SDK replaces
    for number in range(3):
        declare(number)
    ended()
    assert vars(pickle._Pickler)["_batch_setitems"] is before  # type: ignore[attr-defined]


ROLE_KEYS: dict[str, Any] = {
    "a set": {"viewer", "admin"},
    "a frozen set": frozenset(("viewer", "admin")),
    "a generator": (key for key in ("viewer", "admin")),
    "a view": {"viewer": 1, "admin": 2}.keys(),
}


@pytest.mark.parametrize("role_keys", ROLE_KEYS.values(), ids=ROLE_KEYS)
def test_role_keys_may_be_any_collection(mocked: Mocks, role_keys: Any) -> None:
    """The SDK would end with a traceback for a type that it cannot send."""
    zorg.UserGrant("ann", org_id="1", user_id="2", project_id="3", role_keys=role_keys)
    roles = MappingProxyType({"viewer": MappingProxyType({"display_name": "Viewer"})})
    zorg.Project("portal", org_id="1", name="Portal", roles=roles)
    ended()
    assert sorted(inputs_of(mocked, "ann")["role_keys"]) == ["admin", "viewer"]
    assert inputs_of(mocked, "portal")["roles"] == {"viewer": {"display_name": "Viewer"}}


def test_the_constructor_reports_what_is_wrong_with_the_name_of_the_resource(mocked: Mocks) -> None:
    with pytest.raises(zorg.InputError, match="Organization 'acme': name must not be blank") as caught:
        zorg.Organization("acme", name=" ")
    assert caught.value.property == "name"
    with pytest.raises(zorg.InputError, match="UserGrant 'ann': role_keys must be a list"):
        zorg.UserGrant("ann", org_id="1", user_id="2", project_id="3", role_keys="viewer")
    with pytest.raises(zorg.InputError, match="Organization 'acme': active must be True or False"):
        zorg.Organization("acme", zorg.OrganizationArgs(name="Acme", active="yes"))  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(zorg.InputError, match="Organization 'acme': name is missing"):
        zorg.Organization("acme")  # type: ignore[call-overload]  # wrong on purpose
    with pytest.raises(zorg.InputError, match="UserGrant 'ann': org_id is missing"):
        zorg.UserGrant("ann", user_id="2", project_id="3")  # type: ignore[call-overload]  # wrong on purpose
    with pytest.raises(zorg.InputError, match="deletion_policy"):
        zorg.Organization("acme", name="Acme", deletion_policy="delete")  # type: ignore[call-overload]  # wrong on purpose
    ended()
    assert mocked.registered == {}


def test_an_argument_that_does_not_exist_is_refused(mocked: Mocks) -> None:
    with pytest.raises(zorg.InputError, match="actve is not an argument"):
        zorg.Organization("acme", name="Acme", actve=False)  # type: ignore[call-overload]  # wrong on purpose
    with pytest.raises(zorg.InputError, match="roles is not an argument"):
        zorg.UserGrant("ann", org_id="1", user_id="2", project_id="3", roles=["viewer"])  # type: ignore[call-overload]  # wrong on purpose
    ended()
    assert mocked.registered == {}


def test_arguments_in_both_forms_are_refused(mocked: Mocks) -> None:
    """Else one of the two would be dropped without a word."""
    with pytest.raises(zorg.InputError, match="args cannot be given together with active"):
        zorg.Organization("acme", zorg.OrganizationArgs(name="Acme"), active=False)  # type: ignore[call-overload]  # wrong on purpose
    ended()
    assert mocked.registered == {}


def test_what_comes_later_does_not_hide_what_is_wrong_now(mocked: Mocks) -> None:
    acme = zorg.Organization("acme", name="Acme")
    with pytest.raises(zorg.InputError, match="user_id"):
        zorg.UserGrant("ann", org_id=acme.id, user_id="a/b", project_id="3")
    ended()
    assert list(mocked.registered) == ["acme"]


def test_get_reads_what_exists(mocked: Mocks) -> None:
    zorg.Organization.get("acme", "42")
    zorg.UserGrant.get("ann", "43", org_id="42")
    ended()
    assert {name: args.resource_id for name, args in mocked.registered.items()} == {"acme": "42", "ann": "43"}
    assert inputs_of(mocked, "ann")["org_id"] == "42"


def test_what_get_gives_can_be_built_upon(mocked: Mocks) -> None:
    acme = zorg.Organization.get("acme", "42")
    assert isinstance(acme, zorg.Organization)
    zorg.UserGrant("ann", org_id=acme.id, user_id="2", project_id="3")
    ended()
    assert inputs_of(mocked, "ann")["org_id"] == "42"


@pytest.mark.parametrize("bad", ["", " ", "42\n", "4 2", "4/2", "é"])
def test_get_of_what_is_no_id_is_an_error_in_the_program(mocked: Mocks, bad: str) -> None:
    """An id that was read from a file ends with a line break; no header can carry it."""
    with pytest.raises(zorg.InputError):
        zorg.Organization.get("acme", bad)
    with pytest.raises(zorg.InputError):
        zorg.UserGrant.get("ann", bad, org_id="42")
    ended()
    assert mocked.registered == {}


def test_the_options_reach_pulumi(mocked: Mocks) -> None:
    class Tenant(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("infra:index:Tenant", "tenant")

    tenant = Tenant()
    zorg.Organization("acme", name="Acme", opts=pulumi.ResourceOptions(parent=tenant))
    ended()
    assert set(mocked.registered) == {"tenant", "acme"}


class Tenant(zorg.Organization):
    """A subclass, as a program has it."""

    def __init__(self, name: str) -> None:
        super().__init__(name, name=name.title())


def test_a_subclass_has_the_type_of_the_class_that_it_extends(mocked: Mocks) -> None:
    Tenant("acme")
    ended()
    assert mocked.registered["acme"].typ == "pulumi-python:dynamic/zorg:Organization"
    assert str(mocked.registered["acme"].inputs["__owner"]).endswith("/Organization/acme")


def test_a_subclass_with_a_type_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="Other has the type of the class that it extends"):

        class Other(zorg.Organization, module="shop", name="Other"):
            pass


@pytest.mark.parametrize("limit", [None, 50])
def test_pythons_limit_for_tracebacks_is_as_the_program_set_it(
    monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    """Also where a transformation declares another resource, and where it fails."""
    monkeypatch.setattr("sys.tracebacklimit", limit, raising=False)
    if limit is None:
        monkeypatch.delattr("sys.tracebacklimit")

    def with_another(args: pulumi.ResourceTransformationArgs) -> None:
        if args.name == "acme":
            zorg.Organization("beta", name="Beta")
        if args.name == "gamma":
            raise ValueError("no")

    options = pulumi.ResourceOptions(transformations=[with_another])

    def program() -> None:
        zorg.Organization("acme", name="Acme", opts=options)
        with pytest.raises(ValueError, match="no"):
            zorg.Organization("gamma", name="Gamma", opts=options)

    pulumi.runtime.test(program)()
    assert getattr(sys, "tracebacklimit", None) == limit
