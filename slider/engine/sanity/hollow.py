"""Answers that begin and say nothing: ":" and "Thought process:", which talk language-model judges into a yes."""

import re

# A dash or a slash stands for "none" in many a form; emoji are answers.
_ONLY_SIGNS = re.compile("[\\s!-,.:-@\\[-`{-~\u2026\u3001\u3002\uff1a]+")
_NO_LETTER = re.compile(r"[^\w']+")
_OPENERS = frozenset(
    {
        "thought process",
        "reasoning process",
        "my thought process",
        "let's think step by step",
        "lets think step by step",
        "let's solve this step by step",
        "let's solve this problem step by step",
        "step by step solution",
        "the final answer is",
        "the answer is",
        "here is the answer",
        "here is my answer",
        "proceso de pensamiento",
        "gedankengang",
        "processus de réflexion",
        "解题过程",
        "思考过程",
        "思考プロセス",
    }
)


def is_hollow(text: str) -> bool:
    """Whether a text holds nothing but signs, or nothing but the opening of a thought that never comes.

    (Zhao et al., "One Token to Fool LLM-as-a-Judge", arXiv 2507.08794: such texts pass judges in up to 80 % of cases.)
    """
    if len(text) > 60 or not text.strip():
        return False
    if _ONLY_SIGNS.fullmatch(text):
        return True
    return _NO_LETTER.sub(" ", text.lower().replace("’", "'")).strip() in _OPENERS
