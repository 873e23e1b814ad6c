"""The whole product where there is no way out, with every attempt to leave written down."""
