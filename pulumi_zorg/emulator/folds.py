"""What each kind of event does to the rows."""

from __future__ import annotations

from collections.abc import Callable

from .store import Event, moment
from .tables import (
    FOLDS,
    Fold,
    KeyRow,
    MemberRow,
    MetadataRow,
    OrgRow,
    PatRow,
    ProjectGrantRow,
    ProjectRow,
    RoleRow,
    Row,
    Table,
    Tables,
    UserGrantRow,
    UserRow,
)


def _on(*types: str, tables: str) -> Callable[[Fold], Fold]:
    def register(fold: Fold) -> Fold:
        for event_type in types:
            FOLDS[event_type].append((tuple(tables.split()), fold))
        return fold

    return register


def _touch(row: Row | None, event: Event) -> None:
    if row is not None:
        row.changed = event.created_at
        row.sequence = event.sequence


# Organizations.


@_on("org.added", tables="orgs")
def _org_added(tables: Tables, event: Event) -> None:
    row = OrgRow(
        event.aggregate_id, event.resource_owner, event.created_at, event.created_at, event.sequence, event.get("name")
    )
    tables.orgs.put(row.id, row)


@_on("org.changed", "org.deactivated", "org.reactivated", "org.domain.primary.set", tables="orgs")
def _org_changed(tables: Tables, event: Event) -> None:
    row = tables.orgs.get(event.aggregate_id)
    if row is None:
        return
    _touch(row, event)
    if event.type == "org.changed":
        row.name = event.get("name")
    elif event.type == "org.domain.primary.set":
        row.domain = event.get("domain")
    else:
        row.state = "INACTIVE" if event.type == "org.deactivated" else "ACTIVE"
    tables.orgs.move(row.id)


@_on("org.domain.added", "org.domain.verified", "org.domain.removed", tables="")
def _org_domain(tables: Tables, event: Event) -> None:
    row = tables.orgs.get(event.aggregate_id)
    if row is None:
        return
    if event.type == "org.domain.removed":
        row.domains.pop(event.get("domain"), None)
    else:
        row.domains[event.get("domain")] = event.type == "org.domain.verified"


@_on(
    "org.removed",
    tables="orgs users projects roles project_grants user_grants members metadata org_metadata keys pats",
)
def _org_removed(tables: Tables, event: Event) -> None:
    org = event.aggregate_id
    tables.orgs.drop(org)
    for user in tables.users.by("owner", org):
        tables.drop_user(user.id)
    tables.projects.drop_by("owner", org)
    tables.roles.drop_by("owner", org)
    tables.project_grants.drop_by("owner", org)
    tables.project_grants.drop_by("granted_org_id", org)
    for index in ("owner", "user_owner", "project_owner", "granted_org"):
        tables.user_grants.drop_by(index, org)
    for index in ("owner", "user_owner", "granted_org"):
        tables.members.drop_by(index, org)
    tables.metadata.drop_by("owner", org)
    tables.org_metadata.drop_by("id", org)
    tables.keys.drop_by("owner", org)
    tables.pats.drop_by("owner", org)


# Users.


@_on("user.human.added", "user.machine.added", tables="users")
def _user_added(tables: Tables, event: Event) -> None:
    human = event.type == "user.human.added"
    row = UserRow(
        event.aggregate_id,
        event.resource_owner,
        event.created_at,
        event.created_at,
        event.sequence,
        event.get("userName"),
        human,
    )
    if human:
        names = ("firstName", "lastName", "nickName", "displayName", "preferredLanguage", "gender", "email")
        row.profile = {name: event.get(name, "") for name in names}
        row.profile["gender"] = max(0, row.profile["gender"] or 0)
        row.change_required = bool(event.get("changeRequired", False))
        row.password = event.get("encodedHash", "")
        row.password_changed = event.created_at if row.password else 0
    else:
        row.name = event.get("name", "")
        row.description = event.get("description", "")
        row.token_type = event.get("accessTokenType", 0)
    tables.add_user(row)


_USER_STATES = {
    "user.deactivated": "INACTIVE",
    "user.reactivated": "ACTIVE",
    "user.locked": "LOCKED",
    "user.unlocked": "ACTIVE",
}


@_on(*_USER_STATES, tables="users")
def _user_state(tables: Tables, event: Event) -> None:
    row = tables.users.get(event.aggregate_id)
    if row is not None:
        _touch(row, event)
        row.state = _USER_STATES[event.type]


@_on("user.human.initialization.code.added", tables="users")
def _user_initial(tables: Tables, event: Event) -> None:
    row = tables.users.get(event.aggregate_id)
    if row is not None:
        row.state = "INITIAL"


@_on(
    "user.human.email.verified",
    "user.username.changed",
    "user.machine.secret.set",
    "user.machine.secret.removed",
    tables="users",
)
def _user_changed(tables: Tables, event: Event) -> None:
    row = tables.users.get(event.aggregate_id)
    if row is None:
        return
    _touch(row, event)
    if event.type == "user.human.email.verified":
        row.profile["emailVerified"] = True
    elif event.type == "user.username.changed":
        tables.rename_user(row, event.get("userName"))
    else:
        row.secret = event.get("hashedSecret", "")


