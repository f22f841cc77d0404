"""The Celery application is set up the same way whoever comes first to it."""

import subprocess
import sys

ASKS = "print(app.conf.broker_url, app.conf.task_acks_late, sorted(app.conf.beat_schedule), app.conf.imports[0])"


def asked_first_for(first: str) -> subprocess.CompletedProcess[str]:
    program = f"import django; django.setup()\nfrom slider.celery import app\n{first}\n{ASKS}"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_a_process_whose_first_act_is_a_hint_has_the_same_settings_as_a_worker() -> None:
    worker, sender = asked_first_for("app.conf.imports"), asked_first_for("app.amqp.router")
    assert sender.stderr == ""
    assert sender.stdout == worker.stdout
    assert sender.stdout.split()[0].startswith("redis")
    assert sender.stdout.split()[1] == "True"
    assert "guard" in sender.stdout
    assert "tasks.work" in sender.stdout
