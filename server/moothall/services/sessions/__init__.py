"""Sessions in memory, who may read them, staff links, the catalogue, records, reports of faults."""
