"""A file that is brought in, and what came of it."""

import io
from typing import Any

from slider.flow import imports
from slider.models import Import, Payload, RefusedRow
from tests import casts


def bring(cast: casts.Company, content: bytes, name: str = "items.csv") -> Import:
    """Receive and run one file; the import as it stands afterwards."""
    received = imports.receive(cast.task, name=name, stream=io.BytesIO(content), by=cast.tuner.pk)
    assert imports.run(received.pk)
    return Import.objects.get(pk=received.pk)


def bodies(cast: casts.Company) -> dict[str, Any]:
    return dict(Payload.objects.filter(item__task=cast.task).values_list("item__external_id", "body"))


def refusals(done: Import) -> list[tuple[int, str]]:
    return list(RefusedRow.objects.filter(of=done).values_list("line", "column"))
