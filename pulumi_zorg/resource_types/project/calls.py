"""The operations on projects and their roles: ``/management/v1/projects``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from pydantic import Field

from pulumi_zorg.api.api_services import PROJECTS as PROJECTS_V2
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import BEGINNING
from pulumi_zorg.api.lists import PAGE, PAGE_V2, ObjectList, all_pages, chunks
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.projects import PROJECTS, ListedProject
from pulumi_zorg.api.records import Details, Event, ListDetails, NonEmpty, ObjectRecord, Wire, check_id, states_of
from pulumi_zorg.api.roles import Role, roles_from
from pulumi_zorg.errors import AlreadyExists, FailedPrecondition, clean
from pulumi_zorg.resource_types.calls import (
    ManagementCalls,
    check_chosen,
    management_endpoints,
    needs_for_chosen_id,
)
from pulumi_zorg.resource_types.project import calls_v2
from pulumi_zorg.resource_types.project.inputs import LABELING, SETTINGS, ProjectInputs
from pulumi_zorg.world.observed import Address

_PROJECT = "/management/v1/projects/{id}"
_ADD_ROLES = Endpoint("POST", f"{_PROJECT}/roles/_bulk", "project.role.write")
_CHANGE_ROLE = Endpoint("PUT", f"{_PROJECT}/roles/{{key}}", "project.role.write")
_REMOVE_ROLE = Endpoint("DELETE", f"{_PROJECT}/roles/{{key}}", "project.role.delete")
_ENDPOINTS = management_endpoints(
    "/management/v1/projects", "project", "/management/v1/projects/_search", create="create"
)
# Those of v2 have the key in the body.
_ENDPOINTS["update"] += (_ADD_ROLES, _CHANGE_ROLE, _REMOVE_ROLE, calls_v2.CHANGE_ROLE, calls_v2.REMOVE_ROLE)
# It takes an id. The v1 API does not.
_ENDPOINTS["create"] += (calls_v2.CREATE,)
_GRANTED_ROLES = Endpoint(
    "GET",
    "/management/v1/granted_projects/{id}/grants/{grant_id}/roles/_search?query.offset={offset}&query.limit={limit}&query.asc=true",
    "project.role.read",
)

#: The types of the events that change the roles of a project.
ROLE_CHANGES = ("project.role.added", "project.role.changed", "project.role.removed")

_UNSPECIFIED = LABELING[0]


def _declared(roles: Iterable[Role]) -> dict[str, dict[str, str]]:
    """Return roles in the state's form, in the order of their keys."""
    return {role.key: role.declared for role in sorted(roles, key=lambda role: role.key)}


class ProjectRecord(ObjectRecord):
    """A project as ``GET /management/v1/projects/{id}`` shows it. A flag that is not set is left out there.

    :ivar roles: its roles; None where they were not read.
    """

    noun = "project"
    states = states_of("PROJECT_STATE")
    shown = ("org_id", "name", *SETTINGS)

    name: str = ""
    project_role_assertion: bool = False
    project_role_check: bool = False
    has_project_check: bool = False
    private_labeling_setting: str = _UNSPECIFIED
    roles: tuple[Role, ...] | None = None

    def properties(self) -> dict[str, Any]:
        """Return the project's properties, in the state's form."""
        properties = super().properties()
        if self.roles is not None:
            properties["roles"] = _declared(self.roles)
        return properties


