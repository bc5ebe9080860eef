"""The running server over asyncio: sessions, readers, desks, hubs, sound and engines. It reaches the outside by ports
only.
"""
