"""Messages of answers, as proto JSON writes them."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.eventstore.events import format_timestamp


def message(**fields: Any) -> dict[str, Any]:
    """Return a message: fields with zero values are left out. Inner messages stay, even if they are empty."""
    return {name: value for name, value in fields.items() if value or isinstance(value, dict)}


def int64(number: int) -> str:
    """Return a 64-bit number, which proto JSON writes as a string. Zero is left out."""
    return str(number) if number else ""


def optional_timestamp(micros: int) -> str:
    """Return a timestamp, or the empty string for zero."""
    return format_timestamp(micros) if micros else ""


def required_timestamp(micros: int) -> str:
    """Return a timestamp that is always sent: zero is the year 1."""
    return format_timestamp(micros) if micros else "0001-01-01T00:00:00Z"


def creation_details(details: Details) -> dict[str, Any]:
    """Return the `details` of a create. The time is the creation date."""
    return message(
        sequence=int64(details.sequence),
        creationDate=optional_timestamp(details.changed),
        resourceOwner=details.owner,
    )


def change_details(details: Details) -> dict[str, Any]:
    """Return the `details` of a change. The time is the change date."""
    return message(
        sequence=int64(details.sequence),
        changeDate=optional_timestamp(details.changed),
        resourceOwner=details.owner,
    )


def read_details(read_model: Any) -> dict[str, Any]:
    """Return the `details` of a read model, with both dates."""
    return message(
        sequence=int64(read_model.sequence),
        creationDate=optional_timestamp(read_model.created),
        changeDate=optional_timestamp(read_model.changed),
        resourceOwner=read_model.owner,
    )
