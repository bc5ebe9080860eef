"""How pages are made: templates, catalogues, static files, forms, and texts that several pages share."""
