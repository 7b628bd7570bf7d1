"""Where sources come from and outputs go. The only package besides ``jobs`` that opens connections."""
