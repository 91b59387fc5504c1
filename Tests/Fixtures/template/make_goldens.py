"""Renders the templates and snippets beside this file with transformers' own jinja2 environment, into goldens.json.

    python make_goldens.py            # needs transformers and jinja2; versions are written into the file

Values are tagged so that a JSON reader without ordered objects keeps what Python has: {"d": [[key, value], …]} is a
dict, {"l": […]} a list, {"f": "1.5"} a float; the rest is JSON's.
"""

import datetime
import json
import pathlib
import sys

import jinja2
import transformers
from transformers.utils.chat_template_utils import _compile_jinja_template

from snippets import SNIPPETS

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2024, 7, 5, 9, 4, 3)

TOKENS = {
    "chatml": (None, "<|im_end|>"),
    "deepseek-distill": ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
    "gemma": ("<bos>", "<eos>"),
    "gemma3": ("<bos>", "<eos>"),
    "llama2": ("<s>", "</s>"),
    "llama3": ("<|begin_of_text|>", "<|eot_id|>"),
    "llama3.2": ("<|begin_of_text|>", "<|eot_id|>"),
    "masked": (None, None),
    "mistral-v0.1": ("<s>", "</s>"),
    "mistral-v0.2": ("<s>", "</s>"),
    "mistral-v0.3": ("<s>", "</s>"),
    "phi3": ("<s>", "<|endoftext|>"),
    "qwen2": (None, "<|im_end|>"),
    "qwen2.5": (None, "<|im_end|>"),
    "qwen3": (None, "<|im_end|>"),
    "smollm2": ("<|im_start|>", "<|im_end|>"),
    "vicuna": ("<s>", "</s>"),
    "zephyr": ("<s>", "</s>"),
}


def turns(*pairs):
    return [{"role": role, "content": content} for role, content in pairs]


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather at a \"place\", <now> & later.",
            "parameters": {
                "type": "object",
                "properties": {"place": {"type": "string"}, "days": {"type": "integer", "default": 3}},
                "required": ["place"],
            },
        },
    }
]

CONVERSATIONS = {
    "one": {"messages": turns(("user", "Hello!"))},
    "pair": {"messages": turns(("user", "Hello!"), ("assistant", "Hi there."))},
    "three": {"messages": turns(("user", "A?"), ("assistant", "B."), ("user", "C?"))},
    "long": {
        "messages": turns(
            ("system", "Be brief."), ("user", "1+1?"), ("assistant", "2"), ("user", "2+2?"), ("assistant", "4"),
            ("user", "3+3?"),
        )
    },
    "system": {"messages": turns(("system", "  You are terse.\n"), ("user", "Why?"), ("assistant", "Because."))},
    "spaces": {"messages": turns(("user", "  \n lead and trail \t\n"), ("assistant", "\n\n  ok  \n"))},
    "unicode": {"messages": turns(("user", "naïve café e\u0301 日本語 🙂👩‍👩‍👧 \u00a0x\u2028y"), ("assistant", "ﬁn — ‘ok’"))},
    "markup": {"messages": turns(("user", "{{ 7*7 }} {% if x %} <b>&amp;\"'\\n</b> <|im_end|>"), ("assistant", "{# no #}"))},
    "crlf": {"messages": turns(("user", "line one\r\nline two\rthree"), ("assistant", "ok\r\n"))},
    "empty_content": {"messages": turns(("user", ""), ("assistant", ""))},
    "empty": {"messages": []},
    "system_only": {"messages": turns(("system", "Only me."))},
    "assistant_first": {"messages": turns(("assistant", "I begin."), ("user", "Odd."))},
    "two_users": {"messages": turns(("user", "One"), ("user", "Two"))},
    "system_late": {"messages": turns(("user", "Hi"), ("system", "Late."), ("assistant", "Yes."))},
    "unknown_role": {"messages": turns(("narrator", "Once upon a time"), ("user", "And?"))},
    "thinking": {
        "messages": turns(
            ("user", "Q1"), ("assistant", "<think>\nhmm\n</think>\n\nA1"), ("user", "Q2"),
            ("assistant", "<think>well</think>A2"),
        )
    },
    "tools": {
        "messages": [
            {"role": "user", "content": "Weather in Köln?"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "abc123def",
                        "type": "function",
                        "function": {"name": "get_weather", "arguments": {"place": "Köln", "days": 2, "exact": True, "scale": 0.5, "unit": None}},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "abc123def", "name": "get_weather", "content": "sunny, 21.5"},
            {"role": "assistant", "content": "Sunny."},
        ],
        "tools": TOOLS,
    },
    "parts": {
        "messages": [
            {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": " What is it? "}]},
            {"role": "assistant", "content": [{"type": "text", "text": "A cat."}]},
        ]
    },
    "no_thinking": {"messages": turns(("user", "Quick?")), "enable_thinking": False},
    "dated": {"messages": turns(("user", "When?")), "date_string": "1 Jan 2030"},
}


def tagged(value):
    if isinstance(value, dict):
        return {"d": [[key, tagged(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"l": [tagged(item) for item in value]}
    if isinstance(value, float):
        return {"f": repr(value)}
    return value


def render(source, variables):
    """{"expected": text} or {"error": message, "raised": whether by raise_exception}"""
    variables = {"strftime_now": NOW.strftime, **variables}
    try:
        return {"expected": _compile_jinja_template(source).render(**variables)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}", "raised": type(error) is jinja2.exceptions.TemplateError}


def compact(golden):
    """JSON with one case a line, so that a change shows as a few lines."""

    def line(value):
        return json.dumps(value, ensure_ascii=False)

    parts = []
    for key, value in golden.items():
        if isinstance(value, list):
            text = "[\n" + ",\n".join(map(line, value)) + "\n]"
        elif isinstance(value, dict):
            text = "{\n" + ",\n".join(f"{line(k)}: {line(v)}" for k, v in value.items()) + "\n}"
        else:
            text = line(value)
        parts.append(f"{line(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main():
    cases = []
    for path in sorted((HERE / "templates").glob("*.jinja")):
        bos, eos = TOKENS[path.stem]
        for name, conversation in CONVERSATIONS.items():
            # Without a generation prompt only where that can make a difference of its own.
            for generation in (False, True) if name in ("one", "pair", "three", "empty", "tools") else (True,):
                variables = {"tools": None, "documents": None, **conversation, "add_generation_prompt": generation}
                if bos is not None:
                    variables["bos_token"] = bos
                if eos is not None:
                    variables["eos_token"] = eos
                result = render(path.read_text(encoding="utf-8"), variables)
                cases.append({"template": path.stem, "conversation": name, "generation": generation, **result})
    snippets = [
        {"source": source, "variables": [[key, tagged(value)] for key, value in variables.items()], **render(source, variables)}
        for source, variables in SNIPPETS
    ]
    golden = {
        "versions": f"Python {sys.version.split()[0]}, transformers {transformers.__version__}, jinja2 {jinja2.__version__}",
        "tokens": {name: list(pair) for name, pair in TOKENS.items()},
        "conversations": {name: tagged(value) for name, value in CONVERSATIONS.items()},
        "cases": cases,
        "snippets": snippets,
    }
    (HERE / "goldens.json").write_text(compact(golden), encoding="utf-8")
    print(golden["versions"])
    print(len(cases), "cases,", sum("error" in case for case in cases), "of them errors;", len(snippets), "snippets,",
          sum("error" in snippet for snippet in snippets), "of them errors")


if __name__ == "__main__":
    main()
