"""What Slider is made of is told whole, in the form that others read, and the same each time."""

import importlib.util
import json
import re
import sys
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema_rs
import pytest

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.txt").read_text()


@pytest.fixture(scope="module")
def sbom() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sbom", ROOT / ".ci" / "sbom.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["sbom"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def told(sbom: ModuleType) -> dict[str, Any]:
    found: dict[str, Any] = sbom.document(LOCK, version="0.1.0")
    return found


def test_it_names_every_pin_with_its_hashes(told: dict[str, Any]) -> None:
    pins = set(re.findall(r"^([a-z0-9][a-z0-9.-]*)(?:\[[^]]*\])?==([^\s;\\]+)", LOCK, re.MULTILINE))
    assert {(one["name"], one["version"]) for one in told["components"]} == pins
    assert len(pins) > 40
    hashes = [one for part in told["components"] for one in part["externalReferences"]]
    assert len(hashes) == len(re.findall("--hash=sha256:", LOCK))
    assert all(part["externalReferences"] for part in told["components"])


def test_each_is_there_for_somebodys_sake(told: dict[str, Any]) -> None:
    refs = {one["ref"] for one in told["dependencies"]}
    wanted = {ref for one in told["dependencies"] for ref in one["dependsOn"]}
    assert wanted == refs - {"slider"} == {one["bom-ref"] for one in told["components"]}
    own = next(one["dependsOn"] for one in told["dependencies"] if one["ref"] == "slider")
    assert any(ref.startswith("pkg:pypi/django@") for ref in own)


def test_the_same_lock_gives_the_same_bytes_and_another_lock_others(sbom: ModuleType, told: dict[str, Any]) -> None:
    again = sbom.document(LOCK, version="0.1.0")
    assert json.dumps(again) == json.dumps(told)
    other = sbom.document(LOCK.replace("django==", "django==9", 1), version="0.1.0")
    assert other["serialNumber"] != told["serialNumber"]
    assert not re.search(r"\d{4}-\d\d-\d\dT", json.dumps(told)), "a time would make it another each day"


def test_it_is_what_the_standard_calls_one(told: dict[str, Any]) -> None:
    """Judged by the schemas that the CycloneDX project publishes, which come with the tool for `make audit`."""
    pytest.importorskip("cyclonedx")
    folder = resources.files("cyclonedx.schema") / "_res"
    read = {
        name: json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text())
        for name in ("bom-1.6", "spdx", "jsf-0.82")
    }
    registry = jsonschema_rs.Registry(
        [(f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", schema) for name, schema in read.items()]
        + [(f"http://cyclonedx.org/schema/{name}.schema.json", schema) for name, schema in read.items()]
    )
    judge = jsonschema_rs.validator_for(read["bom-1.6"], registry=registry)
    assert [error.message[:300] for error in judge.iter_errors(told)] == []
    assert not judge.is_valid(told | {"components": [{"name": "x"}]}), "the control: it can refuse"
