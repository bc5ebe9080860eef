"""A world map with dots: coastlines without borders, in the Natural Earth projection.

The projection is that of Tom Patterson in the polynomial form of Šavrič, Jenny, Patterson, Petrovič and Hurni, "A
polynomial equation for the Natural Earth projection" (2011). North is at the top, and the map is never mirrored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import msgspec

from moothall.core.pictures.drawing import Picture

WIDTH, HEIGHT = 720, 376
"""Size of the map of the whole earth, in SVG units."""
_X = (0.8707, -0.131979, -0.013791, 0.003971, -0.001529)
_Y = (1.007226, 0.015085, -0.044475, 0.028874, -0.005916)
_WIDEST = math.pi * _X[0]
_SCALE = WIDTH / (2 * _WIDEST)
MOST_DOTS = 1_000
"""Dots on one map. Overflow: later dots are not drawn."""
DOT = 7
"""Radius of a dot, in SVG units; dots at the edge are moved in by as much."""


class EarthPoint(msgspec.Struct, frozen=True):
    """A point on the earth in degrees; north and east are positive."""

    latitude: float
    longitude: float


class Dot(msgspec.Struct, frozen=True):
    """A dot on the map; `name` is shown when a pointer is on it."""

    place: EarthPoint
    name: str


def projected(place: EarthPoint) -> tuple[float, float]:
    """The (x, y) of a point on the map from its left and top, in SVG units. Values beyond the poles or the date line
    are clamped.
    """
    latitude = math.radians(min(max(place.latitude, -90.0), 90.0))
    longitude = math.radians(min(max(place.longitude, -180.0), 180.0))
    p2, p4 = latitude**2, latitude**4
    x = longitude * (_X[0] + _X[1] * p2 + p4 * (_X[2] + p4 * (_X[3] * p2 + _X[4] * p4)))
    y = latitude * (_Y[0] + p2 * (_Y[1] + p4 * (_Y[2] + _Y[3] * p2 + _Y[4] * p4)))
    return WIDTH / 2 + _SCALE * x, HEIGHT / 2 - _SCALE * y


def world_map(dots: Sequence[Dot], land: str) -> str:
    """The map with its dots; empty when there are no dots. `land`: the address of the SVG shape of all land."""
    if not dots:
        return ""
    picture = Picture(WIDTH, HEIGHT, rtl=False)
    picture.other(f'<use class="land" href="{escape(land)}"/>')
    for dot in dots[:MOST_DOTS]:
        x, y = projected(dot.place)
        picture.dot(min(max(x, DOT), WIDTH - DOT), min(max(y, DOT), HEIGHT - DOT), DOT, "dot", dot.name)
    return picture.svg("world")
