"""The intake stage's machine: brings one file of items in."""

from slider.celery import app
from slider.flow import imports


@app.task(name="tasks.intake.intake")
def intake(key: int) -> bool:
    """Carry on with the import `key`; False when somebody else is at it, or nothing is left to do."""
    return imports.run(key)
