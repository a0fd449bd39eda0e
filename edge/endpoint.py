"""The record of one REST endpoint. The table of them drives routing, access, parsing, rendering and OpenAPI."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Self, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, model_validator

from edge.shared import Shared
from edge.validation import FieldWords
from kit.errors import Reason, Unauthenticated
from kit.rpc.context import Principal
from voxreel.common.v1 import error_reason_pb2 as reasons


class Dialect(Enum):
    """How replies and errors are spelled."""

    PLATFORM = "platform"
    DUBBING = "dubbing"
    # One endpoint of the platform's document has an envelope of its own.
    LINKS = "links"


class Access(Enum):
    """Who may call. The values are those of the contract."""

    PUBLIC = "public"
    USER = "user"
    ADMIN = "admin"


class RateClass(Enum):
    """Endpoints that share a caller's rate limit, by what a call costs."""

    READ = "read"
    WRITE = "write"
    # Hashes a password or answers tokens.
    CREDENTIALS = "credentials"
    UPLOAD = "upload"
    # Starts work of an engine.
    TASK = "task"
    # Asks other sites in the platform's name; counted by the client's address, since accounts cost nothing.
    LINK = "link"


_READING_METHODS = frozenset({"GET", "HEAD"})


class Source(Enum):
    """Where the fields of an input come from that are not named in the path."""

    QUERY = "query"
    BODY = "body"


class In(BaseModel):
    """Base of all inputs: unknown fields are ignored, no text holds a NUL (databases refuse it).

    `words` are what clients read of wrong fields, by name, where the contract has a text of its own.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)
    words: ClassVar[Mapping[str, FieldWords]] = MappingProxyType({})

    @model_validator(mode="after")
    def _no_nul(self) -> Self:
        for name, value in self.__dict__.items():
            if isinstance(value, str) and "\x00" in value:
                raise ValueError(f"参数 {name} 含有不允许的字符")
        return self


class NoInput(In):
    """For endpoints that take nothing."""


InT = TypeVar("InT", bound=In)
JsonObject = Mapping[str, object]
JsonBody = JsonObject | Sequence[JsonObject] | None
"""What a handler answers: of the dubbing dialect the `data` within the envelope, of the others an object."""

NO_WORDS: Mapping[Reason, str] = MappingProxyType({})
"""Of an endpoint whose contract has no texts of its own for refusals."""


@dataclass(frozen=True, slots=True)
class Success:
    """Status and message of a success in the dubbing dialect. In the others it is 200 and has no message."""

    code: int = 200
    message: str = "success"


@dataclass(frozen=True, slots=True)
class EventStream:
    """A reply that comes as Server-Sent Events while it is made. None says that nothing has come yet."""

    events: AsyncGenerator[JsonObject | None, None]


@dataclass(frozen=True, slots=True)
class TextFile:
    """A reply that a browser saves under `name`, which is plain ASCII."""

    name: str
    media_type: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as a handler sees it.

    `request_key` names the request to services that must not do it twice; empty unless the endpoint `is_keyed`.
    """

    shared: Shared
    principal: Principal | None
    request_key: str
    client_address: str

    @property
    def user(self) -> Principal:
        """The calling user. Raises Unauthenticated on a public endpoint called without a token."""
        if self.principal is None:
            raise Unauthenticated(reasons.ERROR_REASON_TOKEN_MISSING, "未登录")
        return self.principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[InT]):
    """A JSON endpoint. `output` is the type its handler returns, a TypedDict or what is made of some.

    `title` is for what the contract does not have.
    """

    method: str
    path: str
    access: Access
    input: type[InT]
    handler: Callable[[InT, Call], Awaitable[JsonBody | EventStream | TextFile]]
    output: Any
    tag: str
    source: Source = Source.QUERY
    dialect: Dialect = Dialect.PLATFORM
    is_keyed: bool = False
    """It moves credits, starts a task or makes a secret: the header `Idempotency-Key` makes a repeat harmless."""
    is_attended: bool = False
    """What it does stops when the client goes away before the reply is whole."""
    title: str = ""
    notes: str = ""
    """What a client developer has to know beyond the title, where the contract does not say it."""
    timeout_s: float = 15.0
    """Longer than the longest deadline of the methods behind it."""
    refusals: tuple[int, ...] = ()
    """Statuses of errors that its access, input and path do not tell of; for the description, in the platform's
    spelling."""
    rate: RateClass | None = None
    """None: a read or a write, by its method."""
    success: Success = Success()
    words: Mapping[Reason, str] = field(default_factory=lambda: NO_WORDS)
    """What clients read of a refusal where the contract has a text of its own; `{name}` is a fact of the error."""
    other_media: tuple[str, ...] = ()
    """Types of what it answers instead of JSON when it is asked to."""

    @property
    def rate_class(self) -> RateClass:
        """Whose rate limit it counts against."""
        return self.rate or _rate_of_method(self.method)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamingEndpoint(Generic[InT]):
    """An endpoint that reads or writes a body too large for memory, so its handler sees the request.

    `output` is None when it answers bytes of the `media_type`; `multipart_field` names the file it reads, if it reads
    one; `title` is for what the contract does not have.
    """

    method: str
    path: str
    access: Access
    input: type[InT]
    handler: Callable[[InT, Call, web.Request], Awaitable[JsonBody | web.StreamResponse]]
    output: Any
    tag: str
    multipart_field: str | None = None
    media_type: str = "application/octet-stream"
    title: str = ""
    notes: str = ""
    """As those of `Endpoint`."""
    other_paths: tuple[str, ...] = ()
    """Where old clients look for the same; served, not described."""
    multipart_alternative: str | None = None
    """The field of the form that names a stored file instead of bringing one."""
    multipart_texts: type[In] | None = None
    """The text fields of the form."""
    is_keyed: bool = False
    dialect: Dialect = Dialect.PLATFORM
    refusals: tuple[int, ...] = ()
    """As those of `Endpoint`."""
    rate: RateClass | None = None
    """None: an upload if it reads a file, else a read or a write, by its method."""
    success: Success = Success()
    words: Mapping[Reason, str] = field(default_factory=lambda: NO_WORDS)
    """As those of `Endpoint`."""

    @property
    def rate_class(self) -> RateClass:
        """Whose rate limit it counts against."""
        if self.rate is None and self.multipart_field is not None:
            return RateClass.UPLOAD
        return self.rate or _rate_of_method(self.method)


def _rate_of_method(method: str) -> RateClass:
    return RateClass.READ if method in _READING_METHODS else RateClass.WRITE
