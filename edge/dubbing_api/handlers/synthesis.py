"""Speech with emotions, and recordings that show them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from edge.aggregates.links import signed_link
from edge.aggregates.tasks import TERMINAL, find_task, wait_for_end
from edge.clients import Clients
from edge.dubbing_api import render_synthesis
from edge.dubbing_api.handlers.voices import AUDIO_FIELD, SAMPLE_TARGET, check_audio_type
from edge.dubbing_api.models.synthesis import EmotionReferenceOut, GenerateIn, GenerateOut
from edge.dubbing_api.render_voices import public_url
from edge.endpoint import Call, NoInput
from edge.transfer.upload import FormShape, receive_form
from kit.errors import DeadlineExceeded, DomainError, NotFound, Precondition, Unavailable, reason_named
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import dubbing_service_pb2 as messages
from voxreel.speech.v1 import history_service_pb2 as history
from voxreel.task.v1 import task_pb2, task_service_pb2

LONGEST_WAIT_S = 110.0
_LINK_LIFE_S = 3600
_FORM = FormShape(AUDIO_FIELD, check_type=check_audio_type)


async def generate(given: GenerateIn, call: Call) -> GenerateOut:
    """Speaks the text while the client waits. Who leaves before it is done has cancelled it, unless they may return."""
    clients = call.shared.clients
    accepted = (await clients.dubbings.CreateDubbing(_order(given, call.request_key))).task
    try:
        task = await wait_for_end(accepted, clients, timeout_s=LONGEST_WAIT_S)
    except asyncio.CancelledError:
        if not call.may_return:
            await _leave(accepted, clients)
        raise
    if task.state not in TERMINAL:
        task = await _give_up(task, call)
    _check_succeeded(task)
    piece = (await clients.history.GetDubbing(history.GetDubbingRequest(task_id=task.id))).dubbing
    link = await signed_link(piece.file_id, _LINK_LIFE_S, clients)
    if link is None:
        # The request was repeated after its owner deleted the file.
        raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, "音频文件不存在")
    url = public_url(link, call.shared.public_base_url)
    return render_synthesis.generated(piece, task, audio_url=url, times=call.shared.times)


async def upload_emotion_reference(_given: NoInput, call: Call, request: web.Request) -> EmotionReferenceOut:
    """Keeps how somebody speaks in a recording."""
    clients = call.shared.clients
    received = await receive_form(request, _FORM, SAMPLE_TARGET, files=clients.files, blobs=call.shared.blobs)
    wanted = messages.CreateEmotionReferenceRequest(file_id=received.file.id)
    return render_synthesis.emotion_reference(await clients.dubbings.CreateEmotionReference(wanted))


def _order(given: GenerateIn, request_key: str) -> messages.CreateDubbingRequest:
    return messages.CreateDubbingRequest(
        request_id=request_key,
        text=given.text_content,
        voice_template_id=given.voice_template_id,
        custom_voice_id=given.custom_voice_id,
        emotion=messages.EmotionOrder(
            method=given.emo_control_method,
            weight=given.emo_weight,
            reference=given.emo_audio,
            vector=given.emo_vec or (),
            text=given.emo_text,
        ),
        speed=given.speed,
        volume_scale=given.volume_scale,
        max_tokens=given.max_text_tokens_per_sentence,
    )


async def _leave(task: task_pb2.Task, clients: Clients) -> None:
    """Cancels what nobody will fetch, so that its credits go back. It may have ended in that very moment."""
    with suppress(DomainError):
        await clients.speech_tasks.UpdateTask(task_service_pb2.UpdateTaskRequest(task_id=task.id, cancels=True))


async def _give_up(task: task_pb2.Task, call: Call) -> task_pb2.Task:
    """Cancels what took too long, so that an error never costs credits; answers it if it succeeded meanwhile."""
    clients = call.shared.clients
    try:
        await clients.speech_tasks.UpdateTask(task_service_pb2.UpdateTaskRequest(task_id=task.id, cancels=True))
    except Precondition as error:
        if error.reason != reasons.ERROR_REASON_TASK_FINISHED:
            raise
        return await find_task(task.id, clients)
    raise DeadlineExceeded(reasons.ERROR_REASON_DEADLINE_EXCEEDED, "语音合成超时，请稍后重试")


def _check_succeeded(task: task_pb2.Task) -> None:
    """Raises what became of a task that did not succeed; its credits have gone back."""
    if task.state == task_pb2.TASK_STATE_CANCELLED:
        raise Precondition(reasons.ERROR_REASON_TASK_FINISHED, "任务已取消")
    if task.state == task_pb2.TASK_STATE_FAILED:
        raise Unavailable(reason_named(task.error_reason), task.error_message or "语音合成失败，请稍后重试")
