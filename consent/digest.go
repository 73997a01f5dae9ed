package consent

// WantsAssetDigest reports whether the judgement of these facts needs the digest of the whole file
// ([Facts.AssetSHA256]): a sidecar is bound by it, and so is a clearance of the file itself. Reading a file a second
// time only for that is left to the caller.
func WantsAssetDigest(f *Facts) bool {
	if f.Sidecar != "" {
		return true
	}
	for _, d := range declarations(f.Assertion, f.Assertions) {
		a, err := ParseAssertion(d.Bytes, d.CBOR)
		if err != nil {
			continue
		}
		for _, ref := range a.Tokens {
			raw, _ := ref.text(f) // one that is not at hand is empty, and no token
			if t, err := ReadToken(raw); err == nil && t.Consent != nil && t.Consent.Asset != nil && t.Consent.Asset.Of == "file" {
				return true
			}
		}
	}
	return false
}