@_on("user.removed", tables="users user_grants members metadata keys pats")
def _user_removed(tables: Tables, event: Event) -> None:
    user = event.aggregate_id
    tables.drop_user(user)
    tables.user_grants.drop_by("user_id", user)
    tables.members.drop_by("user_id", user)
    tables.metadata.drop_by("id", user)
    tables.keys.drop_by("user_id", user)
    tables.pats.drop_by("user_id", user)


@_on("user.deactivated", "user.locked", tables="pats")
def _pats_die(tables: Tables, event: Event) -> None:
    # Reactivating the user does not bring them back.
    for row in tables.pats.by("user_id", event.aggregate_id):
        row.dead = True


@_on("user.pat.added", tables="pats")
def _pat_added(tables: Tables, event: Event) -> None:
    at = event.created_at
    row = PatRow(
        event.get("tokenId"),
        event.resource_owner,
        at,
        at,
        event.sequence,
        event.aggregate_id,
        event.get("scopes", []),
        moment(event.get("expiration")),
    )
    tables.pats.put(row.id, row)


@_on("user.pat.removed", tables="pats")
def _pat_removed(tables: Tables, event: Event) -> None:
    tables.pats.drop(event.get("tokenId"))


@_on("user.machine.key.added", tables="keys")
def _key_added(tables: Tables, event: Event) -> None:
    at = event.created_at
    row = KeyRow(
        event.get("keyId"),
        event.resource_owner,
        at,
        at,
        event.sequence,
        event.aggregate_id,
        event.get("publicKey"),
        moment(event.get("expirationDate")),
    )
    tables.keys.put(row.id, row)


@_on("user.machine.key.removed", tables="keys")
def _key_removed(tables: Tables, event: Event) -> None:
    tables.keys.drop(event.get("keyId"))


@_on("user.metadata.set", tables="metadata")
def _metadata_set(tables: Tables, event: Event) -> None:
    _set_metadata(tables.metadata, event)


@_on("org.metadata.set", tables="org_metadata")
def _org_metadata_set(tables: Tables, event: Event) -> None:
    _set_metadata(tables.org_metadata, event)


def _set_metadata(table: Table[MetadataRow], event: Event) -> None:
    key = (event.aggregate_id, event.get("key"))
    row = table.get(key)
    if row is not None:
        _touch(row, event)
        row.value = event.get("value")
        return
    at = event.created_at
    row = MetadataRow(key[0], event.resource_owner, at, at, event.sequence, key[1], event.get("value"))
    table.put(key, row)


@_on("user.metadata.removed", tables="metadata")
def _metadata_removed(tables: Tables, event: Event) -> None:
    tables.metadata.drop((event.aggregate_id, event.get("key")))


@_on("org.metadata.removed", tables="org_metadata")
def _org_metadata_removed(tables: Tables, event: Event) -> None:
    tables.org_metadata.drop((event.aggregate_id, event.get("key")))


# Projects, roles, project grants.


@_on("project.added", tables="projects")
def _project_added(tables: Tables, event: Event) -> None:
    payload = dict(event.payload or {})
    at = event.created_at
    row = ProjectRow(event.aggregate_id, event.resource_owner, at, at, event.sequence, payload.pop("name"), payload)
    tables.owner_of[row.id] = row.owner
    tables.projects.put(row.id, row)


@_on("project.changed", "project.deactivated", "project.reactivated", tables="projects")
def _project_changed(tables: Tables, event: Event) -> None:
    row = tables.projects.get(event.aggregate_id)
    if row is None:
        return
    _touch(row, event)
    if event.type == "project.changed":
        payload = dict(event.payload or {})
        row.name = payload.pop("name", row.name)
        row.flags.update(payload)
    else:
        row.state = "INACTIVE" if event.type == "project.deactivated" else "ACTIVE"


@_on("project.removed", tables="projects roles project_grants user_grants members")
def _project_removed(tables: Tables, event: Event) -> None:
    project = event.aggregate_id
    tables.projects.drop(project)
    tables.roles.drop_by("id", project)
    tables.project_grants.drop_by("project_id", project)
    tables.user_grants.drop_by("project_id", project)
    tables.members.drop_by("project_id", project)


@_on("project.role.added", tables="roles")
def _role_added(tables: Tables, event: Event) -> None:
    at = event.created_at
    row = RoleRow(
        event.aggregate_id,
        event.resource_owner,
        at,
        at,
        event.sequence,
        event.get("key"),
        event.get("displayName", ""),
        event.get("group", ""),
    )
    tables.roles.put((row.id, row.key), row)


@_on("project.role.changed", tables="roles")
def _role_changed(tables: Tables, event: Event) -> None:
    row = tables.roles.get((event.aggregate_id, event.get("key")))
    if row is not None:
        _touch(row, event)
        row.display_name = event.get("displayName", row.display_name)
        row.group = event.get("group", row.group)
        tables.roles.move((row.id, row.key))


