"""Items are claimed in the order of their priority, of when their results are wanted, and of their coming.

And what had no answer or could not be sent is found among everything that ended. All is built beside running pumps; the
index that `item_line` takes the place of goes after them, in 0029.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("slider", "0026_operators_and_signs_of_life"),)

    operations = (
        AddIndexConcurrently(
            model_name="item",
            index=models.Index(
                condition=models.Q(("state", "ready")),
                fields=["task", "priority", "due_at", "run_at", "id"],
                name="item_line",
            ),
        ),
        AddIndexConcurrently(
            model_name="decision",
            index=models.Index(
                condition=models.Q(("why", "no_answer")), fields=["task", "-item"], name="decision_no_answer"
            ),
        ),
        AddIndexConcurrently(
            model_name="publication",
            index=models.Index(
                condition=models.Q(("delivery", "failed")), fields=["task", "id"], name="publication_stuck"
            ),
        ),
    )
