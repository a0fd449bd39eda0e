"""Every endpoint that names an object, on real services: somebody else's object is as good as none."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from edge.endpoint import Access, Endpoint, Source, StreamingEndpoint
from edge.routes import ENDPOINTS
from tests.stack.client import Client, client_of, paying_client
from tests.stack.harness import stack
from tests.stack.possessions import Possessions, acquire

pytestmark = [pytest.mark.long, pytest.mark.stack, pytest.mark.model, pytest.mark.timeout(600)]

AnyEndpoint = Endpoint[Any] | StreamingEndpoint[Any]
_OBJECT_FIELD = re.compile(r"(_id|_key|_url)\Z")
_PATH_FIELD = re.compile(r"{(\w+)}")
_BY_KEY = {(endpoint.method, endpoint.path): endpoint for endpoint in ENDPOINTS}


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which of the owner's objects stand in which fields, and what else the request needs.

    `stranger` is the status for another user, `allowed` that for who may: the owner, or an administrator where only
    they may. An endpoint of administrators answers every stranger 403. With `is_waited_for` the endpoint answers 200
    when a busy machine needs longer than it waits.
    """

    objects: Mapping[str, str]
    others: Mapping[str, object] = field(default_factory=dict)
    stranger: int = 404
    allowed: int = 200
    is_waited_for: bool = False


def _material(list_name: str) -> dict[tuple[str, str], list[Attempt]]:
    path = f"/api/user/materials/{list_name}"
    possession = {"file_id": "file"}
    return {
        ("POST", f"{path}/add"): [Attempt(possession)],
        ("DELETE", f"{path}/remove"): [Attempt(possession)],
    }


_USER = {"user_id": "user"}
_CARD_FILTERS = {"package_key": "package", "created_admin_id": "user", "used_user_id": "user"}
_TASK = {"task_id": "task"}
_DUBBING = {"history_id": "dubbing"}
_WEBHOOK = {"webhook_id": "webhook"}
_VIDEO_TASK = {"task_id": "video task"}
_RENDERED_FILES = {"video_file_id": "file", "audio_file_id": "file", "ref_image_file_id": "file"}
_RENDERED_URLS = {"video_url": "file url", "audio_url": "file url", "ref_image_url": "file url"}

