"""Names of the platform's processes."""

SERVICES = ("auth", "billing", "files", "speech", "video")
EDGE = "edge"
APPS = (*SERVICES, EDGE)
BROKER = "nats"
# All apps in one process.
PLATFORM = "platform"


def module_of(app: str) -> str:
    """The package an app runs from: `python -m` of it starts the app."""
    return app if app == EDGE else f"services.{app}"
