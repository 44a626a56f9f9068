"""What every store keeps, whatever it keeps it in: documents, holds, images, seals. Pure."""
