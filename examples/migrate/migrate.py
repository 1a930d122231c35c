"""Creates the shop's database and fills it. Running it again changes nothing."""

import os
import sqlite3
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATABASE = Path(os.environ.get("DATABASE", HERE.parent / "var" / "shop.sqlite3"))

PRODUCTS = [
    (1, "Darjeeling", "First flush, 100 g", 890, 24),
    (2, "Sencha", "From Kagoshima, 100 g", 1150, 12),
    (3, "Lapsang Souchong", "Smoked over pine, 100 g", 790, 30),
    (4, "Teapot", "Stoneware, 0.9 l", 3400, 5),
    (5, "Tea strainer", "Stainless steel", 650, 40),
]

USERS = [
    (1, "Ada Lindgren", "ada@example.com", "Uppsala"),
    (2, "Ben Okafor", "ben@example.com", "Leeds"),
    (3, "Chiara Conti", "chiara@example.com", "Turin"),
]

ORDERS = [(1, 1, 2), (2, 4, 1), (3, 3, 3)]


def main():
    DATABASE.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(DATABASE, timeout=10)
    with db:
        db.executescript((HERE / "schema.sql").read_text())
        db.executemany("INSERT OR IGNORE INTO products VALUES (?, ?, ?, ?, ?)", PRODUCTS)
        db.executemany("INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?)", USERS)
        db.executemany(
            "INSERT OR IGNORE INTO orders (id, product_id, user_id) VALUES (?, ?, ?)", ORDERS
        )
    for table in ("products", "users", "orders"):
        count = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        print(f"{table}: {count} rows")
    db.close()


if __name__ == "__main__":
    main()
