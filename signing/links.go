package signing

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// maxLinks bounds what is remembered of links between certificates: some 100 bytes each.
const maxLinks = 1024

// links remembers which certificate was found to be signed with the key of which other: the signers of a history, and
// of thousands of files, are a few. What is remembered is a function of the bytes of both alone, so no file can change
// what is found for another. Whoever fills the memory only makes it forget.
var links linkMemory

type linkMemory struct {
	mu    sync.Mutex
	found map[[sha256.Size]byte]error
}

// check gives what was found for the two certificates before, or asks.
func (m *linkMemory) check(child, issuer []byte, ask func() error) error {
	h := sha256.New()
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(child)))
	h.Write(length[:])
	h.Write(child)
	h.Write(issuer)
	var key [sha256.Size]byte
	h.Sum(key[:0])
	m.mu.Lock()
	err, ok := m.found[key]
	m.mu.Unlock()
	if ok {
		return err
	}
	err = ask()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.found == nil || len(m.found) >= maxLinks {
		m.found = map[[sha256.Size]byte]error{}
	}
	m.found[key] = err
	return err
}
