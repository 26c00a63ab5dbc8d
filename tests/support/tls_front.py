"""TLS and HTTP/2 as the real services speak them: Debian's nginx, with its own defaults, in front of
the simulated world. For the tests and for the benchmark.

The certificate comes from an authority of its own. Streaky verifies it like any other: where it is
to be trusted, the process runs in a mount namespace in which the system's list of authorities has
one more.
"""
import os
import pathlib
import subprocess

SYSTEM_AUTHORITIES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")

CONFIGURATION = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-fastcgi;
  uwsgi_temp_path {folder}/nginx-uwsgi;
  scgi_temp_path {folder}/nginx-scgi;
  client_max_body_size 8m;
  keepalive_requests {requests};
  upstream world {{
    server 127.0.0.1:{world};
    keepalive 512;
    keepalive_requests 1000000;
  }}
  server {{
    listen 127.0.0.1:{port} ssl {protocol};
    ssl_certificate {folder}/server.pem;
    ssl_certificate_key {folder}/server.key;
    ssl_protocols {tls};
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
    subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=True)


def make_certificates(folder, name="IP:127.0.0.1", days=2):
    """An authority, and a server's certificate for `name`; `days` below 0 has ended already."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", folder / "ca.key", "-out", folder / "ca.pem",
            "-days", 2, "-subj", "/CN=Streaky's own authority")
    openssl("req", *key, "-keyout", folder / "server.key", "-out", folder / "server.csr",
            "-subj", "/CN=world")
    extensions = folder / "server.ext"
    extensions.write_text(f"subjectAltName={name}\n")
    openssl("x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.pem", "-CAkey",
            folder / "ca.key", "-days", days, "-out", folder / "server.pem", "-extfile", extensions)
    system = SYSTEM_AUTHORITIES.read_text() if SYSTEM_AUTHORITIES.exists() else ""
    (folder / "authorities.pem").write_text(system + (folder / "ca.pem").read_text())


def command(folder, world, port, http2=True, requests=1000, tls="TLSv1.2 TLSv1.3"):
    """What to start. `requests` is how many a connection serves before nginx ends it."""
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(
        folder=folder, world=world, port=port, protocol="http2" if http2 else "", tls=tls,
        requests=requests))
    return ["/usr/sbin/nginx", "-c", str(configuration), "-e", str(folder / "nginx-error.log")]


def answers(port):
    """Whether it takes connections, whatever its certificate is worth."""
    return subprocess.run(["curl", "-fsk", "-o", "/dev/null",
                           f"https://127.0.0.1:{port}/control/stats"]).returncode == 0


def trusting(folder):
    """What to put before a command so that it trusts the authority made in `folder`."""
    namespace = ["unshare", "--mount"]
    if os.geteuid() != 0:
        namespace.append("--map-root-user")
    script = f'mount --bind "$0" {SYSTEM_AUTHORITIES} && exec "$@"'
    return [*namespace, "sh", "-c", script, str(folder / "authorities.pem")]
