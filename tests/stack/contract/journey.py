"""All endpoints of the platform's document, in an order in which each finds what it needs.

A row for each documented request. Engines that are not there answer 503, and their rows say so; what only they can make
(cloned voices) does not exist, so changing it is 404.
"""

from __future__ import annotations

from tests.stack.contract import media
from tests.stack.contract.step import Actor, Step, Upload

_USER_ID = {"user_id": "{user_id}"}
_OTHER_ID = {"user_id": "{other_id}"}
_BASIC = {"package_key": "basic"}
_ENTRY = ("card_code", "feature_key", "feature_name", "operator_admin_username")
# Longer than any journey takes to speak, so that there is an unfinished task to change.
_LONG_TEXT = "这是一段很长的文字，用来占住合成任务。" * 250
_ALL_DONE = {"total": 3, **{f"tasks.{place}.status": "SUCCEEDED" for place in range(3)}}

BEGINNING = (
    Step(method="GET", path="/", by=Actor.ANYBODY),
    Step(method="GET", path="/api/system", by=Actor.ANYBODY, query="include_resources=true&include_cache=true"),
    Step(
        method="GET",
        path="/api/system",
        note="resources",
        by=Actor.ANYBODY,
        query="include_resources=true",
        omits=("cache_config",),
    ),
    Step(
        method="GET",
        path="/api/system",
        note="cache",
        by=Actor.ANYBODY,
        query="include_cache=true",
        omits=("system_resources",),
    ),
    Step(
        method="GET",
        path="/api/system",
        note="short",
        by=Actor.ANYBODY,
        omits=("system_resources", "cache_config"),
    ),
    Step(method="POST", path="/api/user/register", by=Actor.ANYBODY, keeps={"user_id": "id"}),
    Step(
        method="POST",
        path="/api/user/register",
        note="another user",
        by=Actor.ANYBODY,
        changes={"account": "anotheruser"},
        keeps={"other_id": "id"},
    ),
    Step(
        method="POST",
        path="/api/user/login",
        by=Actor.ANYBODY,
        keeps={"user_token": "access_token", "refresh_token": "refresh_token"},
    ),
    Step(
        method="POST",
        path="/api/user/login",
        note="administrator",
        by=Actor.ANYBODY,
        changes={"account": "admin", "password": "{admin_password}"},
        keeps={"admin_token": "access_token"},
    ),
    Step(
        method="POST",
        path="/api/user/refresh",
        by=Actor.ANYBODY,
        changes={"refresh_token": "{refresh_token}"},
        keeps={"user_token": "access_token"},
    ),
    Step(method="PUT", path="/api/user/password", changes={"current_password": "password123"}),
)

CREDITS = (
    Step(
        method="POST",
        path="/api/user/admin/users/{user_id}/credits/recharge",
        by=Actor.ADMIN,
        ids=_USER_ID,
        query="amount=1000&description=客服补偿积分",
    ),
    Step(
        method="POST",
        path="/api/user/admin/users/{user_id}/credits/recharge",
        note="without a description",
        by=Actor.ADMIN,
        ids=_USER_ID,
        query="amount=1000",
    ),
    Step(method="PUT", path="/api/user/admin/users/{user_id}/credits", by=Actor.ADMIN, ids=_USER_ID),
    Step(method="GET", path="/api/user/credits/features"),
    Step(method="GET", path="/api/user/credits/packages"),
    Step(method="GET", path="/api/user/admin/credits/features", by=Actor.ADMIN),
    Step(
        method="PUT",
        path="/api/user/admin/credits/features/{feature_key}",
        by=Actor.ADMIN,
        ids={"feature_key": "tts"},
        query="credits_cost=15",
    ),
    Step(
        method="POST",
        path="/api/user/admin/credits/packages",
        by=Actor.ADMIN,
        query="package_key=vip&name=VIP套餐&credits=5000&price_cny=40.0&discount=20&popular=true&sort_order=10",
        empty=("package.features",),
    ),
    Step(
        method="POST",
        path="/api/user/admin/credits/packages",
        note="basic",
        by=Actor.ADMIN,
        query="package_key=basic&name=基础套餐&credits=1000&price_cny=10.0&features=TTS语音合成",
    ),
    Step(method="GET", path="/api/user/admin/credits/packages", by=Actor.ADMIN),
)

