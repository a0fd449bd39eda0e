"""CosyVoice, Sambert and Gummy over the WebSocket."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from aiohttp import web

from tests.emulators.dashscope.account import RATE_QUOTA, SAMBERT_MODELS, STATE, AccountState, characters
from tests.emulators.dashscope.sockets import ConnectionOver, TaskChannel, TaskFailed, first_message, open_channel
from tests.emulators.dashscope.sound import pieces_of, samples_of, sentences_of, words_of

_INVALID = "InvalidParameter"
_FORMATS = ("mp3", "wav", "pcm", "opus")
_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
_DEFAULT_FORMAT, _DEFAULT_RATE = "mp3", 22050
_BYTES_PER_MS = 32
_SENTENCE_MS = 1000


async def serve_socket(request: web.Request) -> web.StreamResponse:
    """One connection from its handshake to its end."""
    state: AccountState = request.app[STATE]
    state.counts["handshakes"] += 1
    async with open_channel(state, request) as channel:
        try:
            while True:
                await _serve_task(channel, await first_message(channel))
        except ConnectionOver:
            pass
        except TaskFailed as failed:
            with suppress(ConnectionOver):
                await channel.event("task-failed", {}, error_code=failed.code, error_message=failed.message)
    return web.Response()


async def _serve_task(channel: TaskChannel, message: dict[str, Any]) -> None:
    state = channel.state
    header, payload = message.get("header", {}), message.get("payload", {})
    channel.begin(str(header.get("task_id", "")))
    if header.get("action") != "run-task":
        raise TaskFailed(_INVALID, "run-task is expected first")
    state.requests.append(payload)
    await _start(channel, str(payload.get("model", "")))
    state.open_tasks += 1
    try:
        if payload.get("task") == "asr":
            await _recognize(channel)
        elif header.get("streaming") == "out":
            await _speak_sambert(channel, payload)
        else:
            await _speak_cosyvoice(channel, payload)
    finally:
        state.open_tasks -= 1


async def _start(channel: TaskChannel, model: str) -> None:
    faults = channel.state.faults.socket
    if faults.drops_before_start:
        channel.drop()
    if faults.never_starts:
        await channel.never_start()
    if faults.fails_at_start:
        raise TaskFailed(faults.fails_at_start, faults.failure_message)
    if not channel.state.submit(model):
        raise TaskFailed(RATE_QUOTA, "Requests rate limit exceeded, please try again later.")
    await channel.event("task-started", {})


async def _speak_cosyvoice(channel: TaskChannel, payload: dict[str, Any]) -> None:
    parameters = payload["parameters"]
    if not channel.state.knows_voice(payload["model"], parameters.get("voice", "")):
        raise TaskFailed(_INVALID, "[tts:]Engine return error code: 418")
    text, pieces = "", 0
    while True:
        message = await channel.hear()
        if isinstance(message, bytes):
            raise TaskFailed(_INVALID, "no audio is expected")
        given = message["payload"].get("input", {})
        if message["header"]["action"] == "finish-task":
            if given.get("directive") == "cancel":
                channel.state.cancelled += 1
                text = ""
            break
        pieces += 1
        if parameters.get("enable_ssml") and pieces > 1:
            raise TaskFailed(_INVALID, "Text request limit violated, expected 1.")
        text += given.get("text", "")
    if text and not any(character.isalnum() for character in text):
        raise TaskFailed(_INVALID, "Please ensure input text is valid.")
    await _speak(channel, text, parameters, names_sentences=True)


async def _speak_sambert(channel: TaskChannel, payload: dict[str, Any]) -> None:
    if payload["model"] not in SAMBERT_MODELS:
        raise TaskFailed("ModelNotFound", "Model not exist.")
    await _speak(channel, payload["input"]["text"], payload["parameters"], names_sentences=False)


async def _speak(channel: TaskChannel, text: str, parameters: dict[str, Any], *, names_sentences: bool) -> None:
    audio_format, sample_rate = _audio_of(parameters)
    sentences = sentences_of(text)
    rate = float(parameters.get("rate", 1.0))
    spoken = [samples_of(sentence, sample_rate=sample_rate, rate=rate) for sentence in sentences]
    pieces = pieces_of(spoken, audio_format=audio_format, sample_rate=sample_rate) if spoken else []
    used = begin_ms = 0
    last: dict[str, Any] = {"words": []}
    for index, (sentence, piece) in enumerate(zip(sentences, pieces, strict=False)):
        used += characters(sentence)
        end_ms = begin_ms + len(spoken[index]) // 2 * 1000 // sample_rate
        words = words_of(sentence, begin_ms, end_ms) if parameters.get("word_timestamp_enabled") else []
        if names_sentences:
            await _say_sentence(channel, sentence, piece, words, index=index, used=used)
        else:
            last = {"begin_time": begin_ms, "end_time": end_ms, "words": words}
            await channel.event("result-generated", {"output": {"sentence": last}})
            await channel.audio(piece)
        begin_ms = end_ms
    if channel.state.faults.socket.never_finishes:
        await channel.never_start()
    await channel.event("task-finished", {"output": {"sentence": last}, "usage": {"characters": used}})


async def _say_sentence(
    channel: TaskChannel, sentence: str, piece: bytes, words: list[dict[str, Any]], *, index: int, used: int
) -> None:
    """The words are told while they are spoken, and all of them in the end."""
    begin = {"type": "sentence-begin", "original_text": sentence, "sentence": {"index": index, "words": []}}
    await channel.event("result-generated", {"output": begin})
    growing = {"index": index, "words": words[:1]}
    await channel.event("result-generated", {"output": {"type": "sentence-synthesis", "sentence": growing}})
    await channel.audio(piece)
    end = {"type": "sentence-end", "original_text": sentence, "sentence": {"index": index, "words": words}}
    await channel.event("result-generated", {"output": end, "usage": {"characters": used}})


def _audio_of(parameters: dict[str, Any]) -> tuple[str, int]:
    audio_format = str(parameters.get("format", _DEFAULT_FORMAT))
    sample_rate = int(parameters.get("sample_rate", _DEFAULT_RATE))
    if audio_format == "Default":
        audio_format = _DEFAULT_FORMAT
    if audio_format not in _FORMATS or (sample_rate or _DEFAULT_RATE) not in _RATES:
        raise TaskFailed(_INVALID, "format or sample_rate is not supported")
    return audio_format, sample_rate or _DEFAULT_RATE


async def _recognize(channel: TaskChannel) -> None:
    """Hears a sentence in every second of samples at 16 kHz."""
    heard_ms = told = 0
    while isinstance(message := await channel.hear(), bytes):
        heard_ms += len(message) // _BYTES_PER_MS
        channel.state.counts["frames"] += 1
        while heard_ms >= (told + 1) * _SENTENCE_MS:
            await _tell(channel, told, told * _SENTENCE_MS, (told + 1) * _SENTENCE_MS)
            told += 1
    if message["header"]["action"] != "finish-task":
        raise TaskFailed(_INVALID, "finish-task is expected")
    if heard_ms > told * _SENTENCE_MS:
        await _tell(channel, told, told * _SENTENCE_MS, heard_ms)
    if channel.state.faults.socket.never_finishes:
        await channel.never_start()
    await channel.event("task-finished", {"output": {}, "usage": None})


async def _tell(channel: TaskChannel, number: int, begin_ms: int, end_ms: int) -> None:
    middle = (begin_ms + end_ms) // 2
    parts = ((begin_ms, middle, "第"), (middle, end_ms, f"{number + 1}句"), (end_ms, end_ms, "。"))
    words = [
        {"begin_time": begin, "end_time": end, "text": text, "punctuation": text, "fixed": True, "speaker_id": None}
        for begin, end, text in parts
    ]
    for is_end, text in ((False, "第"), (True, f"第{number + 1}句。")):
        sentence = {
            "sentence_id": number,
            "begin_time": begin_ms,
            "end_time": end_ms,
            "text": text,
            "words": words if is_end else words[:1],
            "sentence_end": is_end,
        }
        await channel.event("result-generated", {"output": {"transcription": sentence, "translations": []}})
