from flask import Blueprint, abort, current_app, jsonify

from functions.products import all_products, find_product

products = Blueprint("products", __name__)


@products.get("")
def index():
    return jsonify(currency=current_app.config["CURRENCY"], products=all_products())


@products.get("/<int:product_id>")
def show(product_id):
    product = find_product(product_id)
    if product is None:
        abort(404)
    return jsonify(product)
