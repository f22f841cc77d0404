"""The flags that were ever set, few among all that was handed on."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0022_last_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="handing",
            index=models.Index(condition=models.Q(("kind", "flagged")), fields=["review"], name="handing_flags"),
        ),
    ]
