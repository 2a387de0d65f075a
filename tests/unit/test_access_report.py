"""The rows of a report on access, what it is limited to, what changed since an earlier one, and the explanation of one user."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pulumi_zorg.access.earlier import compare_reports, read_earlier
from pulumi_zorg.access.instance import (
    Instance,
    Kind,
    Level,
    Manager,
    Organization,
    Project,
    ProjectGrant,
    User,
    UserGrant,
    UserState,
    by_id,
)
from pulumi_zorg.access.projects import compare_projects, open_to, organizations_between, projects_of
from pulumi_zorg.access.report import KEEPS_ROLES, AccessRow, Compared, Report, right_of, rows_of
from pulumi_zorg.access.selection import Filters, Selection, select
from pulumi_zorg.access.why import explain
from pulumi_zorg.errors import ConfigurationError, NoMatch, SeveralMatches

WHEN = datetime(2026, 11, 23, 8, 0, 0, 5, tzinfo=timezone.utc)
ADDRESS = "https://acme.example"
EVERYTHING = Selection(managers=True)


def instance(**changes: Any) -> Instance:
    """Vendor's project Portal, which Acme has. Ann and the account bot of Acme have roles in it, and Dan of Vendor is a manager."""
    portal = Project("p", "v", "Portal", role_check=True)
    return replace(
        Instance(
            by_id([Organization("v", "Vendor"), Organization("a", "Acme")]),
            by_id(
                [
                    User("ann", "a", "ann@acme.example", "Ann Berg"),
                    User("bot", "a", "bot", "Bot", Kind.SERVICE_ACCOUNT),
                    User("dan", "v", "Dan"),
                ]
            ),
            by_id([portal]),
            by_id([ProjectGrant("p:a", "p", "a")]),
            by_id(
                [
                    UserGrant("1", "a", "ann", "p", ("viewer",), True, "p:a", WHEN),
                    UserGrant("2", "a", "bot", "p", ("viewer", "admin"), True, "p:a"),
                ]
            ),
            (Manager("dan", Level.PROJECT, "p", ("PROJECT_OWNER",), "v", WHEN),),
            login_v2=True,
        ),
        **changes,
    )


def of(rows: tuple[AccessRow, ...], user_id: str) -> AccessRow:
    (row,) = [each for each in rows if each.user_id == user_id]
    return row


def test_a_row_has_the_roles_the_grants_and_the_time_of_their_newest_change() -> None:
    rows = rows_of(instance(), EVERYTHING, {"1": "Dan", right_of(instance().managers[0]): "Eve"})
    assert [each.user_id for each in rows] == ["ann", "bot", "dan"]
    ann, bot, dan = rows
    assert ann.as_json() == {
        "kind": "project",
        "user_id": "ann",
        "login_name": "ann@acme.example",
        "display_name": "Ann Berg",
        "user_kind": "person",
        "user_state": "active",
        "user_org_id": "a",
        "user_org_name": "Acme",
        "org_id": "a",
        "org_name": "Acme",
        "level": None,
        "object_id": None,
        "object_name": None,
        "project_id": "p",
        "project_name": "Portal",
        "roles": ["viewer"],
        "in_force": True,
        "reasons": [],
        "login_v1": True,
        "login_v2": True,
        "grants": [{"user_grant_id": "1", "roles": ["viewer"], "state": "active", "project_grant_id": "p:a"}],
        "since": "2026-11-23T08:00:00.000005Z",
        "by": "Dan",
        "project_org_id": "v",
        "project_org_name": "Vendor",
    }
    assert (bot.roles, bot.login_v1, bot.login_v2, bot.since) == (("admin", "viewer"), None, None, None)
    assert (dan.kind, dan.level, dan.object_id, dan.object_name) == ("manager", "project", "p", "Portal")
    assert (dan.roles, dan.org_name, dan.grants, dan.by) == (("PROJECT_OWNER",), "Vendor", (), "Eve")


def test_a_right_names_what_it_is_on() -> None:
    levels = [(Level.INSTANCE, "", ""), (Level.ORGANIZATION, "a", "a"), (Level.PROJECT_GRANT, "p:a", "v")]
    managers = tuple(Manager("dan", level, of_id, ("R",), org_id) for level, of_id, org_id in levels)
    rows = [each for each in rows_of(instance(managers=managers), EVERYTHING) if each.is_manager]
    assert [(each.level, each.object_id, each.object_name, each.org_id, each.project_id) for each in rows] == [
        ("instance", None, None, None, None),
        ("organization", "a", "Acme", "a", None),
        ("project grant", "p:a", "Acme", "v", "p"),
    ]


