"""What venues that quote in KRW have in common: Upbit's protocol, but for a `ProtocolVariant`."""
