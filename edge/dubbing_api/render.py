"""From messages of the services to the dubbing dialect."""

from __future__ import annotations

from edge.display import DisplayTimes
from edge.dubbing_api.models.admin_users import ListedUserOut, UserDetailsOut, UserStandingOut
from edge.dubbing_api.models.users import MeOut
from voxreel.auth.v1 import user_pb2
from voxreel.billing.v1 import ledger_service_pb2 as ledger


def role(user: user_pb2.User) -> str:
    """`user` or `admin`."""
    return "admin" if user.is_admin else "user"


def status(user: user_pb2.User) -> str:
    """`active` or `frozen`."""
    return "active" if user.status == user_pb2.USER_STATUS_ACTIVE else "frozen"


def username(user: user_pb2.User) -> str:
    """What to call a user. Who came by phone and has no name has an empty one, who came by account has the account."""
    if user.HasField("username"):
        return user.username
    return "" if user.HasField("phone") else user.account


def points(credits: int) -> str:
    """Credits as administrators read them: `1,000 pts`."""
    return f"{credits:,} pts"


def listed_user(user: user_pb2.User, balance: ledger.Balance, times: DisplayTimes) -> ListedUserOut:
    """A user in the administrators' list, with what can be done to them."""
    return {
        "id": user.id,
        "uid": user.id,
        "phone": user.phone,
        "username": username(user),
        "status": status(user),
        "credits": points(balance.available_credits),
        "credits_expire_at": _expire_day(balance, times),
        "operations": ["详情", "冻结" if user.status == user_pb2.USER_STATUS_ACTIVE else "解冻"],
    }


def user_details(user: user_pb2.User, balance: ledger.Balance, times: DisplayTimes) -> UserDetailsOut:
    """A user as administrators see them alone."""
    return {
        "id": user.id,
        "uid": user.id,
        "phone": user.phone,
        "username": username(user),
        "credits": balance.available_credits,
        "credits_expire_at": _expire_day(balance, times),
        "status": status(user),
        "created_at": times.spaced(user.create_time),
        "last_login": times.spaced(user.last_login_time) if user.HasField("last_login_time") else None,
    }


def user_standing(user: user_pb2.User, times: DisplayTimes) -> UserStandingOut:
    """A user whose status was set."""
    return {
        "id": user.id,
        "uid": user.id,
        "phone": user.phone,
        "status": status(user),
        "updated_at": times.spaced(user.update_time),
    }


def _expire_day(balance: ledger.Balance, times: DisplayTimes) -> str | None:
    return times.day(balance.credits_expire_time) if balance.HasField("credits_expire_time") else None


def credits_expire_at(balance: ledger.GetBalanceResponse, times: DisplayTimes) -> str | None:
    """When all credits of the user expire; null when they do not."""
    return times.stamp(balance.credits_expire_time) if balance.HasField("credits_expire_time") else None


def me(user: user_pb2.User, balance: ledger.GetBalanceResponse, times: DisplayTimes) -> MeOut:
    """The calling user with what they can spend."""
    return {
        "uuid": user.uuid,
        "phone": user.phone,
        "username": username(user),
        "role": role(user),
        "status": status(user),
        "credits_balance": balance.available_credits,
        "credits_expire_at": credits_expire_at(balance, times),
        "created_at": times.stamp(user.create_time),
        "last_login": times.stamp(user.last_login_time) if user.HasField("last_login_time") else None,
    }
