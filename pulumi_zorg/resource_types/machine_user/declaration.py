"""The declaration of the resource type MachineUser."""

from __future__ import annotations

from typing import ClassVar

from pulumi_zorg.resource_types.machine_user.calls import MachineUserCalls
from pulumi_zorg.resource_types.machine_user.inputs import MachineUserInputs
from pulumi_zorg.resource_types.user.declaration import HALTED, UserType, user_events
from pulumi_zorg.resource_types.user.impact import UserImpact
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.tokens import type_token

_CHANGED = ("user.machine.changed",)


class MachineUserType(UserType[MachineUserInputs]):
    """A machine user: a service account."""

    token = type_token("MachineUser")
    inputs = MachineUserInputs
    calls = MachineUserCalls()
    updatable = ("user_name", "name", "description", "access_token_type")
    server_defaults = ("description", "access_token_type")
    impact = UserImpact(inputs.noun, HALTED)
    events: ClassVar[ObjectEvents] = user_events(
        ("user.machine.added",),
        {"name": "name", "description": "description", "access_token_type": "accessTokenType"},
        dict.fromkeys(("name", "description", "access_token_type"), _CHANGED),
    )


TYPE = MachineUserType()
