"""The manifests of examples/fleet for the Pulumi Kubernetes Operator fit its resource definitions, and each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.stack import ROOT

FOLDER = ROOT / "examples" / "fleet" / "kubernetes"
README = (ROOT / "examples" / "fleet" / "README.md").read_text(encoding="utf-8")

#: What the definition of `stacks.pulumi.com` (v1, operator 2.9.0) says of the fields that the example uses: the type, and which
#: fields must be there. `*` is any key, `[]` any item.
FACTS: dict[str, tuple[type, set[str]]] = {
    "": (dict, {"stack"}),
    "stack": (str, set()),
    "backend": (str, set()),
    "secretsProvider": (str, set()),
    "projectRepo": (str, set()),
    "branch": (str, set()),
    "repoDir": (str, set()),
    "serviceAccountName": (str, set()),
    "refresh": (bool, set()),
    "continueResyncOnCommitMatch": (bool, set()),
    "resyncFrequencySeconds": (int, set()),
    "destroyOnFinalize": (bool, set()),
    "gitAuth": (dict, set()),
    "gitAuth.accessToken": (dict, {"type"}),
    "gitAuth.accessToken.type": (str, set()),
    "gitAuth.accessToken.secret": (dict, {"key", "name"}),
    "gitAuth.accessToken.secret.name": (str, set()),
    "gitAuth.accessToken.secret.key": (str, set()),
    "prerequisites": (list, set()),
    "prerequisites[]": (dict, {"name"}),
    "prerequisites[].name": (str, set()),
    "envRefs": (dict, set()),
    "envRefs.*": (dict, {"type"}),
    "envRefs.*.type": (str, set()),
    "envRefs.*.literal": (dict, {"value"}),
    "envRefs.*.literal.value": (str, set()),
    "envRefs.*.secret": (dict, {"key", "name"}),
    "envRefs.*.secret.name": (str, set()),
    "envRefs.*.secret.key": (str, set()),
    "workspaceTemplate": (dict, set()),
    "workspaceTemplate.spec": (dict, set()),
    "workspaceTemplate.spec.image": (str, set()),
    "workspaceTemplate.spec.envFrom": (list, set()),
    "workspaceTemplate.spec.envFrom[]": (dict, set()),
    "workspaceTemplate.spec.envFrom[].secretRef": (dict, set()),
    "workspaceTemplate.spec.envFrom[].secretRef.name": (str, set()),
    "workspaceTemplate.spec.podTemplate": (dict, set()),
    "workspaceTemplate.spec.podTemplate.spec": (dict, {"containers"}),
    "workspaceTemplate.spec.podTemplate.spec.securityContext": (dict, set()),
    "workspaceTemplate.spec.podTemplate.spec.securityContext.fsGroup": (int, set()),
    "workspaceTemplate.spec.podTemplate.spec.securityContext.fsGroupChangePolicy": (str, set()),
    "workspaceTemplate.spec.podTemplate.spec.containers": (list, set()),
    "workspaceTemplate.spec.podTemplate.spec.containers[]": (dict, {"name"}),
    "workspaceTemplate.spec.podTemplate.spec.containers[].name": (str, set()),
    "workspaceTemplate.spec.podTemplate.spec.containers[].volumeMounts": (list, set()),
    "workspaceTemplate.spec.podTemplate.spec.containers[].volumeMounts[]": (dict, {"mountPath", "name"}),
    "workspaceTemplate.spec.podTemplate.spec.containers[].volumeMounts[].name": (str, set()),
    "workspaceTemplate.spec.podTemplate.spec.containers[].volumeMounts[].mountPath": (str, set()),
    "workspaceTemplate.spec.podTemplate.spec.volumes": (list, set()),
    "workspaceTemplate.spec.podTemplate.spec.volumes[]": (dict, {"name"}),
    "workspaceTemplate.spec.podTemplate.spec.volumes[].name": (str, set()),
    "workspaceTemplate.spec.podTemplate.spec.volumes[].persistentVolumeClaim": (dict, {"claimName"}),
    "workspaceTemplate.spec.podTemplate.spec.volumes[].persistentVolumeClaim.claimName": (str, set()),
}


def mistakes(value: Any, path: str = "") -> Iterator[str]:
    """Yield what the definition would refuse."""
    if path not in FACTS:
        yield f"{path}: there is no such field"
        return
    kind, required = FACTS[path]
    if type(value) is not kind:
        yield f"{path}: is no {kind.__name__}"
    elif isinstance(value, dict):
        yield from (f"{path}.{name}: is missing" for name in sorted(required - value.keys()))
        for name, each in value.items():
            yield from mistakes(each, "envRefs.*" if path == "envRefs" else f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from mistakes(each, f"{path}[]")


def documents(stack: str) -> dict[str, dict[str, Any]]:
    """Return what is applied for a stack, by kind, as the command of the README makes it."""
    text = (FOLDER / "stack.yaml").read_text(encoding="utf-8")
    made = [*yaml.safe_load_all(text.replace("tenants-0", stack))]
    made += yaml.safe_load_all((FOLDER / "fleet.yaml").read_text(encoding="utf-8"))
    return {each["kind"]: each for each in made}


def test_a_stack_fits_the_definition_of_the_operator() -> None:
    text = (FOLDER / "stack.yaml").read_text(encoding="utf-8")
    # What is commented out must fit as well.
    whole = re.sub(r"^  # (prerequisites:|gitAuth:|  )( #.*)?", r"  \1", text, flags=re.MULTILINE)
    for each in (text, whole):
        (stack,) = (found for found in yaml.safe_load_all(each) if found["kind"] == "Stack")
        assert stack["apiVersion"] == "pulumi.com/v1"
        assert list(mistakes(stack["spec"])) == []
    assert {"prerequisites", "gitAuth"} <= stack["spec"].keys()


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"fsGroup": 1}, "fsGroup: there is no such field"),
        ({"resyncFrequencySeconds": "600"}, "resyncFrequencySeconds: is no int"),
        ({"envRefs": {"A": {"literal": {"value": "a"}}}}, "envRefs.*.type: is missing"),
    ],
)
def test_a_stack_that_does_not_fit_is_found(change: dict[str, Any], mistake: str) -> None:
    assert list(mistakes(documents("tenants-0")["Stack"]["spec"] | change)) == [mistake]


@pytest.mark.parametrize("name", ["tenants-0", "tenants-17"])
def test_what_a_stack_names_is_defined(name: str) -> None:
    made = documents(name)
    spec, pod = made["Stack"]["spec"], made["Stack"]["spec"]["workspaceTemplate"]["spec"]["podTemplate"]["spec"]
    assert made["Stack"]["metadata"]["name"] == spec["stack"].rsplit("/", 1)[-1] == name
    (volume,) = pod["volumes"]
    assert volume["persistentVolumeClaim"]["claimName"] == made["PersistentVolumeClaim"]["metadata"]["name"]
    assert name in volume["persistentVolumeClaim"]["claimName"], (
        "a volume of its own: it is mounted by one pod at a time"
    )
    (container,) = pod["containers"]
    assert container["name"] == "pulumi", "the operator's own container, or this would be a second one"
    (mount,) = container["volumeMounts"]
    assert (mount["name"], mount["mountPath"]) == (
        volume["name"],
        spec["envRefs"]["ZORG_JOURNAL_DIR"]["literal"]["value"],
    )
    assert pod["securityContext"]["fsGroup"] == 1000, (
        "the group of the user that the operator's profile `restricted` sets"
    )
    assert spec["serviceAccountName"] == made["ServiceAccount"]["metadata"]["name"]
    namespaces = {each["metadata"].get("namespace") for each in made.values()} - {None}
    assert namespaces == {made["Namespace"]["metadata"]["name"]}
    assert {each["namespace"] for each in made["ClusterRoleBinding"]["subjects"]} == namespaces


def test_the_readme_makes_each_secret_that_a_stack_reads() -> None:
    text = (FOLDER / "stack.yaml").read_text(encoding="utf-8")
    spec = documents("tenants-0")["Stack"]["spec"]
    read = {(each["secret"]["name"], each["secret"]["key"]) for each in spec["envRefs"].values() if "secret" in each}
    made = {
        (name, key)
        for name, options in re.findall(
            r"^kubectl .*create secret generic (\S+) (.*)$", README.replace("\\\n", ""), re.MULTILINE
        )
        for key in re.findall(r"--from-literal=([\w-]+)=", options)
    }
    assert read <= made
    backends = {each["secretRef"]["name"] for each in spec["workspaceTemplate"]["spec"]["envFrom"]}
    assert backends <= {name for name, _ in made}
    assert "s/tenants-0/tenants-$n/g" in README
    assert text.count("tenants-0") >= 4
