"""Enrolled voices, and the temporary storage their samples come from."""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import Any

from aiohttp import BodyPartReader, web

from tests.emulators.dashscope.account import RATE_QUOTA, STATE, SYSTEM_VOICES, AccountState, EnrolledVoice, error

_PREFIX = re.compile(r"[a-z0-9]{1,9}\Z")
_MODEL = "voice-enrollment"
_TIME = "2026-01-02 03:04:05"
_MAX_SAMPLE_BYTES = 10 << 20
_FIELDS = (
    "OSSAccessKeyId",
    "Signature",
    "policy",
    "key",
    "x-oss-object-acl",
    "x-oss-forbid-overwrite",
    "success_action_status",
    "x-oss-content-type",
    "file",
)


async def customize(request: web.Request) -> web.StreamResponse:
    """All actions on voices."""
    state: AccountState = request.app[STATE]
    body = await request.json()
    state.requests.append(body)
    if body.get("model") != _MODEL:
        return error(404, "ModelNotFound")
    if not state.submit(_MODEL):
        return error(429, RATE_QUOTA, "Requests rate limit exceeded, please try again later.")
    given = body["input"]
    action = given.get("action")
    state.counts[str(action)] += 1
    match action:
        case "create_voice":
            return await _create(request, state, given)
        case "list_voice":
            return _list(state, given)
        case "query_voice" | "update_voice" | "delete_voice":
            return _on_voice(state, str(action), given)
        case _:
            return error(400, "InvalidParameter", "action is not supported")


async def _create(request: web.Request, state: AccountState, given: dict[str, Any]) -> web.StreamResponse:
    if given.get("target_model") not in SYSTEM_VOICES or not _PREFIX.match(str(given.get("prefix"))):
        return error(400, "InvalidParameter", "target_model or prefix is invalid")
    problem = _problem_of_sample(request, state, str(given.get("url")))
    if problem:
        return error(*problem)
    faults = state.faults.http
    if faults.fails_creation_with is not None:
        return error(faults.fails_creation_with, faults.creation_code)
    voice_id = f"{given['target_model']}-{given['prefix']}-{uuid.uuid4().hex}"
    state.voices[voice_id] = EnrolledVoice(
        voice_id, given["target_model"], given["prefix"], given["url"], state.looks_until_deployed
    )
    await asyncio.sleep(faults.enrolment_delay_s)
    if faults.loses_enrolment_reply and request.transport is not None:
        request.transport.abort()
    return _reply({"voice_id": voice_id})


def _problem_of_sample(request: web.Request, state: AccountState, url: str) -> tuple[int, str] | None:
    if url.startswith("oss://") and request.headers.get("X-DashScope-OssResourceResolve") != "enable":
        return (400, "InvalidURL")
    data = state.files.get(url.removeprefix("oss://"))
    if data is None:
        return (400, "InvalidURL")
    if len(data) > _MAX_SAMPLE_BYTES:
        return (430, "Audio.FileSizeExceed")
    return None if data.startswith(b"RIFF") else (430, "Audio.DecoderError")


def _list(state: AccountState, given: dict[str, Any]) -> web.Response:
    start = given.get("page_index", 0) * given.get("page_size", 10)
    found = [voice for voice in state.voices.values() if voice.prefix.startswith(given.get("prefix") or "")]
    page = found[start : start + given.get("page_size", 10)]
    return _reply({"voice_list": [{"voice_id": voice.voice_id, **_facts(voice)} for voice in page]})


def _on_voice(state: AccountState, action: str, given: dict[str, Any]) -> web.Response:
    voice = state.voices.get(str(given.get("voice_id")))
    if voice is None:
        return error(400, "InvalidParameter", "voice_id is invalid")
    if action == "delete_voice":
        del state.voices[voice.voice_id]
        return _reply({})
    if action == "update_voice":
        voice.url, voice.status, voice.looks_left = given["url"], "DEPLOYING", state.looks_until_deployed
        return _reply({})
    if voice.looks_left > 0:
        voice.looks_left -= 1
    else:
        voice.status = "UNDEPLOYED" if state.rejects_voices else "OK"
    return _reply({**_facts(voice), "resource_link": voice.url, "target_model": voice.target_model})


def _facts(voice: EnrolledVoice) -> dict[str, Any]:
    return {"gmt_create": _TIME, "gmt_modified": _TIME, "status": voice.status}


def _reply(output: dict[str, Any]) -> web.Response:
    return web.json_response({"output": output, "usage": {"count": 1}, "request_id": str(uuid.uuid4())})


async def policy(request: web.Request) -> web.StreamResponse:
    """Where to put a file, and the leave to do so."""
    if request.query.get("action") != "getPolicy" or not request.query.get("model"):
        return error(400, "InvalidParameter")
    data = {
        "policy": "cG9saWN5",
        "signature": "c2lnbmF0dXJl",
        "upload_dir": f"dashscope-instant/{uuid.uuid4().hex}",
        "upload_host": f"http://{request.host}/storage",
        "oss_access_key_id": "emulated-access-key",
        "x_oss_object_acl": "private",
        "x_oss_forbid_overwrite": "true",
        "expire_in_seconds": 300,
        "max_file_size_mb": 1024,
    }
    return web.json_response({"request_id": str(uuid.uuid4()), "data": data})


async def store(request: web.Request) -> web.StreamResponse:
    """The storage: takes the fields in their order, and knows nothing of keys."""
    state: AccountState = request.app[STATE]
    assert "Authorization" not in request.headers, "the storage is told no key"
    if state.faults.http.upload_status is not None:
        return web.Response(status=state.faults.http.upload_status, text="<Error/>", content_type="application/xml")
    fields: dict[str, bytes] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader), "no parts within parts"
        fields[str(part.name)] = bytes(await part.read())
    if tuple(fields) != _FIELDS:
        return web.Response(status=400, text="<Error/>", content_type="application/xml")
    state.files[fields["key"].decode()] = fields["file"]
    return web.Response()