def test_each_organization_that_gives_access_has_a_row_and_each_deactivated_grant_counts_for_its_own() -> None:
    grants = [UserGrant("1", "a", "ann", "p", ("viewer",)), UserGrant("3", "v", "ann", "p", ("admin",), False)]
    rows = rows_of(instance(user_grants=by_id(grants)), EVERYTHING)
    through = {each.org_id: each for each in rows if each.user_id == "ann"}
    assert (through["a"].roles, through["a"].in_force) == (("viewer",), True)
    assert (through["v"].roles, through["v"].in_force, through["v"].reasons) == (
        ("admin",),
        False,
        ("the user grant is deactivated",),
    )
    assert through["v"].login_v2, "the other user grant lets ann log in"


def test_of_two_grants_by_one_organization_only_the_roles_of_the_active_one_count() -> None:
    grants = [UserGrant("1", "a", "ann", "p", ("viewer",)), UserGrant("3", "a", "ann", "p", ("admin",), False)]
    row = of(rows_of(instance(user_grants=by_id(grants)), Selection()), "ann")
    assert (row.roles, row.in_force, [each.user_grant_id for each in row.grants]) == (("viewer",), True, ["1", "3"])


def test_the_newest_change_of_several_grants_counts() -> None:
    newer = replace(instance().user_grants["1"], id="3", changed=WHEN + timedelta(days=1))
    for order in (("1", "3"), ("3", "1")):
        both = {"1": instance().user_grants["1"], "3": newer}
        found = instance(user_grants={key: both[key] for key in order})
        row = of(rows_of(found, Selection(), {"1": "Dan", "3": "Eve"}), "ann")
        assert (row.since, row.by) == ("2026-11-24T08:00:00.000005Z", "Eve")


def test_a_grant_of_an_unknown_state_makes_a_row_that_is_not_known() -> None:
    grants = [UserGrant("1", "a", "ann", "p", ("viewer",)), UserGrant("3", "a", "ann", "p", ("admin",), None)]
    row = of(rows_of(instance(user_grants=by_id(grants)), Selection()), "ann")
    assert (row.roles, row.in_force) == (("admin", "viewer"), None)
    assert row.reasons == ("the state of the user grant is not known",)


def test_a_login_that_one_of_the_two_refuses_is_said_where_applications_choose() -> None:
    off = by_id([Organization("v", "Vendor"), Organization("a", "Acme", active=False)])
    row = of(rows_of(instance(organizations=off, login_v2=None), Selection()), "ann")
    assert (row.in_force, row.login_v1, row.login_v2) == (True, False, True)
    assert row.reasons == ("the V1 login: the user's organization Acme is deactivated",)
    assert of(rows_of(instance(organizations=off), Selection()), "ann").reasons == (), (
        "no application uses the V1 login"
    )


def test_where_no_application_uses_the_v1_login_the_v2_login_decides() -> None:
    checked = by_id([Project("p", "v", "Portal", project_check=True)])
    off = by_id([ProjectGrant("p:a", "p", "a", active=False)])
    row = of(rows_of(instance(projects=checked, project_grants=off), Selection()), "ann")
    assert (row.in_force, row.login_v1, row.login_v2) == (False, True, False)
    assert row.reasons == ("has_project_check, and Acme's project grant is deactivated", KEEPS_ROLES), (
        "the check acts at the login only"
    )
    assert of(rows_of(instance(projects=checked, project_grants=off, login_v2=False), Selection()), "ann").in_force


def test_a_user_who_is_not_shown_has_a_row_that_is_not_known() -> None:
    found = instance(users={}, unlisted={"users": "hidden"})
    row = of(rows_of(found, Selection()), "ann")
    assert (row.login_name, row.user_kind, row.user_state, row.in_force) == ("", None, None, None)
    assert row.reasons == ("the user is not shown: hidden",)


@pytest.mark.parametrize(
    ("role_check", "project_check", "to"),
    [
        (False, False, "everybody"),
        (False, True, "organizations with the project"),
        (True, False, "user grants"),
        (True, None, "user grants"),
        (None, False, None),
        (False, None, None),
    ],
)
def test_a_project_says_whom_it_lets_in_without_a_user_grant(
    role_check: bool | None, project_check: bool | None, to: str | None
) -> None:
    assert open_to(instance(), Project("p", "v", role_check=role_check, project_check=project_check)) == to