# In the order in which they are tried: what an object needs to be there for comes before what removes it.
ATTEMPTS: Mapping[tuple[str, str], list[Attempt]] = {
    ("GET", "/api/tts/info/{file_id}"): [Attempt({"file_id": "file"})],
    # Whoever knows the id may read: it has 128 random bits.
    ("GET", "/api/files/download/{file_id}"): [Attempt({"file_id": "file"}, stranger=200)],
    ("GET", "/api/files/cache/{file_id}"): [Attempt({"file_id": "temp file"})],
    ("GET", "/api/task/{task_id}"): [Attempt(_TASK, stranger=200), Attempt(_VIDEO_TASK, stranger=200)],
    ("GET", "/api/tasks/{task_id}"): [Attempt(_TASK), Attempt(_VIDEO_TASK)],
    ("GET", "/api/tts/voice/{voice_id}"): [Attempt({"voice_id": "voice"})],
    # The catalogue is everybody's.
    ("GET", "/api/voices/templates/{template_id}"): [Attempt({"template_id": "template"}, stranger=200)],
    ("GET", "/api/voices/custom/{voice_id}"): [Attempt({"voice_id": "custom voice"})],
    ("GET", "/api/history/{history_id}"): [Attempt(_DUBBING)],
    ("GET", "/api/history/{history_id}/download-url"): [Attempt(_DUBBING)],
    ("POST", "/api/tts/voice/clone"): [
        Attempt({"audio_url": "file url"}, {"prefix": "mine"}, allowed=400, is_waited_for=True),
    ],
    ("POST", "/api/process"): [Attempt({"file_id": "file"})],
    # The owner's file is sound, which is no video.
    ("POST", "/api/videoretalk/generate"): [
        Attempt(_RENDERED_FILES, allowed=400),
        Attempt(_RENDERED_URLS, allowed=400),
    ],
    ("POST", "/api/videoretalk/chroma-key"): [
        Attempt({"video_file_id": "file", "background_image_file_id": "file"}, allowed=400),
        Attempt({"video_url": "file url", "background_image_url": "file url"}, allowed=400),
    ],
    # The catalogue is everybody's, an uploaded voice is not.
    ("POST", "/api/synthesis/generate"): [
        Attempt({"voice_template_id": "template"}, {"text_content": "你好"}, stranger=201, allowed=201),
        Attempt({"custom_voice_id": "custom voice"}, {"text_content": "你好"}, allowed=201),
    ],
    ("GET", "/api/cards/admin/list"): [Attempt({"package_key": "package"})],
    ("GET", "/api/cards/admin/export"): [Attempt({"package_key": "package"})],
    ("GET", "/api/cards/admin/transactions"): [Attempt(_USER)],
    ("GET", "/api/search/transactions"): [Attempt(_USER)],
    ("GET", "/api/search/files"): [Attempt(_USER, {"q": "a"})],
    ("GET", "/api/search/cards"): [Attempt(_CARD_FILTERS)],
    ("GET", "/api/system/audit"): [Attempt({"operator_user_id": "user", "target_user_id": "user"})],
    ("GET", "/api/files/admin/list"): [Attempt(_USER)],
    ("GET", "/api/tasks/admin/all"): [Attempt(_USER)],
    ("POST", "/api/cards/admin/generate"): [Attempt({"package_key": "package"}, {"quantity": 1})],
    ("PUT", "/api/user/admin/credits/features/{feature_key}"): [
        Attempt({"feature_key": "feature"}, {"credits_cost": 10})
    ],
    ("POST", "/api/user/admin/credits/packages"): [
        Attempt({"package_key": "package"}, {"name": "x", "credits": 1, "price_cny": 1}, allowed=409)
    ],
    ("PUT", "/api/user/admin/credits/packages/{package_key}"): [Attempt({"package_key": "package"}, {"name": "x"})],
    ("PUT", "/api/user/admin/users/{user_id}/credits"): [Attempt(_USER, {"credits": 1, "operation": "add"})],
    ("POST", "/api/user/admin/users/{user_id}/credits/recharge"): [Attempt(_USER, {"amount": 1})],
    ("POST", "/api/admin/credits/recharge"): [Attempt(_USER, {"amount": 1})],
    ("GET", "/api/admin/credits/transactions"): [Attempt(_USER)],
    ("PUT", "/api/tts/voice/{voice_id}"): [
        Attempt({"voice_id": "voice", "audio_url": "file url"}, allowed=400, is_waited_for=True),
    ],
    **_material("works"),
    **_material("digital-human"),
    **_material("background"),
    **_material("bgm"),
    ("DELETE", "/api/user/materials/voice/remove"): [Attempt({"file_id": "noted voice"})],
    # Everybody may note any voice; what it is can only be read by who may see it.
    ("POST", "/api/user/materials/voice/add"): [Attempt({"file_id": "voice"}, stranger=200)],
    ("PUT", "/api/tasks/{task_id}"): [Attempt(_TASK, {"status": "FAILED"}), Attempt(_VIDEO_TASK, {"status": "FAILED"})],
    # By now these have ended, and so do their streams.
    ("GET", "/api/tasks/{task_id}/events"): [Attempt(_TASK), Attempt(_VIDEO_TASK)],
    ("DELETE", "/api/tasks/{task_id}"): [Attempt(_TASK)],
    ("GET", "/api/webhooks/{webhook_id}/deliveries"): [Attempt(_WEBHOOK)],
    ("POST", "/api/webhooks/{webhook_id}/rotate-secret"): [Attempt(_WEBHOOK)],
    ("POST", "/api/webhooks/{webhook_id}/enable"): [Attempt(_WEBHOOK)],
    ("DELETE", "/api/webhooks/{webhook_id}"): [Attempt(_WEBHOOK)],
    ("DELETE", "/api/videoretalk/task/{task_id}"): [Attempt(_VIDEO_TASK)],
    ("DELETE", "/api/files/cache/{file_id}"): [Attempt({"file_id": "expendable file"})],
    ("DELETE", "/api/files/{file_type}/{file_id}"): [
        Attempt({"file_id": "temp file"}, {"file_type": "temp"}),
        Attempt({"file_id": "file"}, {"file_type": "bgm"}),
    ],
    ("DELETE", "/api/history/{history_id}"): [Attempt(_DUBBING)],
    ("DELETE", "/api/tts/voice/{voice_id}"): [Attempt({"voice_id": "voice"})],
    ("DELETE", "/api/cards/admin/{card_id}"): [Attempt({"card_id": "card"})],
    ("DELETE", "/api/user/admin/credits/packages/{package_key}"): [Attempt({"package_key": "package"})],
    ("GET", "/api/admin/users/{user_id}"): [Attempt(_USER)],
    ("PATCH", "/api/admin/users/{user_id}/status"): [Attempt(_USER, {"status": "active"})],
    ("PUT", "/api/user/admin/users/{user_id}"): [Attempt(_USER, {"is_active": True})],
    ("PUT", "/api/user/admin/users/{user_id}/reset-password"): [Attempt(_USER, {"new_password": "a-new-password"})],
    ("DELETE", "/api/user/admin/users/{user_id}"): [Attempt(_USER)],
}
CASES = [(_BY_KEY[key], attempt) for key, attempts in ATTEMPTS.items() for attempt in attempts]


