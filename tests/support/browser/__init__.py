"""Pages in Chromium or Node.js: what is shown, said, and wrong by the rules of accessibility."""
