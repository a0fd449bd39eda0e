"""Messages about packages from domain objects and back."""

from __future__ import annotations

from kit.rpc.times import timestamp_of
from services.billing.domain.packages import CreatePackage, CreditPackage, GivenTerms
from services.billing.package_terms import terms_to_proto
from voxreel.billing.v1 import package_service_pb2 as pb


def given_from_proto(given: pb.PackageTerms) -> GivenTerms:
    """What the message says."""
    return GivenTerms(
        display_name=given.display_name if given.HasField("display_name") else None,
        credits=given.credits if given.HasField("credits") else None,
        price_fen=given.price_fen if given.HasField("price_fen") else None,
        description=given.description if given.HasField("description") else None,
        discount_hundredths=given.discount_hundredths if given.HasField("discount_hundredths") else None,
        is_popular=given.is_popular if given.HasField("is_popular") else None,
        sort_order=given.sort_order if given.HasField("sort_order") else None,
        features=tuple(given.features.names) if given.HasField("features") else None,
        validity_days=given.validity_days if given.HasField("validity_days") else None,
    )


def creation_from_proto(request: pb.CreatePackageRequest, operator_user_id: int) -> CreatePackage:
    """Raises Invalid when the terms are not whole."""
    terms = given_from_proto(request.terms).as_terms()
    return CreatePackage(request.request_id, operator_user_id, request.key, terms)


def package_to_proto(package: CreditPackage) -> pb.CreditPackage:
    terms = package.terms
    return pb.CreditPackage(
        key=package.key,
        terms=terms_to_proto(terms),
        discount_hundredths=terms.shown_discount_hundredths,
        value_ratio_hundredths=terms.value_ratio_hundredths,
        original_price_fen=terms.original_price_fen,
        savings_fen=terms.savings_fen,
        create_time=timestamp_of(package.create_time),
        update_time=timestamp_of(package.update_time),
    )
