"""Whether a decision was ever made on quotes of somebody who did not own their coin any more."""
