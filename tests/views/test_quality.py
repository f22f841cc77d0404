"""x"""

import pytest
from django.test import Client
from django.urls import reverse

from slider.models import Mode
from tests import casts, stream

pytestmark = pytest.mark.django_db


def test_it_renders() -> None:
    cast = casts.company(mode=Mode.TRIAL, share=0.8)
    client = Client()
    client.force_login(cast.tuner)
    assert client.get(reverse("quality", args=[cast.task.pk])).status_code == 200
    stream.pour(cast.task, stream.Wave(items=3_000, bad_topic="refund", bad_error=0.2, owed=200), by=cast.reviewer)
    answer = client.get(reverse("quality", args=[cast.task.pk]))
    assert answer.status_code == 200
    import re
    text = re.sub(r"<svg.*?</svg>|<[^>]*>", " ", answer.content.decode(), flags=re.S)
    print(re.sub(r"\s+", " ", text))
