"""Terms of packages as messages have them: replies and events say the same."""

from __future__ import annotations

from services.billing.domain.packages import PackageTerms
from voxreel.billing.v1 import package_service_pb2 as pb


def terms_to_proto(terms: PackageTerms) -> pb.PackageTerms:
    """Whole, but the discount only when an administrator set it."""
    return pb.PackageTerms(
        display_name=terms.display_name,
        description=terms.description,
        credits=terms.credits,
        price_fen=terms.price_fen,
        discount_hundredths=terms.discount_hundredths,
        is_popular=terms.is_popular,
        sort_order=terms.sort_order,
        features=pb.PackageFeatures(names=terms.features),
        validity_days=terms.validity_days,
    )
