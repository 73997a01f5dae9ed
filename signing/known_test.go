package signing

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// The test is inside the package: what is remembered must not show outside.
func TestCertificatesAreRememberedAndForgotten(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial := int64(0)
	mint := func(pad int) []byte {
		serial++
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "x", Organization: []string{string(bytes.Repeat([]byte("y"), pad))}},
			NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0),
		}, &x509.Certificate{}, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	read := func(m *certificateMemory, der []byte) *certificate {
		t.Helper()
		c, err := m.read(der)
		if err != nil || !bytes.Equal(c.der, der) {
			t.Fatalf("another certificate, or none: %v", err)
		}
		return c
	}
	var m certificateMemory
	der := mint(0)
	first := read(&m, der)
	if read(&m, bytes.Clone(der)) != first || len(m.found) != 1 {
		t.Error("the same bytes are read again")
	}
	given := bytes.Clone(der)
	own := read(new(certificateMemory), given)
	given[len(given)-1] ^= 1
	if !bytes.Equal(own.der, der) {
		t.Error("what is remembered changes with the bytes that it was read from")
	}
	if c := read(&m, mint(0)); c == first {
		t.Error("other bytes, the same certificate")
	}
	if _, err := m.read([]byte("no certificate")); err == nil || len(m.found) != 2 {
		t.Errorf("what cannot be read is remembered: %v", err)
	}

	m = certificateMemory{}
	for range maxKnown {
		read(&m, mint(0))
	}
	if len(m.found) != maxKnown {
		t.Errorf("%d certificates at the limit", len(m.found))
	}
	if read(&m, der); len(m.found) != 1 || m.bytes != len(der) {
		t.Errorf("%d certificates of %d bytes past the limit", len(m.found), m.bytes)
	}

	m = certificateMemory{}
	large := mint(30 << 10)
	for range maxKnownBytes / len(large) {
		read(&m, mint(30<<10))
	}
	if n := len(m.found); n != maxKnownBytes/len(large) {
		t.Errorf("%d large certificates, fewer than fit", n)
	}
	if read(&m, mint(30<<10)); len(m.found) != 1 {
		t.Errorf("%d certificates past the limit of bytes", len(m.found))
	}
}
