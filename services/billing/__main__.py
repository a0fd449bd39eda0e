"""`python -m services.billing serve | worker | migrate | check-config`."""

from pathlib import Path

from kit.entrypoint import main
from services.billing.app import build
from services.billing.config import BillingConfig

if __name__ == "__main__":
    raise SystemExit(main("billing", BillingConfig, build, Path(__file__).parent / "migrations"))
