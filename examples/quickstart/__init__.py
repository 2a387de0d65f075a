# Empty. With it, mypy distinguishes the `__main__` of one example from that of another.