def _name(case: object) -> str:
    return f"{case.method} {case.path}" if isinstance(case, Endpoint | StreamingEndpoint) else "by"


def _object_fields(endpoint: AnyEndpoint) -> set[str]:
    """Fields of path, query and body that name an object."""
    names = {*endpoint.input.model_fields, *_PATH_FIELD.findall(endpoint.path)}
    if isinstance(endpoint, StreamingEndpoint) and endpoint.multipart_alternative is not None:
        names.add(endpoint.multipart_alternative)
    return {name for name in names if _OBJECT_FIELD.search(name)}


def test_every_endpoint_that_names_an_object_is_tried() -> None:
    named = {key: fields for key, endpoint in _BY_KEY.items() if (fields := _object_fields(endpoint))}
    tried = {key: {name for each in attempts for name in each.objects} for key, attempts in ATTEMPTS.items()}
    assert tried == named


@dataclass(frozen=True, slots=True)
class World:
    """A stack with an owner of everything, a stranger and the administrator."""

    base_url: str
    session: aiohttp.ClientSession
    owner: Client
    stranger: Client
    admin: Client
    possessions: Possessions

    async def attempt(self, endpoint: AnyEndpoint, attempt: Attempt, who: Client) -> int:
        """The status somebody gets."""
        given = {name: self.possessions[object_name] for name, object_name in attempt.objects.items()}
        fields: dict[str, object] = {**given, **attempt.others}
        in_path = _PATH_FIELD.findall(endpoint.path)
        path = endpoint.path.format(**{name: fields.pop(name) for name in in_path})
        headers = {"Authorization": f"Bearer {who.token}"}
        sent = _sent(endpoint, fields)
        async with self.session.request(endpoint.method, self.base_url + path, headers=headers, **sent) as response:
            await response.read()
            return response.status


def _sent(endpoint: AnyEndpoint, fields: Mapping[str, object]) -> dict[str, Any]:
    if isinstance(endpoint, Endpoint):
        return {"json": _in_json(endpoint, fields)} if endpoint.source is Source.BODY else {"params": fields}
    if endpoint.multipart_field is None:
        return {"params": fields}
    form = aiohttp.MultipartWriter("form-data")
    for name, value in fields.items():
        form.append(str(value)).set_content_disposition("form-data", name=name)
    return {"data": form}


def _in_json(endpoint: AnyEndpoint, fields: Mapping[str, object]) -> dict[str, object]:
    """Possessions are texts; ids that are numbers are numbers in JSON."""
    kinds = endpoint.input.model_fields
    numbers = (int, int | None)
    return {name: int(str(value)) if kinds[name].annotation in numbers else value for name, value in fields.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with AsyncExitStack() as opened:
        running = await opened.enter_async_context(
            # One speaks the long text of the owner's task, the other has to be free for texts that are waited for.
            stack(
                tmp_path_factory.mktemp("ownership") / "data",
                "--single-process",
                VOXREEL_SPEECH_SYNTHESIS__PROCESSES="2",
            )
        )
        owner = await opened.enter_async_context(paying_client(running, 1000))
        stranger = await opened.enter_async_context(paying_client(running, 1000))
        admin = await opened.enter_async_context(client_of(running))
        await admin.login("admin", running.admin_password)
        session = await opened.enter_async_context(aiohttp.ClientSession())
        possessions = await acquire(running, owner, admin)
        yield World(running.base_url, session, owner, stranger, admin, possessions)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("endpoint", "attempt"), CASES, ids=_name)
async def test_a_stranger_finds_nothing(world: World, endpoint: AnyEndpoint, attempt: Attempt) -> None:
    expected = 403 if endpoint.access is Access.ADMIN else attempt.stranger
    assert await world.attempt(endpoint, attempt, world.stranger) == expected


@pytest.mark.asyncio(loop_scope="module")
async def test_who_may_finds_everything_as_it_was(world: World) -> None:
    unexpected: list[str] = []
    for endpoint, attempt in CASES:
        who = world.admin if endpoint.access is Access.ADMIN else world.owner
        status = await world.attempt(endpoint, attempt, who)
        if status != attempt.allowed and not (attempt.is_waited_for and status == 200):
            unexpected.append(f"{_name(endpoint)}: {status}, not {attempt.allowed}")
    assert not unexpected
