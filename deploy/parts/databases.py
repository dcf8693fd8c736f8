"""Dumping and filling a database: PostgreSQL by its own programs, SQLite by Python's module."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from . import servers
from .terminal import Failure, run

TABLES = ("SELECT table_name FROM information_schema.tables "
          "WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1")


def of_stack(place):
    """The stack's PostgreSQL itself, not PgBouncer: pg_dump keeps a session's settings."""
    password = (place.secrets / "postgres_password").read_text().strip()
    return Postgres(f"postgres://researchflow:{password}@127.0.0.1:{place.port('postgres')}/researchflow")


def of_url(url):
    if url.startswith("sqlite://"):
        return Sqlite(url.removeprefix("sqlite://"))
    return Postgres(url)


class Postgres:
    """By libpq's variables, so that no password stands in a command line."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.environment = {**os.environ, "PGHOST": parts.hostname or "", "PGPORT": str(parts.port or 5432),
                            "PGUSER": unquote(parts.username or ""), "PGPASSWORD": unquote(parts.password or ""),
                            "PGDATABASE": parts.path.lstrip("/"), "PGCONNECT_TIMEOUT": "5"}
        self.programs = servers.programs()

    def query(self, text):
        out = run([f"{self.programs}/psql", "-XAt", "-v", "ON_ERROR_STOP=1", "-c", text], env=self.environment)
        return out.split()

    def is_empty(self):
        return not self.query(TABLES)

    def empty(self):
        self.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def counts(self):
        return {table: int(self.query(f'SELECT count(*) FROM "{table}"')[0]) for table in self.query(TABLES)}

    def dump(self, folder):
        """Dumps and counts the same moment: pg_dump uses the snapshot of the session that counts."""
        tables = self.query(TABLES)
        with self.session() as session:
            snapshot = session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;", "SELECT pg_export_snapshot();")
            run([f"{self.programs}/pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}",
                 f"--file={folder / 'database.dump'}"], env=self.environment)
            return {table: int(session.ask(f'SELECT count(*) FROM "{table}";')) for table in tables}

    def session(self):
        return Session([f"{self.programs}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], self.environment)

    def fill(self, folder):
        run([f"{self.programs}/pg_restore", "--exit-on-error", "--single-transaction", "--no-owner",
             "--dbname", self.environment["PGDATABASE"], folder / "database.dump"], env=self.environment)


class Session:
    """One psql that stays, for what has to happen in one transaction."""

    def __init__(self, command, environment):
        self.psql = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.psql.stdin.close()
        self.psql.wait()

    def ask(self, *statements):
        """Sends statements of which the last answers with one line."""
        self.psql.stdin.write("\n".join(statements) + "\n")
        self.psql.stdin.flush()
        answer = self.psql.stdout.readline().strip()
        if not answer:
            raise Failure("psql ended while the backup was made")
        return answer


class Sqlite:
    """A SQLite file. It may be in use while it is dumped; it must not exist when it is filled."""

    def __init__(self, path):
        self.path = Path(path)

    def is_empty(self):
        return not self.path.exists()

    def counts(self):
        return counts_of(self.path)

    def dump(self, folder):
        """`VACUUM INTO` reads one moment; what is counted is the copy."""
        if not self.path.exists():
            raise Failure(f"there is no file {self.path}")
        copy = folder / "database.db"
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        return counts_of(copy)

    def fill(self, folder):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / "database.db", self.path)
        self.path.chmod(0o600)


def counts_of(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1")
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names.fetchall()}
