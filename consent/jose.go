package consent

// Key is a public key that may sign tokens: Ed25519, P-256 or P-384.
type Key struct {
	Type  string // EC or OKP
	Curve string // P-256, P-384, Ed25519
	kid   string // of the JWK, if any
	raw   any    // ed25519.PublicKey or *ecdsa.PublicKey
}
