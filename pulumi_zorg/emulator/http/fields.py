"""Shorthands to describe request messages, and the enums and parts that many messages share."""

from __future__ import annotations

from pulumi_zorg.emulator.http.schema import Field, Message

TEXT_METHODS = (
    "TEXT_QUERY_METHOD_EQUALS",
    "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE",
    "TEXT_QUERY_METHOD_STARTS_WITH",
    "TEXT_QUERY_METHOD_STARTS_WITH_IGNORE_CASE",
    "TEXT_QUERY_METHOD_CONTAINS",
    "TEXT_QUERY_METHOD_CONTAINS_IGNORE_CASE",
    "TEXT_QUERY_METHOD_ENDS_WITH",
    "TEXT_QUERY_METHOD_ENDS_WITH_IGNORE_CASE",
)
FILTER_METHODS = tuple(method.replace("TEXT_QUERY", "TEXT_FILTER") for method in TEXT_METHODS)
ORG_STATES = ("ORG_STATE_UNSPECIFIED", "ORG_STATE_ACTIVE", "ORG_STATE_INACTIVE", "ORG_STATE_REMOVED")
USER_STATES = tuple(
    f"USER_STATE_{name}" for name in ("UNSPECIFIED", "ACTIVE", "INACTIVE", "DELETED", "LOCKED", "SUSPEND", "INITIAL")
)
USER_STATES_V2 = tuple(
    f"USER_STATE_{name}" for name in ("UNSPECIFIED", "ACTIVE", "INACTIVE", "DELETED", "LOCKED", "INITIAL")
)
USER_TYPES = ("TYPE_UNSPECIFIED", "TYPE_HUMAN", "TYPE_MACHINE")
GENDERS = ("GENDER_UNSPECIFIED", "GENDER_FEMALE", "GENDER_MALE", "GENDER_DIVERSE")
TOKEN_TYPES = ("ACCESS_TOKEN_TYPE_BEARER", "ACCESS_TOKEN_TYPE_JWT")
LABELINGS = (
    "PRIVATE_LABELING_SETTING_UNSPECIFIED",
    "PRIVATE_LABELING_SETTING_ENFORCE_PROJECT_RESOURCE_OWNER_POLICY",
    "PRIVATE_LABELING_SETTING_ALLOW_LOGIN_USER_RESOURCE_OWNER_POLICY",
)
USER_FIELDS = tuple(
    f"USER_FIELD_NAME_{name}"
    for name in (
        "UNSPECIFIED",
        "USER_NAME",
        "FIRST_NAME",
        "LAST_NAME",
        "NICK_NAME",
        "DISPLAY_NAME",
        "EMAIL",
        "STATE",
        "TYPE",
        "CREATION_DATE",
    )
)
AUTHORIZATION_FIELDS = tuple(
    f"AUTHORIZATION_FIELD_NAME_{name}"
    for name in (
        "UNSPECIFIED",
        "CREATED_DATE",
        "CHANGED_DATE",
        "ID",
        "USER_ID",
        "PROJECT_ID",
        "ORGANIZATION_ID",
        "USER_ORGANIZATION_ID",
    )
)


def ident(name: str) -> Field:
    """Return a required id or name of 1 to 200 runes."""
    return Field(name, min_length=1, max_length=200)


def text(name: str, min_length: int | None = None, max_length: int | None = 200, *, optional: bool = False) -> Field:
    """Return a text, by default of at most 200 runes."""
    return Field(name, min_length=min_length, max_length=max_length, optional=optional)


def texts(name: str) -> Field:
    """Return a list of texts without rules."""
    return Field(name, repeated=True)


def inner(name: str, message: Message, *, required: bool = False, oneof: str = "") -> Field:
    """Return a field that is a message."""
    return Field(name, "message", message=message, required=required, oneof=oneof)


def list_of(name: str, message: Message) -> Field:
    """Return a field that is a list of messages."""
    return Field(name, "message", message=message, repeated=True)


def enum(name: str, values: tuple[str, ...], *, not_unspecified: bool = False, optional: bool = False) -> Field:
    """Return an enum. Its first value is the default, unless it is optional."""
    return Field(name, "enum", values=values, not_unspecified=not_unspecified, optional=optional)


def ids(name: str, *names: str) -> Message:
    """Return a message whose fields are all ids."""
    return Message(name, tuple(ident(one) for one in names))


LIST_QUERY = Message("ListQuery", (Field("offset", "int"), Field("limit", "int"), Field("asc", "bool")))
CHANGE_QUERY = Message("ChangeQuery", (Field("sequence", "int"), Field("limit", "int"), Field("asc", "bool")))
PAGE = Message("PaginationRequest", (Field("offset", "int"), Field("limit", "int"), Field("asc", "bool")))
QUERY = inner("query", LIST_QUERY)
PAGINATION = inner("pagination", PAGE)
METHOD = enum("method", TEXT_METHODS)
FILTER_METHOD = enum("method", FILTER_METHODS)


def one_of(name: str, oneof: str, **kinds: Message) -> Message:
    """Return a message with one required oneof."""
    return Message(name, tuple(inner(kind, message, oneof=oneof) for kind, message in kinds.items()), (oneof,))


def match(name: str, field: str, min_length: int | None = None, method: Field = METHOD) -> Message:
    """Return a message with a text to search for and the method of the comparison."""
    return Message(name, (text(field, min_length), method))


def single(name: str, field: Field) -> Message:
    """Return a message with one field."""
    return Message(name, (field,))


#: The request message of endpoints without parameters.
EMPTY = Message("Empty")

#: The filters by ids of v2 lists.
ID_FILTER = single("IDFilter", text("id"))
IN_IDS_FILTER = single("InIDsFilter", Field("ids", repeated=True, unique=True, min_length=1, max_length=200))
