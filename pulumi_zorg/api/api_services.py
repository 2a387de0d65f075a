"""The services of ZITADEL's API that calls are made to, and which of them a server has.

A program that makes lookups loads this, so it loads neither the lists nor their records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_zorg.api.operations import Endpoint
from pulumi_zorg.errors import ApiError, LookupFailed, NotFound, UnexpectedAnswer

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport


@dataclass(frozen=True)
class ApiService:
    """A service of the API.

    :param endpoint: of a list, or of another call that changes nothing.
    :param without: what does not work on a server without the service, as a clause.
    """

    name: str
    endpoint: Endpoint
    without: str


#: What lookups in all organizations need.
AUTHORIZATIONS = ApiService(
    "AuthorizationService v2",
    Endpoint("POST", "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations", "user.grant.read"),
    "the lookup of a user grant by its id alone needs org_id, and drift reads the grants of each organization by themselves",
)
PROJECTS = ApiService(
    "ProjectService v2",
    Endpoint("POST", "/zitadel.project.v2.ProjectService/ListProjects", "project.read"),
    "drift reads the projects of each organization by themselves",
)
USERS = ApiService("UserService v2", Endpoint("POST", "/v2/users", "user.read"), "users cannot be looked up")

MANAGEMENT_V1 = ApiService(
    "management v1",
    Endpoint("GET", "/management/v1/orgs/me", "org.read"),
    "objects are read and changed by v2, which lags and cannot do everything (docs/without-v1.md)",
)
ORGANIZATIONS = ApiService(
    "organizations v2",
    Endpoint("POST", "/v2/organizations/_search", "org.read"),
    "a credential without iam.read on the instance cannot find an organization by name, so it cannot adopt one",
)

#: Documents: https://zitadel.com/docs/apis/introduction, and those of the calls.
API_SERVICES = (
    MANAGEMENT_V1,
    ApiService(
        "admin v1",
        Endpoint("POST", "/admin/v1/orgs/_search", "iam.read"),
        "no removal is proven, and drift does not say who changed what (docs/without-v1.md)",
    ),
    ORGANIZATIONS,
    AUTHORIZATIONS,
    PROJECTS,
)


_INSTANCE = Endpoint("GET", "/management/v1/iam", "")


def has_service(transport: Transport, service: ApiService) -> bool:
    """Whether the server has the service. A refusal is an answer of the service too.

    :raises Unreachable: where no answer arrived.
    :raises UnexpectedAnswer: where a proxy answers that something failed inside: the service behind it may be there.
    """
    page = {"pagination" if service.endpoint.is_of_connect else "query": {"limit": 1}}
    body = page if service.endpoint.method == "POST" else None
    call = service.endpoint.call(f"Looking for the API {service.name}", body=body, reads=True)
    try:
        transport.send(call)
    except NotFound:
        return False
    except UnexpectedAnswer as other:
        # A server without a service may answer with a page of the console.
        if other.status is not None and other.status >= 500 and other.status != 501:
            raise
        return False
    except ApiError as refused:
        return refused.status not in (405, 501)
    return True


def lacks_v1(transport: Transport) -> bool:
    """Whether the server, or what is in front of it, does not have the v1 API. Every caller may make this call.

    :raises Unreachable: where no answer arrived.
    """
    try:
        transport.send(_INSTANCE.call("Looking for the v1 API", reads=True))
    except (ApiError, UnexpectedAnswer) as refused:
        return refused.is_missing_call
    return False


@contextmanager
def needs_service(transport: Transport, service: ApiService, way_out: str) -> Iterator[None]:
    """Explain the error of a server that does not have a service of the API.

    :param way_out: what to do on such a server, as a sentence.
    :raises LookupFailed: where the server does not have it.
    """
    try:
        yield
    except (NotFound, UnexpectedAnswer):
        if has_service(transport, service):
            raise
        raise LookupFailed(
            f"This server seems not to have {service.name}, a part of ZITADEL's API. {way_out}"
        ) from None
