"""Asking over HTTP, with a certificate of our own where one is given."""

import json
import ssl
import urllib.error
import urllib.request


def ask(url, authority=None, timeout=5):
    """Status and text of an answer; status 0 and why, if there is none."""
    context = ssl.create_default_context(cafile=str(authority)) if authority else None
    try:
        with urllib.request.urlopen(url, timeout=timeout, context=context) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (OSError, ValueError) as error:
        return 0, str(error)


def ask_json(url, authority=None):
    """Status and value of an answer; the value is None if it is not JSON."""
    status, text = ask(url, authority)
    try:
        return status, json.loads(text)
    except ValueError:
        return status, None
