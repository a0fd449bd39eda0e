"""Which events are activities, and how each is told. One line per event.

An event that is neither in SOURCES nor in NOT_SHOWN fails a test, so that whoever adds an event decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.auth.domain.activities import ActivityStatus, ActivityType
from services.auth.material_kinds import CHINESE_NAMES, KIND_FROM_PROTO
from services.auth.workers import activity_types as types
from voxreel.auth.v1 import events_pb2 as auth
from voxreel.billing.v1 import events_pb2 as billing
from voxreel.common.v1 import identity_events_pb2 as identity
from voxreel.files.v1 import events_pb2 as files
from voxreel.files.v1.file_service_pb2 import STORAGE_TYPE_CACHE
from voxreel.speech.v1 import events_pb2 as speech
from voxreel.task.v1 import events_pb2 as tasks

TypeOf = Callable[[Any], ActivityType | None]
Fields = Mapping[str, Any]

_SUCCESS, _FAILED = ActivityStatus.SUCCESS, ActivityStatus.FAILED
_WARNING, _INFO = ActivityStatus.WARNING, ActivityStatus.INFO

_MADE_FILE_TYPES = frozenset({"audio", "videos", "voice_samples", "voice_packs"})


@dataclass(frozen=True, slots=True)
class Source:
    """How events of one message become activities.

    `kind` is their type, or finds it; None means that this one is not shown. `text` may name fields of the message,
    the `{account}` of whom it is about, the `{label}` of the type and `{what}` of some messages. `details` are the
    fields to keep.
    """

    message: type[Message]
    kind: ActivityType | TypeOf
    text: str
    details: tuple[str, ...] = ()
    status: ActivityStatus = _SUCCESS

    def type_of(self, event: Message) -> ActivityType | None:
        """The type of the activity, None when the event is not shown."""
        return self.kind if isinstance(self.kind, ActivityType) else self.kind(event)

    def describe(self, event: Message, fields: Fields, *, account: str, label: str) -> str:
        """What happened, in Chinese."""
        return self.text.format_map({**fields, "account": account, "label": label, "what": _what(event)})

    def details_of(self, fields: Fields) -> dict[str, str | int | bool]:
        """The fields to keep; those that are absent are left out."""
        return {name: fields[name] for name in self.details if name in fields}


def fields_of(event: Message) -> Fields:
    """By name, without those that are absent."""
    always, optional = _names_of(event.DESCRIPTOR)
    found = {name: getattr(event, name) for name in always}
    found.update((name, getattr(event, name)) for name in optional if event.HasField(name))
    return found


def user_of(fields: Fields) -> int | None:
    """Whom it is about, else the administrator who did it; None when nobody is known."""
    return fields.get("user_id") or fields.get("operator_user_id") or None


@lru_cache(maxsize=256)
def _names_of(message: Descriptor) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Fields without presence, which are there even when they are zero or empty, and those that may be absent."""
    fields = message.fields
    return (
        tuple(field.name for field in fields if not field.has_presence),
        tuple(field.name for field in fields if field.has_presence),
    )


def _what(event: Message) -> str:
    if isinstance(event, auth.MaterialAdded | auth.MaterialRemoved):
        # A newer auth may have lists that this one does not know.
        kind = KIND_FROM_PROTO.get(event.kind)
        return "素材" if kind is None else CHINESE_NAMES[kind]
    if isinstance(event, auth.UserRoleChanged):
        return "设为管理员" if event.is_admin else "取消管理员"
    return ""


def _of_task(event: Any) -> ActivityType | None:
    return types.BY_TASK_KIND.get(event.kind)


def _of_upload(event: files.FileStored) -> ActivityType | None:
    # What the platform made belongs to the end of a task, which is told anyway, or to nobody.
    is_made = event.file_type in _MADE_FILE_TYPES or event.storage_type == STORAGE_TYPE_CACHE
    return None if is_made else types.FILE_UPLOAD


_TASK = ("task_id", "credits", "voice", "text_length")
_FAILED_TASK = (*_TASK, "error_reason", "error_message")
_OPERATOR = ("operator_user_id",)
_FILE = ("file_id", "file_type", "original_name", "size_bytes")
_WEBHOOK = ("webhook_id", "host")
_PACKAGE = ("package_key", "credits", "price_fen")

