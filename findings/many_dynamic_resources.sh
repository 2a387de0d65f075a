#!/usr/bin/env bash
# A program cannot declare more than about 300 Pulumi dynamic resources whose provider is an ordinary class.
#
# Version:   pulumi 3.272.0 (Python SDK) with dill 0.4.1, Python 3.11. No engine is needed.
# Guess:     a program can declare as many dynamic resources as it wants. Each provider is serialized by itself.
# Behaviour: to make the result repeatable, the SDK replaces a method of `pickle._Pickler` each time that it serializes a
#            provider, and does not restore it. The new method calls the one before it. After N dynamic resources each
#            dict goes through N calls, so that RecursionError ends the program at Python's limit of 1,000. A class
#            of the main program with a method costs three dicts inside each other: it fails at the 315th resource. A provider
#            in a module costs no dict if it has no attributes, and works, but each one still adds a call. One
#            attribute in one provider is then enough, after about 1,000 dynamic resources of any type.
#            On the engine (3.250.0) `pulumi preview` of 400 such resources ends with "314 to create, 1 errored".
# Output:    class of the main program: RecursionError at resource 315
#            class in a module, no attributes: 2000 resources serialized
#            then one provider with an attribute: RecursionError
# Way out:   put the provider class into an importable module, without attributes, and read settings in `configure`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0 dill==0.4.1
cd "$folder"

cat >providers.py <<'PY'
from pulumi.dynamic import ResourceProvider


class Bare(ResourceProvider):
    pass


class WithAttribute(ResourceProvider):
    def __init__(self):
        self.url = "http://localhost"
PY

cat >program.py <<'PY'
import sys

import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider
from pulumi.runtime import Mocks, set_mocks

import providers


class NoEngine(Mocks):
    def call(self, args):
        return {}

    def new_resource(self, args):
        return args.name, dict(args.inputs)


class Inline(ResourceProvider):
    def create(self, props):
        return CreateResult("1", props)


class Thing(Resource):
    def __init__(self, provider, name):
        super().__init__(provider, name, {"size": 1})


def declare(provider, count):
    """Return the number of the resource that fails, or None."""
    for number in range(1, count + 1):
        try:
            Thing(provider, f"{type(provider).__name__}-{number}")
        except RecursionError:
            return number
    return None


def inline():
    failed = declare(Inline(), 400)
    print(f"class of the main program: RecursionError at resource {failed}")
    assert failed is not None and 250 < failed < 400, failed


def module():
    assert declare(providers.Bare(), 2000) is None
    print("class in a module, no attributes: 2000 resources serialized")
    assert declare(providers.WithAttribute(), 1) == 1
    print("then one provider with an attribute: RecursionError")


set_mocks(NoEngine())
pulumi.runtime.test({"inline": inline, "module": module}[sys.argv[1]])()
PY

"$folder/venv/bin/python" program.py inline
"$folder/venv/bin/python" program.py module
echo "The behaviour is as described."
