"""The services of ZITADEL's API that calls are made to, and which of them a server has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulumi_zorg.api.call import Call
from pulumi_zorg.errors import ApiError, NotFound, UnexpectedAnswer

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport


@dataclass(frozen=True)
class ApiService:
    """A service of the API.

    :param method: of a call that changes nothing.
    :param path: of the same call.
    :param without: what does not work on a server without the service, as a clause; None where nothing works.
    """

    name: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    without: str | None = None


_ONE = {"query": {"limit": 1}}
_ONE_V2 = {"pagination": {"limit": 1}}

#: What lookups in all organizations need.
AUTHORIZATIONS = ApiService(
    "AuthorizationService v2",
    "POST",
    "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations",
    _ONE_V2,
    "the lookup of a user grant by its id alone needs org_id, and drift reads the grants of each organization by themselves",
)
PROJECTS = ApiService(
    "ProjectService v2",
    "POST",
    "/zitadel.project.v2.ProjectService/ListProjects",
    _ONE_V2,
    "drift reads the projects of each organization by themselves",
)
USERS = ApiService("UserService v2", "POST", "/v2/users", _ONE, "users cannot be looked up")

#: Documents: https://zitadel.com/docs/apis/introduction, and those of the calls.
API_SERVICES = (
    ApiService("management v1", "GET", "/management/v1/orgs/me"),
    ApiService("admin v1", "POST", "/admin/v1/orgs/_search", _ONE),
    ApiService(
        "organizations v2",
        "POST",
        "/v2/organizations/_search",
        _ONE,
        "a credential without iam.read on the instance cannot find an organization by name, so it cannot adopt one",
    ),
    AUTHORIZATIONS,
    PROJECTS,
)


def has_service(transport: Transport, service: ApiService) -> bool:
    """Whether the server has the service. A refusal is an answer of the service too.

    :raises Unreachable: where no answer arrived.
    """
    operation = f"Looking for the API {service.name}"
    try:
        transport.send(Call(operation, service.method, service.path, body=service.body, reads=True))
    except (NotFound, UnexpectedAnswer):
        return False
    except ApiError as refused:
        return refused.status not in (405, 501)
    return True
