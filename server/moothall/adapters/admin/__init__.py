"""HTTP handlers of the secretariat's pages, of staff links and of imports; and the socket for commands on this
machine.
"""