@pytest.mark.parametrize("changes", [{"active": False}, {"org_id": "off"}])
def test_nobody_can_log_in_to_a_project_that_is_deactivated_or_whose_owner_is(changes: dict[str, Any]) -> None:
    project = replace(Project("p", "v"), **changes)
    off = Organization("off", "Off", active=False)
    assert open_to(instance().having("organizations", off).having("projects", project), project) == "nobody"


# Filters.


@pytest.mark.parametrize(
    ("filters", "users"),
    [
        (Filters(managers=True), ["ann", "bot", "dan"]),
        (Filters(), ["ann", "bot"]),
        (Filters(organizations=("Acme",)), ["ann", "bot"]),
        (Filters(organizations=("v",), managers=True), ["dan"]),
        (Filters(users=("ANN@acme.example",)), ["ann"]),
        (Filters(roles=("admin",)), ["bot"]),
        (Filters(roles=("PROJECT_OWNER", "admin"), managers=True), ["bot", "dan"]),
        (Filters(roles=("IAM_OWNER",), managers=True), []),
        (Filters(projects=("Portal",), users=("dan",), managers=True), ["dan"]),
    ],
)
def test_a_filter_names_ids_or_names(filters: Filters, users: list[str]) -> None:
    found = instance()
    assert [each.user_id for each in rows_of(found, select(found, filters))] == users


def test_an_organization_selects_what_it_gives_and_what_its_users_have() -> None:
    grants = by_id([UserGrant("1", "v", "ann", "p", ("viewer",)), UserGrant("2", "v", "dan", "p", ("viewer",))])
    found = instance(user_grants=grants)
    assert [each.user_id for each in rows_of(found, select(found, Filters(("Acme",))))] == ["ann"]
    assert [each.user_id for each in rows_of(found, select(found, Filters(("Vendor",))))] == ["ann", "dan"]


def test_the_projects_of_an_organization_are_those_that_it_owns_or_has() -> None:
    closed = [Project(each, "v", name, role_check=True) for each, name in (("p", "Portal"), ("q", "Billing"))]
    found = instance(projects=by_id([*closed, Project("r", "a", "Own", role_check=True)]), user_grants={})
    names = {
        name: [each.project_name for each in projects_of(found, select(found, Filters((name,))), ())]
        for name in ("Acme", "Vendor")
    }
    assert names == {"Acme": ["Own", "Portal"], "Vendor": ["Billing", "Portal"]}
    opened = found.having("projects", Project("q", "v", "Billing"))
    acme = projects_of(opened, select(opened, Filters(("Acme",))), ())
    assert [each.project_name for each in acme] == ["Billing", "Own", "Portal"], "everybody can log in to Billing"
    only = select(found, Filters(projects=("q",)))
    assert [each.project_id for each in projects_of(found, only, ())] == ["q"]


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (Filters(("acme",)), 'There is no organization with the id or the name "acme" .+ Similar names: "Acme"'),
        (Filters(projects=("Portall",)), 'no project .+"Portall".+ Similar names: "Portal"'),
        (
            Filters(users=("ann@other.example",)),
            'no user with the id or the login name .+ Similar names: "ann@acme.example"',
        ),
        (Filters(roles=("admn",)), 'no role with the key "admn".+ Similar names: "admin"'),
        (Filters(roles=("IAM_OWNER",)), "no role"),
        (Filters(("zzz",)), "may see\\.$"),
    ],
)
def test_a_filter_that_names_nothing_is_an_error_with_similar_names(filters: Filters, message: str) -> None:
    with pytest.raises(NoMatch, match=message):
        select(instance(), filters)


def test_a_role_that_nobody_has_is_no_error_where_a_project_has_it() -> None:
    assert select(instance(), Filters(roles=("auditor",)), ["auditor"]).roles == {"auditor"}


def test_a_name_of_several_objects_is_an_error_with_their_ids() -> None:
    two = instance(projects=by_id([Project("p", "v", "Portal"), Project("q", "a", "Portal")]))
    with pytest.raises(
        SeveralMatches,
        match=r'Several projects have the name "Portal": give one of the ids p \(of Vendor\), q \(of Acme\)\.',
    ):
        select(two, Filters(projects=("Portal",)))


# An earlier report.


