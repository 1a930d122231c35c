from .database import get_db, query

COLUMNS = """
    SELECT orders.id, orders.user_id, orders.product_id, orders.state, orders.ordered_at,
           products.name AS product, products.price_cents
    FROM orders JOIN products ON products.id = orders.product_id
"""


def latest_orders(limit, state=None):
    if state:
        return query(COLUMNS + "WHERE state = ? ORDER BY orders.id DESC LIMIT ?", state, limit)
    return query(COLUMNS + "ORDER BY orders.id DESC LIMIT ?", limit)


def find_order(order_id):
    found = query(COLUMNS + "WHERE orders.id = ?", order_id)
    return found[0] if found else None


def place_order(product_id, user_id):
    """Returns the new order's number, or None when the product is sold out."""
    db = get_db()
    with db:
        sold = db.execute(
            "UPDATE products SET stock = stock - 1 WHERE id = ? AND stock > 0", (product_id,)
        )
        if sold.rowcount == 0:
            return None
        order = db.execute(
            "INSERT INTO orders (product_id, user_id) VALUES (?, ?)", (product_id, user_id)
        )
    return order.lastrowid
