"""The rules by which ZITADEL lets somebody in, measured on two servers (December 2025 and July 2026). Pure: no I/O.

Each rule is a row of the table in tests/emulator/test_access.py. A rule answers yes, no, or not known (None), with the reasons.
What is not known is never *no*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from pulumi_zorg.access.instance import Instance, Kind, Level, Manager, User, UserGrant, UserState


class Rule(Enum):
    """What stops an access. The value is the row in tests/emulator/test_access.py."""

    USER_NOT_ACTIVE = "user deactivated or locked"
    USER_INITIAL = "user has not accepted the invitation"
    USER_REMOVED = "user removed"
    USER_GRANT_NOT_ACTIVE = "user grant deactivated"
    PROJECT_NOT_ACTIVE = "project deactivated"
    PROJECT_REMOVED = "project removed"
    OWNER_NOT_ACTIVE = "organization that owns the project deactivated"
    OWN_ORGANIZATION_NOT_ACTIVE = "own organization deactivated"
    APPLICATION_NOT_ACTIVE = "application deactivated or removed"
    ROLE_CHECK = "project_role_check"
    PROJECT_CHECK = "has_project_check"
    OBJECT_REMOVED = "what the right is on was removed"


@dataclass(frozen=True)
class Reason:
    """Why something is stopped, or why it is not known whether it is.

    :param text: the reason, as a part of a sentence.
    """

    rule: Rule
    text: str


@dataclass(frozen=True)
class Answer:
    """Whether something works.

    :param works: None where it is not known.
    :param reasons: what stops it, or what is not known.
    """

    works: bool | None
    reasons: tuple[Reason, ...] = ()

    def __and__(self, other: Answer) -> Answer:
        """Return whether both work. One that does not decides, whatever is not known of the other."""
        return _all([self, other])

    def __or__(self, other: Answer) -> Answer:
        """Return whether one of them works."""
        for each in (self, other):
            if each.works:
                return each
        works = None if None in (self.works, other.works) else False
        return Answer(works, _unique((*self.reasons, *other.reasons)))


_YES = Answer(True)


@dataclass(frozen=True)
class Access:
    """What a user can do with a project.

    :param roles: the roles that new tokens, userinfo and introspection have, if the user gets them at all.
    :param unsure_roles: roles that they may have: of user grants whose state is not known.
    :param login_v2: whether the login to an application of the project succeeds on the V2 login pages; None for a service account.
    :param login_v1: the same on the V1 login pages.
    :param token: whether a service account gets a new token with the roles, and whether a person's refresh token works.
    :param introspection: whether the project's API learns of a token that it is valid.
    :param only_v2: whether no application uses the V1 login pages; None where that is not known.
    """

    user_id: str
    project_id: str
    roles: frozenset[str]
    unsure_roles: frozenset[str]
    login_v2: Answer | None
    login_v1: Answer | None
    token: Answer
    introspection: Answer
    only_v2: bool | None = False

    @property
    def gets_in(self) -> Answer:
        """Whether the user gets in at all: a person by a login, a service account by a token."""
        if self.login_v2 is None or self.login_v1 is None:
            return self.token
        if self.only_v2 or self.login_v2.works:
            return self.login_v2
        either = self.login_v2 | self.login_v1
        if self.only_v2 is None and either.works:
            return Answer(None, self.login_v2.reasons)  # whether the V1 login is used at all is not known
        return either

    @property
    def keeps_roles(self) -> bool:
        """Whether a person who cannot log in any more still gets the roles, by the refresh token of an earlier login.

        Row "has_project_check": it acts at the login and nowhere else. Whom ``project_role_check`` stops has no roles to keep.
        """
        is_person = self.login_v2 is not None
        return is_person and bool(self.roles) and self.gets_in.works is False and self.token.works is True


def access_to(instance: Instance, user_id: str, project_id: str) -> Access:
    """Return what a user can do with a project."""
    user = user_works(instance, user_id)
    project = project_open(instance, project_id)
    grants = instance.grants_of.get((user_id, project_id), ())
    found = instance.users.get(user_id)
    is_person = found is None or found.kind is not Kind.SERVICE_ACCOUNT
    login_v2 = login_v1 = None
    if is_person:
        both = [
            user,
            project,
            _application(instance, project_id, is_api=False),
            _role_check(instance, project_id, grants),
        ]
        login_v2 = _all([*both, _project_check(instance, user_id, project_id)])
        lenient = _project_check(instance, user_id, project_id, any_state=True)
        login_v1 = _all([*both, lenient, _own_organization(instance, found)])
    return Access(
        user_id,
        project_id,
        frozenset(role for each in grants if each.active for role in each.roles),
        frozenset(role for each in grants if each.active is None for role in each.roles),
        login_v2,
        login_v1,
        # A service account's tokens do not depend on the project: a token that is checked offline has its roles.
        _all([user, project, _application(instance, project_id, is_api=False)]) if is_person else user,
        _all([user, project, _application(instance, project_id, is_api=True)]),
        instance.login_v2,
    )


def in_force(instance: Instance, grant: UserGrant, access: Access | None = None) -> Answer:
    """Return whether the user has what a user grant gives.

    :param access: what the user can do with the project, where that is known already.
    """
    given = Answer(
        grant.active, () if grant.active else (_state(Rule.USER_GRANT_NOT_ACTIVE, "the user grant", grant.active),)
    )
    return given & (access or access_to(instance, grant.user_id, grant.project_id)).gets_in


def manages(instance: Instance, manager: Manager) -> Answer:
    """Return whether a manager's right works. Deactivating an organization, a project or a project grant does not stop it."""
    collection = {
        Level.ORGANIZATION: "organizations",
        Level.PROJECT: "projects",
        Level.PROJECT_GRANT: "project_grants",
    }.get(manager.level)
    exists = _YES
    if collection is not None:
        exists = _exists(instance, collection, manager.object_id, Rule.OBJECT_REMOVED, f"the {manager.level.value}")
    return user_works(instance, manager.user_id) & exists


