"""Queries on applications: by id, and the clients that may take part in logins and introspections."""

from __future__ import annotations

from pulumi_zorg.emulator.applications.projection import ApplicationReadModel
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.instance import Instance


def by_id(instance: Instance, project_id: str, app_id: str) -> ApplicationReadModel:
    """Return an application of a project.

    :raises ApiError: 404, if the project has no such application.
    """
    app = instance.read_models.applications.get(app_id)
    if app is None or app.project_id != project_id:
        raise not_found("QUERY-pCP8P", "Errors.App.NotExisting")
    return app


def of_client(instance: Instance, client_id: str) -> ApplicationReadModel | None:
    """Return the application with that client id, in any state."""
    return next((app for app in instance.seen.applications.all() if app.client_id == client_id), None)


def active_client(instance: Instance, client_id: str, kind: str) -> ApplicationReadModel | None:
    """Return the application with that client id if it may act: itself, its project and that project's organization are active."""
    app = of_client(instance, client_id)
    if app is None or app.kind != kind:
        return None
    project, org = instance.seen.projects.get(app.project_id), instance.seen.orgs.get(app.owner)
    states = {app.state, project.state if project else "", org.state if org else ""}
    return app if states == {"ACTIVE"} else None


def client_ids(instance: Instance, project_id: str) -> list[str]:
    """Return the client ids of all applications of a project."""
    return [app.client_id for app in instance.read_models.applications.where("project_id", project_id)]