def compared(before: Instance, after: Instance, **filters: Any) -> Compared:
    """The comparison of two instances, with the first one's report written and read as a file."""
    limits = Filters(managers=True, **filters)
    shown = tuple(each for each in rows_of(before, EVERYTHING) if limits.inactive or each.in_force is not False)
    report = Report(ADDRESS, WHEN, limits, projects_of(before, EVERYTHING, ()), shown, before.unlisted)
    earlier = read_earlier(json.dumps(report.as_json()), "old.json", ADDRESS, limits)
    return compare_reports(earlier, rows_of(after, EVERYTHING), after.unlisted, projects_of(after, EVERYTHING, ()))


def ids(rows: Any) -> list[str]:
    return [each.user_id for each in rows]


def with_user(**changes: Any) -> Instance:
    return instance().having("users", replace(instance().users["ann"], **changes))


def test_nothing_changed_between_equal_reports() -> None:
    for each in (instance(), with_user(state=UserState.INITIAL), with_user(state=UserState.LOCKED)):
        assert compared(each, each) == Compared("2026-11-23T08:00:00.000005Z")
        assert compared(each, each).same is True


@pytest.mark.parametrize("inactive", [False, True])
def test_a_deactivated_user_lost_access_and_a_reactivated_one_gained_it(inactive: bool) -> None:
    off = with_user(state=UserState.INACTIVE)
    lost = compared(instance(), off, inactive=inactive)
    assert (ids(lost.gained), ids(lost.lost), lost.changed, lost.unknown, lost.same) == ([], ["ann"], (), (), False)
    assert (lost.lost[0].roles, lost.lost[0].in_force) == (("viewer",), False)
    assert lost.lost[0].reasons == ("the user is deactivated",)
    gained = compared(off, instance(), inactive=inactive)
    assert (ids(gained.gained), gained.lost, gained.unknown, gained.same) == (["ann"], (), (), False)


def opened(**changes: Any) -> Instance:
    return instance().having("projects", Project("p", "v", "Portal", **changes))


@pytest.mark.parametrize(
    ("before", "after", "to", "same"),
    [
        (instance(), opened(), ["everybody"], False),
        (opened(), opened(project_check=True), ["organizations with the project"], False),
        (opened(), instance(), ["user grants"], False),
        (instance(projects={}, user_grants={}, managers=()), opened(), ["everybody"], False),
        (opened(), opened(role_check=None), [None], None),
        (opened(role_check=None), opened(role_check=None), [], True),
    ],
)
def test_a_project_that_others_can_log_in_to_without_a_user_grant_is_a_change(
    before: Instance, after: Instance, to: list[str | None], same: bool | None
) -> None:
    before, after = (replace(each, user_grants={}, managers=()) for each in (before, after))
    found = compared(before, after)
    assert [now and now.open_to for _, now in found.projects] == to
    assert found.same is same


def test_another_organization_that_got_an_open_project_is_a_change() -> None:
    """With ``has_project_check`` and without ``project_role_check``, all its people can log in, and none of them has a row."""
    without = replace(opened(project_check=True), project_grants={}, user_grants={}, managers=())
    granted = without.having("project_grants", ProjectGrant("p:a", "p", "a", active=True))
    for before, after in ((without, granted), (granted, without)):
        found = compared(before, after)
        assert found.same is False
        (pair,) = found.projects
        given, taken = organizations_between(*pair)
        assert [each.org_name for each in (given if after is granted else taken)] == ["Acme"]
        assert (taken if after is granted else given) == ()
    deactivated = without.having("project_grants", ProjectGrant("p:a", "p", "a", active=False))
    assert compared(deactivated, without).same is True


def test_an_open_project_of_others_is_no_change_of_an_organization_because_a_row_is_about_it() -> None:
    """Ann of Acme gets a user grant on the vendor's project, which Acme does not have."""
    after = replace(opened(project_check=True), project_grants={}, managers=())
    before = replace(after, user_grants={})
    selection = Selection(organizations=frozenset({"a"}))
    then, now = projects_of(before, selection, ()), projects_of(after, selection, ("p",))
    assert (then, len(now)) == ((), 1)
    assert compare_projects(then, now, selection.organizations) == ()
    new = projects_of(after, Selection(organizations=frozenset({"v"})), {"p"})
    assert len(compare_projects((), new, {"v"})) == 1, "a new project that the organization's own people can log in to"


