"""The forms that set a task up: its contract, its promise, where its slider starts, where its results go."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from slider.engine.sanity.names import SENTENCES, TITLES, Sentinel
from slider.models import Mode, Overflow, Task, skills
from slider.schema import Schema
from slider.views import examples, rules_field
from slider.views.setup_fields import LabelsField, SchemaField, labels_schema, text_schema
from slider.webhook import UrlError, check_url

_FIELD_NAME = RegexValidator(r"^[A-Za-z_][A-Za-z0-9_]{0,59}$", "A field's name is letters, digits and _, such as text.")


class PromiseForm(forms.Form):
    """What a task promises, and what it keeps with people."""

    error_percent = forms.FloatField(
        label="Wrong answers, at most (%)",
        min_value=0.1,
        max_value=50,
        initial=3,
        help_text="Of what leaves unattended. The slider never goes further than evidence holds this.",
    )
    sure_percent = forms.FloatField(
        label="How sure that must be (%)", min_value=50, max_value=99.9, initial=95, help_text="95 is usual."
    )
    audit_percent = forms.FloatField(
        label="Audits, at least (%)",
        min_value=100 / 64,
        max_value=100,
        initial=6.25,
        help_text="Share of the unattended lane that people look at, drawn by chance. 1.5625 or more.",
    )
    undo_s = forms.IntegerField(
        label="Undo window (seconds)",
        min_value=0,
        max_value=3600,
        initial=10,
        help_text="So long a decision can be taken back. Till then it is not sent, and the guard does not hear it.",
    )
    judge_within_h = forms.IntegerField(
        label="A look is due within (hours)",
        min_value=1,
        max_value=2000,
        initial=72,
        help_text="Later it counts as a wrong answer in the evidence, for good.",
    )
    staffed_hours = forms.FloatField(
        label="Reviewer hours a day",
        required=False,
        min_value=0.1,
        max_value=10_000,
        help_text="All reviewers of this task together. The slider page warns where they are too few.",
    )
    stake_field = forms.CharField(
        label="What is at stake: the name of a field",
        required=False,
        max_length=80,
        help_text="A number of an item, such as amount. Looks go first where an error is likely and costs most.",
    )
    answer_within_h = forms.FloatField(
        label="An item is due within (hours)",
        required=False,
        min_value=0.05,
        max_value=2000,
        help_text="For items that bring no due time of their own. Empty: they are due at no time.",
    )
    overtaken_h = forms.FloatField(
        label="Hours that the least worthy look may be overtaken",
        required=False,
        min_value=0,
        max_value=720,
        help_text="0: first come, first served. 24 is usual.",
    )
    overflow = forms.ChoiceField(
        label="When more waits than they carry, what gives way",
        required=False,
        choices=Overflow.choices,
        help_text="The share never rises for it. Audits keep their floor, and stay dense while something is suspected.",
    )
    max_tries = forms.IntegerField(
        label="Tries", min_value=1, max_value=20, initial=5, help_text="After so many an item goes to people."
    )
    known_percent = forms.FloatField(
        label="Known answers mixed in (%)",
        required=False,
        min_value=0,
        max_value=50,
        help_text="Past items of which it is known what is right, so many for 100 looks. 0: none; 5 is usual.",
    )
    second_percent = forms.FloatField(
        label="Second looks (%)",
        required=False,
        min_value=0,
        max_value=100,
        help_text="Of decided looks, so many are looked at once more by somebody else. 0: none.",
    )
    hidden_percent = forms.FloatField(
        label="Own answer first (%)",
        required=False,
        min_value=0,
        max_value=50,
        help_text="At so many of 100 looks the draft is hidden until the person has answered. 0: none; 10 is usual.",
    )
    practice_looks = forms.IntegerField(
        label="Practice before the first live item",
        required=False,
        min_value=0,
        max_value=100,
        help_text="On so many known answers. 0: none; 10 is usual. Who has reviewed here before is let in.",
    )
    practice_percent = forms.FloatField(
        label="Of them right, at least (%)",
        required=False,
        min_value=50,
        max_value=100,
        help_text="Of the last so many.",
    )
    looks = forms.IntegerField(
        label="People who look at each item",
        required=False,
        min_value=1,
        max_value=5,
        help_text="Each without the others. Where most don't say the same, a lead decides. 1 is usual.",
    )
    skills = forms.CharField(
        label="Skills it takes",
        required=False,
        max_length=900,
        help_text="With commas between: german, legal. Nobody without all of them is asked.",
    )
    skill_field = forms.CharField(
        label="Field that names a skill",
        required=False,
        max_length=80,
        help_text="Such as language: an item whose language is german goes to people who know german.",
    )
    never_unattended = rules_field.RulesField(
        label="Hard rules: always to people",
        required=False,
        help_text=(
            "One a line, whatever the slider says. By value: channel = legal. By stake: amount >= 1000, or <=; where "
            "the amount is not known, too. By source: from key: crm, from import: legacy, from person: anna."
        ),
    )

    def fits(self, input_schema: Mapping[str, Any]) -> bool:
        """Check the rules against what an item may hold: one that names another field would never keep anything."""
        fields = input_schema.get("properties")
        if not fields or input_schema.get("additionalProperties") is not False:
            return True
        if (field := self.cleaned_data["skill_field"]) and field not in fields:
            known = ", ".join(list(fields)[:20])
            self.add_error("skill_field", ValidationError(f"An item has no field {field!r}; it has {known}.", "field"))
            return False
        if (stake := self.cleaned_data["stake_field"]) and stake not in fields:
            known = ", ".join(list(fields)[:20])
            self.add_error("stake_field", ValidationError(f"An item has no field {stake[:40]}; it has {known}."))
            return False
        words = rules_field.problem(self.cleaned_data["never_unattended"], fields)
        if words:
            self.add_error("never_unattended", ValidationError(words, code="field"))
        return not words

    def fill(self, task: Task) -> None:
        """Put the cleaned values on a task."""
        said = self.cleaned_data
        task.error_limit = said["error_percent"] / 100
        task.delta = round(1 - said["sure_percent"] / 100, 6)
        task.audit_floor = said["audit_percent"] / 100
        task.undo_s, task.max_tries = said["undo_s"], said["max_tries"]
        task.judge_within_h = said["judge_within_h"]
        task.staffed_hours = said["staffed_hours"]
        task.never_unattended = said["never_unattended"]
        task.stake_field, task.answer_within_h = said["stake_field"], said["answer_within_h"]
        # A page that doesn't show it doesn't change it.
        task.overflow = said["overflow"] or task.overflow
        if task.overflow != Overflow.STRETCH:
            task.stretched_h = 0
        if (hours := said["overtaken_h"]) is not None:
            task.overtaken_h = hours
        if (known := said["known_percent"]) is not None:
            task.known_rate = known / 100
        if (second := said["second_percent"]) is not None:
            task.second_rate = second / 100
        if (hidden := said["hidden_percent"]) is not None:
            task.hidden_rate = hidden / 100
        if said["practice_looks"] is not None:
            task.practice_looks = said["practice_looks"]
        if (right := said["practice_percent"]) is not None:
            task.practice_right = right / 100
        if (looks := said["looks"]) is not None:
            task.looks = looks
            task.skills, task.skill_field = said["skills"], said["skill_field"]

    def clean_skills(self) -> list[str]:
        known = skills.read(self.cleaned_data["skills"])
        if len(known) > skills.MOST:
            raise ValidationError(f"{len(known)} skills: at most {skills.MOST} fit.", code="skills")
        return known

    def is_staffed(self, reviewers: int) -> bool:
        """Whether as many people review there as are to look at each item: it would wait for ever else."""
        looks = self.cleaned_data["looks"] or 1
        if looks == 1 or looks <= reviewers:
            return True
        words = f"{reviewers} review in this project: {looks} can't look at each item. Bring people in first."
        self.add_error("looks", ValidationError(words, code="looks"))
        return False

    @staticmethod
    def of(task: Task) -> dict[str, Any]:
        """The initial values that show a task as it is."""
        return {
            "error_percent": f"{task.error_limit * 100:g}",
            "sure_percent": f"{100 - task.delta * 100:g}",
            "audit_percent": f"{task.audit_floor * 100:g}",
            "known_percent": f"{task.known_rate * 100:g}",
            "second_percent": f"{task.second_rate * 100:g}",
            "hidden_percent": f"{task.hidden_rate * 100:g}",
            "practice_looks": task.practice_looks,
            "practice_percent": f"{task.practice_right * 100:g}",
            "looks": task.looks,
            "skills": ", ".join(task.skills),
            "skill_field": task.skill_field,
            "undo_s": task.undo_s,
            "judge_within_h": task.judge_within_h,
            "staffed_hours": "" if task.staffed_hours is None else f"{task.staffed_hours:g}",
            "stake_field": task.stake_field,
            "answer_within_h": "" if task.answer_within_h is None else f"{task.answer_within_h:g}",
            "overtaken_h": f"{task.overtaken_h:g}",
            "overflow": task.overflow,
            "max_tries": task.max_tries,
            "never_unattended": task.never_unattended,
        }


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
        if shape and (problem := _title_problem(said.get("title_field") or "", shape.input.document)):
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
        if problem := _title_problem(title, self.task.input_schema):
            raise ValidationError(problem, code="title_field")
        return title


def _title_problem(title: str, input_schema: Mapping[str, Any]) -> str:
    """Why no item could be named by this field; empty where one can."""
    fields = input_schema.get("properties")
    if not title or not fields or title in fields:
        return ""
    return f"An item has no field {title!r}; it has {', '.join(list(fields)[:20])}."


class StartForm(forms.Form):
    """Where a new task's slider begins."""

    percent = forms.FloatField(label="Share unattended (%)", min_value=0, max_value=100, initial=0)
    mode = forms.ChoiceField(choices=Mode.choices, initial=Mode.GUARDED)


class EndpointForm(forms.Form):
    """Where a task's results are sent."""

    url = forms.CharField(label="Address", max_length=500, help_text="Results are sent there as signed webhooks.")

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        try:
            check_url(url, allow_hosts=settings.ENV.SLIDER_WEBHOOK_HOSTS)
        except UrlError as error:
            raise ValidationError(str(error), code=error.code) from None
        return url
