"""A Pulumi SDK older than pyproject.toml permits, for the test that it is refused. ``make setup`` puts it there."""

from __future__ import annotations

from tests.support.stack import ROOT

#: SDKs before 3.235 drop the properties that begin with ``__``.
OLD_SDK_VERSION = "3.231.0"

#: The folder to put first on PYTHONPATH of a program. It holds the package ``pulumi`` alone, without its dependencies.
OLD_SDK = ROOT / ".cache" / f"pulumi-{OLD_SDK_VERSION}"