_SOURCES: tuple[Source, ...] = (
    Source(auth.UserRegistered, types.USER_REGISTER, "用户 {account} 注册了账号"),
    Source(auth.UserLoggedIn, types.LOGIN_SUCCESS, "用户 {account} 登录成功", ("client_address",)),
    Source(auth.UserLoginFailed, types.LOGIN_FAILED, "账号 {account} 登录失败", ("client_address",), _FAILED),
    Source(auth.UserPasswordChanged, types.PASSWORD_CHANGE, "用户 {account} 修改了密码"),
    Source(auth.UserPasswordReset, types.PASSWORD_RESET, "管理员重置了用户 {account} 的密码", _OPERATOR, _WARNING),
    Source(auth.UserFrozen, types.USER_FREEZE, "管理员冻结了用户 {account}", _OPERATOR, _WARNING),
    Source(auth.UserUnfrozen, types.USER_UNFREEZE, "管理员解冻了用户 {account}", _OPERATOR, _INFO),
    Source(auth.UserRoleChanged, types.ROLE_CHANGE, "用户 {account} 被{what}", ("is_admin", *_OPERATOR), _WARNING),
    Source(auth.UserDeleted, types.USER_DELETE, "管理员删除了用户 {account}", _OPERATOR, _WARNING),
    Source(auth.MaterialAdded, types.MATERIAL_ADD, "用户 {account} 添加了{what}", ("item_id",)),
    Source(auth.MaterialRemoved, types.MATERIAL_REMOVE, "用户 {account} 移除了{what}", ("item_id",)),
    Source(auth.WebhookCreated, types.WEBHOOK_ADD, "用户 {account} 添加了 Webhook（{host}）", _WEBHOOK),
    Source(auth.WebhookDeleted, types.WEBHOOK_DELETE, "用户 {account} 删除了 Webhook（{host}）", _WEBHOOK),
    Source(auth.WebhookSecretRotated, types.WEBHOOK_CHANGE, "用户 {account} 更换了 Webhook 密钥（{host}）", _WEBHOOK),
    Source(auth.WebhookEnabled, types.WEBHOOK_CHANGE, "用户 {account} 重新启用了 Webhook（{host}）", _WEBHOOK),
    Source(
        auth.WebhookDisabled,
        types.WEBHOOK_CHANGE,
        "用户 {account} 的 Webhook（{host}）：{reason}",
        (*_WEBHOOK, "reason"),
        _WARNING,
    ),
    Source(
        billing.CreditsRecharged,
        types.CREDITS_RECHARGE,
        "管理员为用户 {account} 充值 {credits} 积分",
        ("credits", "balance_after", "description", *_OPERATOR),
    ),
    Source(
        billing.CreditsAdjusted,
        types.CREDITS_ADJUST,
        "管理员调整了用户 {account} 的积分（{credits:+d}），调整后可用 {balance_after} 积分",
        ("credits", "balance_after", "description", *_OPERATOR),
    ),
    Source(
        billing.CreditsExpired, types.CREDITS_EXPIRE, "用户 {account} 的 {credits} 积分已过期", ("credits",), _WARNING
    ),
    Source(
        billing.InviteCodesGenerated,
        types.INVITES_GENERATE,
        "管理员 {account} 生成了 {quantity} 个邀请码",
        ("quantity", "credits"),
    ),
    Source(
        billing.InviteCodeUsed,
        types.INVITE_USE,
        "用户 {account} 使用邀请码，获得 {credits} 积分",
        ("invite_code_id", "credits", "balance_after"),
    ),
    Source(
        billing.FeaturePriceChanged,
        types.PRICE_CHANGE,
        "管理员 {account} 将功能 {feature_key} 的价格由 {former_credits} 改为 {credits} 积分",
        ("feature_key", "former_credits", "credits"),
    ),
    Source(billing.PackageCreated, types.PACKAGE_CHANGE, "管理员 {account} 新增了套餐 {package_name}", _PACKAGE),
    Source(billing.PackageChanged, types.PACKAGE_CHANGE, "管理员 {account} 修改了套餐 {package_name}", _PACKAGE),
    Source(
        billing.PackageDeleted, types.PACKAGE_CHANGE, "管理员 {account} 删除了套餐 {package_name}", ("package_key",)
    ),
    Source(
        billing.CardsGenerated,
        types.CARDS_GENERATE,
        "管理员 {account} 生成了 {quantity} 张卡密（批次 {batch_number}）",
        ("batch_number", "package_key", "quantity", "credits"),
    ),
    Source(
        billing.CardsDisabled,
        types.CARDS_DISABLE,
        "管理员 {account} 禁用了 {disabled_cards} 张卡密（批次 {batch_number}）",
        ("batch_number", "card_id", "disabled_cards"),
        _WARNING,
    ),
    Source(
        billing.CardDeleted,
        types.CARD_DELETE,
        "管理员 {account} 删除了一张卡密（批次 {batch_number}）",
        ("batch_number", "card_id"),
        _WARNING,
    ),
    Source(
        billing.CardRedeemed,
        types.CARD_ACTIVATE,
        "用户 {account} 激活卡密，获得 {credits} 积分（{package_name}）",
        ("card_id", "package_key", "package_name", "credits", "balance_after"),
    ),
    Source(files.FileStored, _of_upload, "用户 {account} 上传了文件 {original_name}", _FILE),
    Source(files.FileDeleted, types.FILE_DELETE, "用户 {account} 的文件 {original_name} 已删除", (*_FILE, *_OPERATOR)),
    Source(speech.VoiceRenewed, types.VOICE_RENEW, "管理员更新了用户 {account} 的音色", ("voice_id", *_OPERATOR)),
    Source(
        speech.VoiceDeleted, types.VOICE_DELETE, "管理员删除了用户 {account} 的音色", ("voice_id", *_OPERATOR), _WARNING
    ),
    Source(tasks.TaskSucceeded, _of_task, "用户 {account} 的{label}任务已完成", _TASK),
    Source(tasks.TaskFailed, _of_task, "用户 {account} 的{label}任务失败：{error_message}", _FAILED_TASK, _FAILED),
    Source(tasks.TaskCancelled, _of_task, "用户 {account} 取消了{label}任务", _TASK, _INFO),
)

NOT_SHOWN: frozenset[type[Message]] = frozenset(
    {
        # Follows from a change that is told.
        identity.UserAccessRevoked,
        # The end of the task is told.
        tasks.TaskQueued,
        billing.HoldCaptured,
        billing.HoldReleased,
    }
)


def _by_message(sources: Iterable[Source]) -> Mapping[str, Source]:
    return MappingProxyType({source.message.DESCRIPTOR.full_name: source for source in sources})


SOURCES: Mapping[str, Source] = _by_message(_SOURCES)
"""By the type in the envelope."""
