"""One Celery task an item, as most people write it: a row, a call, a save. The client is kept between tasks."""

import json
import os
from functools import cache
from typing import Any, ClassVar

import django
from celery import Celery
from django.db import connection, models
from openai import OpenAI

from bench import question
from slider.celery import broker

django.setup()  # a model can't be read before it
app = Celery("plain", broker=broker(os.environ.get("REDIS_URL", "")))
app.conf.update(task_default_queue="plain", task_acks_late=True, worker_prefetch_multiplier=1, task_ignore_result=True)


class Job(models.Model):
    """The row of one piece of work."""

    body = models.JSONField()
    base_url = models.CharField(max_length=200)
    logprobs = models.BooleanField()
    answer = models.JSONField(null=True)
    tokens = models.IntegerField(default=0)
    done = models.BooleanField(default=False)

    objects: ClassVar[models.Manager["Job"]] = models.Manager()

    class Meta:
        app_label = "bench"  # in no INSTALLED_APPS: its table is made by `create_table`, for the bench alone

    def __str__(self) -> str:
        return f"job {self.pk}"


@cache
def client(base_url: str) -> OpenAI:
    return OpenAI(base_url=base_url, api_key="none", max_retries=0)


@app.task(name="bench.plain.answer")
def answer(job_id: int) -> None:
    """Fetch one row, ask the model about it, store the answer."""
    job = Job.objects.get(pk=job_id)
    arguments: dict[str, Any] = question.request(job.body, logprobs=job.logprobs)
    completion = client(job.base_url).chat.completions.create(**arguments)
    job.answer = json.loads(completion.choices[0].message.content)
    job.tokens = completion.usage.completion_tokens
    job.done = True
    job.save()


def create_table() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Job)
