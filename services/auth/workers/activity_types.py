"""The types of activities, with their Chinese labels and icons of Element Plus."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.auth.domain.activities import ActivityType
from voxreel.task.v1 import task_pb2

USER_REGISTER = ActivityType("user_register", "用户注册", "UserFilled")
LOGIN_SUCCESS = ActivityType("user_login_success", "登录成功", "User")
LOGIN_FAILED = ActivityType("user_login_failed", "登录失败", "WarningFilled")
PASSWORD_CHANGE = ActivityType("password_change", "修改密码", "Lock")
PASSWORD_RESET = ActivityType("password_reset", "重置密码", "Key")
USER_FREEZE = ActivityType("user_freeze", "冻结用户", "CircleClose")
USER_UNFREEZE = ActivityType("user_unfreeze", "解冻用户", "CircleCheck")
ROLE_CHANGE = ActivityType("user_role_change", "变更权限", "Avatar")
USER_DELETE = ActivityType("user_delete", "删除用户", "Delete")
MATERIAL_ADD = ActivityType("material_add", "添加素材", "FolderAdd")
MATERIAL_REMOVE = ActivityType("material_remove", "移除素材", "FolderRemove")
WEBHOOK_ADD = ActivityType("webhook_add", "添加 Webhook", "Link")
WEBHOOK_CHANGE = ActivityType("webhook_change", "变更 Webhook", "Connection")
WEBHOOK_DELETE = ActivityType("webhook_delete", "删除 Webhook", "Delete")
CREDITS_RECHARGE = ActivityType("credits_recharge", "积分充值", "Coin")
CREDITS_ADJUST = ActivityType("credits_adjust", "积分调整", "Wallet")
CREDITS_EXPIRE = ActivityType("credits_expire", "积分过期", "Timer")
INVITES_GENERATE = ActivityType("invites_generate", "生成邀请码", "Postcard")
INVITE_USE = ActivityType("invite_use", "使用邀请码", "Present")
PRICE_CHANGE = ActivityType("price_change", "调整价格", "PriceTag")
PACKAGE_CHANGE = ActivityType("package_change", "调整套餐", "Goods")
CARDS_GENERATE = ActivityType("cards_generate", "生成卡密", "Tickets")
CARDS_DISABLE = ActivityType("cards_disable", "禁用卡密", "Remove")
CARD_DELETE = ActivityType("card_delete", "删除卡密", "DeleteFilled")
CARD_ACTIVATE = ActivityType("card_activate", "激活卡密", "CreditCard")
FILE_UPLOAD = ActivityType("file_upload", "文件上传", "Upload")
FILE_DELETE = ActivityType("file_delete", "文件删除", "DocumentDelete")
TTS = ActivityType("tts_generate", "语音合成", "Microphone")
ASR = ActivityType("asr_recognize", "语音识别", "Headset")
VIDEO = ActivityType("video_generate", "视频生成", "VideoCamera")
CHROMA_KEY = ActivityType("chroma_key", "绿幕背景替换", "Picture")
VOICE_CLONE = ActivityType("voice_clone", "音色克隆", "CopyDocument")
VOICE_RENEW = ActivityType("voice_renew", "更新音色", "Refresh")
VOICE_DELETE = ActivityType("voice_delete", "删除音色", "Delete")
LLM = ActivityType("llm_rewrite", "文本仿写", "EditPen")

BY_TASK_KIND: Mapping[int, ActivityType] = MappingProxyType(
    {
        task_pb2.TASK_KIND_TTS: TTS,
        task_pb2.TASK_KIND_ASR: ASR,
        task_pb2.TASK_KIND_VIDEO: VIDEO,
        task_pb2.TASK_KIND_CHROMA_KEY: CHROMA_KEY,
        task_pb2.TASK_KIND_VOICE_CLONE: VOICE_CLONE,
        task_pb2.TASK_KIND_LLM: LLM,
    }
)

ALL: tuple[ActivityType, ...] = (
    USER_REGISTER,
    LOGIN_SUCCESS,
    LOGIN_FAILED,
    PASSWORD_CHANGE,
    PASSWORD_RESET,
    USER_FREEZE,
    USER_UNFREEZE,
    ROLE_CHANGE,
    USER_DELETE,
    MATERIAL_ADD,
    MATERIAL_REMOVE,
    WEBHOOK_ADD,
    WEBHOOK_CHANGE,
    WEBHOOK_DELETE,
    CREDITS_RECHARGE,
    CREDITS_ADJUST,
    CREDITS_EXPIRE,
    INVITES_GENERATE,
    INVITE_USE,
    PRICE_CHANGE,
    PACKAGE_CHANGE,
    CARDS_GENERATE,
    CARDS_DISABLE,
    CARD_DELETE,
    CARD_ACTIVATE,
    FILE_UPLOAD,
    FILE_DELETE,
    VOICE_RENEW,
    VOICE_DELETE,
    *BY_TASK_KIND.values(),
)
"""In the order in which they are offered."""
