"""Which events are deeds of administrators, and what the audit keeps of each. One line per event.

A method for administrators that changes something and is told by none of these fails a test, so that whoever adds one
decides what is kept. No event carries a secret, so no record does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.auth.domain.audit import Facts
from services.auth.user_statuses import STATUS_FROM_PROTO
from voxreel.auth.v1 import events_pb2 as auth
from voxreel.billing.v1 import events_pb2 as billing
from voxreel.billing.v1.package_service_pb2 import PackageTerms
from voxreel.files.v1 import events_pb2 as files
from voxreel.speech.v1 import events_pb2 as speech

Read = Callable[[Any], Facts]


def _nothing(_event: Message) -> Facts:
    return {}


def _always(_event: Message) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Deed:
    """What an event says of its administrator, `operator_user_id`, and the user it was done to, `user_id`.

    `method` is what the administrator called. `target` is the field with what it was done to, if that is no user.
    """

    message: type[Message]
    method: str
    action: str
    label: str
    target: str = ""
    before: Read = _nothing
    after: Read = _nothing
    is_deed: Callable[[Any], bool] = _always


def _fields(*names: str, **renamed: str) -> Read:
    """Fields of the event; those that are absent are left out."""
    sources = {name: name for name in names} | renamed

    def read(event: Message) -> Facts:
        optional = _optional_fields(event.DESCRIPTOR)
        return {
            shown: getattr(event, name)
            for shown, name in sources.items()
            if name not in optional or event.HasField(name)
        }

    return read


@lru_cache(maxsize=256)
def _optional_fields(message: Descriptor) -> frozenset[str]:
    return frozenset(field.name for field in message.fields if field.has_presence)


def _is(**facts: str) -> Read:
    return lambda _event: facts


def _former_role(event: auth.UserRoleChanged) -> Facts:
    return {"is_admin": not event.is_admin}


def _former_user(event: auth.UserDeleted) -> Facts:
    status = STATUS_FROM_PROTO.get(event.status)
    known: Facts = {} if status is None else {"status": status.value}
    return {"account": event.account, "is_admin": event.is_admin, **known}


def _former_balance(event: billing.CreditsRecharged | billing.CreditsAdjusted) -> Facts:
    return {"balance": event.balance_after - event.credits}


def _terms(terms: PackageTerms) -> Facts:
    scalars = {field.name: value for field, value in terms.ListFields() if field.message_type is None}
    return {**scalars, "features": list(terms.features.names)}


def _is_of_others(event: files.FileDeleted) -> bool:
    return event.operator_user_id != event.user_id


_USERS, _BILLING = "voxreel.auth.v1.UserAdminService/", "voxreel.billing.v1."
_LEDGER, _PACKAGES, _CARDS = f"{_BILLING}LedgerService/", f"{_BILLING}PackageService/", f"{_BILLING}CardService/"
_VOICES, _FILES = "voxreel.speech.v1.VoiceService/", "voxreel.files.v1.FileService/"

DEEDS: Final = (
    Deed(
        auth.UserFrozen,
        f"{_USERS}UpdateUser",
        "user_freeze",
        "冻结用户",
        before=_is(status="active"),
        after=_is(status="frozen"),
    ),
    Deed(
        auth.UserUnfrozen,
        f"{_USERS}UpdateUser",
        "user_unfreeze",
        "解冻用户",
        before=_is(status="frozen"),
        after=_is(status="active"),
    ),
    Deed(
        auth.UserRoleChanged,
        f"{_USERS}UpdateUser",
        "user_role_change",
        "变更权限",
        before=_former_role,
        after=_fields("is_admin"),
    ),
    Deed(auth.UserPasswordReset, f"{_USERS}ResetPassword", "password_reset", "重置密码"),
    Deed(auth.UserDeleted, f"{_USERS}DeleteUser", "user_delete", "删除用户", before=_former_user),
    Deed(
        billing.CreditsRecharged,
        f"{_LEDGER}RechargeCredits",
        "credits_recharge",
        "积分充值",
        before=_former_balance,
        after=_fields("credits", "validity_days", "description", balance="balance_after"),
    ),
    Deed(
        billing.CreditsAdjusted,
        f"{_LEDGER}AdjustCredits",
        "credits_adjust",
        "积分调整",
        before=_former_balance,
        after=_fields("credits", "description", balance="balance_after"),
    ),
    Deed(
        billing.InviteCodesGenerated,
        f"{_BILLING}InviteService/GenerateInviteCodes",
        "invites_generate",
        "生成邀请码",
        after=_fields("quantity", "credits"),
    ),
    Deed(
        billing.FeaturePriceChanged,
        f"{_BILLING}PricingService/UpdateFeaturePrice",
        "price_change",
        "调整价格",
        target="feature_key",
        before=_fields(credits="former_credits"),
        after=_fields("credits"),
    ),
    Deed(
        billing.PackageCreated,
        f"{_PACKAGES}CreatePackage",
        "package_create",
        "新增套餐",
        target="package_key",
        after=lambda event: _terms(event.terms),
    ),
    Deed(
        billing.PackageChanged,
        f"{_PACKAGES}UpdatePackage",
        "package_update",
        "修改套餐",
        target="package_key",
        before=lambda event: _terms(event.former_terms),
        after=lambda event: _terms(event.terms),
    ),
    Deed(
        billing.PackageDeleted,
        f"{_PACKAGES}DeletePackage",
        "package_delete",
        "删除套餐",
        target="package_key",
        before=lambda event: _terms(event.terms),
    ),
    Deed(
        billing.CardsGenerated,
        f"{_CARDS}GenerateCards",
        "cards_generate",
        "生成卡密",
        target="batch_number",
        after=_fields("package_key", "quantity", "credits"),
    ),
    Deed(
        billing.CardsDisabled,
        f"{_CARDS}DisableCards",
        "cards_disable",
        "禁用卡密",
        target="batch_number",
        before=_is(status="unused"),
        after=lambda event: {"status": "disabled", **_fields("card_id", "disabled_cards")(event)},
    ),
    Deed(
        billing.CardDeleted,
        f"{_CARDS}DeleteCard",
        "card_delete",
        "删除卡密",
        target="batch_number",
        before=_fields("card_id", "package_key", "credits"),
    ),
    Deed(
        speech.VoiceRenewed,
        f"{_VOICES}UpdateVoice",
        "voice_renew",
        "更新音色",
        target="voice_id",
        before=_fields(sample_file_id="former_sample_file_id", target_model="former_target_model"),
        after=_fields("sample_file_id", "target_model"),
    ),
    Deed(
        speech.VoiceDeleted,
        f"{_VOICES}DeleteVoice",
        "voice_delete",
        "删除音色",
        target="voice_id",
        before=_fields("prefix", "sample_file_id", "target_model", "is_public"),
    ),
    Deed(
        files.FileDeleted,
        f"{_FILES}DeleteFile",
        "file_delete",
        "删除用户文件",
        target="file_id",
        before=_fields("file_type", "original_name", "size_bytes"),
        is_deed=_is_of_others,
    ),
)


def _by_message(deeds: Iterable[Deed]) -> Mapping[str, Deed]:
    return MappingProxyType({deed.message.DESCRIPTOR.full_name: deed for deed in deeds})


BY_MESSAGE: Mapping[str, Deed] = _by_message(DEEDS)
"""By the type in the envelope."""

LABELS: Mapping[str, str] = MappingProxyType({deed.action: deed.label for deed in DEEDS})
"""What the actions are called in Chinese."""
