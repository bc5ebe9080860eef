"""Commands about records: importing those of past meetings, and saying who may read them."""
