"""The identity of a hub: how it pairs with the centre, and as which hub it is known there."""
