"""Counts what a preview would do to people, against limits. It changes nothing.

Top to bottom: :mod:`.plan` reads the engine's plan, :mod:`.state` adds what only the state has, and :func:`.pipeline.review` counts:
:mod:`.instance` reads the instance, :mod:`.limits` compares, :mod:`.report` is the result. cli/guard_formats.py writes it.
"""
