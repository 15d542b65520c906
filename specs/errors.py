"""What can be wrong with a set of documents."""


class CatalogError(ValueError):
    """Documents that cannot be served together, or an operation that lacks what the catalog needs.

    The message names the files, operations or components at fault.
    """
