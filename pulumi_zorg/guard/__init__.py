"""Counts what a preview would do to people, against limits. It changes nothing.

Top to bottom: :mod:`.plan` reads the engine's plan and adds what only the state has. :func:`.pipeline.review` reads the instance and
counts. :mod:`.report` has the limits and the result. cli/preview_guard.py writes it.
"""
