"""Turns orders into invoices."""

import json
import os
import urllib.request

from flask import Flask, jsonify, request

CATALOG_URL = os.environ.get("CATALOG_URL", "http://localhost:5000")
VAT_PERCENT = 19

app = Flask(__name__)


def ask_catalog(path):
    with urllib.request.urlopen(CATALOG_URL + path, timeout=3) as response:
        return json.load(response)


def invoice(order):
    net = order["price_cents"]
    vat = round(net * VAT_PERCENT / 100)
    return {
        "number": f"INV-{order['id']:05d}",
        "order_id": order["id"],
        "product": order["product"],
        "net_cents": net,
        "vat_cents": vat,
        "total_cents": net + vat,
    }


@app.route("/invoices")
def invoices():
    paid = [invoice(order) for order in ask_catalog("/orders?state=paid")["orders"]]
    return jsonify(
        vat_percent=VAT_PERCENT,
        invoices=paid,
        total_cents=sum(entry["total_cents"] for entry in paid),
    )


@app.route("/charges", methods=["POST"])
def charge():
    order = ask_catalog(f"/orders/{request.get_json()['order_id']}")
    charged = invoice(order)
    print(f"{charged['number']}: {charged['product']}, {charged['total_cents'] / 100:.2f} EUR")
    return jsonify(charged), 201


@app.errorhandler(OSError)
def catalog_is_away(error):
    return jsonify(error=f"catalog does not answer: {error}"), 502


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5001, debug=True)
