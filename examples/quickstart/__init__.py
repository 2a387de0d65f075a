# Empty. It lets mypy tell the `__main__` of one example from that of another.
