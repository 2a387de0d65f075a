"""Why one user gets in to projects, or does not, in sentences. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from pulumi_zorg.access.instance import Instance, Project, UserGrant, UserState
from pulumi_zorg.access.report import KEEPS_ROLES, AccessRow
from pulumi_zorg.access.rules import Access, Answer, Rule, access_to

#: What has to be changed where a rule stops somebody, as a sentence without its full stop.
_CHANGE = {
    Rule.USER_NOT_ACTIVE: "reactivate or unlock the user",
    Rule.USER_INITIAL: "the user accepts the invitation, by setting a password",
    Rule.USER_REMOVED: "nothing brings the user back: create another one, with new user grants",
    Rule.USER_GRANT_NOT_ACTIVE: "reactivate the user grant",
    Rule.PROJECT_NOT_ACTIVE: "reactivate the project",
    Rule.PROJECT_REMOVED: "nothing brings the project back",
    Rule.OWNER_NOT_ACTIVE: "reactivate the organization that owns the project",
    Rule.OWN_ORGANIZATION_NOT_ACTIVE: "reactivate the user's organization, or use the V2 login",
    Rule.APPLICATION_NOT_ACTIVE: "reactivate an application of the project",
    Rule.ROLE_CHECK: "the user needs an active user grant, or project_role_check must be off, which lets all in who have none",
    Rule.PROJECT_CHECK: "the user's organization needs an active project grant, or has_project_check must be off",
    Rule.OBJECT_REMOVED: "nothing brings it back",
}
#: Where it is not known whether something was removed, because the credential does not see it.
_REMOVED = (Rule.USER_REMOVED, Rule.PROJECT_REMOVED, Rule.OBJECT_REMOVED)
_NOT_SHOWN = "use a credential with IAM_OWNER_VIEWER, which sees what is not shown here"


@dataclass(frozen=True)
class Said:
    """A sentence about one user. What explains another sentence comes after it, and begins with two spaces.

    :param works: whether it is about access that works; None where that is not known, or where it is about no access.
    :param is_answer: whether it says what the user can do with a project or as a manager.
    """

    text: str
    works: bool | None = None
    is_answer: bool = False


def explain(
    instance: Instance, user_id: str, managed: Iterable[AccessRow], projects: Collection[str] | None = None
) -> Iterator[Said]:
    """Return what one user can do, project by project and as a manager, and why.

    :param managed: the user's rights as a manager.
    :param projects: the ids of the only projects that it is about. Without it, those are left out that the user cannot log in to and has
        no user grant for; a sentence counts them.
    """
    yield Said(_who(instance, user_id))
    others = 0
    for project in sorted(_projects(instance, user_id, projects), key=lambda each: (each.name.casefold(), each.id)):
        grants = instance.grants_of.get((user_id, project.id), ())
        access = access_to(instance, user_id, project.id)
        # Without a user grant, a service account has tokens, but nothing in them that is about the project.
        no_access = access.gets_in.works is False or access.login_v2 is None
        if projects is None and not grants and no_access:
            others += 1
            continue
        yield from _of_project(instance, project, access, grants)
    if others:
        hidden = instance.unlisted.get("user_grants")
        none = f"no user grant that is shown, and no login without one. Not all are shown: {hidden}"
        said = none if hidden else "no user grant, and no login"
        yield Said(f"{others} other project{'s' if others > 1 else ''}: {said}.", None if hidden else False)
    for row in managed:
        yield Said(_of_manager(row), row.in_force, True)
    user = instance.users.get(user_id)
    if projects is None and user is not None and user.state not in (UserState.INACTIVE, UserState.LOCKED):
        yield Said(
            "To take all access from the user, deactivate the user. A deactivated user grant stops only what it gives."
        )


def _projects(instance: Instance, user_id: str, projects: Collection[str] | None) -> Iterator[Project]:
    known = {**instance.projects}
    # Of projects that the credential may not see, only the user grants are known.
    for of, project_id in instance.grants_of:
        if of == user_id and project_id not in known:
            known[project_id] = Project(project_id, "")
    yield from (each for each in known.values() if projects is None or each.id in projects)


def _who(instance: Instance, user_id: str) -> str:
    user = instance.users.get(user_id)
    if user is None:
        return (
            f"User {user_id} is not shown to this credential: {instance.unlisted.get('users', 'the user was removed')}."
        )
    kind = "a user" if user.kind is None else f"a {user.kind.value}"
    own = instance.organizations.get(user.org_id)
    state = "not known" if user.state is None else user.state.value
    off = ", which is deactivated" if own is not None and own.active is False else ""
    name = f"{user.name}, " if user.name else ""
    return f"{user.login} ({name}{user.id}) is {kind} of {_place(instance, user.org_id)}{off}. The user's state is {state}."


def _of_project(instance: Instance, project: Project, access: Access, grants: Iterable[UserGrant]) -> Iterator[Said]:
    gets_in = access.gets_in
    name = f"{project.name or project.id} (of {_place(instance, project.org_id)})"
    named = f"role{'s' if len(access.roles) > 1 else ''} {', '.join(sorted(access.roles))}"
    hidden = instance.unlisted.get("user_grants")
    roles = f"with the {named}" if access.roles else f"without roles{' that are known' if hidden else ''}"
    if access.login_v2 is None:
        verdict = {True: f"gets tokens {roles}", False: "gets no token", None: "it is not known whether it gets tokens"}
    else:
        verdict = {
            True: f"gets in, {roles}",
            False: "does not get in",
            None: "it is not known whether the user gets in",
        }
    yield Said(f"{name}: {verdict[gets_in.works]}.", gets_in.works, True)
    for text in dict.fromkeys(each.text for each in gets_in.reasons if gets_in.works is not True):
        yield Said(f"  Because {text}.")
    if access.keeps_roles:
        yield Said(f"  But {KEEPS_ROLES}.")
    logins = {"V2": access.login_v2, "V1": None if access.only_v2 else access.login_v1}
    if len({each.works for each in logins.values() if each is not None}) > 1:
        yield from (_login(version, login) for version, login in logins.items() if login is not None)
    found = False
    for each in grants:
        found = True
        given = ", ".join(sorted(each.roles)) or "no roles"
        state = {True: "", False: " It is deactivated.", None: " Its state is not known."}[each.active]
        yield Said(f"  User grant {each.id} of {_place(instance, each.org_id)} gives {given}.{state}")
    if not found and not hidden and gets_in.works and access.login_v2 is not None:
        yield Said("  The user has no user grant: project_role_check of the project is off.")
    if hidden and gets_in.works is not False:
        yield Said(f"  The user may have other user grants: {hidden}.")
    if access.unsure_roles:
        yield Said(f"  It is not known whether the user has {', '.join(sorted(access.unsure_roles))}.")
    inactive = [each for each in grants if each.active is False]
    changes = _changes([gets_in, *(each for each in logins.values() if each is not None)], bool(inactive))
    yield from (Said(f"  To change that: {change}.") for change in changes)


def _login(version: str, login: Answer) -> Said:
    if login.works:
        return Said(f"  The {version} login lets the user in.")
    why = ", and ".join(dict.fromkeys(each.text for each in login.reasons))
    verb = "does not let the user in" if login.works is False else "may not let the user in"
    return Said(f"  The {version} login {verb}: {why}.")


def _changes(answers: Iterable[Answer], inactive_grants: bool) -> Iterable[str]:
    found = [
        _NOT_SHOWN if each.works is None and reason.rule in _REMOVED else _CHANGE[reason.rule]
        for each in answers
        if each.works is not True
        for reason in each.reasons
    ]
    return dict.fromkeys([*found, *([_CHANGE[Rule.USER_GRANT_NOT_ACTIVE]] if inactive_grants else [])])


def _of_manager(row: AccessRow) -> str:
    on = "the instance" if row.org_id is None else f"{row.level} {row.object_name or row.object_id}"
    if row.level == "project grant":
        on = f"the project grant of {row.project_name or row.project_id} to {row.object_name or row.object_id}"
    roles = ", ".join(row.roles)
    if row.in_force:
        return f"Manager of {on}: {roles}."
    stopped = "does not work" if row.in_force is False else "it is not known whether it works"
    return f"Manager of {on}: {roles}, but {stopped}: {'; '.join(row.reasons)}."


def _place(instance: Instance, org_id: str) -> str:
    found = instance.organizations.get(org_id)
    return f"organization {found.name if found is not None and found.name else org_id or 'that is not known'}"
