import os

from flask import Flask

from config import config
from functions.database import close_db
from routes.orders import orders
from routes.products import products
from routes.status import status


def create_app(config_name=None):
    app = Flask(__name__)
    name = config_name or os.environ.get("CATALOG_CONFIG", "development")
    app.config.from_object(config[name])
    app.json.sort_keys = False

    app.register_blueprint(status)
    app.register_blueprint(products, url_prefix="/products")
    app.register_blueprint(orders, url_prefix="/orders")
    app.teardown_appcontext(close_db)
    return app
