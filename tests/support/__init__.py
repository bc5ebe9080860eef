"""Code that tests share, in packages by what they set up. Nothing here is part of the product."""
