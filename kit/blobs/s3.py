"""Buckets of S3-compatible stores."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.store import S3Store

from kit.blobs.settings import S3Settings

if TYPE_CHECKING:
    # The library declares these for type checkers only.
    from obstore.store import ClientConfig, RetryConfig, S3Config

# A part of 5 MiB within it means 175 KiB/s, below which a store is of no use.
_REQUEST_TIMEOUT = timedelta(seconds=30)
_CONNECT_TIMEOUT = timedelta(seconds=5)
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


def open_bucket(bucket: str, prefix: str, settings: S3Settings) -> S3Store:
    """The bucket, or the part of it below a prefix. Connects when it is used."""
    client: ClientConfig = {
        "allow_http": settings.endpoint.startswith("http://"),
        "connect_timeout": _CONNECT_TIMEOUT,
        "timeout": _REQUEST_TIMEOUT,
    }
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=bucket_config(bucket, settings),
        client_options=client,
        retry_config=_RETRIES,
    )


def bucket_config(bucket: str, settings: S3Settings) -> S3Config:
    """The settings in the words of the library, which wants the bucket in the endpoint of a virtual host itself."""
    config: S3Config = {
        "region": settings.region,
        "virtual_hosted_style_request": settings.is_virtual_hosted,
        # Not every store has tags, and nothing here uses them.
        "disable_tagging": True,
    }
    if settings.endpoint:
        parts = urlsplit(settings.endpoint)
        host = f"{bucket}.{parts.netloc}" if settings.is_virtual_hosted else parts.netloc
        config["endpoint"] = f"{parts.scheme}://{host}"
    if settings.access_key_id:
        config["access_key_id"] = settings.access_key_id
        config["secret_access_key"] = settings.secret_access_key.get_secret_value()
    return config
