"""Form fields for what a task is made of: schemas and labels, as people write them."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from slider import strict
from slider.models import fitting
from slider.schema import Schema, SchemaError

LABELS_MOST = 1_000
LABEL_LENGTH = 200


class SchemaField(forms.CharField):
    """A JSON Schema in a textarea; its value is the compiled schema."""

    widget = forms.Textarea(attrs={"class": "mono", "rows": 12, "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            document = strict.loads(text)
            return fitting.item_schema(document) if self.label == "Item" else Schema.compile(document)
        except (strict.StrictError, SchemaError) as error:
            raise ValidationError(f"{error}", code="schema") from None

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else json.dumps(value, indent=2, ensure_ascii=False)


class LabelsField(forms.CharField):
    """Labels, one a line; its value is the list of them."""

    widget = forms.Textarea(attrs={"rows": 8, "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        labels = [line.strip() for line in str(super().clean(value) or "").splitlines() if line.strip()]
        twice = sorted({label for label in labels if labels.count(label) > 1}) if len(labels) <= LABELS_MOST else []
        if len(labels) > LABELS_MOST:
            raise ValidationError(f"There are {len(labels):,} labels; at most {LABELS_MOST:,} are taken.")
        if twice:
            raise ValidationError(f"This label stands here more than once: {twice[0]}")
        if long := next((label for label in labels if len(label) > LABEL_LENGTH), None):
            raise ValidationError(f"A label has at most {LABEL_LENGTH} characters; this one is longer: {long[:40]}…")
        return labels


def text_schema(field: str) -> dict[str, Any]:
    """The input schema of a task whose items are one text."""
    return {
        "type": "object",
        "properties": {field: {"type": "string", "minLength": 1}},
        "required": [field],
        "additionalProperties": False,
    }


def labels_schema(field: str, labels: list[str]) -> dict[str, Any]:
    """The output schema of a task that chooses one label."""
    return {
        "type": "object",
        "properties": {field: {"type": "string", "enum": labels}},
        "required": [field],
        "additionalProperties": False,
    }
