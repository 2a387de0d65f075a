"""What only projects and project grants do: flags that belong together, names, and what goes with what."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project, project_grant

AnyStack = Stack | InProcessStack

ROLES = {"viewer": "Viewer", "admin": {"display_name": "Admin", "group": "staff"}}


def _shop(server: Server, roles: Any = None, **args: Any) -> dict[str, Any]:
    return project(server.home, "Shop", **({} if roles is None else {"roles": roles}), **args)


# Flags


def test_a_change_of_one_flag_keeps_the_others(every_server: Server, every_stack: AnyStack) -> None:
    """The server resets each flag that a change leaves out."""
    server, stack = every_server, every_stack
    policy = "PRIVATE_LABELING_SETTING_ENFORCE_PROJECT_RESOURCE_OWNER_POLICY"
    flags = {"project_role_assertion": True, "project_role_check": True, "private_labeling_setting": policy}
    stack.declare(shop=_shop(server, **flags))
    stack.up()
    shop = stack.id("shop")
    server.proxy.clear()
    stack.declare(shop=_shop(server, **flags, has_project_check=True))
    assert stack.preview() == {"shop": ["update", "has_project_check"]}
    stack.up()
    assert server.proxy.writes == [f"PUT /management/v1/projects/{shop}"]
    found = server.admin.project(server.home, shop)
    names = ("projectRoleAssertion", "projectRoleCheck", "hasProjectCheck", "privateLabelingSetting")
    assert [found[name] for name in names] == [True, True, True, policy]
    stack.declare(shop=project(server.home, "Shop 2", **flags, has_project_check=True))
    stack.up()
    found = server.admin.project(server.home, shop)
    assert [found[name] for name in names] == [True, True, True, policy]
    stack.assert_settled()


# Names


@pytest.mark.parametrize("odd", ["name", "role"])
def test_what_a_program_may_not_declare_can_be_changed_back_and_destroyed(
    every_server: Server, every_stack: AnyStack, odd: str
) -> None:
    """ZITADEL keeps the space at the end of a project's name, and a display name that is a space."""
    server, stack, admin = every_server, every_stack, every_server.admin

    def make_odd(shop: str) -> None:
        if odd == "name":
            admin.rename_project(server.home, shop, "Shop ")
        else:
            admin.change_project_role(server.home, shop, "viewer", " ")
        stack.must("refresh", "--yes", "--skip-preview")

    stack.declare(shop=_shop(server, ROLES))
    stack.up()
    shop = stack.id("shop")
    make_odd(shop)
    stack.up()
    assert admin.project(server.home, shop)["name"] == "Shop"
    assert admin.project_roles(server.home, shop)["viewer"]["displayName"] == "Viewer"
    stack.assert_settled()
    make_odd(shop)
    stack.destroy()
    assert server.shows(lambda: shop not in admin.projects(server.home))


