import time

from flask import Blueprint, jsonify

from functions.database import query

status = Blueprint("status", __name__)


@status.get("/healthz")
def healthz():
    query("SELECT 1 FROM products LIMIT 1")
    return "ok\n"


@status.get("/status")
def show():
    counts = query("SELECT state, count(*) AS number FROM orders GROUP BY state")
    seen = query("SELECT name, seen_at FROM heartbeats")
    return jsonify(
        orders={row["state"]: row["number"] for row in counts},
        seconds_since={row["name"]: round(time.time() - row["seen_at"], 1) for row in seen},
    )
