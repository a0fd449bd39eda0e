"""What is heard in a recording as a file of captions: SubRip, and WebVTT."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from edge.endpoint import TextFile

Kind: TypeAlias = Literal["srt", "vtt"]
MEDIA_TYPES: Mapping[Kind, str] = MappingProxyType({"srt": "application/x-subrip", "vtt": "text/vtt"})

_LINE_ENDS = re.compile(r"\s*[\r\n\x0b\x0c\x85\u2028\u2029]+\s*")


def captions(task_id: str, sentences: Iterable[Mapping[str, Any]], kind: Kind) -> TextFile:
    """One caption for each sentence (`begin_ms`, `end_ms`, `text`) that has words. WebVTT has times inside a caption,
    too, where the sentence has those of its `words` (as sentences)."""
    text = _TEXTS[kind](sentence for sentence in sentences if sentence["text"].strip())
    return TextFile(f"{task_id}.{kind}", MEDIA_TYPES[kind], text)


def _srt(sentences: Iterable[Mapping[str, Any]]) -> str:
    return "".join(
        f"{number}\n{_span(sentence, ',')}\n{_one_line(sentence['text']).replace('-->', '→')}\n\n"
        for number, sentence in enumerate(sentences, start=1)
    )


def _vtt(sentences: Iterable[Mapping[str, Any]]) -> str:
    return "".join(("WEBVTT\n\n", *_vtt_cues(sentences)))


def _vtt_cues(sentences: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for sentence in sentences:
        yield f"{_span(sentence, '.')}\n{''.join(_timed(sentence))}\n\n"


def _timed(sentence: Mapping[str, Any]) -> Iterator[str]:
    """The text in pieces, with the time before each word: times must rise, and lie within the caption."""
    text, told, sought, last_ms = _one_line(sentence["text"]), 0, 0, sentence["begin_ms"]
    for word in sentence.get("words", ()):
        place = text.find(word["text"], sought)
        if place < 0:
            continue
        sought = place + len(word["text"])
        if last_ms < word["begin_ms"] < sentence["end_ms"]:
            yield f"{_harmless(text[told:place])}<{_clock(word['begin_ms'], '.')}>"
            told, last_ms = place, word["begin_ms"]
    yield _harmless(text[told:])


def _harmless(text: str) -> str:
    """Words are data: none may become a tag, a character reference or the end of a caption."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_TEXTS: Mapping[Kind, Callable[[Iterable[Mapping[str, Any]]], str]] = MappingProxyType({"srt": _srt, "vtt": _vtt})


def _span(sentence: Mapping[str, Any], mark: str) -> str:
    return f"{_clock(sentence['begin_ms'], mark)} --> {_clock(sentence['end_ms'], mark)}"


def _clock(milliseconds: int, mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{rest:03}"


def _one_line(text: str) -> str:
    return _LINE_ENDS.sub(" ", text.strip())
