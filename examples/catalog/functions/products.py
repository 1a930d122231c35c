from .database import query


def all_products():
    return query("SELECT * FROM products ORDER BY name")


def find_product(product_id):
    found = query("SELECT * FROM products WHERE id = ?", product_id)
    return found[0] if found else None
