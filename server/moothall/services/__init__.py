"""What happens, as asyncio; it knows ports only."""
