"""The OpenAPI documents of the vendors, and the catalog that reads them."""
