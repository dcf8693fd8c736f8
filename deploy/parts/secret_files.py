"""Secrets as files, one each, readable to who needs it alone; made once, never overwritten."""

import os
import secrets
from pathlib import Path
from string import Template

from . import accounts
from .place import INFRASTRUCTURE
from .terminal import run


class SecretFiles:
    """A folder of secrets. OWNERS says whose each is (a user's name or number); else ours."""

    def __init__(self, folder, owners):
        self.folder, self.owners = Path(folder), owners

    def read(self, name):
        return (self.folder / name).read_text().strip()

    def write(self, name, text):
        """Writes a secret unless there is one; nobody else can read it at any moment."""
        path = self.folder / name
        if path.exists():
            return
        draft = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(draft, "w") as file:
            file.write(text)
        self.hand_over(path.with_suffix(".new"), name)
        path.with_suffix(".new").rename(path)

    def hand_over(self, path, name):
        owner = self.owners(name)
        if isinstance(owner, int):
            os.chown(path, owner, owner)
        elif owner:
            accounts.give(path, owner)

    def make(self, database, redis):
        """Every secret of the service. DATABASE and REDIS are `host:port`, as the service reaches them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("secret_key", "ledger_key", "postgres_password", "redis_password"):
            self.write(name, secrets.token_hex(32) + "\n")
        password, redis_password = self.read("postgres_password"), self.read("redis_password")
        self.write("bootstrap_admin", f"admin@example.org:{secrets.token_urlsafe(24)}\n")
        self.write("database_url", f"postgres://researchflow:{password}@{database}/researchflow\n")
        self.write("redis_url", f"rediss://researchflow:{redis_password}@{redis}\n")
        userlist = (INFRASTRUCTURE / "pgbouncer/userlist.txt.template").read_text()
        self.write("pgbouncer_userlist", Template(userlist).substitute(password=password))
        users = run([INFRASTRUCTURE / "redis/make-users.sh"], input=redis_password)
        self.write("redis_users", users)

    def make_certificates(self, redis_names, web_names):
        """An authority of our own, and what it vouches for: Redis and, until a real one is put in its
        place, nginx."""
        if not (self.folder / "ca.key").exists():
            run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", "3650", "-subj", "/CN=ResearchFlow stack", "-addext", "keyUsage=critical,keyCertSign",
                 "-keyout", self.folder / "ca.key", "-out", self.folder / "ca.crt"])
            (self.folder / "ca.key").chmod(0o600)
            (self.folder / "ca.crt").chmod(0o644)
        self.certify("redis.crt", "redis.key", redis_names)
        self.certify("tls.crt", "tls.key", web_names)

    def certify(self, certificate, key, names):
        certificate, key = self.folder / certificate, self.folder / key
        if certificate.exists():
            return
        alternatives = ",".join(names)
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "825", "-subj", "/CN=researchflow", "-addext", f"subjectAltName={alternatives}",
             "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth",
             "-CA", self.folder / "ca.crt", "-CAkey", self.folder / "ca.key", "-keyout", key, "-out", certificate])
        certificate.chmod(0o644)
        key.chmod(0o600)
        self.hand_over(key, key.name)
