#!/usr/bin/env bash
# `output == "closed"` is False and `not output` is False, whatever value the output has, without an error.
#
# Version:   pulumi 3.272.0 (Python SDK).
# Guess:     an `Output` has no value yet, so that comparing it, or asking whether it is true, raises a TypeError, as `in` and a
#            loop over it do.
# Behaviour: an `Output` has neither `__eq__` nor `__bool__`. Python then compares identities, and every object is true. A program
#            with `active=(status != "closed")` declares True for good, and one with `active=(status == "open")` declares
#            False. It runs without an error or a warning, in a preview and in an update.
# Output:    status == "closed":            False
#            status != "closed":            True
#            not status:                    False
#            "closed" in status:            TypeError
#            status.apply(lambda each: …):  True
# Way out:   `status.apply(lambda each: each != "closed")`. `mypy --strict` finds the comparisons ("non-overlapping equality
#            check"), where the type of the output is known, and not `not status`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0 mypy==1.18.2
cd "$folder"

cat >program.py <<'PY'
import asyncio

import pulumi

asyncio.set_event_loop(asyncio.new_event_loop())
status = pulumi.Output.from_input("closed")


def contains() -> object:
    try:
        return "closed" in status
    except TypeError as error:
        return type(error).__name__


def applied() -> object:
    return asyncio.get_event_loop().run_until_complete(status.apply(lambda each: each == "closed").future())


print('status == "closed":           ', status == "closed")
print('status != "closed":           ', status != "closed")
print("not status:                   ", not status)
print('"closed" in status:           ', contains())
print("status.apply(lambda each: …): ", applied())
PY
cat >typed.py <<'PY'
import pulumi

status: pulumi.Output[str] = pulumi.Output.from_input("closed")
is_closed = status == "closed"
is_not_closed = not status
PY

cat >expected <<'END'
status == "closed":            False
status != "closed":            True
not status:                    False
"closed" in status:            TypeError
status.apply(lambda each: …):  True
END
"$folder/venv/bin/python" program.py | tee found
diff expected found || { echo "not as described" >&2; exit 1; }
"$folder/venv/bin/mypy" --strict typed.py >checked || true
grep -o 'typed.py:[0-9]*: error: [A-Z][^(]*' checked || { cat checked >&2; exit 1; }
[ "$(grep -c 'error:' checked)" -le 2 ] && grep -q '^typed.py:4: error: Non-overlapping equality check' checked \
  && ! grep -q '^typed.py:5: ' checked || { echo "not as described" >&2; cat checked >&2; exit 1; }
echo "The behaviour is as described."
