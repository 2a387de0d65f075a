"""What a repository needs beside a generated program: Pulumi.yaml, requirements.txt and .gitignore."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_DISTRIBUTION = "pulumi-zorg"
#: The folder of the virtual environment, beside the program.
VIRTUAL_ENVIRONMENT = "venv"

_ON_THIS_MACHINE = (
    "# The package was installed from a folder or a file of this machine. It is on no package index yet. For another machine, give a",
    "# wheel that it can read, or a git reference: pulumi-zorg @ git+https://…@<commit>",
)


def files(name: str) -> dict[str, str]:
    """Return the files by their names.

    :param name: of the project.
    """
    return {
        # A language host that does not know these options uses the environment that is active.
        "Pulumi.yaml": f"""name: {name}
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: {VIRTUAL_ENVIRONMENT}
""",
        "requirements.txt": "\n".join(requirement(_origin(), metadata.version(_DISTRIBUTION))) + "\n",
        ".gitignore": f"/{VIRTUAL_ENVIRONMENT}/\n__pycache__/\n",
    }


def _origin() -> Mapping[str, Any] | None:
    """Return where this package was installed from (PEP 610); None for a package index."""
    text = metadata.distribution(_DISTRIBUTION).read_text("direct_url.json")
    found = json.loads(text) if text else None
    return found if isinstance(found, dict) else None


def requirement(origin: Mapping[str, Any] | None, version: str) -> tuple[str, ...]:
    """Return the lines of requirements.txt that install what runs here.

    :param origin: where it was installed from, as in ``direct_url.json``; None for a package index.
    """
    if origin is None:
        return (f"{_DISTRIBUTION}=={version}",)
    url = _without_password(str(origin.get("url", "")))
    vcs = origin.get("vcs_info")
    if isinstance(vcs, dict):
        return (f"{_DISTRIBUTION} @ {vcs['vcs']}+{url}@{vcs['commit_id']}",)
    return (*(_ON_THIS_MACHINE if url.startswith("file:") else ()), f"{_DISTRIBUTION} @ {url}")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    user = user.partition(":")[0] if ":" in user else user
    # Of https, the user is a token as often as a name. Of ssh it is the account, like "git".
    kept = f"{user}@{host}" if user and parts.scheme.endswith("ssh") else host
    return urlunsplit(parts._replace(netloc=kept))
