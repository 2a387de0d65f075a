"""``zorg doctor``: whether everything is so that `pulumi up` can succeed, before it runs. It writes nothing.

:mod:`pulumi_zorg.doctor.pipeline` has the checks in their order, and is where to begin reading.
"""