class _Roles(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[Role, ...] = ()


class GrantedProject(Wire):
    """A project as the organization that it is granted to sees it.

    :ivar org_id: the organization that owns it.
    """

    id: NonEmpty = Field(alias="projectId")
    name: str = Field("", alias="projectName")
    org_id: NonEmpty = Field(alias="projectOwnerId")
    granted_org_id: NonEmpty
    grant_id: NonEmpty


def _record(listed: ListedProject) -> ProjectRecord:
    """Return a project of the v2 API in the form of the v1 API."""
    settings = listed.model_dump(include={"state", "name", *SETTINGS})
    settings["private_labeling_setting"] = listed.private_labeling_setting or _UNSPECIFIED
    details = Details(creation_date=listed.creation_date, resource_owner=listed.organization_id)
    return ProjectRecord(id=listed.project_id, details=details, **settings)


class _Shown(Wire):
    project: ListedProject


_LIST_ROLES = ObjectList(Endpoint("POST", f"{_PROJECT}/roles/_search", "project.role.read"), Role)
_ENDPOINTS["read"] += (_LIST_ROLES.endpoint,)
_LIST_GRANTED = ObjectList(Endpoint("POST", "/management/v1/granted_projects/_search", "project.read"), GrantedProject)


class ProjectCalls(ManagementCalls[ProjectInputs, ProjectRecord]):
    """The calls of the v1 API, the v2 API's list over all organizations, and its create of a project with an id of the program.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Add, Change, Deactivate, Reactivate and Remove Project, Project
    By ID, Search Projects, Search Granted Projects, and the calls about project roles) and
    https://zitadel.com/docs/apis/resources/project_service_v2 (ListProjects, GetProject, and for servers without v1 the same calls).
    """

    v1 = _ENDPOINTS
    record = ProjectRecord
    shown_as = "project"
    switches_v2 = calls_v2.SWITCHES

    @cached_property
    def implementations(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        return {
            **super().implementations,
            "list_instance": [Implementation((PROJECTS.endpoint,), _list_instance, Proves.ID, reads=True)],
            "list_ids": [Implementation((PROJECTS.endpoint,), _list_ids, Proves.ID, reads=True)],
        }

    @cached_property
    def v2(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        update = (calls_v2.UPDATE, calls_v2.ADD_ROLE, calls_v2.CHANGE_ROLE, calls_v2.REMOVE_ROLE)
        return {
            **super().v2,
            "create": (Implementation((calls_v2.CREATE,), self._create_v2, Proves.ID),),
            "update": (Implementation(update, self._update_v2, Proves.ID),),
            "read": (Implementation((calls_v2.GET, calls_v2.ROLES.endpoint), self._read_v2, Proves.ID),),
            "search": (Implementation((PROJECTS.endpoint,), self._search, Proves.ID),),
        }

    @cached_property
    def lists_v2(self) -> Sequence[Implementation[Sequence[ProjectRecord]]]:
        return (Implementation((PROJECTS.endpoint,), _list_organization_v2, Proves.ID),)

    def _create_v2(self, client: Client, inputs: ProjectInputs) -> str:
        operation = self.creating(inputs)
        created = calls_v2.create(client, operation, inputs.org_id, self.body(inputs), inputs.custom_id)
        return check_chosen(created, inputs, operation)

    def _read_v2(self, client: Client, id: str, address: Address) -> ProjectRecord:
        known = self.known(id, address)
        record = self.read_v2(client, id)
        self.verify(record, known)
        return record

    def _update_v2(self, client: Client, id: str, inputs: ProjectInputs, changed: Collection[str]) -> None:
        if "roles" in changed and inputs.roles is not None:
            _update_roles(client, id, inputs.org_id, inputs.roles, v2=True)
        if set(changed) - {"roles"}:
            body = {"projectId": id, **calls_v2.settings_of(self.body(inputs))}
            client.change(Wire, calls_v2.UPDATE, self.operation("Changing", id, inputs.org_id), body=body)

    def named_v2(self, id: str, inputs: ProjectInputs) -> dict[str, Any]:
        return {"projectId": id}

    def _switch_v2(
        self, action: str, endpoint: Endpoint, client: Client, id: str, inputs: ProjectInputs, changed: Collection[str]
    ) -> None:
        if action == "remove" and inputs.custom_id is not None:
            _update_roles(client, id, inputs.org_id, {}, v2=True)  # see _switch
        super()._switch_v2(action, endpoint, client, id, inputs, changed)

    def body(self, inputs: ProjectInputs) -> dict[str, Any]:
        """Return the body of an update, with all flags: the server resets those that are left out. A new project gets its
        defaults."""
        declared = inputs.dump()
        settings = {field: declared[name] for name, field in SETTINGS.items() if name in declared}
        return {"name": inputs.name, **settings}

    def read(self, client: Client, id: str, address: Address) -> ProjectRecord:
        """Return the project as a read by its id shows it."""
        record = super().read(client, id, address)
        return record if "roles" in address.unwanted else self.with_roles(client, record)

    def with_roles(self, client: Client, record: ProjectRecord) -> ProjectRecord:
        """Return the project with its roles, which do not lag for a caller who may read the event store."""
        return record.model_copy(update={"roles": _read_roles(client, record.org_id, record.id)})

    def _create(self, client: Client, inputs: ProjectInputs) -> str:
        """Create a project. The answer of the v2 API does not have its organization: a read verifies that."""
        if inputs.custom_id is None:
            return super()._create(client, inputs)
        with needs_for_chosen_id(client, PROJECTS_V2, inputs):
            return self._create_v2(client, inputs)

    def _update(self, client: Client, id: str, inputs: ProjectInputs, changed: Collection[str]) -> None:
        """Change the roles, those to remove first, and the name and the flags."""
        if "roles" in changed and inputs.roles is not None:
            _update_roles(client, id, inputs.org_id, inputs.roles)
        if set(changed) - {"roles"}:
            super()._update(client, id, inputs, changed)

    def _switch(
        self, action: str, verb: str, client: Client, id: str, inputs: ProjectInputs, changed: Collection[str]
    ) -> None:
        if action == "remove" and inputs.custom_id is not None:
            # The server keeps the keys of the roles that a project has when it is removed, and refuses to add them to the project that
            # gets the id again.
            _update_roles(client, id, inputs.org_id, {})
        super()._switch(action, verb, client, id, inputs, changed)

    def _search(self, client: Client, inputs: ProjectInputs) -> Sequence[ProjectRecord]:
        return [each for each in self.named_like(client, inputs) if each.name == inputs.name]

    def named_like(self, client: Client, inputs: ProjectInputs) -> Sequence[ProjectRecord]:
        """Return the projects whose names differ from the declared one at most in upper and lower case."""
        return self.named(client, inputs.name, "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE", inputs.org_id)

    def named(self, client: Client, name: str, method: str, org_id: str | None) -> Sequence[ProjectRecord]:
        """Return the projects with such a name. The list may lag.

        :param method: how the server compares names, like ``TEXT_QUERY_METHOD_EQUALS``.
        :param org_id: only those of this organization.
        """
        if org_id is not None:
            return self.list(client, org_id, {"nameQuery": {"name": name, "method": method}})
        return _list_v2(client, f"Searching projects named {clean(name)!r}", _name_filter(name, method))

    def read_v2(self, client: Client, id: str) -> ProjectRecord:
        """Return the project as a read by its id shows it, without roles, for a caller who does not know its organization."""
        operation = f"Reading project {clean(id)}"
        record = _record(client.read(_Shown, calls_v2.GET, operation, body={"projectId": id}).project)
        check_id(record.id, id, record.noun, operation)
        return record

    def granted_to(self, client: Client, granted_org_id: str) -> Sequence[GrantedProject]:
        """Return the projects that are granted to an organization, also for a caller of that organization. The list may lag."""
        operation = f"Listing the projects that are granted to organization {clean(granted_org_id)}"
        found = _LIST_GRANTED.all(client.transport, operation, org=granted_org_id)
        # A server that ignores the header lists what is granted to another organization.
        return [each for each in found if each.granted_org_id == granted_org_id]

    def granted_roles(self, client: Client, granted: GrantedProject) -> dict[str, Any]:
        """Return the roles of a project that a project grant gives. The list may lag."""
        operation = f"Listing the granted roles of project {clean(granted.id)}"
        ids = {"id": granted.id, "grant_id": granted.grant_id, "limit": str(PAGE)}

        def page(offset: int) -> tuple[int, tuple[Role, ...]]:
            at = {**ids, "offset": str(offset)}
            found = client.read(_Roles, _GRANTED_ROLES, operation, org=granted.granted_org_id, ids=at)
            return found.details.total_result, found.result

        return _declared(all_pages(page, operation))

    def complete(self, client: Client, records: Sequence[ProjectRecord], at_most: int) -> Sequence[ProjectRecord]:
        """Return projects with their roles. No list shows the roles of more than one project."""
        organizations: Sequence[str | None] = sorted({each.org_id for each in records})
        # With few projects in each organization, the events of all organizations take fewer calls.
        owners = organizations if len(organizations) * 4 <= len(records) else [None]
        events, kinds = list[Event](), ("project.added", "project.removed", *ROLE_CHANGES)
        for owner in owners:
            found = client.events.since(BEGINNING, kinds, owner, at_most=at_most)
            if found is None:
                return records
            events += found
        projects = roles_from(events)
        return [
            each.model_copy(update={"roles": tuple(projects[each.id].roles.values())}) if each.id in projects else each
            for each in records
        ]


def _update_roles(
    client: Client, id: str, org_id: str, declared: Mapping[str, Mapping[str, str]], *, v2: bool = False
) -> None:
    of_project = f"of project {clean(id)} in organization {clean(org_id)}"
    found = {role.key: role.declared for role in _read_roles(client, org_id, id)}
    client.roles.take("project_id", id, found.keys() - declared.keys())
    client.roles.forget(id)

    def write(verb: str, by_v1: Endpoint, by_v2: Endpoint, key: str, body: Mapping[str, str]) -> None:
        operation = f"{verb} role {clean(key)!r} {of_project}"
        if _fits_a_path(key) and not v2:
            client.write(by_v1, operation, org=org_id, body=dict(body) or None, ids={"id": id, "key": key})
        else:
            client.change(Wire, by_v2, operation, body={"projectId": id, "roleKey": key, **body})

    for key in sorted(found.keys() - declared.keys()):
        write("Removing", _REMOVE_ROLE, calls_v2.REMOVE_ROLE, key, {})
    bodies = {key: {"displayName": role["display_name"], "group": role["group"]} for key, role in declared.items()}
    for key in sorted(key for key in found.keys() & declared.keys() if found[key] != declared[key]):
        write("Changing", _CHANGE_ROLE, calls_v2.CHANGE_ROLE, key, bodies[key])
    new = [{"key": key, **bodies[key]} for key in sorted(declared.keys() - found.keys())]
    if not new:
        return
    try:
        for each in new if v2 else ():
            calls_v2.add_role(client, of_project, id, each)
        if v2:
            return
        client.write(_ADD_ROLES, f"Adding the roles {of_project}", org=org_id, body={"roles": new}, ids={"id": id})
    except AlreadyExists as error:
        # It is no other object that exists, but a role that the list did not show yet. The roles are read again.
        raise FailedPrecondition(error.operation, error.status, error.code, error.said) from None


def _fits_a_path(key: str) -> bool:
    """Whether the v1 calls, which have the key in the path, can name the role.

    The server answers 500 to a key that is not ASCII, and ``..`` makes another path of it.
    """
    return key.isascii() and key.isprintable() and key not in (".", "..")


def _read_roles(client: Client, org_id: str, project_id: str) -> Sequence[Role]:
    """Return the roles of a project. The list of them may lag; the event store does not."""
    found = client.roles.read(project_id)
    if found is None:  # the caller has no right on the instance
        return _list_roles(client, org_id, project_id)
    return tuple(found.roles.values())


def _list_roles(client: Client, org_id: str, project_id: str) -> Sequence[Role]:
    operation = f"Listing the roles of project {clean(project_id)}"
    return client.operations.first(_LISTS_OF_ROLES, client, operation, org_id, project_id)


def _list_roles_v2(client: Client, operation: str, org_id: str, project_id: str) -> Sequence[Role]:
    return calls_v2.list_roles(client, operation, project_id)


def _list_roles_v1(client: Client, operation: str, org_id: str, project_id: str) -> Sequence[Role]:
    roles = _LIST_ROLES.all(client.transport, operation, org=org_id, ids={"id": project_id})
    if not roles:
        # To a call without the header, the server answers as for a project without roles.
        client.verify_org_header(org_id)
    return roles


_LISTS_OF_ROLES = (
    Implementation((_LIST_ROLES.endpoint,), _list_roles_v1),
    Implementation((calls_v2.ROLES.endpoint,), _list_roles_v2, Proves.ID),
)


def _name_filter(name: str, method: str) -> dict[str, Any]:
    """Return the filter of v2, which has the methods of v1 under another name."""
    return {"projectNameFilter": {"projectName": name, "method": method.replace("TEXT_QUERY", "TEXT_FILTER")}}


def _list_organization_v2(
    client: Client, org_id: str, *queries: dict[str, Any], at_most: int | None = None
) -> Sequence[ProjectRecord]:
    """Return the projects of an organization. See :meth:`ManagementCalls.list`."""
    named = [_name_filter(**each["nameQuery"]) for each in queries]
    only = {"organizationIdFilter": {"organizationId": org_id, "type": "OWNED"}}
    found = _list_v2(client, f"Listing the projects of organization {clean(org_id)}", only, *named, at_most=at_most)
    return [each for each in found if each.org_id == org_id]


def _list_v2(client: Client, operation: str, *filters: Any, at_most: int | None = None) -> Sequence[ProjectRecord]:
    """Return the projects that the filters find. See :func:`all_pages` for ``at_most``."""
    found = PROJECTS.all(client.transport, operation, *filters, at_most=at_most)
    return [_record(row) for row in found if not row.granted_organization_id]


def _list_instance(client: Client, at_most: int | None = None) -> Sequence[ProjectRecord]:
    return _list_v2(client, "Listing the projects of the instance", at_most=at_most)


def _list_ids(client: Client, ids: Sequence[str]) -> Sequence[ProjectRecord]:
    found: list[ProjectRecord] = []
    for part in chunks(ids, PAGE_V2):
        only = {"inProjectIdsFilter": {"ids": list(dict.fromkeys(part))}}
        found += _list_v2(client, "Listing projects by their ids", only)
    return found
