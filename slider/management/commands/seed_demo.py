"""`manage.py seed_demo`: the demo's people, its task and its messages; run again, it adds what is missing."""

import json
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand

from slider.flow import intake, setup
from slider.flow.intake import Fate, Row
from slider.management.demo import brief
from slider.management.local import logins
from slider.models import Membership, Mode, Project, Role, Task, Worker

ROLES = {"admin": Role.ADMIN, "tuner": Role.TUNER, "reviewer": Role.REVIEWER}
SHARE = 0.6
WHY = "the demo starts on trial, so that both lanes can be seen at once; the guard takes over when you say so"
ERROR_LIMIT = 0.20  # the stand-in model is no better: a real one would be held to a few per cent


class Command(BaseCommand):
    help = "Make the demo's people, its task and its messages; what is there already stays as it is."

    def handle(self, **_: Any) -> None:
        project, _made = Project.objects.get_or_create(slug="demo", defaults={"name": brief.PROJECT_NAME})
        people = {name: self._person(name, project) for name in ROLES}
        task = Task.objects.filter(project=project, slug=brief.TASK_SLUG).first()
        if task is None:
            task = self._task(project, by=people["admin"])
        self._follow_the_endpoint(task, by=people["admin"])
        rows = [Row(body, external_id) for external_id, body in messages()]
        arrivals = intake.add(task, rows, origin="the demo", by=people["admin"].pk)
        added = sum(arrival.fate is Fate.ADDED for arrival in arrivals)
        self.stdout.write(f"{added} of {len(rows)} messages are new")

    def _person(self, name: str, project: Project) -> User:
        person, made = User.objects.get_or_create(
            username=name, defaults={"is_staff": name == "admin", "is_superuser": name == "admin"}
        )
        if made:
            person.set_password(logins.password(settings.ENV.SLIDER_STATE_DIR))
            person.save(update_fields=["password"])
        Membership.objects.get_or_create(project=project, user=person, defaults={"role": ROLES[name]})
        return person

    def _task(self, project: Project, *, by: User) -> Task:
        task = Task(
            name=brief.TASK_NAME,
            slug=brief.TASK_SLUG,
            input_schema=brief.INPUT_SCHEMA,
            output_schema=brief.OUTPUT_SCHEMA,
            title_field=brief.TITLE_FIELD,
            error_limit=ERROR_LIMIT,
        )
        worker = Worker(
            name="sorter",
            model=settings.ENV.SLIDER_MODEL,
            instructions=brief.WORKER_INSTRUCTIONS,
            examples=[{"input": shot.input, "output": shot.output} for shot in brief.EXAMPLES],
            samples=5,
            temperature=0.7,
            max_tokens=200,
        )
        start = setup.Start(share=SHARE, mode=Mode.TRIAL, reason=WHY)
        return setup.create_task(project, task, worker, by=by.pk, start=start)

    def _follow_the_endpoint(self, task: Task, *, by: User) -> None:
        """The demo may be started with another endpoint than last time: its worker then asks that one's model."""
        worker = task.workers.get(retired_at=None)
        if worker.model != settings.ENV.SLIDER_MODEL:
            setup.replace_worker(worker, {"model": settings.ENV.SLIDER_MODEL}, by=by.pk)


def messages() -> list[tuple[str, dict[str, Any]]]:
    """The demo's messages as (external id, body), in the order in which they came."""
    rows = [json.loads(line) for line in brief.MESSAGES_PATH.read_text(encoding="utf-8").splitlines()]
    return [(row["id"], {name: value for name, value in row.items() if name != "id"}) for row in rows]


def truths() -> dict[str, dict[str, Any]]:
    """The right answers by external id. Only played reviewers know them; no worker ever sees them."""
    rows = [json.loads(line) for line in brief.TRUTHS_PATH.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: {"topic": row["topic"], "urgent": row["urgent"]} for row in rows}
