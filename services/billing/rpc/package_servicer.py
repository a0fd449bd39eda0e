"""PackageService."""

from __future__ import annotations

from kit.rpc.context import require_principal
from kit.rpc.server import Context
from kit.rpc.times import timestamp_of
from services.billing.rpc.package_mapping import creation_from_proto, given_from_proto, package_to_proto
from services.billing.usecases.packages import Packages
from voxreel.billing.v1 import package_service_pb2 as pb
from voxreel.billing.v1 import package_service_pb2_grpc


class PackageServicer(package_service_pb2_grpc.PackageServiceServicer):
    """Packages: seen by everybody, changed by administrators."""

    def __init__(self, packages: Packages) -> None:
        self._packages = packages

    async def ListPackages(self, _request: pb.ListPackagesRequest, _context: Context) -> pb.ListPackagesResponse:
        return pb.ListPackagesResponse(packages=map(package_to_proto, await self._packages.list_all()))

    async def CreatePackage(self, request: pb.CreatePackageRequest, _context: Context) -> pb.CreatePackageResponse:
        package = await self._packages.create(creation_from_proto(request, require_principal().user_id))
        return pb.CreatePackageResponse(package=package_to_proto(package))

    async def UpdatePackage(self, request: pb.UpdatePackageRequest, _context: Context) -> pb.UpdatePackageResponse:
        given, operator = given_from_proto(request.terms), require_principal().user_id
        package = await self._packages.change(request.key, given, operator)
        return pb.UpdatePackageResponse(package=package_to_proto(package))

    async def DeletePackage(self, request: pb.DeletePackageRequest, _context: Context) -> pb.DeletePackageResponse:
        package, deleted = await self._packages.delete(request.key, require_principal().user_id)
        return pb.DeletePackageResponse(package=package_to_proto(package), delete_time=timestamp_of(deleted))
