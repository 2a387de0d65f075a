"""The client of ZITADEL's API: the services that make its calls, and what a process has learned about the server.

Nothing here decides anything. What an answer means is decided in :mod:`pulumi_zorg.world.proof` and
:mod:`pulumi_zorg.engine`.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import Unpack

from pulumi_zorg.api.access import Access
from pulumi_zorg.api.api_services import lacks_v1
from pulumi_zorg.api.caller import Caller
from pulumi_zorg.api.events import Events
from pulumi_zorg.api.operations import CallOptions, Endpoint, Operations, WriteOptions
from pulumi_zorg.api.organizations import Organizations
from pulumi_zorg.api.records import Details, Record, UserRecord
from pulumi_zorg.api.roles import Roles
from pulumi_zorg.api.searches import Searches
from pulumi_zorg.errors import HeaderIgnored, NotFound, UnexpectedAnswer, clean
from pulumi_zorg.settings.config import Settings

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport


class Removals:
    """The removals of organizations in this process.

    An imported state has no dependencies before the first `pulumi up`, so the engine deletes an organization and what is in it
    at the same time.
    """

    def __init__(self) -> None:
        self._done: set[str] = set()
        self._locks: dict[str, threading.RLock] = {}

    @contextmanager
    def of(self, org_id: str) -> Iterator[None]:
        """The block removes the organization. It raises an error where that did not succeed.

        An organization that the state has twice is removed twice, one after the other.
        """
        with self._lock(org_id):
            yield
            self._done.add(org_id)

    def include(self, org_id: str) -> bool:
        """Whether this process has removed the organization. A removal that runs is awaited."""
        with self._lock(org_id):
            return org_id in self._done

    def _lock(self, org_id: str) -> threading.RLock:
        return self._locks.setdefault(org_id, threading.RLock())


class Owners:
    """The managers with all rights from whom this process takes that role. Lists lag, and show them for a while."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.lock = threading.Lock()


#: A server of July 2026 lost about one in a thousand state changes with four writers. With two it lost none of 4,800, and on a busy
#: machine 1 to 4 of 2,000.
_AT_ONCE = 2


