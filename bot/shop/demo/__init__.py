"""The demo shop Larch & Loom: files a shop owner can read, and what loads them."""
