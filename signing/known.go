package signing

import (
	"bytes"
	"crypto/x509"
	"sync"
)

// Bounds of what is remembered of certificates.
const (
	// maxKnown is how many certificates are remembered: the signers of a history, and of thousands of files, are a few.
	maxKnown = 512
	// maxKnownBytes bounds their DER; what was read of them takes some four times as much.
	maxKnownBytes = 512 << 10
)

// known remembers certificates that were read. What is read is a function of the bytes alone, so no file can change what
// is found for another. Whoever fills the memory only makes it forget.
var known certificateMemory

type certificateMemory struct {
	mu    sync.Mutex
	found map[string]*certificate // by DER
	bytes int
}

// read gives the certificate of these bytes, the same one as before where it is remembered: it must not be changed. What
// cannot be read is not remembered.
func (m *certificateMemory) read(der []byte) (*certificate, error) {
	if c := m.get(der); c != nil {
		return c, nil
	}
	c, err := parseCertificate(bytes.Clone(der)) // nothing that is remembered holds on to a file's bytes
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if first := m.found[string(der)]; first != nil {
		return first, nil // read by another meanwhile
	}
	if m.found == nil || len(m.found) >= maxKnown || m.bytes+len(der) > maxKnownBytes {
		m.found, m.bytes = map[string]*certificate{}, 0
	}
	m.found[string(der)], m.bytes = c, m.bytes+len(der)
	return c, nil
}

func (m *certificateMemory) get(der []byte) *certificate {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.found[string(der)]
}

// derived is what is worked out of a certificate once it is asked for.
type derived struct {
	profiles [issuer + 1]struct {
		once   sync.Once
		broken []string
	}
	once sync.Once
	x    *x509.Certificate
	err  error
}

// profile holds a certificate against C2PA's certificate profile and returns the rules that it breaks, in plain words.
// The rules are those of C2PA 2.5, 13.5.1.1; the algorithm rules are for claim signers alone.
func (c *certificate) profile(as role) []string {
	p := &c.profiles[as]
	p.once.Do(func() { p.broken = c.breaks(as) })
	return p.broken
}

// x509 is the certificate as crypto/x509 reads it, to be shown.
func (c *certificate) x509() (*x509.Certificate, error) {
	c.once.Do(func() { c.x, c.err = x509.ParseCertificate(c.der) })
	return c.x, c.err
}
