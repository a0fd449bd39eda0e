"""What is known of this engine without loading it."""

from importlib.util import find_spec

ENGINE_NAME = "yuv_tables"
MODEL_NAME = ""

_LIBRARIES = ("av", "cv2", "numpy")


def problems() -> tuple[str, ...]:
    """What keeps the engine from working, for the operator; empty if nothing does."""
    return tuple(f"library {name} is not installed" for name in _LIBRARIES if find_spec(name) is None)
