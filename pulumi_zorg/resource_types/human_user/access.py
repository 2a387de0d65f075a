"""What changes of human users do to who can get in. Pure: no I/O."""

from __future__ import annotations

from pulumi_zorg.access.instance import Kind
from pulumi_zorg.resource_types.user.access import UserAccess

ACCESS = UserAccess(Kind.PERSON, "display_name")
