from flask import Blueprint, abort, current_app, jsonify, request

from functions.orders import find_order, latest_orders, place_order

orders = Blueprint("orders", __name__)


@orders.get("")
def index():
    limit = current_app.config["ORDERS_SHOWN"]
    return jsonify(orders=latest_orders(limit, request.args.get("state")))


@orders.get("/<int:order_id>")
def show(order_id):
    order = find_order(order_id)
    if order is None:
        abort(404)
    return jsonify(order)


@orders.post("")
def create():
    wanted = request.get_json()
    order_id = place_order(wanted["product_id"], wanted["user_id"])
    if order_id is None:
        return jsonify(error="sold out"), 409
    current_app.logger.info("order %s: product %s", order_id, wanted["product_id"])
    return jsonify(find_order(order_id)), 201
