import os

BASE = os.path.abspath(os.path.dirname(__file__))


class Config:
    DATABASE = os.environ.get("DATABASE", os.path.join(BASE, "..", "var", "shop.sqlite3"))
    CURRENCY = "EUR"
    ORDERS_SHOWN = 10


class DevelopmentConfig(Config):
    DEBUG = True


class TestingConfig(Config):
    TESTING = True
    DATABASE = ":memory:"


class ProductionConfig(Config):
    ORDERS_SHOWN = 50


config = {
    "development": DevelopmentConfig,
    "testing": TestingConfig,
    "production": ProductionConfig,
}
