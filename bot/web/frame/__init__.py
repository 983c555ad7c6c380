"""What all pages share: who asks and for what, templates, refusals, pictures of people. Knows FastAPI and Jinja2."""
