#!/bin/sh
# Writes users.acl with a password in it (its SHA-256: Redis needs no more) to standard output.
#
#   make-users.sh [PREFIX] < PASSWORD > /etc/redis/users.acl
#
# PREFIX is the service's RESEARCHFLOW_REDIS_PREFIX, if it has another than ros:
# The password has 32 characters or more: `openssl rand -hex 32` makes a good one.
set -eu

prefix=${1:-ros:}
case $prefix in
*[!A-Za-z0-9:._-]*)
    echo "make-users.sh: a prefix has letters, digits and : . _ - alone" >&2
    exit 2
    ;;
esac

password=$(cat)
if [ ${#password} -lt 32 ]; then
    echo "make-users.sh: the password has fewer than 32 characters" >&2
    exit 2
fi
digest=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)

exec sed -e "s/#SHA256-OF-THE-PASSWORD/#$digest/" -e "s/\([~&]\)ros:/\1$prefix/g" "$(dirname "$0")/users.acl"
