"""The supervisor behind `aisle up`: it makes what a first start needs, starts the parts, and watches them."""
