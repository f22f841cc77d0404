"""The objects for Kubernetes: they are whole, belong together, and what they ask of PostgreSQL can be asked."""

import re
import tomllib
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from slider.environment import Environment
from slider.models import Item, Task
from tests import casts
from tests.deploy import reading
from tests.deploy.reading import DEPLOY, OVERLAYS
from tests.deploy.site import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
PODS = dict(reading.pods())
OBJECTS = reading.kustomized()
UNITS = {"m": 0.001, "": 1.0, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}
COMPONENT = "app.kubernetes.io/component"


def amount(text: object) -> float:
    found = re.fullmatch(r"([\d.]+)(m|Ki|Mi|Gi|)", str(text))
    assert found, text
    return float(found[1]) * UNITS[found[2]]


def kustomization(name: str) -> dict[str, Any]:
    return reading.documents(DEPLOY / "kustomize" / name / "kustomization.yaml")[0]


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [one for one in OBJECTS if one["kind"] == kind]


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_folder_names_what_is_there_and_all_of_it(name: str) -> None:
    folder = DEPLOY / "kustomize" / name
    listed = kustomization(name).get("resources", []) + kustomization(name).get("components", [])
    assert all((folder / one).exists() for one in listed)
    assert {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"} == {o for o in listed if ".yaml" in o}


def test_every_folder_is_checked() -> None:
    assert {path.parent.name for path in DEPLOY.glob("kustomize/*/kustomization.yaml")} == set(OVERLAYS)


@pytest.mark.parametrize("name", ["base", "before", "after", "example"])
def test_the_image_is_that_of_this_release(name: str) -> None:
    (image,) = kustomization(name)["images"]
    assert (image["name"], image["newTag"]) == ("slider", VERSION)


@pytest.mark.parametrize("name", PODS)
def test_each_pod_has_the_least_it_needs(name: str) -> None:
    spec = PODS[name]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = spec["containers"]
    assert container["image"] == "slider"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp"]


@pytest.mark.parametrize("name", PODS)
def test_no_pod_asks_for_more_than_it_may_have(name: str) -> None:
    (container,) = PODS[name]["spec"]["containers"]
    asked, most = container["resources"]["requests"], container["resources"]["limits"]
    assert set(asked) == set(most) == {"cpu", "memory"}
    assert all(amount(asked[kind]) <= amount(most[kind]) for kind in asked)


@pytest.mark.parametrize("one", of_kind("Deployment"), ids=lambda one: one["metadata"]["name"])
def test_each_deployment_is_watched_and_replaced_without_a_gap(one: dict[str, Any]) -> None:
    (container,) = one["spec"]["template"]["spec"]["containers"]
    assert {"readinessProbe", "livenessProbe"} <= set(container)
    assert one["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert one["spec"]["replicas"] >= 2
    for kind in ("readinessProbe", "livenessProbe", "startupProbe"):
        probe = container.get(kind, {})
        if "exec" in probe:
            program, asked = probe["exec"]["command"]
            assert (ROOT / program).is_file()
            assert asked == {"readinessProbe": "ready", "livenessProbe": "alive"}[kind]
        elif probe:
            assert probe["httpGet"]["path"] in ("/healthz", "/readyz")
            # One that is not ready is left alone; only one that does not answer at all is started anew.
            assert kind == "readinessProbe" or probe["httpGet"]["path"] == "/healthz"


def test_what_speaks_of_pods_finds_some() -> None:
    labels = {pod["metadata"]["labels"][COMPONENT] for pod in PODS.values()}
    running = {one["metadata"]["name"] for one in of_kind("Deployment")}
    budgets = {one["spec"]["selector"]["matchLabels"][COMPONENT] for one in of_kind("PodDisruptionBudget")}
    assert budgets == running
    assert {one["spec"]["selector"][COMPONENT] for one in of_kind("Service")} <= labels
    assert {one["spec"]["scaleTargetRef"]["name"] for one in of_kind("ScaledObject")} <= running
    for policy in of_kind("NetworkPolicy"):
        selector = policy["spec"]["podSelector"]
        chosen = {selector["matchLabels"][COMPONENT]} if "matchLabels" in selector else set()
        chosen |= {value for one in selector.get("matchExpressions", []) for value in one["values"]}
        assert chosen <= running


def test_nobody_is_let_in_but_to_the_web() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy")}
    assert policies["slider"]["podSelector"] == {}
    assert "ingress" not in policies["slider"]
    assert set(policies["slider"]["policyTypes"]) == {"Ingress", "Egress"}
    assert [name for name, spec in policies.items() if "ingress" in spec] == ["web"]
    for allowed in (block["ipBlock"] for block in policies["fleet"]["egress"][0]["to"]):
        assert allowed["except"], "the cloud's own address for its machines gives out rights"


def test_every_setting_that_is_given_is_one() -> None:
    for name in ("base", "example"):
        for generated in kustomization(name)["configMapGenerator"]:
            settings = dict(literal.split("=", 1) for literal in generated["literals"])
            assert set(settings) <= set(Environment.model_fields)
            assert "localhost" in settings["ALLOWED_HOSTS"].split(","), "the probes ask for it"


@pytest.mark.django_db
def test_pumps_are_counted_by_what_waits() -> None:
    (scaled,) = of_kind("ScaledObject")
    query = scaled["spec"]["triggers"][0]["metadata"]["query"]
    cast = casts.company()

    def waiting() -> int:
        with connection.cursor() as cursor:
            cursor.execute(query)
            ((count,),) = cursor.fetchall()
            return int(count)

    assert waiting() == 0
    casts.one(cast.task)
    casts.bring_in(cast.task, {f"w{n}": {"text": "Where is it?"} for n in range(5)})
    assert waiting() == 5
    Item.objects.filter(external_id="w0").update(run_at=timezone.now() + timedelta(hours=1))
    assert waiting() == 4
    Task.objects.update(paused=True)
    assert waiting() == 0


def test_the_count_ends_where_the_most_pumps_are_busy() -> None:
    (scaled,) = of_kind("ScaledObject")
    trigger = scaled["spec"]["triggers"][0]["metadata"]
    limit = re.search(r"LIMIT (\d+)", trigger["query"])
    assert limit
    assert int(limit[1]) == scaled["spec"]["maxReplicaCount"] * int(trigger["targetQueryValue"])
