"""The sign-in of staff with an account of their own house, by OpenID Connect."""