@pytest.mark.slow
def test_a_name_that_differs_only_in_upper_and_lower_case_is_taken_with_a_message_that_says_so(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack = every_server, every_stack
    theirs = server.admin.create_project(server.home, "shop")
    stack.declare(shop=_shop(server, active=False))
    failed = stack.fails()
    assert failed.shows(f"project {theirs} of that organization is named 'shop'", "Declare it by that name"), failed.out
    assert stack.resources() == {}
    assert server.admin.project(server.home, theirs)["state"] == "PROJECT_STATE_ACTIVE"
    stack.declare(shop=_shop(server, active=False, adopt=True))
    failed = stack.fails()
    assert failed.shows(f"project {theirs} of that organization is named 'shop'"), failed.out
    assert stack.resources() == {}


def test_a_project_can_be_renamed_in_upper_and_lower_case_only(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    stack.declare(shop=_shop(server))
    stack.up()
    shop = stack.id("shop")
    stack.declare(shop=project(server.home, "SHOP"))
    stack.up()
    assert stack.id("shop") == shop
    assert server.admin.project(server.home, shop)["name"] == "SHOP"
    stack.assert_settled()


def test_a_rename_to_a_name_that_is_taken_is_one_clear_message(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    stack.declare(shop=_shop(server))
    stack.up()
    stack.declare(shop=project(server.home, "portal"))
    assert stack.fails().shows(f"project {server.project} of that organization is named 'Portal'")
    stack.declare(shop=project(server.home, "Portal"))
    assert stack.fails().shows(f"It is project {server.project}, created by")


# What a project grant needs


def test_a_project_grant_of_an_unknown_project_or_organization_has_a_hint(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack = every_server, every_stack
    acme = server.admin.create_organization(server.name("Acme"))
    needs = "A project grant needs the project's own organization as org_id, another organization, and roles of the project."
    for declared, said in (
        (project_grant(server.home, "424242", acme, ["viewer"]), "project_id is 424242: there is no such project"),
        (project_grant(acme, server.project, server.home, ["viewer"]), needs),
        (
            project_grant(server.home, server.project, "424242", ["viewer"]),
            "granted_org_id is 424242: there is no such",
        ),
        (project_grant(server.home, server.project, server.home, ["viewer"]), needs),
    ):
        stack.declare(granted=declared)
        failed = stack.fails()
        assert failed.shows(said), failed.out
        assert stack.resources() == {}
    assert server.admin.project_grants(server.home) == {}


# What `active` is not


def test_a_preview_says_that_deactivating_takes_no_role_out_of_a_token_and_what_does(
    server: Server, stack: AnyStack
) -> None:
    acme = server.admin.create_organization("Acme")

    def declare(active: bool) -> None:
        stack.declare(
            shop=_shop(server, active=active),
            granted=project_grant(server.home, server.project, acme, [], active=active),
        )

    declare(True)
    stack.up()
    shop, granted = stack.id("shop"), stack.id("granted")
    declare(False)
    preview = stack.must("preview")
    no_role = (
        "No token loses a role, and service accounts still get new ones. To take roles away, deactivate the user grants"
    )
    assert preview.shows(f"deactivates project Shop ({shop}): every login to its applications", no_role), preview.out
    stops = "its people then cannot log in where the project has has_project_check"
    of_portal = f"deactivates the grant of Portal to Acme ({granted}): {stops}"
    assert preview.shows(of_portal, "deactivate the user grants or remove the project grant"), preview.out


# Removed with something else


@pytest.mark.parametrize("parent", ["project", "granted organization", "owner"])
def test_a_project_grant_that_went_with_something_else_leaves_the_state_with_a_proof(
    every_server: Server, every_stack: AnyStack, parent: str
) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    vendor, customer = (admin.create_organization(server.name(each)) for each in ("Vendor", "Customer"))
    portal = admin.create_project(vendor, "Portal", ["viewer"])
    stack.declare(
        granted=project_grant(vendor, portal, customer, ["viewer"]),
        ann=grant(customer, server.ann, portal, ["viewer"], project_grant_id="@granted"),
    )
    stack.up()
    remove = {
        "project": lambda: admin.remove_project(vendor, portal),
        "granted organization": lambda: admin.remove_organization(customer),
        "owner": lambda: admin.remove_organization(vendor),
    }
    remove[parent]()
    refreshed = stack.must("refresh", "--yes", "--skip-preview")
    with_what = {
        "project": f"was removed with its project {portal}",
        "granted organization": f"was removed with its granted organization {customer}",
        "owner": f"was removed with organization {vendor}",
    }
    assert refreshed.shows("project grant", with_what[parent]), refreshed.out
    assert stack.resources() == {}


def test_a_project_that_went_with_its_organization_leaves_the_state_with_a_proof(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    vendor = admin.create_organization(server.name("Vendor"))
    stack.declare(shop=project(vendor, "Shop", roles=ROLES))
    stack.up()
    admin.remove_organization(vendor)
    refreshed = stack.must("refresh", "--yes", "--skip-preview")
    assert refreshed.shows("project ", f"was removed with organization {vendor}"), refreshed.out
    assert stack.resources() == {}


# A whole tenant


@pytest.mark.engine_too
def test_a_tenant_of_all_four_types_is_made_and_destroyed_in_order(every_server: Server, every_stack: AnyStack) -> None:
    server, stack, admin, proxy = every_server, every_stack, every_server.admin, every_server.proxy
    before = server.organizations()
    tenant = {
        "vendor": org(server.name("Vendor")),
        "customer": org(server.name("Customer")),
        "shop": project("@vendor", "Shop", roles=ROLES),
        "granted": project_grant("@vendor", "@shop", "@customer", ["admin", "viewer"]),
        "ann": grant("@customer", server.ann, "@shop", ["viewer"], project_grant_id="@granted"),
    }
    stack.declare(**tenant)
    assert stack.preview() == {name: ["create"] for name in tenant}
    assert proxy.writes == []
    stack.up()
    shop, granted, ann, customer = (stack.id(name) for name in ("shop", "granted", "ann", "customer"))
    assert server.shows(lambda: ann in admin.grants(customer))
    found = admin.grants(customer)[ann]
    assert (found["projectId"], found["projectGrantId"], found["roleKeys"]) == (shop, granted, ["viewer"])
    assert stack.outputs("ann")["project_grant_id"] == granted
    stack.assert_settled()
    stack.up()
    assert len([each for each in proxy.writes if not each.endswith("_bulk")]) == 5

    proxy.clear()
    stack.destroy()
    deleted = [each for each in proxy.writes if each.startswith("DELETE")]
    order = [f"/users/{server.ann}/grants/{ann}", f"/projects/{shop}/grants/{granted}", f"/projects/{shop}"]
    ends = [next(i for i, each in enumerate(deleted) if each.endswith(end)) for end in order]
    assert ends == sorted(ends), "what needs another object goes before it"
    assert len(deleted) == len(tenant)
    assert server.shows(lambda: server.organizations() == before)
