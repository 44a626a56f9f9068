"""A simulated Binance Spot: REST, market streams, WebSocket API and user data.

Source of every rule: binance/binance-spot-api-docs, state of 2026-07.
"""