class Client:
    """One instance of ZITADEL, as one user of it.

    :param transport: carries the calls; :meth:`connect` makes one from settings.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        #: Which implementations of operations the server has.
        self.operations = Operations(lambda: lacks_v1(transport))
        self.organizations = Organizations(transport, self.operations)
        self.caller = Caller(transport, self.operations)
        self.events = Events(transport, self.operations)
        self.access = Access(transport, self.operations)
        self.searches = Searches(transport, self.organizations)
        self.roles = Roles(transport, self.events, self.operations)
        self._writes: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(_AT_ONCE))
        #: The organizations that this process removes.
        self.removals = Removals()
        #: Who stops to administer the instance or an organization.
        self.owners = Owners()
        #: The organization in which a user was made, by the user's id, as user grants show it.
        self.organization_of_user: dict[str, str] = {}
        #: The organizations whose user grants were listed for that.
        self.noted_users_of: set[str] = set()
        self.noting_users = threading.Lock()
        #: What was deactivated along with an organization, by its id (:mod:`pulumi_zorg.resource_types.along`).
        self.along: dict[str, Any] = {}
        self.along_lock = threading.Lock()
        #: The tokens of the types whose new objects reads do not show, so that creating them again does not help.
        self.not_shown: set[str] = set()
        self._verified: set[str] = set()
        #: The organizations that v2 has shown, which proves nothing about the header.
        self._only_listed: set[str] = set()
        self._verifying: dict[str, Future[bool]] = {}
        self._created: set[str] = set()
        self._active: dict[str, bool] = {}
        self._lock = threading.Lock()

    @classmethod
    def connect(
        cls,
        settings: Settings,
        *,
        notice: Callable[[str], None] | None = None,
        before_request: Callable[[], None] = lambda: None,
    ) -> Client:
        """Return a client of the instance that the settings name.

        :param notice: is given a sentence when a call has to wait; by default the log is.
        :param before_request: see :class:`Transport`.
        """
        # It loads httpx, which takes a tenth of a second. A preview without changes makes no call.
        from pulumi_zorg.api.transport import Transport

        return cls(Transport(settings, notice=notice, before_request=before_request))

    def writing(self, token: str) -> threading.Semaphore:
        """Return a place among those that may write objects of a type at once, for a ``with``, which waits for it.

        Types do not wait for each other, and reads do not wait.
        """
        with self._lock:
            return self._writes[token]

    def read(self, model: type[Record], endpoint: Endpoint, operation: str, **options: Unpack[CallOptions]) -> Record:
        """Return the answer to a call that changes nothing.

        :param model: the record of the answer.
        :param operation: what the call is for, as the beginning of a sentence.
        :param options: see :class:`WriteOptions`.
        """
        return self.transport.fetch(model, endpoint.call(operation, reads=True, **options))

    def change(self, model: type[Record], endpoint: Endpoint, operation: str, **options: Unpack[CallOptions]) -> Record:
        """Return the answer to a call that changes something. See :meth:`read`."""
        return self.transport.fetch(model, endpoint.call(operation, **options))

    def change_details(self, endpoint: Endpoint, operation: str, **options: Unpack[CallOptions]) -> Details:
        """Return whose object a call has changed, and nothing else of its answer, which may have a code. See :meth:`change`."""
        return self.transport.fetch(Details, endpoint.call(operation, **options), "details")

    def write(self, endpoint: Endpoint, operation: str, *, org: str, **options: Unpack[WriteOptions]) -> None:
        """Change an object of the organization that the header names, and verify that the server acted on that organization.

        The answer proves it by ``details.resourceOwner``. See :meth:`change`, for calls whose answer proves something else.

        :raises HeaderIgnored: where the server acts on another organization. Before the first write there, a read shows it.
        """
        # A removal and a change of state name the object in their path: a server that acts on another organization does not find it.
        # So it is enough that the header has arrived once.
        if not (endpoint.changes_only_its_object and self.header_arrives):
            try:
                self.verify_org_header(org)
                is_verified = org not in self._only_listed
            except NotFound as absent:  # by a list of v2; that says nothing about the object
                if absent.code is not None:
                    raise
                is_verified = False
            if not is_verified:
                raise UnexpectedAnswer(
                    f"{operation}: the server does not have the call by which it is verified that the header x-zitadel-orgid arrives "
                    "(GET /management/v1/orgs/me), so nothing was written.",
                    may_have_applied=False,
                    status=501,
                )
        check_owner(self.change_details(endpoint, operation, org=org, **options), org, operation)

    def verify_org_header(self, org_id: str) -> bool:
        """Verify, once in a process, that calls which name the organization act on it and on no other.

        A server or a proxy that drops the header acts on the caller's own organization and answers 200.

        :return: whether the answer shows the organization as existing. A removed one is answered too.
        :raises HeaderIgnored: where the server acts on another organization. Nothing was written then.
        """
        with self._lock:
            if org_id in self._verified or org_id in self._only_listed:
                return True
            # Resources are created at the same time: those of one organization share one answer.
            running = self._verifying.get(org_id)
            if running is None:
                answer = self._verifying[org_id] = Future[bool]()
        if running is not None:
            return running.result()
        try:
            shown = self.organizations.read(org_id)
            exists = not shown.removed
            if exists:
                self._active[org_id] = shown.active is not False
                if shown.by_header:
                    self.mark_verified(org_id)
                else:
                    self._only_listed.add(org_id)
            answer.set_result(exists)
        except BaseException as error:
            answer.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._verifying[org_id]
        return exists

    def is_active(self, org_id: str) -> bool:
        """Return whether an organization is active. It is read once in a process, and again after a change of this process."""
        if org_id not in self._active and not self.verify_org_header(org_id):
            return False
        known = self._active.get(org_id)
        if known is None:
            known = self._active[org_id] = self.organizations.read(org_id).active is not False
        return known

    def forget_along(self, id: str) -> None:
        """Forget what was read of what goes along with an organization, which changes. Other objects have nothing of it."""
        self.along.pop(id, None)
        self._active.pop(id, None)

    @property
    def header_arrives(self) -> bool:
        """Whether an answer in this process was about the organization that the header named."""
        with self._lock:
            return bool(self._verified)

    def mark_verified(self, org_id: str) -> None:
        """Remember that an answer to this organization's header was about this organization."""
        with self._lock:
            self._verified.add(org_id)

    @cached_property
    def me(self) -> UserRecord:
        """The credential's own user, read once in a process."""
        return self.caller.me()

    @cached_property
    def _default_organization(self) -> str | None:
        return self.caller.default_organization()

    @cached_property
    def own_project(self) -> str:
        """The id of ZITADEL's own project, read once in a process."""
        return self.caller.own_project()

    def mark_created(self, org_id: str) -> None:
        """Remember that this process created the organization: no user of a credential lives in it, and it is not the
        default one."""
        with self._lock:
            self._created.add(org_id)
            self._active[org_id] = True

    def why_protected(self, org_id: str) -> str | None:
        """Return why the organization must not be deactivated by accident, as a clause; None where it may be."""
        with self._lock:
            if org_id in self._created:
                return None
        if org_id == self.me.details.resource_owner:
            return "the credential's own user lives in it"
        if self._default_organization is None:
            return "the server does not tell this credential which organization is the default one, and this may be it"
        if org_id == self._default_organization:
            return "it is the default organization of the instance"
        return None

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()


def check_owner(details: Details, org_id: str, operation: str) -> None:
    """Verify that the server acted on an organization, by what its answer names.

    :raises HeaderIgnored: where that is another organization.
    :raises UnexpectedAnswer: where the answer does not say.
    """
    if not details.resource_owner:
        raise UnexpectedAnswer(
            f"{operation}: the answer does not say which organization it is about, so it is not ZITADEL's."
        )
    if details.resource_owner != org_id:
        raise HeaderIgnored(
            f"{operation}: the server acted on organization {clean(details.resource_owner)} instead. Look at that "
            "organization now: the change may have been made there. The server, or something in front of it, ignores the "
            "header x-zitadel-orgid."
        )
