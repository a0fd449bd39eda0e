"""nginx as the peer of `bench.files`: uploads by PUT, downloads by sendfile, in one process."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.listening import wait_for_listener

# One process without a master keeps its user, so that it may write where the bench does.
_CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/unused;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    client_max_body_size 0;
    sendfile on;
    tcp_nopush on;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/root;
        location / {{
            dav_methods PUT;
        }}
    }}
}}
"""


@contextlib.contextmanager
def running_nginx(program: str, folder: Path) -> Iterator[tuple[int, int]]:
    """Its port and process id. Raises TimeoutError when it does not listen."""
    (folder / "root").mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, port=port))
    process = subprocess.Popen([program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)])
    try:
        wait_for_listener(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(10)
