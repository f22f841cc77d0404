"""How many hours a day reviewers are there for a task: the slider's left wall."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("slider", "0006_audits_can_be_counted"),)

    operations = (
        migrations.AddField(
            model_name="task",
            name="staffed_hours",
            field=models.FloatField(
                blank=True,
                help_text="Hours a day for which reviewers are there for this task. Empty: not said, so nothing warns.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0.1),
                    django.core.validators.MaxValueValidator(10_000),
                ],
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(staffed_hours=None) | models.Q(staffed_hours__gt=0, staffed_hours__lte=10_000),
                name="task_staffed_hours",
            ),
        ),
    )
