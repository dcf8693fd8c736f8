"""What is said to whoever started us, and commands that are run for them."""

import subprocess
import sys
import time


class Failure(Exception):
    """Why something ends without having done its work, in one plain sentence."""


def say(text):
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)


def run(command, account=None, **options):
    """Runs COMMAND to its end and returns what it printed; what it printed is the failure's text."""
    if "input" not in options:
        options.setdefault("stdin", subprocess.DEVNULL)
    command = [str(it) for it in command]
    done = subprocess.run(command,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **(account or {}), **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command[:2])} ended with {done.returncode}: {done.stdout.strip()[-2000:]}")
    return done.stdout


def main(function):
    """Runs a command line's function; a failure is one sentence and exit code 1."""
    try:
        sys.exit(function())
    except Failure as failure:
        print(failure, file=sys.stderr)
        sys.exit(1)
