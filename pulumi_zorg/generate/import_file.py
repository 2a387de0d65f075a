"""Pure: the file for `pulumi import --file`, with all that the state is to have of each resource."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pulumi.dynamic.dynamic import PROVIDER_KEY

from pulumi_zorg.engine.state_form import outputs
from pulumi_zorg.generate.program import Declared
from pulumi_zorg.resource_types.registration import pickled_provider
from pulumi_zorg.resource_types.registry import resource_class
from pulumi_zorg.world.tokens import short


def import_file(resources: Iterable[Declared], parent: str | None = None) -> str:
    """Return an import file.

    The engine does not call the provider, and writes each entry into the state as it is. An internal input, which the state
    never has, would be a change in the next preview.

    :param parent: the URN of the parent of all resources; None for the stack itself.
    """
    entries = [_entry(each) for each in resources]
    if parent is None:
        return _text({"resources": entries})
    # Neither this name nor those of the entries are in the state.
    return _text(
        {"nameTable": {"the parent": parent}, "resources": [{**each, "parent": "the parent"} for each in entries]}
    )


def _entry(resource: Declared) -> dict[str, Any]:
    token = resource.resource_type.token
    provider = {PROVIDER_KEY: pickled_provider(resource_class(token)._dynamic_provider)}
    return {
        "type": token,
        # Unique in the file, where resources of several types may have one name.
        "name": f"{short(token)} {resource.name}",
        "logicalName": resource.name,
        "id": resource.observed.id,
        "inputs": {**resource.inputs, **provider},
        "outputs": {**outputs(resource.resource_type, resource.observed, resource.inputs), **provider},
    }


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
