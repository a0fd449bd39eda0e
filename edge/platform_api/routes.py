"""The endpoints of the platform dialect that are served."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput, Source, StreamingEndpoint
from edge.platform_api.handlers import credits, files, system, tasks, tts, user
from edge.platform_api.models.credits import RechargeIn, RechargeOut
from edge.platform_api.models.files import (
    DownloadIn,
    FileIdIn,
    PersistentUploadOut,
    TempUploadOut,
    UploadIn,
)
from edge.platform_api.models.speech import AudioInfoOut, SynthesizeIn, SynthesizeOut, VoicesIn, VoicesOut
from edge.platform_api.models.system import SystemIn, SystemOut
from edge.platform_api.models.tasks import SpeechTaskOut, TaskIdIn, VideoTaskOut
from edge.platform_api.models.users import (
    ChangePasswordIn,
    LoginIn,
    LoginOut,
    MessageOut,
    ProfileOut,
    RefreshIn,
    RefreshOut,
    RegisterIn,
)
from edge.transfer.upload import FILE_FIELD

_SYSTEM = "系统"
_USERS = "用户"
_CREDITS = "积分"
_SPEECH = "语音"
_FILES = "文件"
_TASKS = "任务"

ENDPOINTS: tuple[Endpoint[Any] | StreamingEndpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/",
        access=Access.PUBLIC,
        input=NoInput,
        handler=system.root,
        output=MessageOut,
        tag=_SYSTEM,
    ),
    Endpoint(
        method="GET",
        path="/api/system",
        access=Access.PUBLIC,
        input=SystemIn,
        handler=system.system,
        output=SystemOut,
        tag=_SYSTEM,
    ),
    Endpoint(
        method="POST",
        path="/api/user/register",
        access=Access.PUBLIC,
        input=RegisterIn,
        source=Source.BODY,
        handler=user.register,
        output=ProfileOut,
        tag=_USERS,
    ),
    Endpoint(
        method="POST",
        path="/api/user/login",
        access=Access.PUBLIC,
        input=LoginIn,
        source=Source.BODY,
        handler=user.login,
        output=LoginOut,
        tag=_USERS,
    ),
    Endpoint(
        method="POST",
        path="/api/user/refresh",
        access=Access.PUBLIC,
        input=RefreshIn,
        source=Source.BODY,
        handler=user.refresh,
        output=RefreshOut,
        tag=_USERS,
    ),
    Endpoint(
        method="GET",
        path="/api/user/profile",
        access=Access.USER,
        input=NoInput,
        handler=user.profile,
        output=ProfileOut,
        tag=_USERS,
    ),
    Endpoint(
        method="PUT",
        path="/api/user/password",
        access=Access.USER,
        input=ChangePasswordIn,
        source=Source.BODY,
        handler=user.change_password,
        output=MessageOut,
        tag=_USERS,
    ),
    Endpoint(
        method="POST",
        path="/api/user/admin/users/{user_id}/credits/recharge",
        access=Access.ADMIN,
        input=RechargeIn,
        handler=credits.recharge,
        output=RechargeOut,
        tag=_CREDITS,
        is_keyed=True,
    ),
    Endpoint(
        method="POST",
        path="/api/tts/synthesize",
        access=Access.USER,
        input=SynthesizeIn,
        source=Source.BODY,
        handler=tts.synthesize,
        output=SynthesizeOut,
        tag=_SPEECH,
        is_keyed=True,
    ),
    Endpoint(
        method="GET",
        path="/api/tts/voices",
        access=Access.PUBLIC,
        input=VoicesIn,
        handler=tts.list_voices,
        output=VoicesOut,
        tag=_SPEECH,
    ),
    Endpoint(
        method="GET",
        path="/api/tts/info/{file_id}",
        access=Access.USER,
        input=FileIdIn,
        handler=tts.audio_info,
        output=AudioInfoOut,
        tag=_SPEECH,
    ),
    Endpoint(
        method="GET",
        path="/api/task/{task_id}",
        access=Access.PUBLIC,
        input=TaskIdIn,
        handler=tasks.get_task,
        output=SpeechTaskOut | VideoTaskOut,
        tag=_TASKS,
    ),
    StreamingEndpoint(
        method="POST",
        path="/api/files/upload",
        access=Access.USER,
        input=UploadIn,
        handler=files.upload,
        output=PersistentUploadOut | TempUploadOut,
        tag=_FILES,
        multipart_field=FILE_FIELD,
    ),
    StreamingEndpoint(
        method="GET",
        path="/api/files/download/{file_id}",
        access=Access.PUBLIC,
        input=DownloadIn,
        handler=files.download,
        output=None,
        tag=_FILES,
    ),
)
