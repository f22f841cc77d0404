"""A task whose answers have everything: nested objects, lists of objects, a choice among schemas, what may be none."""

from typing import Any

from slider.models import Item
from tests import casts
from tests.casts import Company

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["invoice", "credit note", "reminder"], "title": "Kind"},
        "total": {"type": "number", "minimum": 0, "title": "Total", "description": "With taxes."},
        "due": {"type": ["string", "null"], "format": "date", "title": "Due"},
        "sent": {"type": "string", "format": "date-time", "title": "Sent"},
        "lines": {
            "type": "array",
            "title": "Lines",
            "minItems": 1,
            "items": {
                "type": "object",
                "title": "Line",
                "properties": {
                    "what": {"type": "string", "minLength": 1, "maxLength": 80},
                    "amount": {"type": "number"},
                },
                "required": ["what", "amount"],
            },
        },
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}, "title": "Tags"},
        "payer": {
            "type": "object",
            "title": "Payer",
            "properties": {
                "name": {"type": "string", "maxLength": 60},
                "paid_by": {
                    "title": "Paid by",
                    "oneOf": [
                        {
                            "type": "object",
                            "properties": {"by": {"const": "card"}, "last4": {"type": "string", "maxLength": 4}},
                            "required": ["by", "last4"],
                        },
                        {
                            "type": "object",
                            "properties": {"by": {"const": "transfer"}, "iban": {"type": "string", "maxLength": 34}},
                            "required": ["by", "iban"],
                        },
                    ],
                },
            },
            "required": ["name"],
        },
        "note": {"type": "string", "title": "Note"},
    },
    "required": ["kind", "total", "lines", "payer"],
}
TEXT = (
    "Dear all, the invoice of the bakery for November is attached. It has two lines and is due in two weeks. "
    "Please pay it by card as always. Thank you for your trust."
)
ANSWER: dict[str, Any] = {
    "kind": "invoice",
    "total": 94.5,
    "due": "2026-12-12",
    "lines": [{"what": "Bread", "amount": 90}, {"what": "Delivery", "amount": 4.5}],
    "tags": ["food"],
    "payer": {"name": "Anna Berg", "paid_by": {"by": "card", "last4": "4411"}},
    "note": (
        "Dear all, the invoice of the bakery for November is attached. It has **two lines** and is due in three weeks. "
        "Please pay it by card as always. See [the shop](https://shop.example/) for more."
    ),
}


def company(**changes: Any) -> Company:
    return casts.company(output_schema=SCHEMA, **changes)


def waiting(cast: Company, *names: str, **body: Any) -> list[Item]:
    """Items with an answer of this kind, and one other sample that differs in a line and in the kind."""
    other = ANSWER | {"kind": "reminder", "lines": [ANSWER["lines"][0], {"what": "Delivery", "amount": 5}]}
    said = casts.says(ANSWER, others=[other, ANSWER | {"kind": "reminder"}], p=0.5, field="kind")
    return [casts.one(cast.task, name, said, **({"subject": f"Mail {name}", "text": TEXT} | body)) for name in names]
