"""What the protocols of venues that quote in KRW have in common; where they differ is each venue's own."""
