"""What a planned change of a project or a project grant would do to people: a pure function."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_zorg.impact import SECRET, UNKNOWN, Act, Effect, Facts, Planned
from pulumi_zorg.resource_registry import RESOURCE_TYPES
from pulumi_zorg.tokens import type_token

PROJECT, PROJECT_GRANT = type_token("Project"), type_token("ProjectGrant")
NO_TOKEN = "which takes no role out of any token: to do that, deactivate the user grants"
NAMES = {"project_id": "Portal", "granted_org_id": "Acme"}


def roles(*keys: str) -> dict[str, dict[str, str]]:
    return {key: {"display_name": key, "group": ""} for key in keys}


def project(**properties: Any) -> dict[str, Any]:
    return {"org_id": "1", "name": "Shop", "active": True, **properties}


def granted(*keys: str, **properties: Any) -> dict[str, Any]:
    return {
        "org_id": "1",
        "project_id": "3",
        "granted_org_id": "5",
        "role_keys": list(keys),
        "active": True,
        **properties,
    }


def effect_of(type_: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Effect:
    planned = Planned(type_, None if before is None else "42", before, after)
    return RESOURCE_TYPES[type_].impact.effect(planned)


def sentences(effect: Effect, facts: Facts | None = None) -> tuple[str, ...]:
    return RESOURCE_TYPES[effect.type].impact.sentences(effect, facts)


def of_project(
    before: dict[str, Any] | None, after: dict[str, Any] | None, why_not: str | None = None, **counts: int
) -> tuple[str, ...]:
    return sentences(effect_of(PROJECT, before, after), Facts(counts, {}, why_not))


def of_grant(
    before: dict[str, Any] | None, after: dict[str, Any] | None, why_not: str | None = None, **counts: int
) -> tuple[str, ...]:
    return sentences(effect_of(PROJECT_GRANT, before, after), Facts(counts, NAMES, why_not))


def test_a_deactivated_project_names_what_takes_roles_away() -> None:
    assert of_project(project(), project(active=False)) == (f"deactivates project Shop (42), {NO_TOKEN}",)
    assert of_project(project(deletion_policy="deactivate"), None) == (f"deactivates project Shop (42), {NO_TOKEN}",)
    assert of_project(project(), project(active=UNKNOWN)) == (
        f"may be so, and is known only when it runs: deactivates project Shop (42), {NO_TOKEN}",
    )


def test_a_removed_project_takes_its_grants_along() -> None:
    assert of_project(project(), None, project_grants=2, grants=1) == (
        "removes project Shop (42) and 2 project grants, 1 user grant",
    )
    whole = "removes project Shop (42) and all its roles, project grants and user grants"
    assert of_project(project(), None) == (whole,)
    assert of_project(project(), None, "the server did not answer", grants=3) == (
        f"{whole}; how many could not be read: the server did not answer",
    )


def test_a_removed_role_is_lost_by_those_who_have_it() -> None:
    before, after = project(roles=roles("admin", "editor", "viewer")), project(roles=roles("viewer"), name="Store")
    assert of_project(before, after, **{"grants with admin": 2, "grants with editor": 1}) == (
        "removes the role admin of project Shop (42): 2 user grants would lose it",
        "removes the role editor of project Shop (42): 1 user grant would lose it",
    )
    assert of_project(before, after, "the server did not answer") == (
        "removes the role admin of project Shop (42): every user grant loses it; how many could not be read: "
        "the server did not answer",
        "removes the role editor of project Shop (42): every user grant loses it; how many could not be read: "
        "the server did not answer",
    )
    assert of_project(project(roles=roles("admin")), project(roles={}, active=False), **{"grants with admin": 0}) == (
        f"deactivates project Shop (42), {NO_TOKEN}",
        "removes the role admin of project Shop (42): 0 user grants would lose it",
    )


def test_roles_that_become_managed_may_be_removed() -> None:
    """The state does not have them, and here they could not be read from the instance."""
    before, after = project(), project(roles=roles("viewer"))
    assert of_project(before, after, "the server did not answer") == (
        "may remove roles that are not known yet of project Shop (42): every user grant loses them; how many could not be "
        "read: the server did not answer",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (project(roles=roles("admin")), project()),  # no longer managed: nothing is removed
        (project(roles=roles("admin")), project(roles=roles("admin", "viewer"))),
        (project(roles=roles("admin")), project(roles={"admin": {"display_name": UNKNOWN, "group": "x"}})),
        (project(roles={}), project(roles=UNKNOWN)),
        (project(), project(name="Store", has_project_check=True)),
        (project(active=False), project()),
        (None, project(roles=roles("admin"), active=False)),
        (project(deletion_policy="retain"), None),
        (project(active=False, deletion_policy="deactivate"), None),
    ],
)
def test_nothing_is_said_where_nobody_loses_anything(before: Any, after: Any) -> None:
    effect = effect_of(PROJECT, before, after)
    assert (effect.is_significant, sentences(effect)) == (False, ())


def test_roles_that_are_not_known_yet_or_secret_may_be_removed() -> None:
    for before, after in (
        (project(roles=roles("admin")), project(roles=UNKNOWN)),
        (project(roles=UNKNOWN), project(roles=roles("admin"))),
    ):
        assert of_project(before, after) == (
            "may remove roles that are not known yet of project Shop (42): every user grant loses them",
        )
    secret = effect_of(PROJECT, project(roles=roles("admin")), project(roles=roles("viewer"))).hiding(["roles"])
    assert sentences(secret) == ("may remove roles that are secret of project Shop (42): every user grant loses them",)
    assert "admin" not in str(sentences(secret))
    unchanged = effect_of(PROJECT, project(roles=roles("admin")), project(roles=roles("admin"))).hiding(["roles"])
    assert sentences(unchanged) == ()


def test_an_adopted_project_that_could_not_be_read_may_have_other_roles() -> None:
    """As in the first preview of a program that adopts the project's organization too."""
    after = project(roles=roles("admin"), org_id=UNKNOWN, adopt=True)
    resource_type = RESOURCE_TYPES[PROJECT]
    planned = resource_type.unresolved(Planned(PROJECT, None, None, after))
    assert sentences(resource_type.impact.effect(planned)) == (
        "may be so, unless it exists as declared: removes the roles of project Shop (id not known yet) that are not declared: "
        "every user grant loses them",
    )
    for without in ({"roles": None}, {"adopt": False}):
        kept = Planned(
            PROJECT, None, None, {name: value for name, value in {**after, **without}.items() if value is not None}
        )
        assert sentences(resource_type.impact.effect(resource_type.unresolved(kept) if kept.adopts else kept)) == ()


