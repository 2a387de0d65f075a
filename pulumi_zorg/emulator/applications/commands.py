"""Commands on applications of projects, for the v1 API."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.emulator.applications.aggregate import ApplicationWriteModel
from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.eventstore.events import Unique
from pulumi_zorg.emulator.projects.aggregate import project_event, require_project
from pulumi_zorg.emulator.users.passwords import hash_secret


@dataclass(frozen=True)
class NewApplication:
    """An application that was added. The secret is empty if the client has none."""

    id: str
    client_id: str
    secret: str
    details: Details


def _name(name: str, project_id: str, message: str | None = None) -> Unique:
    return Unique("appname", f"{name}:{project_id}", message)


def add(call: Call, project_id: str, owner: str, kind: str, config: dict[str, Any], *, secret: bool) -> NewApplication:
    """Add an application to a project.

    :param kind: `oidc` or `api`.
    :param config: the payload of the event that configures it, without its ids and its secret.
    :param secret: whether the client authenticates with a secret.
    """
    project = require_project(call.instance.store, project_id, owner)
    call.check("project.app.write", project.owner, project.id)
    name = call.request["name"]
    app_id, client_id = call.instance.store.new_id(), call.instance.store.new_id()
    text = secrets.token_urlsafe(48) if secret else ""
    payload = {
        "appId": app_id,
        "clientId": client_id,
        **config,
        **({"hashedSecret": hash_secret(text)} if text else {}),
    }
    model = ApplicationWriteModel(call.instance.store, project_id, project.owner, app_id)
    unique = _name(name, project_id, "Errors.Project.App.AlreadyExists")
    model.apply(
        call.push(
            project_event(
                project_id, project.owner, "project.application.added", {"appId": app_id, "name": name}, unique
            ),
            project_event(project_id, project.owner, f"project.application.config.{kind}.added", payload),
        )
    )
    return NewApplication(app_id, client_id, text, model.details)


def _existing(call: Call, missing: str) -> ApplicationWriteModel:
    request = call.request
    model = ApplicationWriteModel(call.instance.store, request["project_id"], call.caller.org_id, request["app_id"])
    if not model.exists:
        raise not_found(missing, "Errors.Project.App.NotExisting")
    return model


def _push(call: Call, model: ApplicationWriteModel, name: str, *uniques: Unique, **payload: str) -> Details:
    sent = {"appId": model.app_id, **payload}
    model.apply(call.push(project_event(model.id, model.owner, f"project.application.{name}", sent, *uniques)))
    return model.details


def deactivate(call: Call) -> Details:
    """Deactivate the application that the request names."""
    model = _existing(call, "COMMAND-ov9d3")
    if model.state != "ACTIVE":
        raise precondition("COMMAND-dsh35", "Errors.Project.App.NotActive")
    call.check("project.app.write", model.owner, model.id)
    return _push(call, model, "deactivated")


def reactivate(call: Call) -> Details:
    """Reactivate the application that the request names."""
    model = _existing(call, "COMMAND-ov9d3")
    if model.state != "INACTIVE":
        raise precondition("COMMAND-1n8cM", "Errors.Project.App.NotInactive")
    call.check("project.app.write", model.owner, model.id)
    return _push(call, model, "reactivated")


def remove(call: Call) -> Details:
    """Remove the application that the request names."""
    model = _existing(call, "COMMAND-0po9s")
    call.check("project.app.delete", model.owner, model.id)
    return _push(call, model, "removed", _name(model.name, model.id))


def new_secret(call: Call, kind: str) -> tuple[str, Details]:
    """Generate a new secret for an application of that kind. It replaces the earlier one."""
    model = _existing(call, "COMMAND-2g66f" if kind == "oidc" else "COMMAND-aeH4f")
    if model.kind != kind:
        name = "OIDC" if kind == "oidc" else "API"
        raise invalid("COMMAND-Ghrh3" if kind == "oidc" else "COMMAND-aeH4", f"Application is not type {name}")
    call.check("project.app.write", model.owner, model.id)
    text = secrets.token_urlsafe(48)
    return text, _push(call, model, f"config.{kind}.secret.changed", hashedSecret=hash_secret(text))
