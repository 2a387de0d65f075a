"""Reading an exported state."""

from __future__ import annotations

import base64
import contextlib
import copy
import json
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulumi_zorg.engine.exported import last_update, parse_time, read_export, stack_name
from pulumi_zorg.engine.state import (
    State,
    has_resources,
    not_understood,
    pending_deletions,
    pending_replacements,
    shared,
)
from pulumi_zorg.errors import ConfigurationError
from pulumi_zorg.resource_types.registry import INPUTS, RESOURCE_TYPES
from tests.support.types import ORGANIZATION, PROJECT_GRANT, USER_GRANT

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def exported(**resource: Any) -> dict[str, Any]:
    each = {"urn": "urn:pulumi:dev::shop::t::acme", "type": ORGANIZATION, "id": "1", **resource}
    return {"version": 3, "deployment": {"manifest": {"time": "2026-11-23T13:02:01.76072739Z"}, "resources": [each]}}


def test_inputs_are_compared_and_outputs_are_known() -> None:
    (each,) = State.of(
        exported(
            inputs={"__provider": "x", "name": "Acme"},
            outputs={"__provider": "x", "name": "Acme", "state": "ORG_STATE_ACTIVE", "gone": None},
            ignoreChanges=["name"],
        )
    ).resources
    assert (each.properties, each.all_properties) == ({"name": "Acme"}, {"name": "Acme", "state": "ORG_STATE_ACTIVE"})
    assert (each.ignored, each.secret) == ({"name"}, set())


def test_a_resource_that_only_reads_its_object_is_compared_by_its_outputs() -> None:
    outputs = {"name": "Acme", "primary_domain": "acme.localhost", "state": "ORG_STATE_ACTIVE"}
    (each,) = State.of(exported(inputs={"__provider": "x"}, outputs=outputs, external=True)).resources
    assert each.properties == {"name": "Acme", "primary_domain": "acme.localhost"}


def test_server_defaults_are_known_and_not_compared() -> None:
    (each,) = State.of(
        exported(type=USER_GRANT, inputs={"org_id": "7"}, outputs={"__filled": {"project_grant_id": "8"}})
    ).resources
    assert (each.properties, each.all_properties) == ({"org_id": "7"}, {"org_id": "7", "project_grant_id": "8"})


def test_secrets_are_in_plain_text_and_marked() -> None:
    (each,) = State.of(
        exported(inputs={"name": {**SECRET, "plaintext": '"Acme"'}}, outputs={"role_keys": ["a"]})
    ).resources
    assert (each.properties["name"], each.secret) == ("Acme", {"name"})


def test_an_encrypted_secret_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        State.of(exported(inputs={"name": {**SECRET, "ciphertext": "v1:x"}}))


@pytest.mark.parametrize("other", [{"type": "random:index:Pet"}, {"delete": True}])
def test_other_types_and_pending_deletions_are_left_out(other: dict[str, Any]) -> None:
    assert State.of(exported(**other)).resources == ()


