"""The Pulumi program of the engine tests: declares what the file ``declared.json`` beside it says.

A value like ``@acme`` is the id of the resource ``acme``, as an output; one like ``!text`` is the text, as a secret.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi

import pulumi_zorg as zorg

CLASSES: dict[str, Any] = {
    "org": zorg.Organization,
    "machine": zorg.MachineUser,
    "human": zorg.HumanUser,
    "project": zorg.Project,
    "project_grant": zorg.ProjectGrant,
    "grant": zorg.UserGrant,
    "manager": zorg.Manager,
}

declared = json.loads((Path(__file__).parent / "declared.json").read_text())
made: dict[str, Any] = {}


def resolved(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        return made[value[1:]].id
    if isinstance(value, str) and value.startswith("!"):
        return pulumi.Output.secret(value[1:])
    if isinstance(value, dict):
        return {key: resolved(each) for key, each in value.items()}
    return [resolved(each) for each in value] if isinstance(value, list) else value


class Tenant(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("test:index:Tenant", name)


for name, spec in declared.items():
    given = {key: resolved(value) for key, value in spec["args"].items()}
    options = dict(spec.get("opts", {}))
    if "parent" in options:
        options["parent"] = made.setdefault(options["parent"], Tenant(options["parent"]))
    if "depends_on" in options:
        options["depends_on"] = [made[each] for each in options["depends_on"]]
    if "deleted_with" in options:
        options["deleted_with"] = made[options["deleted_with"]]
    if "aliases" in options:
        options["aliases"] = [pulumi.Alias(name=alias) for alias in options["aliases"]]
    if "get" in spec:
        made[name] = CLASSES[spec["kind"]].get(name, resolved(spec["get"]), pulumi.ResourceOptions(**options), **given)
    else:
        made[name] = CLASSES[spec["kind"]](name, **given, opts=pulumi.ResourceOptions(**options))
    for output in spec.get("export", ()):
        pulumi.export(f"{name}.{output}", getattr(made[name], output))
