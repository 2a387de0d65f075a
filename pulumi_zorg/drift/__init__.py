"""Compares a stack's state with the live instance. It writes nothing.

:func:`pulumi_zorg.drift.pipeline.find_drift` is the whole pipeline: load the state, observe, compare, explain, report.
cli/drift.py has the text of the report.
"""
