"""A stand-in for the `moothall` command, for tests of the demo's own conduct.

Keeps what it is told in files beside the homes and agrees with everything at once. STAND_IN_FAULT
makes it misbehave: `refuse` (Eva's listings), `die` (Ben's node, soon after it is ready),
`linger` (Ben's node, deaf to SIGINT), `deaf` (nobody ever gets on the roll).
"""

import csv
import http.server
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path


def answer(value: dict[str, object]) -> None:
    print(json.dumps(value), flush=True)


def run(home: Path, titles: Path, fault: str) -> None:
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(titles.read_text().encode())

        def log_message(self, *_: object) -> None:
            pass

    shop = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    if fault == "linger" and home.name == "ben":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    address = f"http://127.0.0.1:{shop.server_port}"
    (home / "pid").write_text(str(os.getpid()))
    answer({"peer": "p", "addresses": [], "desk": f"{address}/login/{'x' * 40}", "shop": address})
    if fault == "die" and home.name == "ben":
        sys.exit("Ben's disk is full.")
    while True:
        time.sleep(60)


def main(arguments: list[str]) -> None:
    home, (command, *rest) = Path(arguments[1]), arguments[3:]
    fault = os.environ.get("STAND_IN_FAULT", "")
    people, titles = home.parent / "people", home.parent / "titles"
    match command, rest:
        case ("found", _) | ("join", _):
            home.mkdir()
            with people.open("a") as file:
                file.write(home.name + "\n")
            titles.touch()
            answer({"community": "c", "person": home.name, "device": "d", "status": "waiting"})
        case "run", _:
            run(home, titles, fault)
        case "invite", _:
            answer({"links": ["moothall:join?x"], "link": "moothall:join?x"})
        case "member", _:
            status = "waiting" if fault == "deaf" else "member"
            names = people.read_text().split()
            answer({"members": [{"person": n, "name": n, "status": status} for n in names]})
        case "listing", ["add", "--title", title, *_]:
            if fault == "refuse" and home.name == "eva":
                print('{"error": "refused", "message": "Not today."}', file=sys.stderr)
                sys.exit(1)
            with titles.open("a") as file:
                file.write(title + "\n")
            answer({"listing": {"id": "1", "title": title}})
        case "listing", ["import", file_name]:
            with Path(file_name).open(newline="") as source:
                new = [row["Title"] for row in csv.DictReader(source) if row["Title"]]
            with titles.open("a") as file:
                file.write("\n".join(new))
            answer({"created": len(new), "errors": []})
        case "listing", ["list"]:
            answer({"listings": [], "total": len(titles.read_text().splitlines())})
        case _:
            answer({"digest": "same"})


main(sys.argv[1:])
