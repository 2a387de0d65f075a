"""``zorg generate``: a program that adopts what exists. Read :mod:`pulumi_zorg.generate.pipeline` first."""
