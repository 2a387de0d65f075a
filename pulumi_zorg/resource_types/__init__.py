"""The resource types, one package each. :mod:`pulumi_zorg.resource_types.resource_type` defines what a type declares."""