@pytest.mark.parametrize("type_", [PROJECT, PROJECT_GRANT])
def test_a_secret_flag_is_not_shown_by_there_being_a_sentence(type_: str) -> None:
    one = project if type_ == PROJECT else granted
    for before, after in ((True, False), (False, True)):
        effect = effect_of(type_, one(active=before), one(active=after)).hiding(["active"])
        (sentence,) = sentences(effect, Facts(names=NAMES))
        assert sentence.startswith("deactivates or reactivates ")
        assert sentence.endswith("(42): which of them is secret")
    assert sentences(effect_of(type_, one(), one()).hiding(["active"])) == ()


def test_a_deactivated_project_grant_names_what_takes_roles_away() -> None:
    assert of_grant(granted("viewer"), granted("viewer", active=False)) == (
        f"deactivates the grant of Portal to Acme (42), {NO_TOKEN} or remove the project grant",
    )
    assert of_grant(granted("viewer", active=False), granted("viewer")) == ()


def test_a_removed_project_grant_takes_user_grants_along() -> None:
    assert of_grant(granted("viewer"), None, grants=3) == (
        "removes the grant of Portal to Acme (42) and 3 user grants",
    )
    assert of_grant(granted("viewer"), None, "it broke off") == (
        "removes the grant of Portal to Acme (42) and all user grants made by it; how many could not be read: it broke off",
    )


def test_roles_given_to_an_organization_and_taken_from_it() -> None:
    assert of_grant(None, granted("viewer", "admin")) == (
        "lets Acme give the roles admin, viewer of Portal to its users",
    )
    assert of_grant(granted("viewer", "editor"), granted("admin"), viewer=1, editor=0) == (
        "takes the role editor from the grant of Portal to Acme (42): 0 user grants would lose it",
        "takes the role viewer from the grant of Portal to Acme (42): 1 user grant would lose it",
        "lets Acme give the role admin of Portal to its users",
    )
    assert of_grant(granted("viewer"), granted(), "the server did not answer") == (
        "takes the role viewer from the grant of Portal to Acme (42): every user grant loses it; how many could not be read: "
        "the server did not answer",
    )
    # A role that is given while the grant is reactivated.
    assert of_grant(granted(active=False), granted("viewer")) == (
        "lets Acme give the role viewer of Portal to its users",
    )


def test_what_is_not_known_yet_or_secret_about_a_project_grant() -> None:
    assert of_grant(granted("viewer"), granted() | {"role_keys": UNKNOWN}) == (
        "may be so, and is known only when it runs: lets Acme give roles that are not known yet of Portal to its users",
    )
    unknown = effect_of(PROJECT_GRANT, None, granted("viewer", project_id=UNKNOWN, granted_org_id=UNKNOWN))
    assert sentences(unknown) == (
        "lets an organization that is not known yet give the role viewer of a project that is not known yet to its users",
    )
    secret = effect_of(PROJECT_GRANT, granted("viewer"), granted("admin")).hiding(["role_keys", "granted_org_id"])
    shown = sentences(secret)
    assert shown == (
        "takes roles that are secret from the grant of project 3 to an organization that is secret (42), and from the user "
        "grants made by it",
        "lets an organization that is secret give roles that are secret of project 3 to its users",
    )
    assert secret.act is Act.CHANGES
    assert SECRET in secret.properties.values()
