package signing_test

import (
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/signing"
)

// A key of a live stream needs an identifier, and one of 1,024 bytes at the most.
func TestTheIdentifierOfASessionKeyIsBounded(t *testing.T) {
	public := make([]byte, ed25519.PublicKeySize)
	public[0] = 1
	for n, ok := range map[int]bool{0: false, 1: true, 1024: true, 1025: false} {
		k, err := signing.ParseSessionKey(forge.CBOR(forge.Map{{K: 1, V: 1}, {K: 2, V: make([]byte, n)}, {K: -1, V: 6}, {K: -2, V: public}}))
		var syntax *signing.SyntaxError
		if (err == nil) != ok || ok && len(k.ID) != n || err != nil && !errors.As(err, &syntax) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
