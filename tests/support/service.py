"""A service in memory, whose map routes one bucket to two distributions."""

from purgemap.pipeline import Service
from purgemap.routemap.compiled import RouteMap
from purgemap.routing.router import Router
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.ids import E1, E2

MAP = f"""
version: 1
routes:
  - {{name: all, bucket: site, distributions: [{E1}]}}
  - {{name: docs, bucket: site, prefix: docs/, distributions: [{E2}]}}
"""


def build_service(routes: RouteMap, cloudfront: MemoryCloudFront, queue: MemoryQueue | None = None) -> Service:
    return Service(routes, Router(routes), cloudfront, queue, queue)
