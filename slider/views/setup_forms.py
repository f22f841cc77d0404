"""The forms that set a task up: its contract, its sentinels, where its slider starts, where its results go."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from slider.engine.sanity.names import SENTENCES, TITLES, Sentinel
from slider.models import Mode, Task, examples, fitting
from slider.schema import Schema
from slider.views.setup_fields import LabelsField, SchemaField, labels_schema, text_schema

_FIELD_NAME = RegexValidator(r"^[A-Za-z_][A-Za-z0-9_]{0,59}$", "A field's name is letters, digits and _, such as text.")


class SentinelsForm(forms.Form):
    """Which sentinels watch a task: those that are ticked."""

    watching = forms.MultipleChoiceField(
        label="Watching",
        required=False,
        choices=[(one.value, TITLES[one]) for one in Sentinel],
        widget=forms.CheckboxSelectMultiple,
    )
    # Boxes that are not ticked are not sent at all: a page that never showed them must not switch everything off.
    sentinels_shown = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)

    @property
    def choices(self) -> list[tuple[Any, str]]:
        """Each box with the sentence that says what it watches for."""
        return [(box, SENTENCES[one]) for box, one in zip(self["watching"].subwidgets, Sentinel, strict=True)]

    def fill(self, task: Task) -> None:
        """Put the cleaned values on a task."""
        if not self.cleaned_data["sentinels_shown"]:
            return
        watching = set(self.cleaned_data["watching"])
        task.sentinels_off = [one.value for one in Sentinel if one.value not in watching]

    @staticmethod
    def of(task: Task) -> dict[str, Any]:
        """The initial values that show a task as it is."""
        return {
            "watching": [one.value for one in Sentinel if one.value not in task.sentinels_off],
            "sentinels_shown": True,
        }


class ContractForm(forms.Form):
    """What comes in and what goes out: a text and one of several labels, or two JSON Schemas."""

    name = forms.CharField(max_length=120, error_messages={"required": "Give the task a name, such as Sort messages."})
    kind = forms.ChoiceField(choices=[("labels", "A text in, one label out"), ("schemas", "JSON Schemas")])
    input_field = forms.CharField(label="Name of the text", initial="text", validators=[_FIELD_NAME], required=False)
    label_field = forms.CharField(label="Name of the label", initial="label", validators=[_FIELD_NAME], required=False)
    labels = LabelsField(required=False, help_text="One a line.")
    input_schema = SchemaField(label="Item", required=False, help_text="JSON Schema of what comes in.")
    output_schema = SchemaField(label="Answer", required=False, help_text="JSON Schema of what goes out.")
    title_field = forms.CharField(
        label="Title", max_length=80, required=False, help_text="The field of an item that names it on the pages."
    )

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("kind") == "labels":
            self._need("input_field", "Name the field that holds the text.")
            self._need("label_field", "Name the field that holds the label.")
            if "labels" in said and len(said["labels"]) < 2:
                self.add_error("labels", "Give two labels or more, one a line.")
        else:
            self._need("input_schema", 'Describe an item, such as {"type": "object", "properties": …}.')
            self._need("output_schema", "Describe an answer by a JSON Schema.")
        shape = self.shape()
        if shape and (problem := fitting.title(said.get("title_field") or "", shape.input.document)):
            self.add_error("title_field", problem)
        return said

    def _need(self, name: str, words: str) -> None:
        if name in self.cleaned_data and not self.cleaned_data[name]:
            self.add_error(name, words)

    def shape(self) -> examples.Shape | None:
        """The two schemas, once they are right."""
        said = self.cleaned_data
        if said.get("kind") == "labels":
            if not (said.get("input_field") and said.get("label_field") and said.get("labels")):
                return None
            answer = labels_schema(said["label_field"], said["labels"])
            return examples.Shape(Schema.compile(text_schema(said["input_field"])), Schema.compile(answer))
        if said.get("input_schema") and said.get("output_schema"):
            return examples.Shape(said["input_schema"], said["output_schema"])
        return None

    def fill(self, task: Task) -> None:
        shape = self.shape()
        assert shape is not None
        task.name, task.title_field = self.cleaned_data["name"], self.cleaned_data["title_field"]
        task.input_schema, task.output_schema = shape.input.document, shape.output.document


class NameForm(forms.Form):
    """What may change about a contract once items are in: its name and its title."""

    name = forms.CharField(max_length=120, error_messages={"required": "Give the task a name."})
    title_field = ContractForm.base_fields["title_field"]

    def __init__(self, data: Mapping[str, Any] | None = None, *, task: Task) -> None:
        self.task = task
        super().__init__(data, initial={"name": task.name, "title_field": task.title_field})

    def clean_title_field(self) -> str:
        title = str(self.cleaned_data["title_field"])
        if problem := fitting.title(title, self.task.input_schema):
            raise ValidationError(problem, code="title_field")
        return title


class StartForm(forms.Form):
    """Where a new task's slider begins."""

    percent = forms.FloatField(label="Share unattended (%)", min_value=0, max_value=100, initial=0)
    mode = forms.ChoiceField(choices=Mode.choices, initial=Mode.GUARDED)
