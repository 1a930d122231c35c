import os
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, flash, redirect, render_template, request, url_for

from client import Neighbour

app = Flask(__name__)
app.secret_key = os.environ.get("SECRET_KEY", "only for development")

catalog = Neighbour("catalog", os.environ.get("CATALOG_URL", "http://localhost:5000"))
users = Neighbour("users", os.environ.get("USERS_URL", "http://localhost:5002"))
billing = Neighbour("billing", os.environ.get("BILLING_URL", "http://localhost:5001"))

QUESTIONS = {
    "products": (catalog, "/products"),
    "orders": (catalog, "/orders"),
    "work": (catalog, "/status"),
    "users": (users, "/users"),
    "accounts": (users, "/status"),
    "invoices": (billing, "/invoices"),
}


def ask_everybody():
    """What the others say, and for each of them what is wrong with it, if anything."""
    with ThreadPoolExecutor(len(QUESTIONS)) as pool:
        asked = {
            name: pool.submit(neighbour.get, path) for name, (neighbour, path) in QUESTIONS.items()
        }
    answers, problems = {}, {}
    for name, future in asked.items():
        answers[name], error = future.result()
        neighbour = QUESTIONS[name][0]
        problems[neighbour] = problems.get(neighbour) or error
    return answers, problems


@app.template_filter("money")
def money(cents):
    return f"{cents / 100:,.2f} €"


@app.get("/")
def index():
    answers, problems = ask_everybody()
    people = answers["users"].get("users", [])
    return render_template(
        "index.html",
        products=answers["products"].get("products", []),
        orders=answers["orders"].get("orders", []),
        people=people,
        names={person["id"]: person["name"] for person in people},
        accounts=answers["accounts"],
        invoices=answers["invoices"],
        worker_seen=answers["work"].get("seconds_since", {}).get("worker"),
        problems=problems,
    )


@app.post("/orders")
def order():
    wanted = {
        "product_id": int(request.form["product_id"]),
        "user_id": int(request.form["user_id"]),
    }
    placed, error = catalog.post("/orders", wanted)
    flash(f"Not ordered: {error}" if error else f"Ordered: {placed['product']}")
    return redirect(url_for("index"))


@app.get("/healthz")
def healthz():
    return "ok\n"


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", 5003)))