def test_a_report_of_an_earlier_release_lacks_what_was_added_since() -> None:
    projects = projects_of(opened(project_check=True), Selection(), ())
    report = Report(ADDRESS, WHEN, Filters(), projects).as_json()
    for each in report["projects"]:
        del each["open_to_organizations"]
    earlier = read_earlier(json.dumps(report), "old.json", ADDRESS, Filters())
    assert compare_reports(earlier, (), {}, projects).same is True


def test_a_project_that_was_closed_already_is_no_change() -> None:
    closed = instance(user_grants={}, managers=())
    assert compared(closed, replace(closed, projects=by_id([Project("p", "v", "Portal", active=False)]))).same is True


def test_what_was_lost_has_the_roles_that_were_lost() -> None:
    off = instance().having("user_grants", UserGrant("1", "a", "ann", "p", ("admin",), False))
    (lost,) = compared(instance(), off).lost
    assert (lost.roles, lost.reasons[-1]) == (("viewer",), "project_role_check, and the user grant is deactivated")


def test_a_report_without_inactive_access_does_not_lack_it() -> None:
    """Its lists were not whole, but what is not in force would not be in it anyway."""
    off = replace(with_user(state=UserState.INACTIVE), unlisted={"user_grants": "hidden"})
    found = compared(off, off)
    assert (found.unknown, found.lost, found.same) == ((), (), None)


def test_what_was_removed_is_lost_and_what_was_made_is_gained() -> None:
    less = replace(instance().without("user_grants", ["2"]), managers=())
    lost = compared(instance(), less)
    assert ids(lost.lost) == ["bot", "dan"]
    assert [each.reasons for each in lost.lost] == [
        ("no user grant gives that any more",),
        ("no right as a manager gives that any more",),
    ]
    assert ids(compared(less, instance()).gained) == ["bot", "dan"]


def test_other_roles_are_a_change() -> None:
    more = instance().having("user_grants", UserGrant("1", "a", "ann", "p", ("admin", "viewer")))
    changed = compared(instance(), more)
    assert [(was.roles, now.roles) for was, now in changed.changed] == [(("viewer",), ("admin", "viewer"))]
    assert (changed.gained, changed.lost, changed.same) == ((), (), False)


def test_what_was_not_known_or_is_not_known_is_neither_gained_nor_lost() -> None:
    invited = with_user(state=UserState.INITIAL)
    for before, after, when in ((instance(), invited, "now"), (invited, instance(), "then")):
        found = compared(before, after)
        assert (found.gained, found.lost, found.changed, found.same) == ((), (), (), None)
        assert [(row.user_id, why) for row, why in found.unknown] == [
            ("ann", f"not known {when}: the user has not accepted the invitation")
        ]


def test_a_row_that_a_list_may_lack_is_not_known() -> None:
    part = replace(instance().without("user_grants", ["1"]), unlisted={"user_grants": "hidden"})
    for before, after in ((instance(), part), (part, instance())):
        found = compared(before, after)
        assert (found.gained, found.lost, found.same) == ((), (), None)
        assert ids(row for row, _ in found.unknown) == ["ann"]
    assert compared(part, part).same is None, "somebody who is in neither list may have gained access"


def test_access_is_known_where_only_the_managers_are_not() -> None:
    part = replace(instance(), managers=(), unlisted={"managers": "hidden"})
    found = compared(part.without("user_grants", ["1"]), part)
    assert (ids(found.gained), found.unknown) == (["ann"], ())


REPORT = Report(ADDRESS, WHEN, Filters(("Acme",), managers=True)).as_json()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a report of `zorg access --format json`"),
        ("[]", "is not a report"),
        ('{"schema": "zorg-drift/1"}', "is not a report"),
        ('{"schema": 7}', "is not a report"),
        (json.dumps({**REPORT, "schema": "zorg-access/2"}), "the format zorg-access/2, and this release of zorg reads"),
        ('{"schema": "zorg-access/1"}', "is not a whole report"),
        (json.dumps({**REPORT, "rows": [{"kind": "project"}]}), "is not a whole report"),
        (json.dumps({**REPORT, "rows": 7}), "is not a whole report"),
        (json.dumps({**REPORT, "instance": "https://other.example"}), "https://other.example, and this command reads"),
        (json.dumps({**REPORT, "filters": {}}), r"other options \(none\) than .+ \(--org Acme --managers\)"),
    ],
)
def test_a_file_that_is_no_such_report_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_earlier(text, "old.json", ADDRESS, Filters(("Acme",), managers=True))


