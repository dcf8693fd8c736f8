"""PostgreSQL, PgBouncer, Redis and nginx of a native stack, from the files in infrastructure/."""

import glob
import os
import shutil
import signal
import socket
import subprocess

from . import accounts, process
from .accounts import account
from .place import INFRASTRUCTURE
from .terminal import Failure, run

# Stopping goes the other way round: who asks before who answers.
ORDER = ("postgres", "pgbouncer", "redis", "nginx")
# PostgreSQL ends sessions and itself; PgBouncer and nginx at once.
STOP = {"postgres": signal.SIGINT, "pgbouncer": signal.SIGTERM, "redis": signal.SIGTERM, "nginx": signal.SIGTERM}


def programs():
    """The folder of PostgreSQL's programs: Debian's newest, else wherever initdb is."""
    debian = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    newest = max(debian, key=lambda path: int(path.split("/")[4]), default=shutil.which("initdb"))
    if newest is None:
        raise Failure("PostgreSQL's initdb is missing; scripts/prerequisites stack installs it")
    return os.path.dirname(newest)


def start_all(place, secrets):
    for name in ORDER:
        start(place, secrets, name)


def start(place, secrets, name):
    """Starts one of them, unless it runs, and waits until it can be connected to."""
    known = place.state["servers"].get(name)
    if known and process.is_alive(known):
        return
    started = {"postgres": postgres, "pgbouncer": pgbouncer, "redis": redis, "nginx": nginx}[name](place, secrets)
    place.state["servers"][name] = started
    place.save()
    port = place.port({"nginx": "https"}.get(name, name))
    if not process.wait(lambda: connects(port) or not process.is_alive(started), 20) or not process.is_alive(started):
        log = (place.logs / f"{name}.log").read_text(errors="replace")[-2000:]
        raise Failure(f"{name} does not start:\n{log}")
    if name == "postgres":
        make_database(place, secrets)


def stop_all(place):
    for name in reversed(ORDER):
        known = place.state["servers"].pop(name, None)
        if known:
            process.stop(known, STOP[name], patience=20)
        place.save()


def postgres(place, secrets):
    data, user = place.private("postgres", accounts.POSTGRES), account(accounts.POSTGRES)
    if not (data / "PG_VERSION").exists():
        password = place.secrets / "initdb_password"
        password.write_text(secrets.read("postgres_password"))
        password.chmod(0o600)
        accounts.give(password, accounts.POSTGRES)
        run([f"{programs()}/initdb", "-A", "scram-sha-256", "--data-checksums", "-U", "researchflow", "-E", "UTF8",
             "--locale=C.UTF-8", f"--pwfile={password}", "-D", data], user, cwd=data)
        password.unlink()
        shutil.copy(INFRASTRUCTURE / "postgres/postgresql.conf", data / "researchflow.conf")
        accounts.give(data / "researchflow.conf", accounts.POSTGRES)
        with open(data / "postgresql.conf", "a") as file:
            file.write("\ninclude 'researchflow.conf'\n")
    # A stack is for trying: it takes less memory than the file asks for, and nothing else differs.
    here = [f"port={place.port('postgres')}", "listen_addresses=127.0.0.1", f"unix_socket_directories={data}",
            "shared_buffers=128MB"]
    arguments = [it for setting in here for it in ("-c", setting)]
    return process.start([f"{programs()}/postgres", "-D", data, *arguments], place.logs / "postgres.log", user, data)


def make_database(place, secrets):
    address = ["-h", "127.0.0.1", "-p", place.port("postgres"), "-U", "researchflow"]
    environment = {**os.environ, "PGPASSWORD": secrets.read("postgres_password")}
    ready = [str(it) for it in [f"{programs()}/pg_isready", "-q", *address, "-d", "postgres"]]
    process.wait(lambda: subprocess.run(ready).returncode == 0, 20)
    exists = "SELECT 1 FROM pg_database WHERE datname = 'researchflow'"
    if not run([f"{programs()}/psql", "-XAt", *address, "-d", "postgres", "-c", exists], env=environment).strip():
        run([f"{programs()}/createdb", *address, "researchflow"], env=environment)


def pgbouncer(place, secrets):
    folder = place.private("pgbouncer", accounts.PGBOUNCER)
    shutil.copy(INFRASTRUCTURE / "pgbouncer/pgbouncer.ini", folder)
    (folder / "place.ini").write_text(
        f"listen_addr = 127.0.0.1\nlisten_port = {place.port('pgbouncer')}\nunix_socket_dir =\n\n"
        f"[databases]\nresearchflow = host=127.0.0.1 port={place.port('postgres')} dbname=researchflow\n")
    shutil.copy(secrets.folder / "pgbouncer_userlist", folder / "userlist.txt")
    for file in folder.iterdir():
        accounts.give(file, accounts.PGBOUNCER)
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    return process.start([program, "pgbouncer.ini"], place.logs / "pgbouncer.log", account(accounts.PGBOUNCER), folder)


def redis(place, secrets):
    """TLS alone, one user. What depends on the place stands after the rest and wins."""
    folder = place.private("redis", accounts.REDIS)
    for name in ("redis.crt", "redis.key", "ca.crt"):
        shutil.copy(secrets.folder / name, folder)
    shutil.copy(secrets.folder / "redis_users", folder / "users.acl")
    common = (INFRASTRUCTURE / "redis/redis.conf").read_text()
    (folder / "redis.conf").write_text(
        f"{common}\nport 0\ntls-port {place.port('redis')}\nbind 127.0.0.1\ndir {folder}\ndaemonize no\n"
        f"aclfile {folder}/users.acl\ntls-cert-file {folder}/redis.crt\ntls-key-file {folder}/redis.key\n"
        f"tls-ca-cert-file {folder}/ca.crt\n")
    for file in folder.iterdir():
        accounts.give(file, accounts.REDIS)
    return process.start(["redis-server", folder / "redis.conf"], place.logs / "redis.log", account(accounts.REDIS), folder)


def nginx(place, secrets):
    """The checked-in file as it is; place/ says where it listens and whom it calls."""
    folder = place.private("nginx", accounts.NGINX)
    for name in ("run", "place"):
        (folder / name).mkdir(exist_ok=True)
    shutil.copy(INFRASTRUCTURE / "nginx/nginx.conf", folder)
    for name in ("tls.crt", "tls.key"):
        shutil.copy(secrets.folder / name, folder / name)
    (folder / "tls.key").chmod(0o600)
    (folder / "place/listen.conf").write_text(
        f"listen 127.0.0.1:{place.port('https')} ssl http2;\n"
        f"ssl_certificate {folder}/tls.crt;\nssl_certificate_key {folder}/tls.key;\n")
    (folder / "place/plain.conf").write_text(f"listen 127.0.0.1:{place.port('http')};\n")
    (folder / "place/log.conf").write_text(f"access_log {folder}/access.log json;\n")
    if not (folder / "place/upstream.conf").exists():
        # Nobody yet: the service is started next.
        (folder / "place/upstream.conf").write_text("server 127.0.0.1:1;\n")
    for path in folder.rglob("*"):
        accounts.give(path, accounts.NGINX)
    return process.start(nginx_command(place, "daemon off;"), place.logs / "nginx.log", account(accounts.NGINX), folder)


def nginx_command(place, directives=None, *arguments):
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    said = ["-g", directives] if directives else []
    return [program, "-e", "stderr", "-p", place.nginx, "-c", place.nginx / "nginx.conf", *said, *arguments]


def connects(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
