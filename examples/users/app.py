import os
import sqlite3
import time

from flask import Flask, abort, jsonify

DATABASE = os.environ.get("DATABASE", "../var/shop.sqlite3")
STARTED = time.time()

app = Flask(__name__)
app.config["SUPPORT_EMAIL"] = os.environ.get("SUPPORT_EMAIL", "nobody@localhost")
app.config["SIGNUPS_OPEN"] = os.environ.get("SIGNUPS_OPEN", "false") == "true"


def query(sql, *args):
    db = sqlite3.connect(DATABASE, timeout=5)
    db.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in db.execute(sql, args)]
    finally:
        db.close()


@app.route("/users")
def users():
    return jsonify(users=query("SELECT * FROM users ORDER BY name"))


@app.route("/users/<int:user_id>")
def user(user_id):
    found = query("SELECT * FROM users WHERE id = ?", user_id)
    if not found:
        abort(404)
    return jsonify(found[0])


@app.route("/status")
def status():
    count = query("SELECT count(*) AS number FROM users")[0]["number"]
    return jsonify(
        status="ok",
        users=count,
        signups_open=app.config["SIGNUPS_OPEN"],
        support=app.config["SUPPORT_EMAIL"],
        uptime_seconds=round(time.time() - STARTED),
    )


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", 5002)))