@_on("project.role.removed", tables="roles user_grants")
def _role_removed(tables: Tables, event: Event) -> None:
    key = event.get("key")
    tables.roles.drop((event.aggregate_id, key))
    for row in tables.user_grants.by("project_id", event.aggregate_id):
        row.role_keys = [role for role in row.role_keys if role != key]


@_on("project.grant.added", tables="project_grants")
def _project_grant_added(tables: Tables, event: Event) -> None:
    at = event.created_at
    row = ProjectGrantRow(
        event.get("grantId"),
        event.resource_owner,
        at,
        at,
        event.sequence,
        event.aggregate_id,
        event.get("grantedOrgId"),
        event.get("roleKeys", []),
    )
    tables.granted_org_of[row.project_id, row.id] = row.granted_org_id
    tables.project_grants.put(row.id, row)


@_on("project.grant.changed", "project.grant.cascade.changed", tables="project_grants user_grants")
def _project_grant_changed(tables: Tables, event: Event) -> None:
    roles = event.get("roleKeys", [])
    row = tables.project_grants.get(event.get("grantId"))
    if row is not None:
        _touch(row, event)
        row.role_keys = roles
    for grant in tables.user_grants.by("grant_id", event.get("grantId")):
        # An intersection of sets, as the database makes it: doubles vanish.
        grant.role_keys = list(dict.fromkeys(role for role in grant.role_keys if role in roles))


@_on("project.grant.deactivated", "project.grant.reactivated", tables="project_grants")
def _project_grant_state(tables: Tables, event: Event) -> None:
    row = tables.project_grants.get(event.get("grantId"))
    if row is not None:
        _touch(row, event)
        row.state = "INACTIVE" if event.type == "project.grant.deactivated" else "ACTIVE"


@_on("project.grant.removed", tables="project_grants user_grants members")
def _project_grant_removed(tables: Tables, event: Event) -> None:
    grant = event.get("grantId")
    tables.project_grants.drop(grant)
    tables.user_grants.drop_by("grant_id", grant)
    for row in tables.members.by("object_id", grant):
        tables.members.drop((row.kind, row.object_id, row.user_id))


# User grants.


@_on("user.grant.added", tables="user_grants")
def _user_grant_added(tables: Tables, event: Event) -> None:
    at = event.created_at
    user, project, grant = event.get("userId"), event.get("projectId"), event.get("grantId", "")
    granted_org = tables.granted_org_of.get((project, grant), "")
    if grant and not granted_org:
        # The real projection fails on such a grant, and after some tries leaves it out for good: no read finds it.
        return
    row = UserGrantRow(
        event.aggregate_id,
        event.resource_owner,
        at,
        at,
        event.sequence,
        user,
        tables.owner_of.get(user, ""),
        project,
        tables.owner_of.get(project, ""),
        grant,
        granted_org,
        event.get("roleKeys", []),
    )
    tables.user_grants.put(row.id, row)


@_on(
    "user.grant.changed",
    "user.grant.cascade.changed",
    "user.grant.deactivated",
    "user.grant.reactivated",
    tables="user_grants",
)
def _user_grant_changed(tables: Tables, event: Event) -> None:
    row = tables.user_grants.get(event.aggregate_id)
    if row is None:
        return
    _touch(row, event)
    if event.type.endswith("changed"):
        row.role_keys = event.get("roleKeys") or []
    else:
        row.state = "INACTIVE" if event.type == "user.grant.deactivated" else "ACTIVE"


@_on("user.grant.removed", "user.grant.cascade.removed", tables="user_grants")
def _user_grant_removed(tables: Tables, event: Event) -> None:
    tables.user_grants.drop(event.aggregate_id)


# Members.

_KINDS = {"org": "org", "instance": "iam", "project": "project", "project.grant": "project_grant"}


def _member_key(event: Event) -> tuple[str, str, str]:
    kind = _KINDS[event.type.split(".member.")[0]]
    return kind, event.get("grantId") if kind == "project_grant" else event.aggregate_id, event.get("userId")


@_on(*(f"{kind}.member.added" for kind in _KINDS), tables="members")
def _member_added(tables: Tables, event: Event) -> None:
    key = _member_key(event)
    kind, object_id, user = key
    at = event.created_at
    row = MemberRow(
        object_id,
        event.resource_owner,
        at,
        at,
        event.sequence,
        kind,
        object_id,
        user,
        tables.owner_of.get(user, ""),
        event.get("roles", []),
        event.aggregate_id if kind.startswith("project") else "",
        tables.granted_org_of.get((event.aggregate_id, object_id), ""),
    )
    tables.members.put(key, row)


@_on(*(f"{kind}.member.changed" for kind in _KINDS), tables="members")
def _member_changed(tables: Tables, event: Event) -> None:
    row = tables.members.get(_member_key(event))
    if row is not None:
        _touch(row, event)
        row.roles = event.get("roles", [])


@_on(*(f"{kind}.member{how}.removed" for kind in _KINDS for how in ("", ".cascade")), tables="members")
def _member_removed(tables: Tables, event: Event) -> None:
    tables.members.drop(_member_key(event))
