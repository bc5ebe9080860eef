"""Make `web/map/land.svg`, the shape of all land on the map of hubs, from Natural Earth's coastlines in TopoJSON.

    python tools/coastlines.py land-110m.json > web/map/land.svg

The shape is in the projection of `moothall.core.pictures.world`, in tenths of the map's units, each point relative to
the one before. A point that is too near to the one before to be seen apart from it is left out.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec

from moothall.core.pictures.world import HEIGHT, WIDTH, EarthPoint, projected

TENTHS = 10
NEAR = 10
"""The shortest distance between two points that are kept, in tenths of a unit."""
Point = tuple[int, int]
Earthly = tuple[float, float]
"""Longitude and latitude, in degrees east and north."""


class _Transform(msgspec.Struct):
    scale: tuple[float, float]
    translate: tuple[float, float]


class _Shape(msgspec.Struct):
    arcs: list[list[list[int]]]
    """For each polygon its rings, each a list of arc numbers; `~n` is arc n, backwards."""


class _Shapes(msgspec.Struct):
    geometries: list[_Shape]


class _Objects(msgspec.Struct):
    land: _Shapes


class _Topology(msgspec.Struct):
    transform: _Transform
    objects: _Objects
    arcs: list[list[tuple[int, int]]]


def land(topology: _Topology) -> str:
    """Return the SVG path of all land."""
    arcs = [list(_points(arc, topology.transform)) for arc in topology.arcs]
    rings = (ring for shape in topology.objects.land.geometries for polygon in shape.arcs for ring in polygon)
    cut = (part for ring in rings for part in _on_the_map(list(_joined(arcs, ring))))
    return "".join(_ring([_tenths(*point) for point in part]) for part in cut)


def _joined(arcs: list[list[Earthly]], ring: list[int]) -> Iterator[Earthly]:
    for number in ring:
        yield from arcs[number] if number >= 0 else reversed(arcs[~number])


def _points(arc: list[tuple[int, int]], transform: _Transform) -> Iterator[Earthly]:
    x = y = 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        yield x * transform.scale[0] + transform.translate[0], y * transform.scale[1] + transform.translate[1]


def _on_the_map(ring: list[Earthly]) -> Iterator[list[Earthly]]:
    """Yield the parts of a ring that lie on the map: a ring that crosses the date line is cut
    there, a part at each edge.
    """
    unrolled, turns = ring[:1], 0
    for before, now in pairwise(ring):
        turns += (now[0] - before[0] < -180) - (now[0] - before[0] > 180)
        unrolled.append((now[0] + 360 * turns, now[1]))
    if turns:  # The ring goes around the south pole: there is no land at the other pole.
        unrolled += [(unrolled[-1][0], -90.0), (unrolled[0][0], -90.0)]
    for shift in (-360, 0, 360):
        moved = [(longitude + shift, latitude) for longitude, latitude in unrolled]
        part = _kept(_kept(moved, -180, 1), 180, -1)
        if part:
            yield part


def _kept(ring: list[Earthly], edge: float, sign: int) -> list[Earthly]:
    """Return the part of a ring to the east of a meridian for a positive sign, else to its west
    (Sutherland and Hodgman).
    """
    kept: list[Earthly] = []
    for before, now in zip([*ring[-1:], *ring[:-1]], ring, strict=True):
        inside, was = sign * (now[0] - edge) >= 0, sign * (before[0] - edge) >= 0
        if inside != was:
            share = (edge - before[0]) / (now[0] - before[0])
            kept.append((edge, before[1] + share * (now[1] - before[1])))
        if inside:
            kept.append(now)
    return kept


def _tenths(longitude: float, latitude: float) -> Point:
    across, down = projected(EarthPoint(latitude, longitude))
    return round(TENTHS * across), round(TENTHS * down)


def _ring(points: list[Point]) -> str:
    kept = points[:1]
    for x, y in points[1:]:
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= NEAR:
            kept.append((x, y))
    if len(kept) < 3:
        kept = points[:: max(1, len(points) // 3)]
    path = [f"M{kept[0][0]} {kept[0][1]}l"]
    for before, now in pairwise(kept):
        for n in (now[0] - before[0], now[1] - before[1]):
            path.append(f"{'' if n < 0 or path[-1].endswith('l') else ' '}{n}")
    return "".join(path) + "z"


def main() -> None:
    """Read the file named on the command line, and write the picture to standard output."""
    topology = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=_Topology)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    shape = f'<path id="land" transform="scale(.1)" d="{land(topology)}"/>'
    sys.stdout.write(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{shape}</svg>\n')


if __name__ == "__main__":
    main()
