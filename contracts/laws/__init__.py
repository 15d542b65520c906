"""Laws: named properties of a platform's business, checked over HTTP on any target, through the gate."""
