"""Reads records, one a line, sends each as it comes, and prints the verdict of each: "ok", or "refused" and a code.

    python3 examples/clients/python/send.py SOCKET [DEADLINE_MS] < records.ndjson
"""

import queue
import sys
import threading

from audit_client import AuditClient


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit("Usage: send.py SOCKET [DEADLINE_MS]")
    deadline_ms = int(sys.argv[2]) if len(sys.argv) == 3 else 5000
    audit = AuditClient(sys.argv[1], deadline=deadline_ms / 1000)
    verdicts: "queue.SimpleQueue" = queue.SimpleQueue()

    def show() -> None:
        for future in iter(verdicts.get, None):
            verdict = future.result()
            print("ok" if verdict.ok else f"refused {verdict.code}", flush=True)

    shown = threading.Thread(target=show)
    shown.start()
    for line in sys.stdin.buffer:
        if line.strip():
            verdicts.put(audit.send(line))
    verdicts.put(None)
    audit.close()
    shown.join()


main()
