"""What a program says of a worker, as the flow takes it: checked against the task, and by who may say what."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from slider.api.faults import Fault
from slider.api.shapes_tasks import Worker
from slider.models import Worker as Known
from slider.models import examples, fitting

_FOR_ADMINS = ("base_url", "key_name")
_MONEY = ("daily_budget", "price_in", "price_out")


def content(wanted: Worker, shape: examples.Shape, *, administer: bool, old: Known | None = None) -> dict[str, Any]:
    """The content that `setup` takes; of what is left out nothing stands in it. Raises a Fault."""
    said = wanted.model_dump(exclude_unset=True)
    named = [name for name in _FOR_ADMINS if name in said]
    if named and not administer:
        # Who may not administer can't send the installation's keys or items to another address.
        message = f"{named[0]} is for admins, with a key that has the scope 'administer'."
        raise Fault(403, "role", message, where=f"/{named[0]}")
    try:
        if "base_url" in said:
            said["base_url"] = fitting.address(said["base_url"])
        if "examples" in said:
            examples.check(said["examples"], shape)
    except ValidationError as error:
        raise Fault(422, "unfit", error.messages[0], where="/base_url") from None
    except examples.ExamplesError as error:
        raise Fault(422, "unfit", error.problems[0], where="/examples") from None
    for name in _MONEY:
        if said.get(name) is not None:
            said[name] = Decimal(str(said[name])).quantize(Decimal("0.0001"))
    _affordable(said, old)
    return said


def _affordable(said: dict[str, Any], old: Known | None) -> None:
    def value(name: str) -> Any:
        return said.get(name, getattr(old, name) if old is not None else None)

    words = fitting.unpriced(
        value("model") or "",
        base_url=value("base_url") or "",
        daily_budget=value("daily_budget"),
        prices_given=value("price_in") is not None and value("price_out") is not None,
    )
    if words:
        raise Fault(422, "unfit", words, where="/daily_budget")
