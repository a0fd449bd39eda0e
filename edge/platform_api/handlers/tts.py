"""Speech synthesis and the voices for it."""

from __future__ import annotations

from edge.endpoint import Call
from edge.platform_api import render
from edge.platform_api.handlers.voices import cloned_voices
from edge.platform_api.models.files import FileIdIn
from edge.platform_api.models.speech import (
    AudioInfoOut,
    SynthesizeIn,
    SynthesizeOut,
    VoicesIn,
    VoicesOut,
)
from kit.errors import NotFound
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.files.v1 import file_service_pb2 as files
from voxreel.speech.v1 import synthesis_service_pb2 as synthesis
from voxreel.speech.v1 import voice_service_pb2 as voices

_AUDIO_FILE_TYPE = "audio"


async def synthesize(given: SynthesizeIn, call: Call) -> SynthesizeOut:
    """A task that speaks the text."""
    response = await call.shared.clients.synthesis.CreateSynthesis(
        synthesis.CreateSynthesisRequest(
            request_id=call.request_key,
            text=given.text,
            voice=given.voice,
            format=given.format,
            volume=given.volume,
            speech_rate=given.speech_rate,
            pitch_rate=given.pitch_rate,
        )
    )
    return {
        "task_id": response.task.id,
        "status": "processing",
        "message": "语音合成任务已创建，正在处理中",
    }


async def list_voices(given: VoicesIn, call: Call) -> VoicesOut:
    """Preset voices by gender, and the cloned voices the caller may see."""
    presets: list[voices.PresetVoice] = []
    if given.type != "cloned":
        response = await call.shared.clients.voices.ListPresetVoices(voices.ListPresetVoicesRequest())
        presets = list(response.voices)
    cloned = [] if given.type == "preset" else await cloned_voices(given.prefix, call)
    female = [voice.name for voice in presets if voice.gender == voices.GENDER_FEMALE]
    male = [voice.name for voice in presets if voice.gender == voices.GENDER_MALE]
    return {
        "preset_voices": {"female": female, "male": male},
        "cloned_voices": cloned,
        "total_count": len(female) + len(male) + len(cloned),
    }


async def audio_info(given: FileIdIn, call: Call) -> AudioInfoOut:
    """Facts of one of the caller's audio files."""
    response = await call.shared.clients.files.GetFile(files.GetFileRequest(file_id=given.file_id))
    file = response.file
    if file.file_type != _AUDIO_FILE_TYPE and not file.content_type.startswith("audio/"):
        raise NotFound(reasons.ERROR_REASON_FILE_NOT_FOUND, f"音频文件不存在: {given.file_id}")
    return render.audio_info(file, call.shared.times)
