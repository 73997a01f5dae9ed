package manifest

import (
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/internal/jumbf"
)

// HashedURI is a reference to a box with the digest of its contents.
//
//	hashed-uri = { url: tstr, ? alg: tstr, hash: bstr }
//
// C2PA 2.5, 9.4.
type HashedURI struct {
	URL  string
	Alg  string // its own; empty: that of what holds it
	Hash []byte
}

// hashedURI reads a hashed URI. A tree that is none, or lacks a member, gives ok false.
func hashedURI(v cbortree.Value) (h HashedURI, ok bool) {
	url, sum := v.Get("url"), v.Get("hash")
	h = HashedURI{URL: url.Str(), Alg: v.Get("alg").Str(), Hash: sum.Data}
	// Claims of 2021 hold hashes as arrays of numbers.
	if sum.Kind == cbortree.Array {
		h.Hash = byteArray(sum)
	} else if sum.Kind != cbortree.Bytes {
		h.Hash = nil
	}
	return h, url.IsText() && len(h.Hash) > 0
}

func byteArray(v cbortree.Value) []byte {
	if len(v.Items) > sha512.Size {
		return nil
	}
	out := make([]byte, 0, len(v.Items))
	for _, i := range v.Items {
		if i.Kind != cbortree.Uint || i.N > 255 {
			return nil
		}
		out = append(out, byte(i.N))
	}
	return out
}

// newHash returns the hash of an algorithm that C2PA allows, spelled as C2PA spells it, or nil. C2PA 2.5, 12.1.
func newHash(alg string) hash.Hash {
	if start, ok := hashAlgorithm(alg); ok {
		return start()
	}
	return nil
}

// errOtherManifest says that a URI leads out of the manifest in which it stands.
var errOtherManifest = errors.New("it leads to another manifest")

// resolve follows a JUMBF URI that stands in m. It gives the manifest that the box is in, and the box.
func (s *Store) resolve(m *Manifest, uri string) (*Manifest, *jumbf.Box, error) {
	u, err := jumbf.ParseURI(uri)
	if err != nil {
		return nil, nil, err
	}
	parts := u.Parts
	if u.Absolute {
		if parts[0] != "c2pa" || len(parts) < 2 {
			return nil, nil, jumbf.ErrMissing
		}
		other, known := s.byLabel[parts[1]]
		switch {
		case !known:
			return nil, nil, jumbf.ErrMissing
		case other == nil:
			return nil, nil, jumbf.ErrAmbiguous
		}
		m, parts = other, parts[2:]
	}
	if len(parts) == 0 {
		return m, m.Box, nil
	}
	if m.Inner == nil {
		return m, nil, jumbf.ErrMissing
	}
	b, err := m.Inner.Find(parts)
	return m, b, err
}

// resolveHere is resolve for a URI that may not leave the manifest.
func (s *Store) resolveHere(m *Manifest, uri string) (*jumbf.Box, error) {
	owner, b, err := s.resolve(m, uri)
	if owner != nil && owner != m {
		return nil, errOtherManifest
	}
	if err != nil {
		// An absolute URI may name a manifest that the store lacks.
		if u, uerr := jumbf.ParseURI(uri); uerr == nil && u.Absolute && (len(u.Parts) < 2 || u.Parts[1] != m.Label) {
			return nil, errOtherManifest
		}
	}
	return b, err
}

// digestKey is a box and an algorithm: what a digest is remembered by, so that a box that is named a thousand times is
// hashed once.
type digestKey struct {
	box *jumbf.Box
	alg string
}

// check holds a digest against a superbox. It gives errAlgorithm where the algorithm is none of C2PA's.
func (v *validator) check(b *jumbf.Box, alg string, want []byte) (bool, error) {
	k := digestKey{b, alg}
	sum, ok := v.digests[k]
	if !ok {
		h := newHash(alg)
		if h == nil {
			return false, errAlgorithm(alg)
		}
		// Boxes lie in boxes: without a limit a store could have its bytes hashed once for each of them.
		if v.hashing -= int64(len(b.Raw)); v.hashing < 0 {
			v.limit("bytes to hash, eight times what the store holds,", v.hashable, "the store")
			return false, nil
		}
		h.Write(b.Payload())
		sum = h.Sum(nil)
		v.digests[k] = sum
	}
	return subtle.ConstantTimeCompare(sum, want) == 1, nil
}

type errAlgorithm string

func (e errAlgorithm) Error() string {
	if e == "" {
		return "no hash algorithm is named, and there is no default"
	}
	return fmt.Sprintf("hash algorithm %q is not allowed", string(e))
}

// first returns the first algorithm that is named: its own, then that of what holds it, then the claim's.
// C2PA 2.5, 14.4.
func first(algs ...string) string {
	for _, a := range algs {
		if a != "" {
			return a
		}
	}
	return ""
}
