"""What the process that decodes a stream can no longer do once it is confined."""

from __future__ import annotations

import subprocess
import sys

import pytest

CONFINED = """
import os, resource, socket, sys
from moothall.adapters.streams.child_messages import StreamRequest
from moothall.adapters.sound.decode_child import confine
from moothall.adapters.streams.landlock import connect_only_to
relay, other = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
ports = relay.getsockname()[1], other.getsockname()[1]
dials = sys.argv[1] == "dials"
if dials and not connect_only_to(ports[0]):
    print("no Landlock")
    sys.exit()
os.dup2(relay.fileno(), 10), os.dup2(other.fileno(), 11)
relay.close(), other.close()
order = StreamRequest(dials=dials)
confine(order, resource.RLIM_INFINITY, order.descriptors)
def attempt(what, act):
    try:
        act()
    except OSError as error:
        print(what, type(error).__name__, flush=True)
    else:
        print(what, "worked", flush=True)
attempt("open", lambda: os.close(os.open("/etc/hostname", os.O_RDONLY)))
attempt("listen", lambda: socket.create_server(("127.0.0.1", 0)).close())
attempt("relay", lambda: socket.create_connection(("127.0.0.1", ports[0])).close())
attempt("other", lambda: socket.create_connection(("127.0.0.1", ports[1])).close())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are Linux's")
@pytest.mark.parametrize("how", ["bytes", "dials"])
def test_a_confined_process_reaches_its_relay_and_nothing_else(how: str) -> None:
    run = subprocess.run([sys.executable, "-c", CONFINED, how], capture_output=True, text=True, check=True)
    if run.stdout == "no Landlock\n":
        pytest.skip("this system has no Landlock, or one that knows nothing of networks (Linux 6.7)")
    said = dict(line.split(" ") for line in run.stdout.splitlines())
    if how == "bytes":
        assert set(said.values()) == {"OSError"}
    else:
        assert (said["relay"], said["other"], said["listen"]) == ("worked", "PermissionError", "PermissionError")
