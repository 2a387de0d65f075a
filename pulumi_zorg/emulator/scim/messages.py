"""The request messages of SCIM, with the fields that the emulator knows. All others are ignored."""

from __future__ import annotations

from pulumi_zorg.emulator.http.fields import inner, list_of
from pulumi_zorg.emulator.http.schema import Field, Message

_CONTACT = Message("Contact", (Field("value"), Field("primary", "bool")))
USER = Message(
    "User",
    (
        Field("user_name"),
        inner("name", Message("Name", (Field("formatted"), Field("family_name"), Field("given_name")))),
        Field("display_name"),
        Field("nick_name"),
        Field("preferred_language"),
        Field("active", "bool", optional=True),
        list_of("emails", _CONTACT),
        list_of("phone_numbers", _CONTACT),
        Field("password"),
    ),
)
PATCH_USER = Message(
    "PatchOp",
    (list_of("Operations", Message("Operation", (Field("op"), Field("path"), Field("value", "any")))),),
)
LIST_USERS = Message("ListRequest", (Field("start_index", "int"), Field("count", "int"), Field("filter")))
EMPTY = Message("Empty")
