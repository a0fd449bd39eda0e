"""Single voices, preset and cloned."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edge.aggregates.system import QUALITIES
from edge.aggregates.tasks import TERMINAL, wait_for_end
from edge.endpoint import Call
from edge.own_urls import file_id_of
from edge.platform_api.models.speech import ClonedVoiceOut
from edge.platform_api.models.voices import CloneIn, CloneOut, VoiceDeletedOut, VoiceIdIn, VoiceOut, VoiceUpdateIn
from edge.platform_api.render import download_url
from edge.platform_api.render_tasks import task_error
from kit.errors import DomainError, Invalid, Reason, Unavailable
from kit.rpc.structs import plain
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import voice_service_pb2 as messages
from voxreel.task.v1 import task_pb2

_PENDING = "任务已提交，正在处理中"
_MAX_VOICES = 1000
# Reasons of tasks that failed for their sample.
_UNFIT: Mapping[str, Reason] = MappingProxyType(
    {
        reasons.ErrorReason.Name(reason).removeprefix("ERROR_REASON_"): reason
        for reason in (
            reasons.ERROR_REASON_SAMPLE_TOO_SHORT,
            reasons.ERROR_REASON_SAMPLE_RATE_TOO_LOW,
            reasons.ERROR_REASON_SAMPLE_TOO_QUIET,
            reasons.ERROR_REASON_SAMPLE_CLIPPED,
            reasons.ERROR_REASON_SAMPLE_WITHOUT_SPEECH,
            reasons.ERROR_REASON_SAMPLE_MOSTLY_SILENT,
            reasons.ERROR_REASON_SAMPLE_UNREACHABLE,
            reasons.ERROR_REASON_AUDIO_TRACK_MISSING,
            reasons.ERROR_REASON_MEDIA_BROKEN,
            reasons.ERROR_REASON_AUDIO_EMPTY,
            reasons.ERROR_REASON_AUDIO_TOO_LONG,
        )
    }
)


async def cloned_voices(prefix: str, call: Call) -> list[ClonedVoiceOut]:
    """The cloned voices the caller may see, newest first."""
    request = messages.ListClonedVoicesRequest(prefix=prefix, page_size=_MAX_VOICES)
    response = await call.shared.clients.voices.ListClonedVoices(request)
    return [_listed(voice, call) for voice in response.voices]


async def clone(given: CloneIn, call: Call) -> CloneOut:
    """A voice made from a sample; waits for it for a while."""
    file_id = file_id_of(given.audio_url, call.shared.public_base_url)
    response = await call.shared.clients.voices.CreateVoiceClone(
        messages.CreateVoiceCloneRequest(
            request_id=call.request_key,
            file_id=file_id or "",
            audio_url="" if file_id else given.audio_url,
            prefix=given.prefix,
            target_model=given.target_model,
        )
    )
    return await _result(response.task, "音色克隆", wanted_model=given.target_model, call=call)


async def update_voice(given: VoiceUpdateIn, call: Call) -> CloneOut:
    """A new sample for a voice; waits for it for a while."""
    file_id = file_id_of(given.audio_url, call.shared.public_base_url)
    response = await call.shared.clients.voices.UpdateVoice(
        messages.UpdateVoiceRequest(
            request_id=call.request_key,
            voice_id=given.voice_id,
            file_id=file_id or "",
            audio_url="" if file_id else given.audio_url,
        )
    )
    return await _result(response.task, "音色更新", wanted_model="", call=call)


async def get_voice(given: VoiceIdIn, call: Call) -> VoiceOut:
    """What is known of a voice; its owner only for themselves and administrators."""
    request = messages.GetVoiceRequest(voice_id=given.voice_id)
    response = await call.shared.clients.voices.GetVoice(request)
    if response.WhichOneof("voice") == "preset":
        return {
            "voice_id": response.preset.name,
            "gmt_create": None,
            "gmt_modified": None,
            "status": "success",
            "resource_link": _preview_of(response.preset.name),
            "target_model": response.preset_model,
            "type": "preset",
        }
    voice = response.cloned
    return {
        **_listed(voice, call),
        "resource_link": _preview_of(f"{voice.id}-{voice.preview_version}"),
        "target_model": voice.target_model,
        "type": "cloned",
        "quality": QUALITIES.get(voice.quality),
    }


async def delete_voice(given: VoiceIdIn, call: Call) -> VoiceDeletedOut:
    """Deletes a cloned voice."""
    response = await call.shared.clients.voices.DeleteVoice(messages.DeleteVoiceRequest(voice_id=given.voice_id))
    return {
        "voice_id": given.voice_id,
        "message": "音色删除成功",
        "deleted_at": call.shared.times.stamp(response.delete_time),
    }


async def _result(task: task_pb2.Task, what: str, *, wanted_model: str, call: Call) -> CloneOut:
    """What the client reads of a clone's task. Raises what it has failed with."""
    voice_id = str(plain(task.input)["voice_id"])
    ended = await wait_for_end(task, call.shared.clients)
    if ended.state not in TERMINAL:
        return {"voice_id": voice_id, "message": what + _PENDING, "task_id": task.id}
    if ended.state != task_pb2.TASK_STATE_SUCCEEDED:
        raise _failure(ended)
    output = plain(ended.output)
    used_model = str(output["target_model"])
    message = f"{what}成功"
    if wanted_model not in ("", used_model):
        message += f"，目标模型 {wanted_model} 不可用，已使用 {used_model}"
    return {
        "voice_id": voice_id,
        "message": message,
        "task_id": task.id,
        "target_model": used_model,
        "quality": output["quality"],
    }


def _failure(ended: task_pb2.Task) -> DomainError:
    """Invalid for a sample no voice can be learnt from, Unavailable (ENGINE_FAILED) for everything else."""
    reason = _UNFIT.get(ended.error_reason)
    if reason is not None:
        return Invalid(reason, task_error(ended))
    return Unavailable(reasons.ERROR_REASON_ENGINE_FAILED, task_error(ended))


def _listed(voice: messages.ClonedVoice, call: Call) -> ClonedVoiceOut:
    times = call.shared.times
    return {
        "voice_id": voice.id,
        "gmt_create": times.stamp(voice.create_time),
        "gmt_modified": times.stamp(voice.update_time),
        "status": "success",
        "owner_user": voice.owner_user_id if voice.HasField("owner_user_id") else None,
        "owner_account": voice.owner_account if voice.HasField("owner_account") else None,
    }


def _preview_of(voice_id: str) -> str:
    return download_url(f"voice_preview_{voice_id}.wav", "cache")
