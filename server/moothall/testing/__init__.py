"""Fakes of every port, shipped so that users test with what we test with."""
