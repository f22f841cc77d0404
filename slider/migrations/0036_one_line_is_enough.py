"""The order in which items were claimed before 0027: older pumps need its index to be fast, and no newer one reads it."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    when = "after"
    atomic = False

    dependencies = (("slider", "0035_what_the_log_tells"),)

    operations = (RemoveIndexConcurrently(model_name="item", name="item_ready"),)
