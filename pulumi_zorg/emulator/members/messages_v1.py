"""The request messages of members and memberships in the v1 API."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import QUERY, ident, ids, list_of, match, one_of, single, text, texts
from pulumi_zorg.emulator.http.schema import Field, Message

_MEMBER_QUERY = one_of(
    "SearchQuery",
    "query",
    first_name_query=match("FirstNameQuery", "first_name"),
    last_name_query=match("LastNameQuery", "last_name"),
    email_query=match("EmailQuery", "email"),
    user_id_query=single("UserIDQuery", text("user_id")),
)


def member_messages(name: str, *path: str) -> tuple[Message, Message, Message, Message]:
    """The messages to list, add, change and remove members of that kind; `path` are the ids before the user's."""
    before = tuple(ident(one) for one in path)
    return (
        Message(f"List{name}sRequest", (*before, QUERY, list_of("queries", _MEMBER_QUERY))),
        Message(f"Add{name}Request", (*before, ident("user_id"), texts("roles"))),
        Message(f"Update{name}Request", (*before, ident("user_id"), texts("roles"))),
        ids(f"Remove{name}Request", *path, "user_id"),
    )


LIST_MEMBERSHIPS = Message(
    "ListUserMembershipsRequest",
    (
        ident("user_id"),
        QUERY,
        list_of(
            "queries",
            one_of(
                "MembershipQuery",
                "query",
                org_query=single("MembershipOrgQuery", text("org_id")),
                project_query=single("MembershipProjectQuery", text("project_id")),
                project_grant_query=single("MembershipProjectGrantQuery", text("project_grant_id")),
                iam_query=single("MembershipIAMQuery", Field("iam", "bool")),
            ),
        ),
    ),
)
LIST_MY_MEMBERSHIPS = Message("ListMyMembershipsRequest", LIST_MEMBERSHIPS.fields[1:])
