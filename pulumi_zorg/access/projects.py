"""Who can log in to each project without a user grant, now and since an earlier report. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.access.instance import Instance, Project
from pulumi_zorg.access.rules import project_open
from pulumi_zorg.access.selection import Selection

EVERYBODY, WITH_THE_PROJECT, WITH_A_GRANT = "everybody", "organizations with the project", "user grants"
#: The project is deactivated, or the organization that owns it.
NOBODY = "nobody"


@dataclass(frozen=True)
class OpenTo:
    """An organization whose people can log in to a project without a user grant."""

    org_id: str
    org_name: str


@dataclass(frozen=True)
class ProjectRow:
    """A project, and who can log in to its applications without a user grant.

    :param state: ``active`` or ``inactive``; None where it is not known.
    :param open_to: :data:`EVERYBODY`, :data:`WITH_THE_PROJECT`, :data:`WITH_A_GRANT` or :data:`NOBODY`; None where it is not known.
    :param open_to_organizations: of a project that is open to :data:`WITH_THE_PROJECT`, these organizations, sorted by id: its owner,
        and those with an active project grant. Empty for others; None in reports of earlier releases, which do not have them.
    """

    project_id: str
    project_name: str
    org_id: str
    org_name: str
    state: str | None
    open_to: str | None
    open_to_organizations: tuple[OpenTo, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the project for programs."""
        return {**vars(self), "open_to_organizations": [vars(each) for each in self.open_to_organizations or ()]}


def projects_of(instance: Instance, selection: Selection, named: Container[str | None]) -> tuple[ProjectRow, ...]:
    """Return the projects that the report is about.

    :param named: the ids of the projects that its rows are about. The others are those that the selected organizations own or have, and
        those that are open to everybody: the people of the selected organizations can log in there.
    """
    rows = (_project_row(instance, each) for each in instance.projects.values())
    found = [
        each
        for each in rows
        if each.project_id in named
        or selection.has_project(instance, instance.projects[each.project_id])
        or (selection.projects is None and each.open_to == EVERYBODY)
    ]
    return tuple(sorted(found, key=lambda each: (each.project_name.casefold(), each.project_id)))


def open_to(instance: Instance, project: Project) -> str | None:
    """Return who can log in to a project's applications without a role; None where it is not known."""
    works = project_open(instance, project.id).works
    if works is False:
        return NOBODY
    if project.role_check:
        return WITH_A_GRANT
    if works is None or project.role_check is None or project.project_check is None:
        return None
    return WITH_THE_PROJECT if project.project_check else EVERYBODY


def is_open(project: ProjectRow | None) -> str | None:
    """Return for whom a user grant is not needed: with :data:`WITH_A_GRANT`, for nobody. None where it is not known."""
    if project is None:
        return NOBODY
    return NOBODY if project.open_to == WITH_A_GRANT else project.open_to


def compare_projects(
    before: Iterable[ProjectRow], after: Iterable[ProjectRow], organizations: Collection[str] | None = None
) -> tuple[tuple[ProjectRow | None, ProjectRow | None], ...]:
    """Return the projects whose login without a user grant differs, as they were and as they are.

    :param organizations: the organizations that both reports are limited to; None for no limit.
    """
    was, now = ({each.project_id: each for each in several} for several in (before, after))
    pairs = ((was.get(key), now.get(key)) for key in dict.fromkeys((*now, *was)))
    return tuple(pair for pair in pairs if _differ(*pair, organizations))


def _differ(old: ProjectRow | None, new: ProjectRow | None, organizations: Collection[str] | None) -> bool:
    if old is not None and new is not None:
        return is_open(old) != is_open(new) or any(organizations_between(old, new))
    only = old or new
    if only is not None and only.open_to == WITH_THE_PROJECT and organizations is not None:
        # A report has it for other reasons too: a row is about it.
        return any(each.org_id in organizations for each in only.open_to_organizations or ())
    return is_open(only) != NOBODY


def organizations_between(
    before: ProjectRow | None, after: ProjectRow | None
) -> tuple[tuple[OpenTo, ...], tuple[OpenTo, ...]]:
    """Return the organizations whose people can log in without a user grant now and could not, and those that could and cannot.

    They are none where the project is, or was, open to others than organizations with the project.
    """
    if before is None or after is None or not before.open_to == after.open_to == WITH_THE_PROJECT:
        return (), ()
    was, now = before.open_to_organizations, after.open_to_organizations
    if was is None or now is None:
        return (), ()
    had, has = ({each.org_id for each in several} for several in (was, now))
    return tuple(each for each in now if each.org_id not in had), tuple(each for each in was if each.org_id not in has)


def state_of(active: bool | None) -> str | None:
    """Return the word for a state; None where it is not known."""
    return None if active is None else "active" if active else "inactive"


def _project_row(instance: Instance, project: Project) -> ProjectRow:
    opened = open_to(instance, project)
    return ProjectRow(
        project.id,
        project.name,
        project.org_id,
        _name(instance, project.org_id),
        state_of(project.active),
        opened,
        _with_the_project(instance, project) if opened == WITH_THE_PROJECT else (),
    )


def _with_the_project(instance: Instance, project: Project) -> tuple[OpenTo, ...]:
    grants = instance.granted_by.get((project.id,), ())
    ids = sorted({project.org_id, *(each.org_id for each in grants if each.active)})
    return tuple(OpenTo(each, _name(instance, each)) for each in ids)


def _name(instance: Instance, org_id: str) -> str:
    found = instance.organizations.get(org_id)
    return "" if found is None else found.name