def test_the_order_of_the_filters_means_nothing() -> None:
    report = Report(ADDRESS, WHEN, Filters(roles=("a", "b"))).as_json()
    assert read_earlier(json.dumps(report), "old.json", ADDRESS, Filters(roles=("b", "a", "a"))).rows == ()


# One user.


def said(found: Instance, user_id: str, projects: list[str] | None = None) -> list[str]:
    managed = [each for each in rows_of(found, EVERYTHING) if each.is_manager and each.user_id == user_id]
    return [each.text for each in explain(found, user_id, managed, projects)]


def test_somebody_who_gets_in_is_explained() -> None:
    assert said(instance(), "ann") == [
        "ann@acme.example (Ann Berg, ann) is a person of organization Acme. The user's state is active.",
        "Portal (of organization Vendor): gets in, with the role viewer.",
        "  User grant 1 of organization Acme gives viewer.",
        "To take all access from the user, deactivate the user. A deactivated user grant stops only what it gives.",
    ]


def test_somebody_who_does_not_get_in_learns_what_to_change() -> None:
    grant = UserGrant("1", "a", "ann", "p", ("viewer",), False)
    assert said(instance().having("user_grants", grant), "ann")[1:-1] == [
        "Portal (of organization Vendor): does not get in.",
        "  Because project_role_check, and the user grant is deactivated.",
        "  User grant 1 of organization Acme gives viewer. It is deactivated.",
        "  To change that: the user needs an active user grant, or project_role_check must be off, which lets all in who have none.",
        "  To change that: reactivate the user grant.",
    ]


def test_the_two_logins_are_explained_where_they_differ() -> None:
    off = by_id([Organization("v", "Vendor"), Organization("a", "Acme", active=False)])
    assert said(instance(organizations=off, login_v2=None), "ann")[:5] == [
        "ann@acme.example (Ann Berg, ann) is a person of organization Acme, which is deactivated. The user's state is active.",
        "Portal (of organization Vendor): gets in, with the role viewer.",
        "  The V2 login lets the user in.",
        "  The V1 login does not let the user in: the user's organization Acme is deactivated.",
        "  User grant 1 of organization Acme gives viewer.",
    ]


def test_what_is_not_shown_is_not_explained_as_removed() -> None:
    lines = said(instance(projects={}, unlisted={"projects": "hidden"}), "ann")
    assert "  Because the project is not shown: hidden." in lines
    assert "  To change that: use a credential with IAM_OWNER_VIEWER, which sees what is not shown here." in lines
    assert "  To change that: nothing brings the project back." in said(instance(projects={}), "ann")


def test_a_user_who_is_deactivated_is_not_to_be_deactivated() -> None:
    for state in (UserState.INACTIVE, UserState.LOCKED):
        assert not any(each.startswith("To take all access") for each in said(with_user(state=state), "ann"))


def test_projects_that_the_user_has_nothing_to_do_with_are_counted_unless_they_are_named() -> None:
    more = instance().having("projects", Project("q", "v", "Billing", role_check=True), Project("o", "v", "Open"))
    lines = said(more, "ann")
    assert "1 other project: no user grant, and no login." in lines
    assert "Open (of organization Vendor): gets in, without roles." in lines
    assert "  The user has no user grant: project_role_check of the project is off." in lines
    assert said(more, "ann", ["q"])[1:] == [
        "Billing (of organization Vendor): does not get in.",
        "  Because project_role_check, and the user has no user grant.",
        "  To change that: the user needs an active user grant, or project_role_check must be off, which lets all in who have none.",
    ]


def test_rights_as_a_manager_and_an_account_that_is_locked_are_explained() -> None:
    assert "Manager of project Portal: PROJECT_OWNER." in said(instance(), "dan")
    locked = instance().having("users", replace(instance().users["dan"], state=UserState.LOCKED))
    assert "Manager of project Portal: PROJECT_OWNER, but does not work: the user is locked." in said(locked, "dan")
    assert "Portal (of organization Vendor): gets tokens with the roles admin, viewer." in said(instance(), "bot")


def test_a_user_who_is_not_shown_is_said_to_be_unknown() -> None:
    lines = said(instance(users={}, unlisted={"users": "hidden"}), "ann")
    assert lines[0] == "User ann is not shown to this credential: hidden."
    assert "Portal (of organization Vendor): it is not known whether the user gets in." in lines
