"""Label Studio, installed apart and run as it is: its own migrations and API, as many processes and threads as ours.

It is no part of Slider and never in its environment: `install` makes a virtual environment for it alone.
"""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiohttp

from bench import question
from slider import embedded

VERSION: Final = "1.23.2"
START_LIMIT_S = 300.0
_CHUNK = 1000
_PREDICTED = "refund"

CONFIG = (
    '<View><Text name="subject" value="$subject"/><Text name="text" value="$text"/><Choices name="topic" toName="text">'
    + "".join(f'<Choice value="{topic}"/>' for topic in question.TOPICS)
    + '</Choices><TextArea name="reply" toName="text"/></View>'
)

# One account for each reviewer: it locks a task for the person who asks for it.
PEOPLE = """
from rest_framework.authtoken.models import Token
from organizations.models import Organization
from users.models import User
first = User.objects.create_user("reviewer-0@example.org", "{password}")
place = Organization.create_organization(created_by=first, title="bench")
first.active_organization = place
first.save()
people = [first]
for number in range(1, {count}):
    one = User.objects.create_user(f"reviewer-{{number}}@example.org", "{password}")
    one.active_organization = place
    one.save()
    place.add_user(one)
    people.append(one)
for one in people:
    print("token", Token.objects.get_or_create(user=one)[0].key)
"""


@dataclass(frozen=True, slots=True)
class Running:
    """Where it answers, and a token for each reviewer."""

    address: str
    tokens: tuple[str, ...]


def install(folder: Path) -> None:
    """Make a virtual environment with Label Studio in it, unless it is there."""
    if (folder / "bin" / "label-studio").exists():
        return
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    packages = [f"label-studio=={VERSION}", "gunicorn"]
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", *packages], check=True)


@contextmanager
def running(
    crew: embedded.Crew, folder: Path, venv: Path, *, database_url: str, port: int, people: int
) -> Iterator[Running]:
    """Migrate its database, make its people and serve it, with as many processes and threads as Slider has."""
    environment = _environment(folder, database_url)
    home = next(venv.glob("lib/python*/site-packages/label_studio"))
    python = str(venv / "bin" / "python")
    log = folder / "label-studio-setup.log"
    with log.open("wb") as out:
        subprocess.run([python, "manage.py", "migrate"], cwd=home, env=environment, stdout=out, stderr=out, check=True)
        made = PEOPLE.format(password=secrets.token_hex(12), count=people)
        said = subprocess.run(
            [python, "manage.py", "shell", "-c", made],
            cwd=home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=out,
            check=True,
            text=True,
        ).stdout
    tokens = tuple(line.split()[1] for line in said.splitlines() if line.startswith("token "))
    if len(tokens) != people:
        raise RuntimeError(f"Label Studio made {len(tokens)} of {people} accounts; see {log}")
    options = ("--worker-class=gthread", "--workers=2", "--threads=4", "--keep-alive=75", "--timeout=120")
    child = crew.start(
        [python, "-m", "gunicorn", "core.wsgi:application", f"--bind=127.0.0.1:{port}", *options],
        name="label-studio",
        log=folder / "label-studio.log",
        env=environment,
        folder=home,
    )
    _wait(child, port)
    yield Running(f"http://127.0.0.1:{port}", tokens)


def _environment(folder: Path, database_url: str) -> dict[str, str]:
    url = urlsplit(database_url)
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ},
        "DJANGO_SETTINGS_MODULE": "core.settings.label_studio",
        "DJANGO_DB": "default",
        "POSTGRE_USER": unquote(url.username or ""),
        "POSTGRE_PASSWORD": unquote(url.password or ""),
        "POSTGRE_NAME": url.path.lstrip("/"),
        "POSTGRE_HOST": unquote(url.hostname or ""),
        "POSTGRE_PORT": str(url.port or 5432),
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "label-studio-data"),
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DEBUG": "false",
        "LOG_LEVEL": "WARNING",
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }


def _wait(child: embedded.Child, port: int) -> None:
    import urllib.error
    import urllib.request

    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        if child.has_ended():
            raise embedded.EmbeddedError(child.obituary())
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise embedded.EmbeddedError(f"Label Studio does not answer within {START_LIMIT_S:.0f} s. {child.obituary()}")


async def fill(site: Running, bodies: list[dict[str, Any]]) -> int:
    """Make a project with these items, each with a proposal; returns its id."""
    async with aiohttp.ClientSession(site.address, headers=_of(site.tokens[0])) as session:
        made = await _asked(session, "POST", "/api/projects", {"title": "bench", "label_config": CONFIG})
        rows = [{"data": body, "predictions": [{"model_version": "bench", "result": _result()}]} for body in bodies]
        for start in range(0, len(rows), _CHUNK):
            await _asked(session, "POST", f"/api/projects/{made['id']}/import", rows[start : start + _CHUNK])
        return int(made["id"])


class Reviewer:
    """One person at the API: asks for the next task and submits an annotation of it."""

    def __init__(self, site: Running, project: int, number: int) -> None:
        self._session = aiohttp.ClientSession(site.address, headers=_of(site.tokens[number]))
        self._project = project
        self._task = 0

    async def close(self) -> None:
        await self._session.close()

    async def next(self) -> int:
        """Take the next task; its id."""
        found = await _asked(self._session, "GET", f"/api/projects/{self._project}/next", None)
        self._task = int(found["id"])
        return self._task

    async def submit(self) -> None:
        """Say that the proposal is right."""
        said = {"result": _result(), "lead_time": 3.0}
        path = f"/api/tasks/{self._task}/annotations/?project={self._project}"
        await _asked(self._session, "POST", path, said)


def _of(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Token {token}"}


def _result() -> list[dict[str, Any]]:
    value = {"choices": [_PREDICTED]}
    return [{"from_name": "topic", "to_name": "text", "type": "choices", "value": value}]


async def _asked(session: aiohttp.ClientSession, method: str, path: str, body: object) -> Any:
    async with session.request(method, path, json=body) as answer:
        if answer.status >= 400:
            raise RuntimeError(
                f"Label Studio answered {answer.status} to {method} {path}: {(await answer.text())[:300]}"
            )
        return await answer.json()
