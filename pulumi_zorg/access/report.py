"""The report of ``zorg access``: who can get in, one row for each user, project and organization. Pure: no I/O.

docs/access.md explains the rows, and docs/schemas/access.json is their JSON schema.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import groupby
from typing import Any

from pulumi_zorg.access.instance import Instance, Level, Manager, Project, UserGrant
from pulumi_zorg.access.projects import ProjectRow, is_open, state_of
from pulumi_zorg.access.rules import Access, Answer, access_to, in_force, manages
from pulumi_zorg.access.selection import Filters, Selection

SCHEMA = "zorg-access/1"
KEEPS_ROLES = "people who are logged in already keep the roles, because their refresh tokens still get new tokens"

#: Who made the newest change of a user grant, by its id, and of a manager's right, by :func:`right_of`.
History = Mapping[object, str]


@dataclass(frozen=True)
class AccessGrant:
    """A user grant of a row.

    :ivar state: ``active`` or ``inactive``; None where it is not known.
    :ivar project_grant_id: of a grant that a project grant allows, the ids of its project and of its organization, like ``1:2``: the
        lists of ZITADEL do not show the id of a project grant. None where there is none.
    """

    user_grant_id: str
    roles: tuple[str, ...]
    state: str | None
    project_grant_id: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the user grant for programs."""
        return {**vars(self), "roles": list(self.roles)}


@dataclass(frozen=True)
class AccessRow:
    """What one user has: access to a project through one organization, or a right as a manager.

    Names are empty where the credential may not see the object.

    :ivar kind: ``project`` or ``manager``.
    :ivar user_kind: ``person`` or ``service account``; None where it is not known.
    :ivar user_state: ``active``, ``inactive``, ``locked`` or ``initial``; None where it is not known.
    :ivar user_org_id: the organization that the user lives in.
    :ivar org_id: the organization that gives the access, or that the right is on; None for a right on the instance.
    :ivar level: of a manager, what the right is on: ``instance``, ``organization``, ``project`` or ``project grant``.
    :ivar object_id: of a manager, the id of that; of a project grant as in :class:`AccessGrant`; None for the instance.
    :ivar project_id: None for a right that is not on a project.
    :ivar roles: the roles that the user grants give, or that the manager has.
    :ivar in_force: whether the user has them; None where that is not known.
    :ivar reasons: what stops it, or what is not known; of access in force, why one of the two logins refuses the person.
    :ivar login_v1: whether the login to the project's applications succeeds on the V1 login pages. None where it is not known, for service
        accounts, and for managers.
    :ivar login_v2: the same on the V2 login pages.
    :ivar grants: the user grants; none for a manager.
    :ivar since: the time of the newest change of the roles or the state, in ISO 8601; None where it is not known.
    :ivar by: who made it; None where that was not read.
    :ivar project_org_id: the organization that owns the project; None where there is no project.
    """

    kind: str
    user_id: str
    login_name: str
    display_name: str
    user_kind: str | None
    user_state: str | None
    user_org_id: str
    user_org_name: str
    org_id: str | None
    org_name: str | None
    level: str | None
    object_id: str | None
    object_name: str | None
    project_id: str | None
    project_name: str | None
    roles: tuple[str, ...]
    in_force: bool | None
    reasons: tuple[str, ...] = ()
    login_v1: bool | None = None
    login_v2: bool | None = None
    grants: tuple[AccessGrant, ...] = ()
    since: str | None = None
    by: str | None = None
    project_org_id: str | None = None
    project_org_name: str | None = None

    @property
    def is_manager(self) -> bool:
        """Whether it is a right as a manager."""
        return self.kind == "manager"

    @property
    def key(self) -> tuple[str | None, ...]:
        """What distinguishes the row: whose access it is, to what, and through which organization."""
        return (self.kind, self.user_id, self.org_id, self.level, self.object_id, self.project_id)

    @property
    def order(self) -> tuple[str, ...]:
        """What rows are sorted by: the person, then what the access is to."""
        names = f"{self.level or ''}\0{self.project_name or ''}\0{self.org_name or ''}\0{self.object_name or ''}"
        ids = self.project_id or "", self.org_id or "", self.object_id or ""
        return (self.login_name.casefold(), self.user_id, names.casefold(), *ids)

    def as_json(self) -> dict[str, Any]:
        """Return the row for programs."""
        lists = {"roles": list(self.roles), "reasons": list(self.reasons)}
        return {**vars(self), **lists, "grants": [each.as_json() for each in self.grants]}


