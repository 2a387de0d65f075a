"""Reads from the instance what a planned change means to people.

It makes few calls and waits little, because a preview must neither fail nor be much slower for it. Where something cannot
be read, the sentences say why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import ValidationError

from pulumi_zorg.client import Client
from pulumi_zorg.config import Settings
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
from pulumi_zorg.tokens import ORGANIZATION

__all__ = ["PreviewImpact"]

#: Calls in one preview.
_CALLS = 20
#: Seconds that one of them may take.
_TIMEOUT = 5.0
#: Seconds after which a call that fails is given up: it is not repeated.
_NO_RETRY = 0.001

T = TypeVar("T")


class _NotRead(Exception):
    """No more calls are made in this preview. The message says why."""


class PreviewImpact:
    """The impact of the changes of one preview.

    :param settings: the instance and the credential.
    :param calls: how many calls may be made.
    """

    def __init__(self, settings: Settings, calls: int = _CALLS) -> None:
        hasty = replace(settings, timeout=min(settings.timeout, _TIMEOUT), retry_deadline=_NO_RETRY)
        self._client = Client.connect(hasty, notice=lambda sentence: None)
        self._left = calls
        self._stopped: str | None = None  # why no more calls are made
        self._known_names: dict[tuple[str, ...], str | None] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def check_credential(self) -> str | None:
        """Use the credential once. Return what the user should know where the server does not answer, as a sentence.

        :raises CredentialError: where the server gives no token for the credential.
        :raises Unauthenticated: where the server refuses it, and
        :raises PermissionDenied: where it may not even read its own user.
        """
        try:
            self._read(lambda: self._client.me)
        except (CredentialError, Unauthenticated, PermissionDenied):
            raise
        except (ZorgError, _NotRead) as error:
            return f"the credential was not checked: {error}"
        return None

    def sentences(self, planned: Planned, secret: Collection[str] = ()) -> tuple[str, ...]:
        """Return what a reviewer should know of the change; none where nothing significant happens.

        :param secret: the properties whose values are not shown.
        """
        effect = effect_of(planned).hiding(secret)
        return sentences(effect, self.counts(effect)) if effect.is_significant else ()

    def resolve_adoption(self, resource_type: ResourceType[Any], planned: Planned) -> Planned:
        """Return a planned create with ``adopt=True`` as the change that it is, where an object exists."""
        after = planned.after or {}
        try:
            inputs = resource_type.inputs.model_validate(after)
        except ValidationError:
            return planned.unresolved()  # a part of it is not known yet
        try:
            existing = self._read(lambda: resource_type.find_existing(self._client, inputs))
            found = None if existing is None else self._read(lambda: resource_type.find(self._client, existing, after))
        except (ZorgError, _NotRead):
            return planned.unresolved()
        return replace(planned, id=found.id, before=found.properties) if isinstance(found, Observed) else planned

    def counts(self, effect: Effect) -> Facts:
        """Return the counts and names that the sentences show. It never raises."""
        if effect.type != ORGANIZATION:
            return self._names(effect)
        if effect.id is None:
            return Facts(why_not="its id is not known yet")
        org_id, counts = effect.id, self._client.counts
        try:
            # Users first. The caller is a user, so the answer shows whether the server ignores the header.
            facts = Facts(users=self._read(lambda: counts.users(org_id)))
            if effect.act is Act.REMOVES:
                projects = self._read(lambda: counts.projects(org_id))
                return replace(facts, projects=projects, grants=self._read(lambda: counts.user_grants(org_id)))
            accounts = self._read(lambda: counts.service_accounts(org_id)) if facts.users else 0
            return replace(facts, service_accounts=accounts)
        except (ZorgError, _NotRead) as error:
            return Facts(why_not=_why(error))

    def _names(self, effect: Effect) -> Facts:
        known = {name: value for name, value in effect.properties.items() if isinstance(value, str)}
        org_id, user_id, project_id = known.get("org_id"), known.get("user_id"), known.get("project_id")
        counts = self._client.counts
        user = project = None
        if user_id:
            here = (lambda: counts.user_name(org_id, user_id),) if org_id else ()
            user = self._name(("user", user_id), *here, lambda: counts.user_name_anywhere(user_id))
        if org_id and project_id:
            project = self._name(
                ("project", org_id, project_id),
                lambda: counts.project_name(org_id, project_id),
                lambda: counts.granted_project_name(org_id, project_id),
            )
        return Facts(user=user, project=project)

    def _name(self, key: tuple[str, ...], *calls: Callable[[], str | None]) -> str | None:
        """Return the first name that a call gives, read once in a preview. Without one the sentence shows the id."""
        with self._lock:
            if key in self._known_names:
                return self._known_names[key]
        name = None
        for call in calls:
            try:
                name = self._read(call)
            except NotFound:
                continue
            except (ZorgError, _NotRead):
                break
            if name:
                break
        with self._lock:
            self._known_names[key] = name or None
        return name or None

    def _read(self, call: Callable[[], T]) -> T:
        with self._lock:
            if self._stopped is not None:
                raise _NotRead(self._stopped)
            if self._left <= 0:
                raise _NotRead("this preview has made enough calls")
            self._left -= 1
        try:
            return call()
        except (NoAnswer, CredentialError, Unauthenticated) as error:
            # A server that does not answer gets no more calls: each would cost the whole time-out.
            with self._lock:
                self._stopped = _why(error)
            raise


def _why(error: ZorgError | _NotRead) -> str:
    if isinstance(error, _NotRead):
        return str(error)
    if isinstance(error, PermissionDenied | NotProven):
        return "the credential may not see that"
    if isinstance(error, HeaderIgnored):
        return "the server ignores the header x-zitadel-orgid"
    if isinstance(error, CredentialError | Unauthenticated):
        return "the credential is not accepted"
    return f"ZITADEL answered {error.status}" if isinstance(error, ApiError) else "the server did not answer"
