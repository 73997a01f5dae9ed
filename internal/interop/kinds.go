package interop

import (
	"bytes"

	"github.com/consentry/consentry/internal/forge"
)

// Kind is a kind of file that one implementation takes for sound and the other does not.
type Kind struct {
	Name   string // of its file or folder
	What   string // in a few words
	Clause string // that decides
	Make   func() *forge.Built
}

// Roots are whom both implementations are told to trust.
func Roots() Trust {
	return Trust{Claim: forge.ChainPEM(forge.CA().Root.Cert), TSA: forge.ChainPEM(forge.TSA().Root.Cert)}
}

// Kinds are the files of docs/comparison.md, in its order.
func Kinds() []Kind {
	plain := func(r forge.Recipe) func() *forge.Built { return func() *forge.Built { return forge.Make(r) } }
	signed := func(s forge.Signer) func() *forge.Built {
		return plain(forge.Recipe{Manifest: forge.Manifest{Signer: s}})
	}
	claim := func(edit func(*forge.Map)) func() *forge.Built {
		return plain(forge.Recipe{Manifest: forge.Manifest{Claim: edit}})
	}
	set := func(edit func(parts [][]byte) [][]byte) func() *forge.Built {
		return plain(forge.Recipe{Merkle: &forge.Merkle{Fragments: 5, Set: true, Level: 1, Fragment: func(b *forge.Built) { b.Parts = edit(b.Parts) }}})
	}
	return []Kind{
		{"nothing-bound", "the content hash has neither `hash` nor `merkle`, and the media are other ones", "C2PA 2.5, 16.3.2", plain(forge.Recipe{
			Manifest: forge.Manifest{BindingMap: func(m *forge.Map) { m.Del("hash") }},
			File:     func(b *forge.Built) []byte { return flipped(b.Data, len(b.Data)-1) },
		})},
		{"no-init-hash", "fragments without `initHash`, and the movie box is another one", "C2PA 2.5, 14.12.2.2", plain(forge.Recipe{
			Merkle: &forge.Merkle{Fragments: 5, Map: func(m *forge.Map) { m.Del("initHash") }},
			File:   func(b *forge.Built) []byte { return flipped(b.Data, bytes.LastIndex(b.Data, []byte("tkhd"))+20) },
		})},
		{"fragments-swapped", "a set whose second and third fragment are swapped", "C2PA 2.5, 14.12.2.2: `location` runs 0, 1, 2 …", set(func(p [][]byte) [][]byte {
			p[1], p[2] = p[2], p[1]
			return p
		})},
		{"fragment-repeated", "a set that plays its second fragment in place of the third", "C2PA 2.5, 14.12.2.2: each place once", set(func(p [][]byte) [][]byte {
			p[2] = p[1]
			return p
		})},
		{"fragment-missing", "a set without its third fragment", "C2PA 2.5, 14.12.2: missing content is a failure", set(func(p [][]byte) [][]byte {
			return append(p[:2:2], p[3:]...)
		})},
		{"surplus-proof", "a proof with a hash that no level needs", "C2PA 2.5, 16.3.2.6", plain(forge.Recipe{Merkle: &forge.Merkle{Fragments: 5, Level: 1, Aux: func(i int, m *forge.Map) {
			if i == 1 {
				m.Set("hashes", append(m.Get("hashes").([]any), make([]byte, 32)))
			}
		}}})},
		{"foreign-proof", "a proof that names a tree which the manifest does not have", "C2PA 2.5, 14.12.2.2", plain(forge.Recipe{Merkle: &forge.Merkle{Fragments: 5, Level: 1, Aux: func(i int, m *forge.Map) {
			if i == 2 {
				m.Set("uniqueId", 815)
			}
		}}})},
		{"empty-payload", "a COSE payload of no bytes in place of nil", "RFC 9052, 4.1; C2PA 2.5, 12.3", signed(forge.Signer{Payload: []byte{}})},
		{"two-chains", "a certificate chain in both COSE headers", "C2PA 2.5, 12.3", signed(forge.Signer{Placement: forge.X5BothBuckets})},
		{"unknown-critical-header", "a critical COSE header that nobody knows", "RFC 9052, 3.1", signed(forge.Signer{Protected: func(m *forge.Map) {
			m.Set(2, []any{"com.example"})
			m.Set("com.example", 1)
		}})},
		{"time-stamp-root", "a claim signer under a root that is trusted for time-stamps only", "C2PA 2.5, 13.4: separate lists", signed(forge.Signer{Authority: forge.TSA()})},
		{"key-twice", "a claim with one key twice", "RFC 8949, 5.6; C2PA 2.5, 14.6.2", claim(func(m *forge.Map) { *m = append(*m, forge.Entry{K: "dc:title", V: "two"}) })},
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}
