"""The letters' machine: sends what is owed by mail, a bounded piece at a time."""

from slider.celery import app
from slider.flow import account_letters
from slider.flow import letters as stage


@app.task(name="tasks.letters.letters")
def letters() -> int:
    """Send what is due now; returns how many tries were made."""
    return account_letters.send_due() + stage.send_due()
