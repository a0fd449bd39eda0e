"""The provider's temporary storage: how a file gets where its models can fetch it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import ClientError, ClientSession, ClientTimeout, FormData

from kit.engines import EngineBroken

if TYPE_CHECKING:
    from dashscope import AsyncClient

RESOLVE_HEADERS = {"X-DashScope-OssResourceResolve": "enable"}
_OK = 200


async def upload(client: AsyncClient, *, model: str, name: str, data: bytes, timeout_s: float) -> str:
    """The address of the bytes for requests that carry RESOLVE_HEADERS. The SDK's own way has no bound in time.

    Raises EngineBroken, and the errors of the SDK.
    """
    from dashscope.v2.errors import check_response

    response = await client.transport.request("GET", "/uploads", params={"action": "getPolicy", "model": model})
    check_response(response)
    try:
        policy: dict[str, Any] = response.json()["data"]
        key = f"{policy['upload_dir']}/{name}"
        form = _form(policy, key, data)
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


def _form(policy: dict[str, Any], key: str, data: bytes) -> FormData:
    form = FormData()
    for field, value in (
        ("OSSAccessKeyId", policy["oss_access_key_id"]),
        ("Signature", policy["signature"]),
        ("policy", policy["policy"]),
        ("key", key),
        ("x-oss-object-acl", policy["x_oss_object_acl"]),
        ("x-oss-forbid-overwrite", policy["x_oss_forbid_overwrite"]),
        ("success_action_status", "200"),
        ("x-oss-content-type", "audio/wav"),
    ):
        form.add_field(field, str(value))
    # The storage wants the file last.
    form.add_field("file", data, filename=key.rpartition("/")[2], content_type="audio/wav")
    return form
