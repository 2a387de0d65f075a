"""The declaration of the resource type HumanUser."""

from __future__ import annotations

from typing import ClassVar

from pulumi_zorg.resource_types.human_user.calls import PROFILE, HumanUserCalls
from pulumi_zorg.resource_types.human_user.inputs import HumanUserInputs
from pulumi_zorg.resource_types.user.declaration import HALTED, UserType, user_events
from pulumi_zorg.resource_types.user.impact import UserImpact
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.tokens import type_token

_CREATED = ("user.human.added", "user.human.selfregistered", "user.added", "user.selfregistered")


class HumanUserType(UserType[HumanUserInputs]):
    """A human user: a person."""

    token = type_token("HumanUser")
    inputs = HumanUserInputs
    calls = HumanUserCalls()
    updatable = ("user_name", *PROFILE, "email", "email_verified", "phone")
    server_defaults = (*PROFILE, "email", "email_verified", "phone")
    records_server_defaults = False
    sent_as_read = ("given_name", "family_name", "email")
    on_request = True
    not_generated = ("nick_name", "display_name", "preferred_language", "gender", "phone")
    impact = UserImpact(inputs.noun, HALTED)
    events: ClassVar[ObjectEvents] = user_events(
        _CREATED,
        {
            "given_name": "firstName",
            "family_name": "lastName",
            "nick_name": "nickName",
            "display_name": "displayName",
            "preferred_language": "preferredLanguage",
            "gender": "gender",
            "email": "email",
        },
        {
            **dict.fromkeys(PROFILE, ("user.human.profile.changed",)),
            "email": ("user.human.email.changed",),
            "email_verified": ("user.human.email.verified", "user.human.email.changed"),
            "phone": ("user.human.phone.changed", "user.human.phone.removed"),
        },
    )


TYPE = HumanUserType()
