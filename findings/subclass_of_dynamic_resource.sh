#!/usr/bin/env bash
# A subclass of a Pulumi dynamic resource class gets another type token, and loses the types of its outputs.
#
# Version:   pulumi 3.272.0 (Python SDK). No engine is needed.
# Guess:     a subclass that adds nothing is registered as its base class is, and its outputs have the same types.
# Behaviour: the class arguments `module` and `name` go to `__init_subclass__`, which runs again for each subclass, then
#            with its defaults. The subclass is registered as `pulumi-python:dynamic:Resource` without a word. In a
#            stack that exists, an engine sees a resource of one type that disappears and one of another type that
#            appears: it creates one and deletes the other. Annotations are read from the class itself and not from
#            its bases, so that an output annotated `Output[int]` is a float.
# Output:    Base:     pulumi-python:dynamic/shop:Account  size = 5 (int)
#            Subclass: pulumi-python:dynamic:Resource  size = 5.0 (float)
# Way out:   repeat the class arguments and the annotations in the subclass.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0

cat >"$folder/program.py" <<'PY'
import pulumi
from pulumi.dynamic import Resource, ResourceProvider
from pulumi.runtime import Mocks, set_mocks

registered = {}


class NoEngine(Mocks):
    def call(self, args):
        return {}

    def new_resource(self, args):
        registered[args.name] = args.typ
        return args.name, dict(args.inputs)


class Account(Resource, module="shop", name="Account"):
    size: pulumi.Output[int]

    def __init__(self, name):
        super().__init__(ResourceProvider(), name, {"size": 5})


class SpecialAccount(Account):
    pass


sizes = []
set_mocks(NoEngine())
pulumi.runtime.test(lambda: pulumi.Output.all(Account("base").size, SpecialAccount("sub").size).apply(sizes.extend))()

print(f"Base:     {registered['base']}  size = {sizes[0]!r} ({type(sizes[0]).__name__})")
print(f"Subclass: {registered['sub']}  size = {sizes[1]!r} ({type(sizes[1]).__name__})")
assert registered == {"base": "pulumi-python:dynamic/shop:Account", "sub": "pulumi-python:dynamic:Resource"}
assert [type(size) for size in sizes] == [int, float]
PY

"$folder/venv/bin/python" "$folder/program.py"
echo "The behaviour is as described."