CARDS = (
    Step(method="POST", path="/api/cards/admin/generate", by=Actor.ADMIN, keeps={"card_code": "cards.0"}),
    Step(method="POST", path="/api/cards/activate", changes={"card_code": "{card_code}"}),
    Step(method="GET", path="/api/cards/my-transactions", nullable=_ENTRY),
    Step(method="GET", path="/api/cards/my-stats", nullable=_ENTRY),
    Step(
        method="GET",
        path="/api/cards/admin/list",
        by=Actor.ADMIN,
        nullable=("used_by_user_id", "used_by_username", "used_at"),
    ),
    Step(method="GET", path="/api/cards/admin/list", note="used", by=Actor.ADMIN, query="status=used"),
    Step(
        method="GET",
        path="/api/cards/admin/list",
        note="active",
        by=Actor.ADMIN,
        query="status=active",
        keeps={"card_id": "cards.0.id"},
        nullable=("used_by_user_id", "used_by_username", "used_at"),
    ),
    Step(method="DELETE", path="/api/cards/admin/{card_id}", by=Actor.ADMIN, ids={"card_id": "{card_id}"}),
    Step(method="GET", path="/api/cards/admin/stats", by=Actor.ADMIN),
    Step(method="GET", path="/api/cards/admin/transactions", by=Actor.ADMIN, nullable=_ENTRY),
    Step(
        method="PUT",
        path="/api/user/admin/credits/packages/{package_key}",
        by=Actor.ADMIN,
        ids=_BASIC,
        query="name=基础套餐Plus&credits=1200&price_cny=12.0&sort_order=1",
    ),
)

FILES = (
    Step(
        method="POST",
        path="/api/files/upload",
        query="storage_type=persistent&file_type=digital_humans",
        upload=Upload("video.mp4", media.video()),
        keeps={"digital_human": "file_id"},
    ),
    Step(
        method="POST",
        path="/api/files/upload",
        note="temporary",
        query="storage_type=temp",
        upload=Upload("temp_audio.wav", media.sound()),
        keeps={"temporary": "file_id"},
        example=1,
    ),
    Step(
        method="POST",
        path="/api/files/upload",
        note="background",
        query="storage_type=persistent&file_type=backgrounds",
        upload=Upload("background_audio.png", media.picture()),
        keeps={"background": "file_id"},
    ),
    Step(
        method="POST",
        path="/api/files/upload",
        note="bgm",
        query="storage_type=persistent&file_type=bgm",
        upload=Upload("bgm.wav", media.sound()),
        keeps={"bgm": "file_id"},
    ),
    Step(
        method="GET",
        path="/api/files/download/{file_id}",
        note="persistent",
        by=Actor.ANYBODY,
        ids={"file_id": "{digital_human}"},
        query="storage_type=persistent",
        until={"content_type": "video/mp4", "size": len(media.video())},
    ),
    Step(method="GET", path="/api/files/user/list", until={"total": 3}),
    Step(method="GET", path="/api/files/admin/list", by=Actor.ADMIN),
    Step(method="GET", path="/api/files/stats", by=Actor.ADMIN),
    Step(method="GET", path="/api/files/cache/list", until={"total": 1}),
    Step(method="GET", path="/api/files/cache/{file_id}", ids={"file_id": "{temporary}"}),
)

