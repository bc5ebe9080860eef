"""Which events a removal of words has to erase, and to which logs lines were moved."""
