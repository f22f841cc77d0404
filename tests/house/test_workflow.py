"""What a newcomer types works as it says: the Makefile, the continuous check, the example of the settings."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from slider import environment

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()


def make(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_of_the_settings_is_current() -> None:
    assert (ROOT / ".env.example").read_text() == environment.example(), "run `make env-example`"


def test_make_alone_shows_what_can_be_made() -> None:
    shown = make()
    assert shown.returncode == 0
    for target in ("demo", "demo-reset", "test", "check", "lock"):
        assert re.search(rf"^  make {target} +\S", shown.stdout, re.MULTILINE)


def test_every_target_without_a_file_is_phony() -> None:
    declared = re.search(r"^\.PHONY: (.*?)\n\n", MAKEFILE, re.MULTILINE | re.DOTALL)
    assert declared is not None
    phony = set(declared[1].replace("\\", "").split())
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE))
    assert targets == phony


@pytest.mark.parametrize("target", ["demo", "test"])
def test_demo_and_test_set_everything_up_by_themselves(target: str, tmp_path: Path) -> None:
    planned = make("--dry-run", target, f"VENV={tmp_path / 'venv'}")
    assert planned.returncode == 0, planned.stderr
    steps = [planned.stdout.find(part) for part in ("-m venv", "-r requirements.txt")]
    assert steps == sorted(steps)
    assert -1 not in steps


def test_an_old_python_is_refused_with_words(tmp_path: Path) -> None:
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        fake = tmp_path / name
        fake.write_text('#!/bin/sh\n[ "$1" = --version ] && { echo Python 3.9.2; exit 0; }\nexit 1\n')
        fake.chmod(0o755)
    refused = make("venv", f"VENV={tmp_path / 'venv'}", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert refused.returncode != 0
    assert "Slider needs Python 3.11 or newer; this machine's python3 is: Python 3.9.2" in refused.stderr


@pytest.mark.parametrize("name", ["run", "browser"])
def test_the_continuous_check_stops_at_the_first_failure(name: str) -> None:
    script = ROOT / ".ci" / name
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert script.stat().st_mode & stat.S_IXUSR


def test_the_continuous_check_runs_all_checks_and_then_all_tests() -> None:
    commands = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if not line.startswith("#")]
    assert commands[-3:] == ["export CI=true", "make check", "make test"]


def test_no_browser_is_a_failure_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    for name in ("bash", "id", "echo"):
        (tmp_path / name).symlink_to(f"/bin/{name}" if Path(f"/bin/{name}").exists() else f"/usr/bin/{name}")
    results = {
        ci: subprocess.run(
            ["/bin/bash", ROOT / ".ci" / "browser"],
            env={"PATH": str(tmp_path), "CI": ci},
            capture_output=True,
            text=True,
            check=False,
        )
        for ci in ("true", "")
    }
    assert [results["true"].returncode, results[""].returncode] == [1, 0]
    assert all("BROWSER TESTS WILL BE SKIPPED" in result.stdout for result in results.values())


def test_nothing_but_pips_own_settings_says_where_packages_come_from() -> None:
    for name in (
        "Makefile",
        "requirements.in",
        "requirements-dev.in",
        ".ci/run",
        ".ci/browser",
        ".ci/lock.py",
    ):
        assert "index" + "-url" not in (ROOT / name).read_text(), name
