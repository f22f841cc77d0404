"""Items are claimed in the order of their priority, of when their results are wanted, and of their coming."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # beside running pumps: the new index first, then the old one goes

    dependencies = (("slider", "0026_operators_and_signs_of_life"),)

    operations = (
        migrations.AlterField(
            model_name="item",
            name="due_at",
            field=models.DateTimeField(
                help_text="When its result is wanted; brings it and its looks forward.", null=True
            ),
        ),
        AddIndexConcurrently(
            model_name="item",
            index=models.Index(
                condition=models.Q(("state", "ready")),
                fields=["task", "priority", "due_at", "run_at", "id"],
                name="item_line",
            ),
        ),
        RemoveIndexConcurrently(model_name="item", name="item_ready"),
    )
