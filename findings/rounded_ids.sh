#!/usr/bin/env bash
# Two ids that are integers become one id on their way to a Pulumi dynamic provider, and pydantic accepts the result.
#
# Version:   pulumi 3.272.0 (Python SDK), pydantic 2.14.4. No engine is needed.
# Guess:     an int that a program passes to a resource arrives as that int, or is refused.
# Behaviour: the SDK turns each number into a double, which is exact up to 2**53 (16 digits). ZITADEL's ids have 18
#            digits. Near ids become the same number, in the inputs and again in the outputs that a provider returns.
#            pydantic does not refuse the float for a field of type int, since it has no fraction: the model has a
#            clean, wrong id. A value above the range of a double is refused, so only long ids pass unnoticed.
# Output:    passed:   312345678901234567 and 312345678901234569
#            arrived:  3.1234567890123456e+17 and 3.1234567890123456e+17
#            pydantic: 312345678901234560 and 312345678901234560
#            with Strict: refused
# Way out:   ids are strings, in the program and in models (`id: str`). pydantic refuses a number there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0 pydantic==2.14.4

cat >"$folder/program.py" <<'PY'
from typing import Annotated

import pulumi
from pulumi.dynamic import Resource, ResourceProvider
from pulumi.runtime import Mocks, set_mocks
from pydantic import BaseModel, Strict, ValidationError

FIRST, SECOND = 312345678901234567, 312345678901234569
arrived = {}


class NoEngine(Mocks):
    def call(self, args):
        return {}

    def new_resource(self, args):
        arrived[args.name] = args.inputs["org_id"]
        return args.name, dict(args.inputs)


class Member(Resource):
    def __init__(self, name, org_id):
        super().__init__(ResourceProvider(), name, {"org_id": org_id})


class Model(BaseModel):
    org_id: int


class StrictModel(BaseModel):
    org_id: Annotated[int, Strict()]


def program():
    Member("first", FIRST)
    Member("second", SECOND)


set_mocks(NoEngine())
pulumi.runtime.test(program)()
first, second = (Model(org_id=arrived[name]).org_id for name in ("first", "second"))
print(f"passed:   {FIRST} and {SECOND}")
print(f"arrived:  {arrived['first']!r} and {arrived['second']!r}")
print(f"pydantic: {first} and {second}")
assert isinstance(arrived["first"], float) and arrived["first"] == arrived["second"]
assert first == second and first not in {FIRST, SECOND}
try:
    StrictModel(org_id=arrived["first"])
except ValidationError:
    print("with Strict: refused")
else:
    raise AssertionError("Strict accepted a float")
PY

"$folder/venv/bin/python" "$folder/program.py"
echo "The behaviour is as described."