SPEECH = (
    Step(
        method="POST",
        path="/api/tts/synthesize",
        changes={"voice": "zhichu"},
        keeps={"task_id": "task_id"},
    ),
    Step(
        method="GET",
        path="/api/task/{task_id}",
        by=Actor.ANYBODY,
        ids={"task_id": "{task_id}"},
        until={"status": "completed"},
        keeps={"audio": "result.file_id"},
    ),
    Step(method="GET", path="/api/tts/info/{file_id}", ids={"file_id": "{audio}"}),
    Step(
        method="GET",
        path="/api/files/download/{file_id}",
        by=Actor.ANYBODY,
        ids={"file_id": "{audio}"},
        until={"content_type": "audio/wav"},
    ),
    Step(
        method="GET",
        path="/api/files/download/{file_id}",
        note="preview",
        by=Actor.ANYBODY,
        ids={"file_id": "voice_preview_zhixia.wav"},
        until={"content_type": "audio/wav"},
    ),
    Step(
        method="GET",
        path="/api/files/download/{file_id}",
        note="cached",
        by=Actor.ANYBODY,
        ids={"file_id": "voice_preview_zhixia.wav"},
        query="storage_type=cache",
    ),
    Step(
        method="GET", path="/api/tts/voices", by=Actor.ANYBODY, query="type=all&prefix=user_", empty=("cloned_voices",)
    ),
    Step(
        method="GET",
        path="/api/tts/voice/{voice_id}",
        by=Actor.ANYBODY,
        ids={"voice_id": "zhichu"},
        nullable=("gmt_create", "gmt_modified"),
    ),
    Step(
        method="POST",
        path="/api/tts/voice/clone",
        changes={"audio_url": "{base_url}/api/files/audio/{audio}/download"},
        # What was spoken here is no sample to learn from, and costs nothing.
        status=400,
        refusal="音频过短：1.6 秒，至少需要 5 秒",
    ),
    Step(
        method="PUT",
        path="/api/tts/voice/{voice_id}",
        by=Actor.ADMIN,
        ids={"voice_id": "voice_123456"},
        changes={"audio_url": "{base_url}/api/files/audio/{audio}/download"},
        status=404,
        refusal="音色不存在: voice_123456",
    ),
    Step(
        method="DELETE",
        path="/api/tts/voice/{voice_id}",
        by=Actor.ADMIN,
        ids={"voice_id": "voice_123456"},
        status=404,
        refusal="音色不存在: voice_123456",
    ),
    Step(
        method="POST",
        path="/api/process",
        form={"file_id": "{audio}"},
    ),
    Step(
        method="POST",
        path="/api/process",
        note="upload",
        upload=Upload("audio.wav", media.sound()),
    ),
    Step(method="POST", path="/api/llm/rewrite"),
    Step(method="GET", path="/api/llm/models", by=Actor.ANYBODY),
)

VIDEO = (
    Step(
        method="POST",
        path="/api/videoretalk/generate",
        changes={
            "video_file_id": "{digital_human}",
            "audio_file_id": "{bgm}",
            "ref_image_file_id": "{background}",
        },
        keeps={"video_task_id": "task_id"},
    ),
    Step(
        method="POST",
        path="/api/videoretalk/generate",
        note="by URLs",
        request=1,
        changes={
            "video_url": "{base_url}/api/files/videos/{digital_human}/download",
            "audio_url": "{base_url}/api/files/audio/{bgm}/download",
            "ref_image_url": "{base_url}/api/files/images/{background}/download",
        },
    ),
    Step(
        method="POST",
        path="/api/videoretalk/chroma-key",
        changes={"video_file_id": "{digital_human}", "background_image_file_id": "{background}"},
    ),
    Step(method="GET", path="/api/videoretalk/tasks", until=_ALL_DONE),
    Step(
        method="DELETE",
        path="/api/videoretalk/task/{task_id}",
        ids={"task_id": "{video_task_id}"},
    ),
    Step(
        method="POST",
        path="/api/video/parse",
        by=Actor.ANYBODY,
        status=503,
        refusal="视频解析引擎暂不可用，请稍后重试",
    ),
)

_MATERIALS = {
    "works": "{digital_human}",
    "digital-human": "{digital_human}",
    "background": "{background}",
    "voice": "voice_123456",
    "bgm": "{bgm}",
}
MATERIALS = (
    Step(
        method="POST",
        path="/api/user/materials/works/add",
        note="no such file",
        status=404,
        refusal="文件不存在: video_123456",
    ),
    *(
        Step(method="POST", path=f"/api/user/materials/{kind}/add", changes={"file_id": file_id})
        for kind, file_id in _MATERIALS.items()
    ),
    Step(method="GET", path="/api/user/profile", note="with materials"),
    *(
        Step(method="DELETE", path=f"/api/user/materials/{kind}/remove", changes={"file_id": file_id})
        for kind, file_id in _MATERIALS.items()
    ),
)

