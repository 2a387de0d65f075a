"""Asks the instance what a planned change would mean to people, with few calls and little patience: a preview must not
fail for it, and hardly be slower. What cannot be asked is said to be so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import ValidationError

from pulumi_zorg.client import Client
from pulumi_zorg.config import Settings
from pulumi_zorg.drift import ORGANIZATION
from pulumi_zorg.errors import (
    ApiError,
    CredentialError,
    HeaderIgnored,
    NoAnswer,
    NotFound,
    NotProven,
    PermissionDenied,
    Unauthenticated,
    ZorgError,
)
from pulumi_zorg.impact import Act, Effect, Facts, Planned, effect_of, sentences
from pulumi_zorg.resource_types.base import Observed, ResourceType

__all__ = ["Foresight"]

#: Calls in one preview, and the seconds that each of them may take.
_CALLS, _SECONDS = 20, 5.0
#: A call that fails is not repeated.
_AT_ONCE = 0.001

T = TypeVar("T")


class _NotAsked(Exception):
    """Nothing is asked any more; says why."""


class Foresight:
    """What one preview asks and says.

    :param settings: which instance, as whom. With ``preview_impact`` off nothing is asked; who says nothing, asks nothing.
    :param calls: how many calls there may be.
    """

    def __init__(self, settings: Settings, calls: int = _CALLS) -> None:
        hasty = replace(settings, timeout=min(settings.timeout, _SECONDS), retry_deadline=_AT_ONCE)
        self._client = Client.connect(hasty, notice=lambda sentence: None)
        self._left = calls
        self._over: str | None = None
        self._names: dict[tuple[str, ...], str | None] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def check_credential(self) -> str | None:
        """Use the credential once. Return what the user should know where the server does not answer, as a sentence.

        :raises CredentialError: where the server gives no token for the credential.
        :raises Unauthenticated: where the server refuses it, and
        :raises PermissionDenied: where it may not even read its own user.
        """
        try:
            self._ask(lambda: self._client.me)
        except (CredentialError, Unauthenticated, PermissionDenied):
            raise
        except (ZorgError, _NotAsked) as error:
            return f"the credential was not checked: {error}"
        return None

    def sentences(self, planned: Planned, secret: Collection[str] = ()) -> tuple[str, ...]:
        """What a reviewer should know of the change; none where nothing of weight happens.

        :param secret: the properties that are not shown.
        """
        effect = effect_of(planned).hiding(secret)
        return sentences(effect, self.facts(effect)) if effect.has_weight else ()

    def standing(
        self, resource_type: ResourceType[Any], id: str, known: Mapping[str, Any], *, certain: bool = False
    ) -> Mapping[str, Any] | None:
        """The object's properties as they are; None where it is proven to be gone.

        :param known: its properties in the state, which must do where it cannot be told.
        :param certain: then it is None also where it cannot be told.
        """
        try:
            found = self._ask(lambda: resource_type.find(self._client, id, known))
        except (ZorgError, _NotAsked):
            return None if certain else known
        return {**known, **found.properties} if isinstance(found, Observed) else None

    def adoption(self, resource_type: ResourceType[Any], planned: Planned) -> Planned:
        """The planned creation, as the change that it is where it adopts something."""
        after = planned.after or {}
        try:
            inputs = resource_type.inputs.model_validate(after)
        except ValidationError:
            return planned.unseen()  # something of it is not known yet
        try:
            standing = self._ask(lambda: resource_type.find_existing(self._client, inputs))
            found = None if standing is None else self._ask(lambda: resource_type.find(self._client, standing, after))
        except (ZorgError, _NotAsked):
            return planned.unseen()
        return replace(planned, id=found.id, before=found.properties) if isinstance(found, Observed) else planned

    def facts(self, effect: Effect) -> Facts:
        """What the instance says of the object; it never raises."""
        if effect.type != ORGANIZATION:
            return self._names_of(effect)
        if effect.id is None:
            return Facts(why_not="its id is not known yet")
        org_id, census = effect.id, self._client.census
        try:
            # Users first: whoever asks is one, so that a header that is ignored is noticed.
            facts = Facts(users=self._ask(lambda: census.users(org_id)))
            if effect.act is Act.REMOVES:
                projects = self._ask(lambda: census.projects(org_id))
                return replace(facts, projects=projects, grants=self._ask(lambda: census.user_grants(org_id)))
            accounts = self._ask(lambda: census.service_accounts(org_id)) if facts.users else 0
            return replace(facts, service_accounts=accounts)
        except (ZorgError, _NotAsked) as error:
            return Facts(why_not=_why(error))

    def _names_of(self, effect: Effect) -> Facts:
        known = {name: value for name, value in effect.properties.items() if isinstance(value, str)}
        org_id, user_id, project_id = known.get("org_id"), known.get("user_id"), known.get("project_id")
        census = self._client.census
        user = project = None
        if user_id:
            here = (lambda: census.user_name(org_id, user_id),) if org_id else ()
            user = self._name(("user", user_id), *here, lambda: census.user_name_anywhere(user_id))
        if org_id and project_id:
            project = self._name(
                ("project", org_id, project_id),
                lambda: census.project_name(org_id, project_id),
                lambda: census.granted_project_name(org_id, project_id),
            )
        return Facts(user=user, project=project)

    def _name(self, key: tuple[str, ...], *questions: Callable[[], str | None]) -> str | None:
        """The first answer, asked once in a preview; none is no harm, for the id is told then."""
        with self._lock:
            if key in self._names:
                return self._names[key]
        name = None
        for question in questions:
            try:
                name = self._ask(question)
            except NotFound:
                continue
            except (ZorgError, _NotAsked):
                break
            if name:
                break
        with self._lock:
            self._names[key] = name or None
        return name or None

    def _ask(self, question: Callable[[], T]) -> T:
        with self._lock:
            if self._over is not None:
                raise _NotAsked(self._over)
            if self._left <= 0:
                raise _NotAsked("this preview has asked often enough")
            self._left -= 1
        try:
            return question()
        except (NoAnswer, CredentialError, Unauthenticated) as error:
            # A server that does not answer is not asked again: each time would cost the whole time-out.
            with self._lock:
                self._over = _why(error)
            raise


def _why(error: ZorgError | _NotAsked) -> str:
    if isinstance(error, _NotAsked):
        return str(error)
    if isinstance(error, PermissionDenied | NotProven):
        return "the credential may not see that"
    if isinstance(error, HeaderIgnored):
        return "the server ignores the header x-zitadel-orgid"
    if isinstance(error, CredentialError | Unauthenticated):
        return "the credential is not accepted"
    return f"ZITADEL answered {error.status}" if isinstance(error, ApiError) else "the server did not answer"
