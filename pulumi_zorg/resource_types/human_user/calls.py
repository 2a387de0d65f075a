"""The operations on human users: ``/v2/users/human`` and ``/management/v1/users``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.operations import Endpoint
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.human_user.inputs import HumanUserInputs
from pulumi_zorg.resource_types.user.calls import UserCalls, UserRecord

# People that the v1 API creates are in the initial state, and cannot be deactivated.
_CREATE = Endpoint("POST", "/v2/users/human", "user.write")
# It keeps what is left out. The v1 API resets it.
_CHANGE = Endpoint("PUT", "/v2/users/human/{id}", "user.write")
_CHANGE_EMAIL = Endpoint("POST", "/v2/users/{id}/email", "user.write")
# The v2 API refuses the address that a person has already, also where only the flag is new.
_VERIFY_EMAIL = Endpoint("PUT", "/management/v1/users/{id}/email", "user.write")
_CHANGE_PHONE = Endpoint("POST", "/v2/users/{id}/phone", "user.write")

#: The properties of a person's profile, and the names that the v2 API has for them. The server wants the first two in each change.
PROFILE = {
    "given_name": "givenName",
    "family_name": "familyName",
    "nick_name": "nickName",
    "display_name": "displayName",
    "preferred_language": "preferredLanguage",
    "gender": "gender",
}
_ALWAYS = ("given_name", "family_name")


class HumanUserRecord(UserRecord):
    """A person."""

    noun = "human user"
    type, other = "TYPE_HUMAN", "a service account, which MachineUser declares"

    def properties(self) -> dict[str, Any]:
        human, found = self.human, super().properties()
        if human is None:
            return found
        email = {"email": human.email.email, "email_verified": human.email.is_verified}
        return {**found, **human.profile.model_dump(), **email, "phone": human.phone.phone}


class HumanUserCalls(UserCalls[HumanUserInputs, HumanUserRecord]):
    """The calls that create and change people by the v2 API, and the calls of :class:`UserCalls`.

    Documents: https://zitadel.com/docs/apis/resources/user_service_v2 (AddHumanUser, UpdateHumanUser, SetEmail, SetPhone),
    https://zitadel.com/docs/apis/resources/mgmt (Update User Email (Human)), and those of :class:`UserCalls`.
    """

    v1 = UserCalls.endpoints_of_type(_CREATE, _CHANGE, _CHANGE_EMAIL, _VERIFY_EMAIL, _CHANGE_PHONE)
    record = HumanUserRecord

    def create_body(self, inputs: HumanUserInputs) -> dict[str, Any]:
        """Return the body of a create. A person without ``email_verified`` and one with a phone number get a code to verify it."""
        declared = inputs.dump()
        return {
            "organization": {"orgId": inputs.org_id},
            **({"userId": inputs.custom_id} if inputs.custom_id else {}),
            "username": inputs.user_name,
            "profile": {field: declared[name] for name, field in PROFILE.items() if name in declared},
            "email": _email(inputs),
            **({"phone": {"phone": inputs.phone}} if inputs.phone else {}),
        }

    def creating(self, inputs: HumanUserInputs) -> str:
        return f"Creating human user {clean(inputs.user_name)!r} in organization {clean(inputs.org_id)}"

    def _create(self, client: Client, inputs: HumanUserInputs) -> str:
        with self.needs_v2(client):
            return super()._create(client, inputs)

    def _update(self, client: Client, id: str, inputs: HumanUserInputs, changed: Collection[str]) -> None:
        def change(verb: str, endpoint: Endpoint, body: dict[str, Any]) -> None:
            operation = self.operation(verb, id, inputs.org_id)
            self.change_v2(client, endpoint, operation, inputs.org_id, id, body)

        declared, profile = inputs.dump(), PROFILE.keys() & changed
        body: dict[str, Any] = {"username": inputs.user_name} if "user_name" in changed else {}
        if profile:
            body["profile"] = {PROFILE[name]: declared[name] for name in PROFILE if name in (*_ALWAYS, *profile)}
        if body:
            change("Changing", _CHANGE, body)
        if "email" in changed:
            change("Changing the email address of", _CHANGE_EMAIL, _email(inputs))
        elif "email_verified" in changed:
            operation = self.operation("Verifying the email address of", id, inputs.org_id)
            sent = {"email": inputs.email, "isEmailVerified": True}
            try:
                client.write(_VERIFY_EMAIL, operation, org=inputs.org_id, body=sent, ids={"id": id})
            except (ApiError, UnexpectedAnswer) as refused:
                if not client.operations.lacks(refused):
                    raise
                raise UnexpectedAnswer(
                    f"{operation}: this server does not have v1, and v2 marks no address as verified that a person has already. "
                    "Leave email_verified out, and let the person verify it.",
                    may_have_applied=False,
                ) from None
        if "phone" in changed:
            change("Changing the phone number of", _CHANGE_PHONE, {"phone": inputs.phone})


def _email(inputs: HumanUserInputs) -> dict[str, Any]:
    return {"email": inputs.email, **({"isVerified": True} if inputs.email_verified else {})}
