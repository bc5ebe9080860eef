"""Pages in Chromium or Node.js: what they show, what they say, and where they break rules of accessibility."""
