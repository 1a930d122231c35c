"""Has open orders charged, one after the other."""

import json
import os
import sqlite3
import time
import urllib.request

DATABASE = os.environ.get("DATABASE", "../var/shop.sqlite3")
BILLING_URL = os.environ.get("BILLING_URL", "http://localhost:5001")
PAUSE = 2


def charge(order_id):
    request = urllib.request.Request(
        BILLING_URL + "/charges",
        data=json.dumps({"order_id": order_id}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.load(response)


def work(db):
    """Handles the oldest open order; says whether there was one."""
    row = db.execute("SELECT id FROM orders WHERE state = 'open' ORDER BY id LIMIT 1").fetchone()
    if row is None:
        return False
    invoice = charge(row[0])
    with db:
        db.execute("UPDATE orders SET state = 'paid' WHERE id = ?", row)
    print(f"order {row[0]} paid, {invoice['number']}")
    return True


def beat(db):
    with db:
        db.execute("INSERT OR REPLACE INTO heartbeats VALUES ('worker', ?)", (time.time(),))


def main():
    db = sqlite3.connect(DATABASE, timeout=10)
    print(f"charging orders at {BILLING_URL}")
    while True:
        beat(db)
        try:
            busy = work(db)
        except OSError as error:
            print(f"billing does not answer, trying again: {error}")
            busy = False
        if not busy:
            time.sleep(PAUSE)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("bye")