def user_works(instance: Instance, user_id: str) -> Answer:
    """Return whether a user can do anything. Rows "user deactivated or locked", "user removed" and "own organization removed"."""
    user = instance.users.get(user_id)
    if user is None:
        return _exists(instance, "users", user_id, Rule.USER_REMOVED, "the user")
    match user.state:
        case UserState.ACTIVE:
            return _exists(instance, "organizations", user.org_id, Rule.USER_REMOVED, "the user's organization")
        case UserState.INITIAL:
            # Measured on a July server: the session API lets the user pass, and refuses a password, which cannot be set yet.
            # A login by an identity provider was not measured.
            return Answer(None, (Reason(Rule.USER_INITIAL, "the user has not accepted the invitation"),))
        case None:
            return Answer(None, (Reason(Rule.USER_NOT_ACTIVE, "the user's state is not known"),))
        case state:
            what = "deactivated" if state is UserState.INACTIVE else "locked"
            return Answer(False, (Reason(Rule.USER_NOT_ACTIVE, f"the user is {what}"),))


def project_open(instance: Instance, project_id: str) -> Answer:
    """Whether a project's applications accept anybody. Rows "project" and "organization that owns the project"."""
    project = instance.projects.get(project_id)
    if project is None:
        return _exists(instance, "projects", project_id, Rule.PROJECT_REMOVED, "the project")
    opened = _active(project.active, Rule.PROJECT_NOT_ACTIVE, "the project")
    owner = instance.organizations.get(project.org_id)
    if not project.org_id:
        return opened  # of a project that is in no list nothing is known
    if owner is None:
        return opened & _exists(instance, "organizations", project.org_id, Rule.PROJECT_REMOVED, "the project's owner")
    return opened & _active(owner.active, Rule.OWNER_NOT_ACTIVE, f"the project's owner{_named(owner.name)}")


def _application(instance: Instance, project_id: str, *, is_api: bool) -> Answer:
    """Whether a project has an active application: to log in to, or to introspect tokens with."""
    if instance.applications is None:
        return _YES
    states = {each.active for each in instance.applications_of.get((project_id, is_api), ())}
    if True in states:
        return _YES
    kind = "API application" if is_api else "application"
    if None in states:
        return Answer(None, (Reason(Rule.APPLICATION_NOT_ACTIVE, f"the state of the project's {kind} is not known"),))
    what = f"the project's {kind}s are deactivated" if states else f"the project has no {kind}"
    return Answer(False, (Reason(Rule.APPLICATION_NOT_ACTIVE, what),))


