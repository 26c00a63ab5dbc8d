"""TLS and HTTP/2 as the real services speak them: Debian's nginx, with its own defaults, in front of
the simulated world.

Its certificate comes from an authority made for the row. Streaky verifies it like any other: the
process runs in a mount namespace of its own in which the system's list of authorities has one more.
"""
import os
import pathlib
import subprocess

import processes

SYSTEM_AUTHORITIES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")

CONFIGURATION = """
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections {connections}; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  client_max_body_size 8m;
  upstream world {{
    server 127.0.0.1:{world};
    keepalive 512;
    keepalive_requests 1000000;
  }}
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    location / {{
      proxy_pass http://world;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffers 16 64k;
      proxy_read_timeout 120s;
    }}
  }}
}}
"""


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise processes.Failed(f"openssl {arguments[0]}: {done.stderr.strip()[-200:]}")


def make_certificates(folder):
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", folder / "ca.key", "-out", folder / "ca.pem",
            "-days", 2, "-subj", "/CN=Streaky benchmark")
    openssl("req", *key, "-keyout", folder / "server.key", "-out", folder / "server.csr",
            "-subj", "/CN=127.0.0.1")
    extensions = folder / "server.ext"
    extensions.write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.pem", "-CAkey",
            folder / "ca.key", "-days", 2, "-out", folder / "server.pem", "-extfile", extensions)
    system = SYSTEM_AUTHORITIES.read_text() if SYSTEM_AUTHORITIES.exists() else ""
    (folder / "authorities.pem").write_text(system + (folder / "ca.pem").read_text())


def start(place, world):
    """Gives the origin to use instead of the world's."""
    make_certificates(place.folder)
    port = processes.free_port()
    configuration = place.folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(
        folder=place.folder, world=world.port, port=port, connections=8192, files=20000))
    nginx = place.start("nginx", ["/usr/sbin/nginx", "-c", configuration, "-e",
                                  place.folder / "nginx-error.log"])
    origin = f"https://127.0.0.1:{port}"

    def answers():
        if nginx.poll() is not None:
            raise processes.Failed("nginx ended: " + nginx.log.read_text()[-300:])
        return subprocess.run(["curl", "-fs", "--cacert", place.folder / "ca.pem", "-o",
                               "/dev/null", f"{origin}/control/stats"]).returncode == 0

    processes.until("nginx", answers)
    return origin


def trusting(place):
    """What to put before a command so that it trusts the row's authority."""
    namespace = ["unshare", "--mount"]
    if os.geteuid() != 0:
        namespace.append("--map-root-user")
    script = f'mount --bind "$0" {SYSTEM_AUTHORITIES} && exec "$@"'
    return [*namespace, "sh", "-c", script, place.folder / "authorities.pem"]
