"""Pure: the versions of the engine from which on it can do what this package needs."""

from __future__ import annotations

import re

#: Older engines have no `refresh --preview-only`.
OLDEST_ENGINE = (3, 227)
#: Older engines query the provider about each entry of an import file, and the provider of a dynamic resource is in that file.
IMPORTS_SINCE = (3, 254)


def version_in(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of a version, like ``v3.276.0``; None where the text is none."""
    found = re.match(r"v?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def dotted(version: tuple[int, int]) -> str:
    """Return a version as users write it."""
    return ".".join(map(str, version))


#: What is wrong with an engine that cannot import dynamic resources, after its version.
NO_IMPORT = f"cannot import dynamic resources; pulumi {dotted(IMPORTS_SINCE)} or newer can"
