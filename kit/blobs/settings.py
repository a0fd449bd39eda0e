"""How an S3-compatible store is reached."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class S3Settings(BaseModel):
    """AWS, MinIO, Alibaba Cloud OSS and others that speak S3; used when the store's URL is `s3://BUCKET/PREFIX`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str = Field(
        default="",
        pattern=r"^(https?://[^\s/?#@]+)?$",
        description="Where the store is, `https://HOST`; empty: AWS in the region.",
    )
    region: str = Field(default="us-east-1", min_length=1, description="Region that requests are signed for.")
    access_key_id: str = Field(
        default="", description="Key id; empty: the credentials of the machine or the pod, as AWS defines them."
    )
    secret_access_key: SecretStr = Field(default=SecretStr(""), description="Secret of the key id.")
    is_virtual_hosted: bool = Field(
        default=False,
        description="The bucket is part of the host's name: always so at Alibaba Cloud OSS; MinIO wants it off.",
    )
