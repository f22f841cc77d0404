"""What a task promises, what it keeps with people, and who looks: the most of its settings."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from slider.models import Overflow, Task, fitting, skills
from slider.views import rules_field
from slider.views.settings_form import SettingsForm, Stored, number, percent, setting

# How sure a limit is held is kept as the chance that it is not.
_SURE = Stored("delta", lambda delta: number(100 - delta * 100), lambda sure: round(1 - sure / 100, 6), row="limits")


class PromiseForm(SettingsForm):
    """What a task promises, and what it keeps with people."""

    error_percent = setting(
        percent("error_limit", row="limits"),
        forms.FloatField(
            label="Wrong answers, at most (%)",
            min_value=0.1,
            max_value=50,
            initial=3,
            help_text="Of what leaves unattended. The slider never goes further than evidence holds this.",
        ),
    )
    sure_percent = setting(
        _SURE,
        forms.FloatField(
            label="How sure that must be (%)", min_value=50, max_value=99.9, initial=95, help_text="95 is usual."
        ),
    )
    audit_percent = setting(
        percent("audit_floor", row="limits"),
        forms.FloatField(
            label="Audits, at least (%)",
            min_value=100 / 64,
            max_value=100,
            initial=6.25,
            help_text="Share of the unattended lane that people look at, drawn by chance. 1.5625 or more.",
        ),
    )
    never_unattended = setting(
        Stored("never_unattended", may_be_empty=True),
        rules_field.RulesField(
            label="Hard rules: always to people",
            required=False,
            help_text=(
                "One a line, whatever the slider says. By value: channel = legal. By stake: amount >= 1000, or <=; "
                "where the amount is not known, too. By source: from key: crm, from import: legacy, from person: anna."
            ),
        ),
    )
    undo_s = setting(
        Stored("undo_s", row="times"),
        forms.IntegerField(
            label="Undo window (seconds)",
            min_value=0,
            max_value=3600,
            initial=10,
            help_text="So long a decision can be taken back. Till then it is not sent, and the guard does not hear it.",
        ),
    )
    judge_within_h = setting(
        Stored("judge_within_h", row="times"),
        forms.IntegerField(
            label="A look is due within (hours)",
            min_value=1,
            max_value=2000,
            initial=72,
            help_text="Later it counts as a wrong answer in the evidence, for good.",
        ),
    )
    max_tries = setting(
        Stored("max_tries", row="times"),
        forms.IntegerField(
            label="Tries", min_value=1, max_value=20, initial=5, help_text="After so many an item goes to people."
        ),
    )
    staffed_hours = setting(
        Stored("staffed_hours", number, may_be_empty=True, row="times"),
        forms.FloatField(
            label="Reviewer hours a day",
            required=False,
            min_value=0.1,
            max_value=10_000,
            help_text="All reviewers of this task together. The slider page warns where they are too few.",
        ),
    )
    overflow = setting(
        Stored("overflow", row="times"),
        forms.ChoiceField(
            label="When more waits than they carry, what gives way",
            required=False,
            choices=Overflow.choices,
            help_text=(
                "The share never rises for it. Audits keep their floor, and stay dense while something is suspected."
            ),
        ),
    )
    stake_field = setting(
        Stored("stake_field", may_be_empty=True, row="order"),
        forms.CharField(
            label="What is at stake: the name of a field",
            required=False,
            max_length=80,
            help_text="A number of an item, such as amount. Looks go first where an error is likely and costs most.",
        ),
    )
    answer_within_h = setting(
        Stored("answer_within_h", number, may_be_empty=True, row="order"),
        forms.FloatField(
            label="An item is due within (hours)",
            required=False,
            min_value=0.05,
            max_value=2000,
            help_text="For items that bring no due time of their own. Empty: they are due at no time.",
        ),
    )
    overtaken_h = setting(
        Stored("overtaken_h", number, row="order"),
        forms.FloatField(
            label="Hours that the least worthy look may be overtaken",
            required=False,
            min_value=0,
            max_value=720,
            help_text="0: first come, first served. 24 is usual.",
        ),
    )
    looks = setting(
        Stored("looks", row="lookers"),
        forms.IntegerField(
            label="People who look at each item",
            required=False,
            min_value=1,
            max_value=5,
            help_text="Each without the others. Where most don't say the same, a lead decides. 1 is usual.",
        ),
    )
    skills = setting(
        Stored("skills", ", ".join, may_be_empty=True, row="lookers"),
        forms.CharField(
            label="Skills it takes",
            required=False,
            max_length=900,
            help_text="With commas between: german, legal. Nobody without all of them is asked.",
        ),
    )
    skill_field = setting(
        Stored("skill_field", may_be_empty=True, row="lookers"),
        forms.CharField(
            label="Field that names a skill",
            required=False,
            max_length=80,
            help_text="Such as language: an item whose language is german goes to people who know german.",
        ),
    )
    known_percent = setting(
        percent("known_rate", row="checks"),
        forms.FloatField(
            label="Known answers mixed in (%)",
            required=False,
            min_value=0,
            max_value=50,
            help_text="Past items of which it is known what is right, so many for 100 looks. 0: none; 5 is usual.",
        ),
    )
    second_percent = setting(
        percent("second_rate", row="checks"),
        forms.FloatField(
            label="Second looks (%)",
            required=False,
            min_value=0,
            max_value=100,
            help_text="Of decided looks, so many are looked at once more by somebody else. 0: none.",
        ),
    )
    hidden_percent = setting(
        percent("hidden_rate", row="checks"),
        forms.FloatField(
            label="Own answer first (%)",
            required=False,
            min_value=0,
            max_value=50,
            help_text=(
                "At so many of 100 looks the draft is hidden until the person has answered. 0: none; 10 is usual."
            ),
        ),
    )
    practice_looks = setting(
        Stored("practice_looks", row="practice"),
        forms.IntegerField(
            label="Practice before the first live item",
            required=False,
            min_value=0,
            max_value=100,
            help_text="On so many known answers. 0: none; 10 is usual. Who has reviewed here before is let in.",
        ),
    )
    practice_percent = setting(
        percent("practice_right", row="practice"),
        forms.FloatField(
            label="Of them right, at least (%)",
            required=False,
            min_value=50,
            max_value=100,
            help_text="Of the last so many.",
        ),
    )
    archive_after_days = setting(
        Stored("archive_after_days", number, may_be_empty=True, row="times"),
        forms.IntegerField(
            label="Archive items after (days)",
            required=False,
            min_value=1,
            max_value=3650,
            help_text="Counted from their end. They stay on their pages and in exports. Empty: never.",
        ),
    )

    def fits(self, input_schema: Mapping[str, Any]) -> bool:
        """Check the rules against what an item may hold: one that names another field would never keep anything."""
        said = self.cleaned_data
        names = ("skill_field", "stake_field", "never_unattended")
        found = fitting.rules(input_schema, **{name: said[name] for name in names})
        for name, words in found.items():
            self.add_error(name, ValidationError(words, code="field"))
        return not found

    def fill(self, task: Task) -> None:
        super().fill(task)
        if task.overflow != Overflow.STRETCH:
            task.stretched_h = 0

    def clean_skills(self) -> list[str]:
        known = skills.read(self.cleaned_data["skills"])
        if len(known) > skills.MOST:
            raise ValidationError(f"{len(known)} skills: at most {skills.MOST} fit.", code="skills")
        return known

    def is_staffed(self, reviewers: int) -> bool:
        """Whether as many people review there as are to look at each item: it would wait for ever else."""
        words = fitting.staffed(self.cleaned_data["looks"] or 1, reviewers)
        if words:
            self.add_error("looks", ValidationError(words, code="looks"))
        return not words
