"""Writes what Slider is made of, as CycloneDX, from the lock alone: the same lock always gives the same bytes.

python .ci/sbom.py            to standard output
python .ci/sbom.py FILE       into a file
"""

import hashlib
import json
import re
import sys
import tomllib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"\n(?=[a-z0-9])")
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)(?P<when>\s*;[^\\\n]*)?")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
VIA = re.compile(r"^    #(?: via)? +([a-z0-9][a-z0-9.-]*)$", re.MULTILINE)
SPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # of URLs, as RFC 9562 has it


@dataclass(frozen=True, slots=True)
class Package:
    """One line of the lock: what is installed where `when` holds, for whose sake, and its files' hashes."""

    name: str
    version: str
    when: str
    via: tuple[str, ...]
    hashes: tuple[str, ...]
    is_asked_for: bool  # by Slider itself, perhaps beside others

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def packages(text: str) -> list[Package]:
    """Everything that a lock pins, by name."""
    found = []
    for block in BLOCK.split(text):
        pin = PIN.match(block)
        if pin is not None:
            when = (pin["when"] or "").strip(" ;")
            via, hashes = tuple(sorted(VIA.findall(block))), tuple(sorted(HASH.findall(block)))
            asked_for = re.search(r"^    #.* -r ", block, re.MULTILINE) is not None
            found.append(Package(pin["name"], pin["version"], when, via, hashes, asked_for))
    return sorted(found, key=lambda one: (one.name, one.version))


def document(text: str, *, version: str) -> dict[str, Any]:
    """The whole list. It has no time and no chance in it: its serial number is made of the lock."""
    found = packages(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    slider = {"type": "application", "bom-ref": "slider", "name": "slider", "version": version}
    own = [one.purl for one in found if one.is_asked_for]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(SPACE, f'slider {version} {digest}')}",
        "version": 1,
        "metadata": {"component": slider | {"licenses": [{"license": {"id": "Apache-2.0"}}]}},
        "components": [_component(one) for one in found],
        "dependencies": [
            {"ref": "slider", "dependsOn": own},
            *({"ref": one.purl, "dependsOn": [two.purl for two in found if one.name in two.via]} for one in found),
        ],
    }


def _component(one: Package) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "library",
        "bom-ref": one.purl,
        "name": one.name,
        "version": one.version,
        "purl": one.purl,
        # Of each file that the lock takes for this release: a hash of the component would be that of one of them.
        "externalReferences": [
            {"type": "distribution", "url": one.purl, "hashes": [{"alg": "SHA-256", "content": value}]}
            for value in one.hashes
        ],
    }
    return told | ({"properties": [{"name": "slider:installed-when", "value": one.when}]} if one.when else {})


def main(place: str = "") -> int:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    told = json.dumps(document((ROOT / "requirements.txt").read_text(), version=version), indent=2) + "\n"
    if place:
        Path(place).write_text(told)
    else:
        print(told, end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