def resource(name: str, id: str, type: str = ORGANIZATION, **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::shop::{type}::{name}", "type": type, "id": id, **more}


def of(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": list(resources)}}


def test_an_id_is_unique_only_within_its_type_and_where_the_type_says_so_within_its_parent() -> None:
    def granted(name: str, project: str) -> dict[str, Any]:
        return resource(name, "1", PROJECT_GRANT, inputs={"project_id": project})

    two = of(resource("acme", "1"), granted("a", "7"), granted("b", "8"))
    assert shared(two) == ()
    assert len({each.key for each in State.of(two).resources}) == 3
    (found,) = shared(of(granted("a", "7"), granted("again", "7")))
    assert (found.token, found.id) == (PROJECT_GRANT, "1")


@pytest.mark.parametrize("token", RESOURCE_TYPES)
def test_the_inputs_and_the_events_of_a_type_agree_about_what_an_id_is_unique_in(token: str) -> None:
    """The inputs are loaded in previews without changes. The events are not."""
    assert RESOURCE_TYPES[token].events.aggregate == INPUTS[token].id_within


#: A provider of this package, pickled by its path; a subclass of one, pickled with its code; another one, and no pickle.
OURS = base64.b64encode(b"\x80\x04\x8c\x22pulumi_zorg.providers.organization\x94.").decode()
THEIRS = base64.b64encode(b"\x80\x04\x8c\x0aelsewhere\x94.").decode()


@pytest.mark.parametrize(
    ("type", "provider", "why"),
    [
        (ORGANIZATION, OURS, None),
        ("pulumi-python:dynamic:Resource", OURS, "`pulumi up` with this release corrects it"),
        ("pulumi-python:dynamic/shop:Tenant", OURS, "`pulumi up` with this release corrects it"),
        ("pulumi-python:dynamic/zorg:Application", OURS, "does not know the type"),
        ("pulumi-python:dynamic/zorg:Application", None, "does not know the type"),
        ("pulumi-python:dynamic:Resource", THEIRS, None),
        ("pulumi-python:dynamic:Resource", "pulumi_zorg.", None),
        ("pulumi-python:dynamic:Resource", {**SECRET, "ciphertext": "v1:x"}, None),
        ("random:index:Pet", None, None),
    ],
)
def test_a_resource_of_this_package_that_this_release_does_not_understand_is_found(
    type: str, provider: Any, why: str | None
) -> None:
    state = of(resource("acme", "1", type, inputs={"__provider": provider}))
    found = not_understood(state)
    assert [each.urn for each in found] == ([] if why is None else [f"urn:pulumi:dev::shop::{type}::acme"])
    assert all(str(why) in each.why for each in found)
    assert len(State.of(state).resources) == (type == ORGANIZATION)


def test_two_resources_of_one_object_are_found_with_the_way_out() -> None:
    old, new = resource("old", "1"), resource("new", "1")
    (found,) = shared(of(old, resource("other", "2"), resource("ann", "1", USER_GRANT), new))
    assert (found.token, found.id, found.urns) == (ORGANIZATION, "1", (old["urn"], new["urn"]))
    assert found.error.endswith(
        f"Remove one of them from the state: pulumi state delete '{old['urn']}' or pulumi state delete '{new['urn']}'"
    )


def test_a_resource_that_only_reads_its_object_does_not_manage_it() -> None:
    """A program may read (`get`) an object that another of its resources manages."""
    assert shared(of(resource("acme", "1"), resource("read", "1", external=True))) == ()


def test_a_resource_that_is_pending_deletion_still_manages_its_object() -> None:
    acme = resource("acme", "1")
    (found,) = shared(of(acme, {**acme, "delete": True}))
    assert found.urns == (acme["urn"], acme["urn"])
    assert "choose the one that is pending deletion" in found.error
    assert found.error.count("pulumi state delete") == 1
    (found,) = shared(of(acme, resource("old", "1", delete=True)))
    assert "pending deletion" not in found.error


def test_pending_deletions_are_what_the_engine_deletes_whatever_is_declared() -> None:
    kept = [resource("acme", "1"), resource("b", "2", protect=True)]
    kept += [resource("c", "3", delete=True, retainOnDelete=True), resource("d", "4", delete=True, external=True)]
    assert pending_deletions(of(*kept)) == ()
    (found,) = pending_deletions(of(resource("e", "5", delete=True, inputs={"name": "E", "__owner": "x"})))
    assert (found.id, found.pending, found.all_properties) == ("5", True, {"name": "E"})
    # `protect` does not keep what is pending deletion (test_a_pending_deletion_that_is_protected_is_counted).
    assert [each.id for each in pending_deletions(of(resource("f", "6", delete=True, protect=True)))] == ["6"]


@pytest.mark.parametrize("value", [{**SECRET, "ciphertext": "v1:x"}, {**SECRET, "plaintext": '"Classified"'}])
def test_a_pending_deletion_has_no_secret_properties(value: dict[str, str]) -> None:
    (found,) = pending_deletions(of(resource("e", "5", delete=True, inputs={"name": value, "active": True})))
    assert (found.all_properties, found.secret) == ({"active": True}, {"name"})


def test_a_resource_that_is_pending_replacement_has_no_object() -> None:
    """An earlier run deleted it, and did not create the new one. Another resource may have the object of that id now."""
    state = of(resource("a", "1", pendingReplacement=True), resource("b", "1"))
    assert [each.urn.rsplit("::")[-1] for each in State.of(state).resources] == ["b"]
    assert [each.urn.rsplit("::")[-1] for each in pending_replacements(state)] == ["a"]
    assert (shared(state), pending_deletions(state)) == ((), ())


def test_a_state_of_providers_has_no_resources() -> None:
    provider = resource("default", "1", "pulumi:providers:pulumi-python")
    assert not has_resources(of(provider))
    assert has_resources(of(provider, resource("test", "", "pulumi:pulumi:Stack")))
    assert has_resources(of(resource("pet", "1", "random:index/randomPet:RandomPet")))


def test_the_stack_is_named_by_its_urns() -> None:
    assert stack_name(of(resource("acme", "1"))) == "dev"
    assert stack_name(of()) is None


WHOLE: dict[str, Any] = {
    "version": 3,
    "deployment": {
        "manifest": {"time": "2026-11-23T13:02:01Z"},
        "resources": [
            resource("acme", "1", inputs={"name": {**SECRET, "plaintext": '"Acme"'}}, ignoreChanges=["name"]),
            resource("ann", "2", USER_GRANT, outputs={"role_keys": ["a"], "__filled": {"project_grant_id": "3"}}),
        ],
    },
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values within a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, each in inner for path in places(each, (*here, key)))]


@given(path=st.sampled_from(places(WHOLE)[1:]), value=json_values)
@example(path=("deployment", "manifest", "time"), value="yesterday")
@example(path=("deployment", "resources", 0, "inputs", "name", "plaintext"), value="{")
@example(path=("deployment", "resources", 1, "outputs", "__filled"), value=[1])
@example(path=("deployment", "resources", 0, "type"), value=["t"])
def test_a_state_of_any_shape_is_read_or_refused_and_is_no_traceback(path: tuple[Any, ...], value: Any) -> None:
    """Any one value of a state is something else."""
    state = copy.deepcopy(WHOLE)
    within: Any = state
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = value
    for read in (
        State.of,
        shared,
        not_understood,
        pending_deletions,
        pending_replacements,
        has_resources,
        last_update,
        stack_name,
    ):
        with contextlib.suppress(ConfigurationError):
            read(state)


def test_what_the_engine_keeps_for_itself_is_not_kept() -> None:
    """It is three quarters of a state."""
    for_itself = {
        "parent": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev",
        "provider": "urn:pulumi:dev::shop::pulumi:providers:pulumi-python::default::1",
        "propertyDependencies": {"name": []},
        "stackTrace": [{"sourcePosition": "project:///__main__.py#14"}],
    }
    # A property of that name is the object's own.
    state = exported(inputs={"name": "Acme", "parent": "x"}, outputs={"provider": {"urn": "y"}}, ignoreChanges=["name"])
    (resource,) = state["deployment"]["resources"]
    whole = copy.deepcopy(state)
    whole["deployment"]["resources"] = [{**resource, **for_itself}]
    assert read_export(json.dumps(whole)) == state


def test_a_stack_without_resources_has_nothing_recorded() -> None:
    assert State.of({"version": 3, "deployment": {"manifest": {"time": "2026-11-23T13:02:01Z"}}}).resources == ()


def test_something_else_than_a_state_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="stack export"):
        State.of({"version": 3})


def test_the_last_update() -> None:
    state = exported(modified="2026-11-23T13:02:00.952393535Z")
    assert last_update(state) == datetime(2026, 11, 23, 13, 2, 1, 760727, timezone.utc)
    state["deployment"]["manifest"] = {}
    assert last_update(state) == datetime(2026, 11, 23, 13, 2, 0, 952393, timezone.utc)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=timezone.utc)),
        ("2026-11-23T08:00", datetime(2026, 11, 23, 8, tzinfo=timezone.utc)),
        ("2026-11-23T08:00:00Z", datetime(2026, 11, 23, 8, tzinfo=timezone.utc)),
        ("2026-11-23T08:00:00.5+01:00", datetime(2026, 11, 23, 7, 0, 0, 500000, timezone.utc)),
    ],
)
def test_times_in_iso_8601_are_read(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment
