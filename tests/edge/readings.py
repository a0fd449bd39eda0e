"""Replies that the document only describes, as its examples might have shown them. Null stands for any kind."""

from __future__ import annotations

from collections.abc import Mapping

from edge.contract.reader import documented_endpoints

_DONE = {"message": "操作成功"}
_PROFILE, *_ = documented_endpoints()[("POST", "/api/user/register")].response_examples
_TASK = {"id": "", "task_type": "", "status": "", "title": "", "input_data": {}}
_PACKAGE = {
    "name": "基础套餐",
    "description": "适合轻度使用者",
    "credits": 1000,
    "price_cny": 10.0,
    "discount": 0,
    "popular": False,
    "features": ["TTS语音合成", "基础功能使用"],
    "validity_days": 365,
}
_TRANSACTION = {
    "id": 1,
    "transaction_type": "admin_recharge",
    "amount": 1000,
    "balance_before": 0,
    "balance_after": 1000,
    "card_code": None,
    "feature_key": None,
    "feature_name": None,
    "description": "充值",
    "operator_admin_username": "admin",
    "created_at": "2024-01-01T10:00:00",
    "user_id": 5,
    "user_account": "user123",
}
_CACHED = {
    "file_id": "uuid-t.txt",
    "file_type": "",
    "file_size": 3,
    "file_size_mb": 0.0,
    "original_filename": "t.txt",
    "is_temp": True,
    "created_at": "2024-01-01T10:00:00",
    "expires_at": None,
    "url": "/api/files/download/uuid-t.txt?storage_type=temp",
}
_MATERIALS = ("works", "digital-human", "background", "voice", "bgm")
_USER = "/api/user/admin/users/{user_id}"
_PACKAGES = "/api/user/admin/credits/packages"

READINGS: Mapping[tuple[str, str], object] = {
    **{("POST", f"/api/user/materials/{kind}/add"): _DONE for kind in _MATERIALS[1:]},
    **{("DELETE", f"/api/user/materials/{kind}/remove"): _DONE for kind in _MATERIALS},
    ("GET", "/api/user/admin/users"): {"users": [_PROFILE], "total": 2, "skip": 0, "limit": 10},
    ("PUT", _USER): _PROFILE,
    ("DELETE", _USER): _DONE,
    ("PUT", f"{_USER}/reset-password"): _DONE,
    ("PUT", f"{_USER}/credits"): {**_DONE, "user_id": 1, "balance_before": 0, "balance_after": 100},
    ("GET", "/api/user/admin/stats"): dict.fromkeys(
        (
            "total_users",
            "active_users",
            "admin_users",
            "new_users_today",
            "new_users_7_days",
            "total_credits_issued",
            "total_credits_consumed",
            "total_credits_held",
        ),
        1,
    ),
    ("GET", "/api/user/admin/credits-chart"): {
        "hours": 24,
        "points": [{"hour": "2024-01-01T10:00:00", "consumed": 25, "transactions": 2, "by_feature": {}}],
        "total_consumed": 25,
    },
    ("POST", _PACKAGES): {
        **_DONE,
        "package_key": "basic",
        "package": _PACKAGE,
        "created_by": "admin",
        "created_at": "2024-01-01T10:00:00",
    },
    ("PUT", _PACKAGES + "/{package_key}"): {
        **_DONE,
        "package_key": "basic",
        "package": _PACKAGE,
        "updated_by": "admin",
        "updated_at": "2024-01-01T10:00:00",
    },
    ("GET", "/api/search/transactions"): {
        "transactions": [_TRANSACTION],
        "total": 1,
        "page": 1,
        "page_size": 20,
        "total_pages": 1,
        "search_keyword": None,
        "filters_applied": {},
    },
    ("PUT", "/api/tts/voice/{voice_id}"): {"voice_id": "voice_123456", **_DONE},
    ("GET", "/api/files/cache/list"): {"files": [_CACHED], "total": 2, "limit": 1, "offset": 1},
    ("GET", "/api/files/cache/{file_id}"): _CACHED,
    ("DELETE", "/api/files/cache/{file_id}"): _DONE,
    ("GET", "/api/tasks/admin/all"): {"tasks": [{**_TASK, "user_id": 1}], "total": 1, "page": 1, "page_size": 1},
    ("PUT", "/api/tasks/{task_id}"): {**_TASK, "progress": 50, "current_step": "", "error_message": ""},
}
