"""The roles of a project in what gives them: whether they can be given, and whether those that the project lost are gone.

The server does not always refuse a role that was removed from the project. A role is refused here only if it is certainly missing: a
caller without the permission to read the event store gets no answer about a project.

A project or a project grant that loses roles takes them from the user grants. Servers before ZITADEL 4.16.0 can leave some of the
roles with the users (GHSA-v859-c572-qh5p), and every server can miss a project grant that was made a moment before. So what was
promised is read, and brought about where it is not so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg import errors
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.operations import Implementation, Proves
from pulumi_zorg.api.retry import poll
from pulumi_zorg.api.roles import (
    AUTHORIZATIONS,
    GrantedRoles,
    ProjectRoles,
)
from pulumi_zorg.errors import ApiError, NotFound, clean
from pulumi_zorg.resource_types.holders import PROJECT_GRANT, USER_GRANT, USER_GRANTS, Holder, project_grants
from pulumi_zorg.resource_types.impact import count_text
from pulumi_zorg.resource_types.inputs import RoleUse

#: So many roles are listed in a sentence.
_LISTED = 20
#: Seconds within which a list shows a change.
_SHOWN_WITHIN = 5.0
#: So many user grants an error names.
_NAMED = 20
#: So many organizations are searched on a server without a list over all of them.
_MOST_SEARCHED = 20


def why_refused(client: Client, use: RoleUse) -> str | None:
    """Return why the roles cannot be given, as a sentence; None where they can, or where that is not known.

    What this process has read before is read again before anything is refused: this run may have added the role since.
    """
    if lacking(client.roles.known(use.project_id), use) is not None:
        return lacking(client.roles.read(use.project_id), use)
    if client.roles.known(use.project_id) is None and use.project_grant_id is not None:
        granted = client.roles.granted(use.org_id, use.project_id, use.project_grant_id)
        return None if granted is None else _lacking_in_grant("the project", granted, use.keys)
    return None


def lacking(
    known: ProjectRoles | None, use: RoleUse, offered: Mapping[tuple[str, str], Collection[str]] | None = None
) -> str | None:
    """Return which of the roles the project, or its project grant, does not have, as a sentence; None for none.

    :param known: the roles of the project; None where they are not known.
    :param offered: the roles that the program gives to projects and project grants, by the property that has their id
        (``project_id``, ``project_grant_id``), and the id.
    """
    if known is None:
        return None
    offered = offered or {}
    has = {*known.keys, *offered.get(("project_id", use.project_id), ())}
    missing = [key for key in use.keys if key not in has]
    if missing:
        return has_not(known.name or "the project", missing, has)
    if not use.by_grant:
        return None
    # Of thousands of project grants, the one that is named is not searched.
    grant_id = use.project_grant_id
    if grant_id is None and use.org_id != known.org_id:
        grant_id = next((key for key, each in known.grants.items() if each.granted_org_id == use.org_id), None)
    granted = None if grant_id is None else known.grants.get(grant_id)
    if grant_id is None or granted is None:
        return None
    then = GrantedRoles(granted.granted_org_id, (*granted.keys, *offered.get(("project_grant_id", grant_id), ())))
    return _lacking_in_grant(known.name or "the project", then, use.keys)


def has_not(title: str, missing: Collection[str], has: Collection[str]) -> str:
    """Return the sentence that something does not have roles, and which ones it has, without the full stop."""
    word = "role" if len(missing) == 1 else "roles"
    listed = sorted(has)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    shown = ", ".join(map(clean, listed[:_LISTED])) or "none"
    return (
        f"{clean(title)} has no {word} {', '.join(repr(clean(each)) for each in sorted(missing))}; it has {shown}{more}"
    )


def _lacking_in_grant(title: str, granted: GrantedRoles, keys: Collection[str]) -> str | None:
    missing = [key for key in keys if key not in granted.keys]
    if not missing:
        return None
    return has_not(f"the grant of {title} to organization {granted.granted_org_id}", missing, granted.keys)


def take_from_project_grants(
    client: Client, title: str, org_id: str, project_id: str, keys: Collection[str], kept: Collection[str]
) -> Sequence[str]:
    """Take roles that a project has lost out of the project grants that still have one.

    The event store has all project grants. Other callers get a list, which can lag.

    :param org_id: the organization that owns the project.
    :param kept: the roles that the project has. A call that leaves another one in a project grant is refused, so a role that an
        earlier run has lost goes too.
    :return: the organizations that the project is granted to.
    :raises RolesRemain: where some have them for good.
    """
    left: dict[str, str] = {}
    grants = project_grants(client, org_id, project_id)
    for grant_id, granted_org_id, has in grants:
        if not set(keys) & set(has):
            continue
        try:
            ids = {"project_id": project_id, "id": grant_id, "granted_org_id": granted_org_id}
            grant = Holder(client, "project grant", grant_id, org_id, *PROJECT_GRANT, ids)
            grant.take_out(keys, lambda key: key in kept)
        except (ApiError, errors.HeaderIgnored, errors.UnexpectedAnswer) as error:
            left[grant_id] = f"project grant {clean(grant_id)} to organization {clean(granted_org_id)} ({error})"
    if left:
        raise errors.RolesRemain(_left(title, left, {}))
    return tuple(dict.fromkeys(granted_org_id for _, granted_org_id, _ in grants))


def take_from_users(
    client: Client,
    title: str,
    project_id: str,
    keys: Collection[str],
    org_ids: Sequence[str],
    grant_id: str | None = None,
) -> None:
    """Verify that no user grant of a project has one of these roles, and take them out where one has.

    :param title: what the roles were taken out of, in a sentence.
    :param org_ids: the organizations in which there can be such user grants, for a server that lists only one at a time.
    :param grant_id: only the user grants made by this project grant.
    :raises RolesRemain: where some have them for good.
    """
    search = _Search(client, project_id, tuple(sorted(keys)), grant_id, tuple(org_ids))
    hidden = poll(
        search.look, lambda hidden: not any(hidden.values()), within=_SHOWN_WITHIN, sleep=client.transport.sleep
    )
    if search.refused or any(hidden.values()):
        raise errors.RolesRemain(_left(title, search.refused, hidden))
    for org_id in search.not_searched:
        grants = f"user grants of organization {clean(org_id)}"
        client.transport.notice(f"warning: {title}: it is not known whether {grants} still have roles that it lost.")


@dataclass
class _Search:
    """The search for the user grants that still have one of the roles.

    :ivar settled: the user grants that the roles were taken out of.
    :ivar refused: why the roles could not be taken out of a user grant, by its id.
    :ivar not_searched: the organizations that could not be searched.
    """

    client: Client
    project_id: str
    keys: tuple[str, ...]
    project_grant_id: str | None
    org_ids: tuple[str, ...]
    settled: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    not_searched: tuple[str, ...] = ()

    def look(self) -> dict[str, int]:
        """Take the roles out of the user grants that a list shows. Return how many it hides, by the role that they have."""
        hidden: dict[str, int] = self.client.operations.first(_SEARCHES, self)
        return hidden

    def look_everywhere(self) -> dict[str, int]:
        hidden = {}
        for key in self.keys:
            found = self.client.roles.holders(self.project_id, key, self.project_grant_id)
            for each in found.entries:
                self._take_out(each.id, each.user.id, each.organization.id)
            hidden[key] = found.total - len(found.entries)
        return hidden

    def look_in_organizations(self) -> dict[str, int]:
        body: list[dict[str, Any]] = [{"projectIdQuery": {"projectId": self.project_id}}]
        if self.project_grant_id is not None:
            body.append({"projectGrantIdQuery": {"projectGrantId": self.project_grant_id}})
        self.not_searched = self.org_ids[_MOST_SEARCHED:]
        for org_id in self.org_ids[:_MOST_SEARCHED]:
            operation = f"Searching user grants in organization {clean(org_id)}"
            for key in self.keys:
                queries = [*body, {"roleKeyQuery": {"roleKey": key, "method": "TEXT_QUERY_METHOD_EQUALS"}}]
                try:
                    _, found = USER_GRANTS.page(self.client.transport, operation, *queries, org=org_id)
                except (NotFound, errors.PermissionDenied):
                    self.not_searched = (*self.not_searched, org_id)
                    break
                for each in found:
                    if each.details.resource_owner == org_id:
                        self._take_out(each.id, each.user_id, org_id)
        return {}

    def _take_out(self, grant_id: str, user_id: str, org_id: str) -> None:
        """Take the roles out of a user grant, unless that was tried before."""
        if grant_id in self.settled or grant_id in self.refused:
            return
        ids = {"user_id": user_id, "id": grant_id}
        grant = Holder(self.client, "user grant", grant_id, org_id, *USER_GRANT, ids)
        try:
            try:
                grant.take_out(self.keys, lambda key: key not in self.keys)
            except errors.FailedPrecondition:
                # The server refuses a call that leaves a role there which was lost before. That one goes too.
                grantable = self._grantable(org_id)
                if grantable is None:
                    raise
                grant.take_out(self.keys, lambda key: key in grantable.difference(self.keys))
        except (ApiError, errors.HeaderIgnored, errors.UnexpectedAnswer) as error:
            where = f"user {clean(user_id)} in organization {clean(org_id)}"
            self.refused[grant_id] = f"user grant {clean(grant_id)} of {where} ({error})"
        else:
            self.settled.add(grant_id)

    def _grantable(self, org_id: str) -> frozenset[str] | None:
        """Return the roles that a user grant in the organization can have; None where the caller lacks the permission to read that."""
        known = self.client.roles.read(self.project_id)
        if known is None:
            return None
        granted = [each.keys for each in known.grants.values() if each.granted_org_id == org_id != known.org_id]
        return frozenset(known.keys).intersection(*granted)


#: Servers before v4 do not have the list over all organizations.
_SEARCHES = (
    Implementation((AUTHORIZATIONS.endpoint,), _Search.look_everywhere, Proves.ID, reads=True),
    Implementation((USER_GRANTS.endpoint,), _Search.look_in_organizations, reads=True),
)


def _left(title: str, refused: dict[str, str], hidden: dict[str, int]) -> str:
    """Return the sentences about who still has which roles."""
    named = list(refused.values())
    more = f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    unseen = [
        f"{count_text(count, 'user grant')} with {clean(key)!r} that the credential may not see"
        for key, count in sorted(hidden.items())
        if count
    ]
    who = "; ".join([*named[:_NAMED], *unseen])
    return (
        f"{title} has lost roles, and some of them are still in: {who}{more}. New tokens still have them. Take the roles "
        "out of these grants with a credential that may change them there, or deactivate the user grants. Then run `pulumi up` "
        "again."
    )
