"""ZITADEL's organizations, users, projects, project grants and user grants for Pulumi, with the flag ``active``.

::

    import pulumi_zorg as zorg

    acme = zorg.Organization("acme", name="Acme", active=True)
    zorg.UserGrant("ann", org_id=acme.id, user_id="…", project_id="…", role_keys=["viewer"])
"""

import typing

from pulumi_zorg import errors as errors

if typing.TYPE_CHECKING:
    from pulumi_zorg.exports import *  # noqa: F403 - all of its `__all__`
else:

    def __getattr__(name):
        """Load all public names when the first of them is used. The command `zorg` and the provider's process use none."""
        module = f"module {__name__!r}"
        if name.startswith("__") and name != "__all__":  # Python looks whether a module has these
            raise AttributeError(f"{module} has no attribute {name!r}")
        from importlib import import_module

        exports = import_module("pulumi_zorg.exports")
        globals().update({each: getattr(exports, each) for each in ("__all__", *exports.__all__)})
        if name not in globals():
            import sys

            raise AttributeError(f"{module} has no attribute {name!r}", name=name, obj=sys.modules[__name__])
        return globals()[name]

    def __dir__():
        return [*__getattr__("__all__")]
