"""What features cost, and packages of credits."""

from __future__ import annotations

from typing import Any

from edge.endpoint import Access, Endpoint, NoInput
from edge.platform_api.handlers import features, packages
from edge.platform_api.models.features import FeatureConfigsOut, FeaturePriceIn, FeaturePriceOut, FeaturesOut
from edge.platform_api.models.packages import (
    CreatePackageIn,
    DeletePackageIn,
    PackageConfigsOut,
    PackageCreatedOut,
    PackageDeletedOut,
    PackagesOut,
    PackageUpdatedOut,
    UpdatePackageIn,
)

TAG = "积分"

ENDPOINTS: tuple[Endpoint[Any], ...] = (
    Endpoint(
        method="GET",
        path="/api/user/credits/features",
        access=Access.USER,
        input=NoInput,
        handler=features.features,
        output=FeaturesOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/user/credits/packages",
        access=Access.USER,
        input=NoInput,
        handler=packages.packages,
        output=PackagesOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/user/admin/credits/features",
        access=Access.ADMIN,
        input=NoInput,
        handler=features.configured_features,
        output=FeatureConfigsOut,
        tag=TAG,
    ),
    Endpoint(
        method="PUT",
        path="/api/user/admin/credits/features/{feature_key}",
        access=Access.ADMIN,
        input=FeaturePriceIn,
        handler=features.change_price,
        output=FeaturePriceOut,
        tag=TAG,
    ),
    Endpoint(
        method="GET",
        path="/api/user/admin/credits/packages",
        access=Access.ADMIN,
        input=NoInput,
        handler=packages.configured_packages,
        output=PackageConfigsOut,
        tag=TAG,
    ),
    Endpoint(
        method="POST",
        path="/api/user/admin/credits/packages",
        access=Access.ADMIN,
        input=CreatePackageIn,
        handler=packages.create,
        output=PackageCreatedOut,
        tag=TAG,
        is_keyed=True,
    ),
    Endpoint(
        method="PUT",
        path="/api/user/admin/credits/packages/{package_key}",
        access=Access.ADMIN,
        input=UpdatePackageIn,
        handler=packages.update,
        output=PackageUpdatedOut,
        tag=TAG,
    ),
    Endpoint(
        method="DELETE",
        path="/api/user/admin/credits/packages/{package_key}",
        access=Access.ADMIN,
        input=DeletePackageIn,
        handler=packages.delete,
        output=PackageDeletedOut,
        tag=TAG,
    ),
)
