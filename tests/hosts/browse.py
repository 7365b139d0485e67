"""A browser of one visit: opens addresses one after the other and prints what the last one gave.

One JSON object: status, final address, the body's length in bytes, its SHA-256, and it as text.
Cookies are kept from one address to the next, and redirects followed.
"""

from __future__ import annotations

import hashlib
import json
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar

SECONDS = 30.0  # for one answer

if __name__ == "__main__":
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    for address in sys.argv[1:]:
        try:
            answer = opener.open(address, timeout=SECONDS)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            body = answer.read()
    told = {
        "status": answer.status,
        "address": answer.url,
        "length": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "text": body.decode(errors="replace"),
    }
    print(json.dumps(told))