@dataclass(frozen=True)
class Compared:
    """Who gained and who lost access since an earlier report.

    :param since: when that was read.
    :param changed: rows in force in both that differ, as they were and as they are.
    :param unknown: rows of which it is not known then or now whether they are in force, each with the reason.
    :param projects: projects whose login without a user grant differs, as they were and as they are; None where there was or is none.
    :param complete: whether the lists of both reports are whole.
    """

    since: str
    gained: tuple[AccessRow, ...] = ()
    lost: tuple[AccessRow, ...] = ()
    changed: tuple[tuple[AccessRow, AccessRow], ...] = ()
    unknown: tuple[tuple[AccessRow, str], ...] = ()
    projects: tuple[tuple[ProjectRow | None, ProjectRow | None], ...] = ()
    complete: bool = True

    @property
    def same(self) -> bool | None:
        """Whether nothing changed; None where that is not known."""
        if self.unknown or not self.complete or any(is_open(each) is None for pair in self.projects for each in pair):
            return None
        return not (self.gained or self.lost or self.changed or self.projects)

    def as_json(self) -> dict[str, Any]:
        """Return the comparison for programs."""
        return {
            "with": self.since,
            "gained": [each.as_json() for each in self.gained],
            "lost": [each.as_json() for each in self.lost],
            "changed": [{"before": was.as_json(), "after": now.as_json()} for was, now in self.changed],
            "unknown": [{"row": each.as_json(), "why": why} for each, why in self.unknown],
            "projects": [
                {"before": was and was.as_json(), "after": now and now.as_json()} for was, now in self.projects
            ],
        }


