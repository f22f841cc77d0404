"""The form of a worker: what it is told, what it may use, and where it is called."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from slider.models import FallbackOn, Worker, examples, fitting


class WorkerForm(forms.ModelForm):  # type: ignore[type-arg]  # Django's class takes no parameter when it runs
    """The first or the next version of a worker. Where it is called is only for admins."""

    examples_text = forms.CharField(
        label="Examples",
        required=False,
        widget=forms.Textarea(attrs={"class": "mono", "rows": 8, "spellcheck": "false"}),
        help_text='One a line: the input, a tab, the answer. Or {"input": …, "output": …}.',
    )

    fallback_on = forms.MultipleChoiceField(
        label="The fallback is asked when",
        required=False,
        choices=FallbackOn.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="What it answers goes to people: nothing is known of it yet.",
    )

    class Meta:
        model = Worker
        fields = (
            "name", "model", "instructions", "temperature", "samples", "ask_confidence", "logprobs", "max_tokens",
            "timeout_s", "in_flight", "requests_per_min", "tokens_per_min", "daily_budget", "price_in", "price_out",
            "base_url", "key_name", "hedge", "batch", "fallback_on", "fallback_after_s",
        )  # fmt: skip
        widgets = {"instructions": forms.Textarea(attrs={"rows": 10})}
        labels = {
            "samples": "Samples an item",
            "ask_confidence": "Ask the model how sure it is",
            "logprobs": "Ask for token probabilities",
            "max_tokens": "Longest answer (tokens)",
            "timeout_s": "Give up after (seconds)",
            "in_flight": "Calls at once",
            "requests_per_min": "Calls a minute, at most",
            "tokens_per_min": "Tokens a minute, at most",
            "daily_budget": "Budget a day",
            "price_in": "Price of a million tokens in",
            "price_out": "Price of a million tokens out",
            "base_url": "Endpoint",
            "key_name": "Key",
            "hedge": "Ask twice where a call straggles",
            "batch": "Send items as batches",
            "fallback_after_s": "Seconds without an answer before the fallback is asked",
        }
        error_messages = {
            "instructions": {"required": "Tell the model what to do with an item."},
            "model": {"required": "Name the model that answers."},
        }
        help_texts = {
            "hedge": "At most one call in twenty is sent a second time; both are paid for. The first answer counts.",
            "batch": "Half the price, within a day. Only where the endpoint has the Batch API.",
            "fallback_after_s": "30 is usual. Shorter outages are waited for.",
            "samples": "More samples show where the model wavers, and cost as much more.",
            "ask_confidence": "A weak sign alone, a useful one beside others.",
            "logprobs": "The best sign where the endpoint gives them; costs nothing.",
            "daily_budget": "The worker stops for the day when it is spent.",
            "base_url": "An OpenAI-compatible address with its /v1. Empty: the installation's.",
            "key_name": "Name of the environment variable that holds the key, SLIDER_KEY_…. Empty: the installation's.",
        }

    def __init__(self, *args: Any, administer: bool, fallback: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].initial = "Worker"
        self.fields["model"].initial = settings.ENV.SLIDER_MODEL
        self.fields["instructions"].help_text = "What a new colleague would need to be told. The item follows it."
        if not administer:
            # Who may not administer can't send the installation's keys or items to another address.
            del self.fields["base_url"], self.fields["key_name"]
        if fallback or not self.instance.pk:
            # A new task has nobody else yet, and a fallback is asked one item at a time and has no fallback itself.
            del self.fields["fallback_on"], self.fields["fallback_after_s"]
        else:
            self.fields["fallback_after_s"].required = False
        if fallback:
            del self.fields["batch"]
        if self.instance.pk:
            self.fields["examples_text"].initial = examples.write(self.instance.examples)

    def clean_base_url(self) -> str:
        return fitting.address(str(self.cleaned_data["base_url"]))

    def clean_fallback_after_s(self) -> int:
        """A page that doesn't show it doesn't change it."""
        given = self.cleaned_data["fallback_after_s"]
        return self.instance.fallback_after_s if given is None else int(given)

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        words = fitting.unpriced(
            said.get("model") or "",
            base_url=said.get("base_url", self.instance.base_url),
            daily_budget=said.get("daily_budget"),
            prices_given=said.get("price_in") is not None and said.get("price_out") is not None,
        )
        if words:
            self.add_error("daily_budget", ValidationError(words, code="price"))
        return said

    def read_examples(self, shape: examples.Shape) -> bool:
        """Check the examples against the task's schemas; False when some do not fit."""
        try:
            self.cleaned_data["examples"] = examples.read(self.cleaned_data.get("examples_text", ""), shape)
        except examples.ExamplesError as error:
            self.add_error("examples_text", ValidationError(error.problems))
            return False
        return True

    def content(self) -> dict[str, Any]:
        """The worker's content, as `setup.replace_worker` takes it."""
        return {name: value for name, value in self.cleaned_data.items() if name != "examples_text"}

    def _post_clean(self) -> None:
        """Only clean the fields: the worker is checked whole when it is saved, with its task."""
