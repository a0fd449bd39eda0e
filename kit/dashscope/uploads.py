"""The provider's temporary storage: how a file gets where its models can fetch it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from aiohttp import ClientError, ClientSession, ClientTimeout, FormData

from kit.engines import EngineBroken

if TYPE_CHECKING:
    from dashscope import AsyncClient

RESOLVE_HEADERS = {"X-DashScope-OssResourceResolve": "enable"}
_OK = 200


@dataclass(frozen=True, slots=True)
class Upload:
    """A file for the storage. An open file as `body` is read piece by piece, and closed."""

    name: str
    content_type: str
    body: bytes | IO[bytes] = field(repr=False)


async def upload(client: AsyncClient, file: Upload, *, model: str, timeout_s: float) -> str:
    """The address of the file for requests that carry RESOLVE_HEADERS. The SDK's own way has no bound in time.

    Raises EngineBroken, and the errors of the SDK.
    """
    from dashscope.v2.errors import check_response

    response = await client.transport.request("GET", "/uploads", params={"action": "getPolicy", "model": model})
    check_response(response)
    try:
        policy: dict[str, Any] = response.json()["data"]
        key = f"{policy['upload_dir']}/{file.name}"
        form = _form(policy, key, file)
        host = str(policy["upload_host"])
    except (KeyError, TypeError, ValueError) as error:
        raise EngineBroken("the provider's policy for uploads cannot be read") from error
    try:
        # Not the SDK's client: the key is none of the storage's business.
        async with (
            ClientSession(timeout=ClientTimeout(total=timeout_s)) as session,
            session.post(host, data=form, allow_redirects=False) as stored,
        ):
            if stored.status != _OK:
                raise EngineBroken(f"the provider's storage answered {stored.status}")
    except (TimeoutError, ClientError) as error:
        raise EngineBroken(f"the provider's storage failed: {type(error).__name__}") from error
    return f"oss://{key}"


def _form(policy: dict[str, Any], key: str, file: Upload) -> FormData:
    form = FormData()
    for name, value in (
        ("OSSAccessKeyId", policy["oss_access_key_id"]),
        ("Signature", policy["signature"]),
        ("policy", policy["policy"]),
        ("key", key),
        ("x-oss-object-acl", policy["x_oss_object_acl"]),
        ("x-oss-forbid-overwrite", policy["x_oss_forbid_overwrite"]),
        ("success_action_status", "200"),
        ("x-oss-content-type", file.content_type),
    ):
        form.add_field(name, str(value))
    # The storage wants the file last.
    form.add_field("file", file.body, filename=file.name, content_type=file.content_type)
    return form