@dataclass(frozen=True)
class Report:
    """Who can get in.

    :param address: the address of the instance.
    :param unknown: why a list of the server is not whole, by its name, like ``users``.
    """

    address: str
    read_at: datetime
    filters: Filters
    projects: tuple[ProjectRow, ...] = ()
    rows: tuple[AccessRow, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    login_v2: bool | None = None
    compared: Compared | None = None

    @property
    def complete(self) -> bool:
        """Whether all is known."""
        return not self.unknown and all(each.in_force is not None for each in self.rows)

    @property
    def errors(self) -> tuple[str, ...]:
        """What is not known, as sentences."""
        lists = (f"not all {name.replace('_', ' ')} are known: {why}" for name, why in self.unknown.items())
        rows = sum(each.in_force is None for each in self.rows)
        return (
            *lists,
            *((f"{rows} of {len(self.rows)} rows: it is not known whether they are in force",) if rows else ()),
        )

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Return the names and values of the JSON, with iterators in place of the long lists."""
        yield "schema", SCHEMA
        yield "instance", self.address
        yield "read_at", timestamp(self.read_at)
        yield "complete", self.complete
        yield "unknown", dict(self.unknown)
        yield "login_v2_required", self.login_v2
        yield "filters", self.filters.as_json()
        yield "projects", (each.as_json() for each in self.projects)
        yield "rows", (each.as_json() for each in self.rows)
        yield "compared", None if self.compared is None else self.compared.as_json()

    def as_json(self) -> dict[str, Any]:
        """Return the output of `zorg access --format json`. docs/schemas/access.json is its JSON schema."""
        return {name: list(value) if isinstance(value, Iterator) else value for name, value in self.parts()}


def rows_of(instance: Instance, selection: Selection, history: History | None = None) -> tuple[AccessRow, ...]:
    """Return the rows of what is selected, sorted by person; also those that are not in force.

    :param history: who made the changes, where that was read.
    """
    found = [
        *_project_rows(instance, selection, history or {}),
        *(
            _manager_row(instance, each, history or {})
            for each in instance.managers
            if selection.managers and selection.has_manager(instance, each)
        ),
    ]
    return tuple(sorted(found, key=lambda each: each.order))


def right_of(manager: Manager) -> tuple[str, ...]:
    """Return what distinguishes a manager's right."""
    return (manager.level.value, manager.object_id, manager.user_id)


def timestamp(moment: datetime | None) -> str | None:
    """Return a time in UTC, in ISO 8601 with Z."""
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") if moment else None


def _project_rows(instance: Instance, selection: Selection, history: History) -> Iterator[AccessRow]:
    for (user_id, project_id), grants in instance.grants_of.items():
        selected = sorted(
            (each for each in grants if selection.has_grant(instance, each)), key=lambda each: each.org_id
        )
        if selected:
            access = access_to(instance, user_id, project_id)
            for org_id, several in groupby(selected, key=lambda each: each.org_id):
                yield _project_access(instance, access, org_id, tuple(several), history)


def _project_access(
    instance: Instance, access: Access, org_id: str, grants: tuple[UserGrant, ...], history: History
) -> AccessRow:
    counted = [each for each in grants if each.active is not False] or grants
    answers = [in_force(instance, each, access) for each in counted]
    # A role of a grant whose state is not known is a role of the row. So the row is in force only where all of them are known to be.
    answer = next((each for each in answers if each.works is not True), answers[0])
    project = instance.projects.get(access.project_id)
    newest = max(grants, key=_changed)
    return AccessRow(
        "project",
        **_user(instance, access.user_id),
        org_id=org_id,
        org_name=_organization(instance, org_id),
        level=None,
        object_id=None,
        object_name=None,
        project_id=access.project_id,
        project_name="" if project is None else project.name,
        **_owner(instance, project),
        roles=tuple(sorted({role for each in counted for role in each.roles})),
        in_force=answer.works,
        reasons=_refusals(access) if answer.works else (*_texts(answer), *_kept(access, counted)),
        login_v1=None if access.login_v1 is None else access.login_v1.works,
        login_v2=None if access.login_v2 is None else access.login_v2.works,
        grants=tuple(
            AccessGrant(each.id, tuple(sorted(each.roles)), state_of(each.active), each.project_grant_id)
            for each in sorted(grants, key=lambda each: each.id)
        ),
        since=timestamp(newest.changed),
        by=history.get(newest.id),
    )


def _kept(access: Access, grants: Collection[UserGrant]) -> tuple[str, ...]:
    """Return that a refused login does not end what an earlier one gave, where that is so."""
    return (KEEPS_ROLES,) if access.keeps_roles and any(each.active and each.roles for each in grants) else ()


def _refusals(access: Access) -> tuple[str, ...]:
    """Return why one login refuses a person whom the other one lets in."""
    logins = {"V2": access.login_v2, "V1": None if access.only_v2 else access.login_v1}
    return tuple(
        f"the {name} login: {text}"
        for name, login in logins.items()
        if login and not login.works
        for text in _texts(login)
    )


def _manager_row(instance: Instance, manager: Manager, history: History) -> AccessRow:
    answer = manages(instance, manager)
    grant = instance.project_grants.get(manager.object_id) if manager.level is Level.PROJECT_GRANT else None
    project_id = manager.object_id if manager.level is Level.PROJECT else None
    granted_to = ""
    if manager.level is Level.PROJECT_GRANT:
        project_id, _, granted_to = manager.object_id.partition(":")
        project_id = grant.project_id if grant else project_id
    project = instance.projects.get(project_id) if project_id else None
    org_id = manager.org_id or None
    org_name = None if org_id is None else _organization(instance, org_id)
    name = {Level.ORGANIZATION: org_name or "", Level.PROJECT: project.name if project else ""}.get(manager.level)
    return AccessRow(
        "manager",
        **_user(instance, manager.user_id),
        org_id=org_id,
        org_name=org_name,
        level=manager.level.value,
        object_id=manager.object_id or None,
        object_name=_organization(instance, granted_to) if granted_to else name,
        project_id=project_id,
        project_name=project.name if project else None if project_id is None else "",
        **(_owner(instance, project) if project_id else {}),
        roles=tuple(sorted(manager.roles)),
        in_force=answer.works,
        reasons=_texts(answer),
        since=timestamp(manager.changed),
        by=history.get(right_of(manager)),
    )


def _user(instance: Instance, user_id: str) -> dict[str, Any]:
    user = instance.users.get(user_id)
    if user is None:
        known = dict.fromkeys(("login_name", "display_name", "user_org_id", "user_org_name"), "")
        return {"user_id": user_id, "user_kind": None, "user_state": None, **known}
    return {
        "user_id": user_id,
        "login_name": user.login,
        "display_name": user.name,
        "user_kind": user.kind and user.kind.value,
        "user_state": user.state and user.state.value,
        "user_org_id": user.org_id,
        "user_org_name": _organization(instance, user.org_id),
    }


def _owner(instance: Instance, project: Project | None) -> dict[str, Any]:
    """Return the organization that owns a project; empty where that is not known."""
    org_id = "" if project is None else project.org_id
    return {"project_org_id": org_id, "project_org_name": _organization(instance, org_id)}


def _organization(instance: Instance, org_id: str) -> str:
    found = instance.organizations.get(org_id)
    return "" if found is None else found.name


def _texts(answer: Answer) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.text for each in answer.reasons))


def _changed(grant: UserGrant) -> datetime:
    return grant.changed or datetime.min.replace(tzinfo=timezone.utc)
