"""The resource types, one package each. :mod:`pulumi_zorg.resource_type` defines what a type declares."""
