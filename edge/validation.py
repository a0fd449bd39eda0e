"""From pydantic's findings to one Chinese sentence that names the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import ValidationError
from pydantic_core import ErrorDetails

# `{field}` is the parameter; the other names are pydantic's context of the error type.
_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "缺少参数 {field}",
        "string_type": "参数 {field} 必须是字符串",
        "string_too_short": "参数 {field} 不能少于 {min_length} 个字符",
        "string_too_long": "参数 {field} 不能超过 {max_length} 个字符",
        "string_pattern_mismatch": "参数 {field} 的格式不正确",
        "string_unicode": "参数 {field} 不是有效的文本",
        "int_type": "参数 {field} 必须是整数",
        "int_parsing": "参数 {field} 必须是整数",
        "int_parsing_size": "参数 {field} 超出允许的范围",
        "int_from_float": "参数 {field} 必须是整数",
        "float_type": "参数 {field} 必须是数字",
        "float_parsing": "参数 {field} 必须是数字",
        "finite_number": "参数 {field} 必须是有限的数字",
        "decimal_type": "参数 {field} 必须是数字",
        "decimal_parsing": "参数 {field} 必须是数字",
        "decimal_max_places": "参数 {field} 最多 {decimal_places} 位小数",
        "bool_type": "参数 {field} 必须是布尔值",
        "bool_parsing": "参数 {field} 必须是布尔值",
        "greater_than": "参数 {field} 必须大于 {gt}",
        "greater_than_equal": "参数 {field} 不能小于 {ge}",
        "less_than": "参数 {field} 必须小于 {lt}",
        "less_than_equal": "参数 {field} 不能大于 {le}",
        "list_type": "参数 {field} 必须是数组",
        "too_short": "参数 {field} 不能少于 {min_length} 项",
        "too_long": "参数 {field} 不能超过 {max_length} 项",
        "dict_type": "参数 {field} 必须是对象",
        "model_type": "参数 {field} 必须是对象",
        "model_attributes_type": "参数 {field} 必须是对象",
    }
)
_OTHERWISE = "参数 {field} 不正确"
_OF_KINDS: Mapping[str, str] = MappingProxyType({"integer": "int_type", "number": "float_type", "boolean": "bool_type"})


@dataclass(frozen=True, slots=True)
class FieldWords:
    """What the contract says of a field that is not there (or null) and of one with a wrong value; None: nothing."""

    missing: str | None = None
    wrong: str | None = None


_NO_WORDS = FieldWords()


def first_problem(error: ValidationError, words: Mapping[str, FieldWords]) -> str:
    """The first finding as a sentence for the client; `words` fix it for some of the fields."""
    problem = error.errors(include_url=False)[0]
    own = _NO_WORDS if not problem["loc"] else words.get(str(problem["loc"][0]), _NO_WORDS)
    is_missing = problem["type"] == "missing" or problem["input"] is None
    fixed = own.missing if is_missing else own.wrong
    return describe(problem) if fixed is None else fixed


def describe(problem: ErrorDetails) -> str:
    """One finding as a sentence for the client."""
    context = problem.get("ctx", {})
    field = ".".join(str(part) for part in problem["loc"])
    kind = problem["type"]
    if kind == "value_error":
        # Raised by a model of ours, in words for clients.
        return str(context["error"])
    if kind == "literal_error":
        choices = context["expected"].replace("'", "").replace(" or ", "、").replace(", ", "、")
        return f"参数 {field} 只能是 {choices}"
    return _SENTENCES.get(kind, _OTHERWISE).format(field=field, **context)


def wrong_kind(field: str, kind: str, *, words: Mapping[str, FieldWords]) -> str:
    """The sentence for a field whose value is no `kind`: integer, number or boolean."""
    fixed = words.get(field, _NO_WORDS).wrong
    return _SENTENCES[_OF_KINDS[kind]].format(field=field) if fixed is None else fixed
