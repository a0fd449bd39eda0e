"""Between the contract's messages of tasks and the model, both directions side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from kit.errors import Forbidden, Invalid
from kit.rpc.context import Principal
from kit.rpc.times import timestamp_of
from kit.tasks.events import proto_kind, proto_state
from kit.tasks.model import FOR_OWNER, Amendment, Task, TaskKind, TaskState
from kit.tasks.pages import TaskFilter, TaskPlace
from voxreel.common.v1 import error_reason_pb2 as reasons
from voxreel.task.v1 import task_pb2
from voxreel.task.v1 import task_service_pb2 as messages

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_STAGE_CHARACTERS = 64
_MAX_MESSAGE_CHARACTERS = 500


def message_of(
    task: Task,
    viewer: Principal | None,
    *,
    view: messages.TaskView.ValueType = messages.TASK_VIEW_UNSPECIFIED,
) -> task_pb2.Task:
    """The task as the viewer may see it; None is anybody."""
    message = task_pb2.Task(
        id=task.id,
        kind=proto_kind(task.kind),
        state=proto_state(task.state),
        progress=task.progress,
        stage=task.stage,
        credits=task.credits,
        error_reason=task.error_reason,
        error_message=task.error_message,
        create_time=timestamp_of(task.create_time),
        update_time=timestamp_of(task.update_time),
        finish_time=None if task.finish_time is None else timestamp_of(task.finish_time),
    )
    is_shown_whole = is_shown_to(viewer, task)
    if task.output is not None:
        output = dict(task.output)
        private = output.pop(FOR_OWNER, None)
        message.output.update(output)
        if is_shown_whole and isinstance(private, Mapping):
            message.output.update(dict(private))
    if is_shown_whole:
        message.user_id = task.user_id
        if view != messages.TASK_VIEW_RESULT:
            message.input.update(dict(task.input))
    return message


def is_shown_to(viewer: Principal | None, task: Task) -> bool:
    """Whether the viewer sees all of the task: its owner and administrators do."""
    return viewer is not None and (viewer.is_admin or viewer.user_id == task.user_id)


def filter_from_proto(message: messages.TaskFilter, viewer: Principal) -> TaskFilter:
    """Raises Forbidden (ADMIN_REQUIRED) when the viewer may not ask for these tasks, Invalid for unknown kinds."""
    user_id: int | None = viewer.user_id
    if message.scope == messages.TASK_SCOPE_EVERYBODY:
        if not viewer.is_admin:
            raise Forbidden(reasons.ERROR_REASON_ADMIN_REQUIRED, "需要管理员权限")
        user_id = message.user_id if message.HasField("user_id") else None
    try:
        return TaskFilter(
            user_id=user_id,
            kinds=tuple(TaskKind(_name(task_pb2.TaskKind.Name(kind))) for kind in message.kinds),
            states=tuple(TaskState(_name(task_pb2.TaskState.Name(state))) for state in message.states),
        )
    except ValueError:
        raise field_invalid("任务类型或状态不正确") from None


def place_from_proto(message: messages.TaskPlace) -> TaskPlace:
    """Raises Invalid for a time that no task can have."""
    stamp = message.create_time
    try:
        moment = _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
    except OverflowError:
        raise field_invalid("时间不正确") from None
    if "\x00" in message.task_id:
        raise field_invalid("任务编号不正确")
    return TaskPlace(moment, message.task_id)


def place_to_proto(place: TaskPlace) -> messages.TaskPlace:
    return messages.TaskPlace(create_time=timestamp_of(place.create_time), task_id=place.task_id)


def amendment_from_proto(request: messages.UpdateTaskRequest) -> Amendment:
    """Raises Invalid when a value breaks a rule."""
    if not 0 <= request.progress <= 100:
        raise field_invalid("progress 必须在 0 到 100 之间")
    for text, limit in ((request.stage, _MAX_STAGE_CHARACTERS), (request.error_message, _MAX_MESSAGE_CHARACTERS)):
        if len(text) > limit or "\x00" in text:
            raise field_invalid(f"任务说明最多 {limit} 个字符")
    return Amendment(
        progress=request.progress if request.HasField("progress") else None,
        stage=request.stage if request.HasField("stage") else None,
        error_message=request.error_message if request.HasField("error_message") else None,
    )


def field_invalid(message: str) -> Invalid:
    """The request breaks a rule, in words for clients."""
    return Invalid(reasons.ERROR_REASON_FIELD_INVALID, message)


def _name(enum_name: str) -> str:
    """The model's name of a kind or state; the model has none for UNSPECIFIED."""
    return enum_name.removeprefix("TASK_KIND_").removeprefix("TASK_STATE_")