TASKS = (
    Step(
        method="GET",
        path="/api/tasks/",
        query="task_type=TTS&status=COMPLETED&page=1&page_size=10",
        until={"total": 1},
        nullable=("error_message",),
    ),
    Step(
        method="GET",
        path="/api/tasks/{task_id}",
        ids={"task_id": "{task_id}"},
        nullable=("error_message",),
    ),
    Step(
        method="POST",
        path="/api/tts/synthesize",
        note="a long text",
        changes={"text": _LONG_TEXT, "voice": "zhichu"},
        keeps={"long_task_id": "task_id"},
    ),
    Step(method="PUT", path="/api/tasks/{task_id}", ids={"task_id": "{long_task_id}"}),
    Step(method="GET", path="/api/tasks/stats/summary"),
    Step(method="GET", path="/api/tasks/admin/all", by=Actor.ADMIN),
    Step(method="GET", path="/api/tasks/admin/stats/global", by=Actor.ADMIN),
    Step(method="DELETE", path="/api/tasks/{task_id}", ids={"task_id": "{long_task_id}"}),
)

SEARCH = (
    Step(
        method="GET",
        path="/api/search/users",
        by=Actor.ADMIN,
        query="q=user&is_active=true&credits_min=100",
        until={"total": 1},
    ),
    Step(
        method="GET",
        path="/api/search/transactions",
        by=Actor.ADMIN,
        query="q=充值&transaction_type=admin_recharge&date_from=2024-01-01",
        until={"total": 1},
    ),
    Step(
        method="GET",
        path="/api/search/files",
        by=Actor.ADMIN,
        query="q=audio&file_type=backgrounds&size_min=1000000",
        until={"total": 1},
    ),
    Step(
        method="GET",
        path="/api/search/cards",
        by=Actor.ADMIN,
        query="q=BATCH_&status=active&package_key=basic",
        until={"total": 8},
    ),
)

ACTIVITIES = (
    Step(
        method="GET",
        path="/api/activities/recent",
        query="limit=10&offset=0&days=7&activity_type=tts_generate&status=success",
        until={"total": 1},
    ),
    Step(method="GET", path="/api/activities/types"),
    Step(method="GET", path="/api/activities/stats", by=Actor.ADMIN, keyed_by_data=("daily_stats",)),
)

ENDING = (
    # 2000 recharged, 100 given, 1000 of the card, 30 and two renders spent: what was refused or cancelled cost nothing.
    Step(
        method="GET",
        path="/api/user/profile",
        until={"credits": 2750},
        empty=("works", "digital_human_materials", "background_materials", "voice_tones", "bgm_materials"),
    ),
    Step(
        method="GET",
        path="/api/user/admin/stats",
        by=Actor.ADMIN,
        until={"total_credits_consumed": 350, "total_credits_held": 0},
    ),
    Step(method="GET", path="/api/user/admin/credits-chart", by=Actor.ADMIN, until={"total_consumed": 350}),
    Step(method="GET", path="/api/user/admin/users", by=Actor.ADMIN, query="skip=0&limit=10"),
    Step(method="PUT", path="/api/user/admin/users/{user_id}", by=Actor.ADMIN, ids=_OTHER_ID),
    Step(method="PUT", path="/api/user/admin/users/{user_id}/reset-password", by=Actor.ADMIN, ids=_OTHER_ID),
    Step(method="DELETE", path="/api/user/admin/users/{user_id}", by=Actor.ADMIN, ids=_OTHER_ID),
    Step(method="DELETE", path="/api/user/admin/credits/packages/{package_key}", by=Actor.ADMIN, ids=_BASIC),
    Step(method="DELETE", path="/api/files/cache/{file_id}", ids={"file_id": "{temporary}"}),
    Step(
        method="DELETE",
        path="/api/files/{file_type}/{file_id}",
        ids={"file_type": "digital_humans", "file_id": "{digital_human}"},
    ),
)

JOURNEY = (
    *BEGINNING,
    *CREDITS,
    *CARDS,
    *FILES,
    *SPEECH,
    *VIDEO,
    *MATERIALS,
    *TASKS,
    *SEARCH,
    *ACTIVITIES,
    *ENDING,
)