def _own_organization(instance: Instance, user: User | None) -> Answer:
    """Whether the V1 login pages accept users of an organization. Row "own organization deactivated"."""
    own = instance.organizations.get(user.org_id) if user is not None else None
    if own is None:
        return _YES  # what is not known of it, user_works has said
    return _active(own.active, Rule.OWN_ORGANIZATION_NOT_ACTIVE, f"the user's organization{_named(own.name)}")


def _role_check(instance: Instance, project_id: str, grants: Iterable[UserGrant]) -> Answer:
    """Whether ``project_role_check`` lets a person in: any active user grant will do, also one without roles."""
    project = instance.projects.get(project_id)
    if project is None or project.role_check is False:
        return _YES
    states = [each.active for each in grants]
    if True in states:
        return _YES
    why = instance.why_not_whole("user_grants", project_id)
    if None in states or why is not None:
        return Answer(None, (Reason(Rule.ROLE_CHECK, why or "the state of the user grant is not known"),))
    what = "the user grant is deactivated" if states else "the user has no user grant"
    return _checked(project.role_check, Rule.ROLE_CHECK, f"project_role_check, and {what}")


def _project_check(instance: Instance, user_id: str, project_id: str, *, any_state: bool = False) -> Answer:
    """Whether ``has_project_check`` lets a person in: the user's own organization must own the project or have a project grant.

    :param any_state: whether a deactivated project grant will do, as on the V1 login pages.
    """
    project, user = instance.projects.get(project_id), instance.users.get(user_id)
    if project is None or project.project_check is False:
        return _YES
    if user is None:
        return _YES  # user_works says what is not known
    if user.org_id == project.org_id:
        return _YES
    grants = instance.granted_to.get((project_id, user.org_id), ())
    if any(any_state or each.active for each in grants):
        return _YES
    if "project_grants" in instance.unlisted or any(each.active is None for each in grants):
        why = instance.unlisted.get("project_grants", "the state of the project grant is not known")
        return Answer(None, (Reason(Rule.PROJECT_CHECK, why),))
    own = instance.organizations.get(user.org_id)
    who = f"{own.name}'s" if own is not None and own.name else "the user's organization's"
    what = (
        f"{who} project grant is deactivated" if grants else f"{who.removesuffix(chr(39) + 's')} has no project grant"
    )
    return _checked(project.project_check, Rule.PROJECT_CHECK, f"has_project_check, and {what}")


def _checked(setting: bool | None, rule: Rule, text: str) -> Answer:
    """Return the answer of a check that would refuse: no where it is on, not known where its setting is not known."""
    if setting is None:
        return Answer(None, (Reason(rule, f"{rule.value} is not known"),))
    return Answer(False, (Reason(rule, text),))


def _exists(instance: Instance, collection: str, id: str, rule: Rule, what: str) -> Answer:
    """Whether an object exists: not known where its collection is not whole."""
    if id in getattr(instance, collection):
        return _YES
    if collection in instance.unlisted:
        return Answer(None, (Reason(rule, f"{what} is not shown: {instance.unlisted[collection]}"),))
    return Answer(False, (Reason(rule, f"{what} was removed"),))


def _active(active: bool | None, rule: Rule, what: str) -> Answer:
    return _YES if active else Answer(active, (_state(rule, what, active),))


def _state(rule: Rule, what: str, active: bool | None) -> Reason:
    return Reason(rule, f"{what} is deactivated" if active is False else f"the state of {what} is not known")


def _named(name: str) -> str:
    return f" {name}" if name else ""


def _all(answers: Iterable[Answer]) -> Answer:
    stopping = [each for each in answers if not each.works]
    if not stopping:
        return _YES
    refused = [each for each in stopping if each.works is False]
    reasons = _unique(reason for each in refused or stopping for reason in each.reasons)
    return Answer(False if refused else None, reasons)


def _unique(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))
