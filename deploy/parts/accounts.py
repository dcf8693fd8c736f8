"""As whom programs run: nobody's server needs to be root, and PostgreSQL and PgBouncer refuse it."""

import os
import pwd


def account(name):
    """Arguments for `subprocess`: as Debian's user NAME if we are root, else as ourselves."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam(name)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give(path, name):
    """Makes a file or folder belong to NAME, if we are root."""
    if os.getuid() == 0:
        user = pwd.getpwnam(name)
        os.chown(path, user.pw_uid, user.pw_gid)


POSTGRES = "postgres"
PGBOUNCER = "postgres"
REDIS = "redis"
NGINX = "www-data"
# Debian has no user for the service on a bare machine; this one owns nothing.
SERVICE = "daemon"
