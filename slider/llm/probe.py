"""Whether an endpoint answers at all and takes a key: its list of models is asked for, which costs nothing."""

from dataclasses import dataclass

import openai

from slider.llm import reach


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of it: `ok`, and in words what was wrong; `models` are the names that it gave."""

    ok: bool
    words: str
    models: frozenset[str] = frozenset()


def probe(base_url: str, *, api_key: str, timeout_s: float, only_public: bool = False) -> Probed:
    """Ask an endpoint for its models. One that has no such list answers all the same, and that is well."""
    try:
        client = reach.vendor(base_url, api_key=api_key, timeout_s=timeout_s, only_public=only_public)
        with client:
            found = frozenset(model.id for model in client.models.list().data or ())
    except reach.InsideError as error:
        return Probed(False, str(error).rstrip("."))
    except openai.AuthenticationError:
        return Probed(False, "it refuses the key")
    except openai.PermissionDeniedError:
        return Probed(False, "the key may not ask it")
    except openai.NotFoundError:
        return Probed(True, "it answers; it has no list of models")
    except openai.APITimeoutError:
        return Probed(False, f"it does not answer within {timeout_s:g} s")
    except openai.APIConnectionError as error:
        cause = error.__cause__ or error
        return Probed(False, f"it can't be reached: {type(cause).__name__}: {cause}"[:300])
    except openai.APIStatusError as error:
        return Probed(False, f"it answers with status {error.status_code}")
    except (openai.OpenAIError, ValueError) as error:
        return Probed(False, f"what answers there is no such endpoint: {error}"[:300])
    return Probed(True, f"it answers, with {len(found)} models", found)
