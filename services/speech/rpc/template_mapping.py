"""Between the messages of the catalogue and the domain, both directions side by side."""

from __future__ import annotations

from kit.errors import Invalid
from kit.rpc.times import timestamp_of
from services.speech.catalogue.samples import avatar_of, sample_of
from services.speech.domain.templates import AgeRange, TemplateFilter, TemplateOrder
from services.speech.engines.base import Gender
from services.speech.rpc.mapping import GENDERS
from services.speech.usecases.templates import UsedTag, UsedTemplate
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.speech.v1 import template_service_pb2 as messages
from voxreel.speech.v1 import voice_service_pb2

_MAX_TAGS = 20
_GENDER_OF: dict[int, Gender] = {number: gender for gender, number in GENDERS.items()}
_AGES: dict[AgeRange, messages.AgeRange.ValueType] = {
    AgeRange.CHILD: messages.AGE_RANGE_CHILD,
    AgeRange.YOUTH: messages.AGE_RANGE_YOUTH,
    AgeRange.MIDDLE: messages.AGE_RANGE_MIDDLE,
    AgeRange.OLD: messages.AGE_RANGE_OLD,
}
_AGE_OF: dict[int, AgeRange] = {number: age for age, number in _AGES.items()}
_ORDERS: dict[int, TemplateOrder] = {
    messages.TEMPLATE_ORDER_UNSPECIFIED: TemplateOrder.SORT_ORDER,
    messages.TEMPLATE_ORDER_USE_COUNT: TemplateOrder.USE_COUNT,
    messages.TEMPLATE_ORDER_CREATE_TIME: TemplateOrder.CREATED_AT,
}


def filter_from_proto(request: messages.ListVoiceTemplatesRequest) -> TemplateFilter:
    """Raises Invalid."""
    if len(request.tags) > _MAX_TAGS:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, f"tags（标签）最多 {_MAX_TAGS} 个")
    return TemplateFilter(
        gender=_gender_from_proto(request.gender) if request.HasField("gender") else None,
        age_range=_age_from_proto(request.age_range) if request.HasField("age_range") else None,
        category=request.category if request.HasField("category") else None,
        tags=tuple(request.tags),
        keyword=request.keyword,
    )


def order_from_proto(order: messages.TemplateOrder.ValueType) -> TemplateOrder:
    """Raises Invalid."""
    if order not in _ORDERS:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "sort_by（排序方式）不正确")
    return _ORDERS[order]


def tag_to_proto(used: UsedTag) -> messages.VoiceTag:
    tag = used.tag
    return messages.VoiceTag(
        id=tag.id,
        name=tag.name,
        category=tag.category,
        description=tag.description,
        use_count=used.use_count,
        sort_order=tag.sort_order,
    )


def template_to_proto(used: UsedTemplate) -> messages.VoiceTemplate:
    template = used.template
    return messages.VoiceTemplate(
        id=template.id,
        name=template.name,
        description=template.description,
        gender=GENDERS[template.gender],
        age_range=_AGES[template.age_range],
        tags=template.tags,
        category=template.category,
        style=template.style,
        sample_duration_ms=template.sample_duration_ms,
        sort_order=template.sort_order,
        use_count=used.use_count,
        create_time=timestamp_of(template.create_time),
        sample_file_id=sample_of(template).file_id,
        avatar_file_id=avatar_of(template).file_id,
    )


def _gender_from_proto(gender: voice_service_pb2.Gender.ValueType) -> Gender:
    if gender not in _GENDER_OF:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "gender（性别）不正确")
    return _GENDER_OF[gender]


def _age_from_proto(age: messages.AgeRange.ValueType) -> AgeRange:
    if age not in _AGE_OF:
        raise Invalid(reasons.ERROR_REASON_FIELD_INVALID, "age_range（年龄段）不正确")
    return _AGE_OF[age]
