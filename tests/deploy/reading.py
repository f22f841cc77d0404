"""The files of deploy/ as programs that will be started: their commands, settings, time to stop and limits."""

import importlib.util
import re
import runpy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from slider.celery import QUEUES, app
from slider.environment import Environment
from slider.flow import publish as sending
from tasks import publish, pump
from tests.deploy.site import ROOT

DEPLOY = ROOT / "deploy"
OVERLAYS = ("base", "before", "after", "autoscale", "example")
GUNICORN: dict[str, Any] = runpy.run_path(str(DEPLOY / "gunicorn.py"))
# What an image reads that is no setting of Slider's.
FOREIGN = {
    "POSTGRES_USER",
    "POSTGRES_DB",
    "POSTGRES_PASSWORD",
    "POSTGRES_PASSWORD_FILE",
    "POSTGRES_INITDB_ARGS",
    "SITE",
}


@dataclass(frozen=True, slots=True)
class Program:
    """One process as a file starts it."""

    name: str
    command: list[str]
    stop_s: float
    settings: set[str] = field(default_factory=set)

    def problems(self) -> list[str]:
        """What could not be started, or would be killed before it is done."""
        found = [f"no setting is called {name}" for name in sorted(self.settings - set(Environment.model_fields))]
        if self.stop_s < least_stop_s(self.queues):
            found.append(f"is killed after {self.stop_s:g} s, and may need {least_stop_s(self.queues):g} s to stop")
        found += [f"there is no queue {name}" for name in sorted(self.queues - set(QUEUES))]
        if self.command[:1] == ["gunicorn"]:
            found += [f"{name} is no file" for name in self.after("--config") if not (ROOT / name).is_file()]
            module = self.command[-1].partition(":")[0]
            found += [] if importlib.util.find_spec(module) else [f"there is no module {module}"]
        elif self.command[:3] != ["celery", "-A", "slider.celery"]:
            found.append(f"nobody knows how to start {self.command}")
        if "latest" in " ".join(self.command):
            found.append("names what changes under its feet")
        return [f"{self.name}: {problem}" for problem in found]

    @property
    def queues(self) -> set[str]:
        text = next((one for one in self.command if one.startswith("--queues=")), "")
        return {name for name in text.removeprefix("--queues=").split(",") if name}

    def after(self, option: str) -> list[str]:
        return [self.command[n + 1] for n, one in enumerate(self.command) if one == option]


def least_stop_s(queues: set[str]) -> float:
    """For how long a process with these queues may go on after it was asked to stop; without any, a web server."""
    if not queues:
        return float(GUNICORN["graceful_timeout"]) + 5
    needs = [float(app.conf.worker_soft_shutdown_timeout)]
    if "work" in queues:
        needs.append(pump.GRACE_S + 10)  # calls in flight, and then they are written
    if "publish" in queues:
        needs.append(publish.LONGEST_S + sending.TIMEOUT_S + 5)
    return max(needs)


def documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+)s", text)
    assert found, f"{text!r} is no number of seconds"
    return float(found[1])


def compose() -> dict[str, dict[str, Any]]:
    """The services of the compose file, by name."""
    services: dict[str, dict[str, Any]] = documents(DEPLOY / "compose.yml")[0]["services"]
    return services


def kustomized(*names: str) -> list[dict[str, Any]]:
    """Every object that these folders name, in their order."""
    found = []
    for name in names or OVERLAYS:
        folder = DEPLOY / "kustomize" / name
        listed = documents(folder / "kustomization.yaml")[0].get("resources", [])
        found += [one for file in listed if file.endswith(".yaml") for one in documents(folder / file)]
    return found


def pods() -> list[tuple[str, dict[str, Any]]]:
    """The pods of every deployment and job, by the name of what makes them."""
    return [
        (one["metadata"]["name"], one["spec"]["template"])
        for one in kustomized()
        if one["kind"] in ("Deployment", "Job")
    ]


def units() -> list[Program]:
    """What systemd starts."""
    found = []
    for path in sorted((DEPLOY / "systemd").glob("*.service")):
        said = dict(re.findall(r"^(\w+)=(.*)$", path.read_text(), re.MULTILINE))
        program, *rest = said["ExecStart"].replace("%%", "%").split()
        command = [Path(program).name, *rest]
        found.append(Program(path.name, command, float(said["TimeoutStopSec"])))
    return found


def programs() -> list[Program]:
    """Every process of Slider in deploy/, however it is started; not those that run one command and end."""
    found = units()
    for name, service in compose().items():
        if service["image"].startswith("slider:") and name != "manage":
            settings = {*service["environment"], *service["secrets"]}
            found.append(
                Program(f"compose {name}", service["command"], seconds(service["stop_grace_period"]), settings)
            )
    for name, pod in pods():
        (container,) = pod["spec"]["containers"]
        if container["args"][0] == "python":
            continue
        early = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
        stop_s = pod["spec"]["terminationGracePeriodSeconds"] - float(early[1])
        settings = {one["name"] for one in container.get("env", [])}
        found.append(Program(f"kustomize {name}", container["args"], stop_s, settings))
    return found
