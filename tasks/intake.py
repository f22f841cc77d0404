"""The intake stage's machine: brings one file in, of items or of past outputs."""

from slider.celery import app
from slider.flow import histories, imports
from slider.models import Import, Purpose


@app.task(name="tasks.intake.intake")
def intake(key: int) -> bool:
    """Carry on with the file `key`; False when somebody else is at it, or nothing is left to do."""
    is_history = Import.objects.filter(pk=key, purpose=Purpose.HISTORY).exists()
    return histories.run(key) if is_history else imports.run(key)
