package signing_test

import (
	"bytes"
	"crypto/sha3"
	"crypto/sha512"
	_ "embed"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"errors"
	"slices"
	"testing"

	"filippo.io/mldsa"
	"filippo.io/mldsa/mldsacrypto"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/signing"
)

// sets are the parameter sets of ML-DSA, each with the last arc of its OID, the number of its algorithm in COSE, and the
// bytes of its keys and signatures. RFC 9881, 2; RFC 9964, 5.
var sets = []struct {
	name           string
	arc, cose      int
	key, signature int
}{
	{"ML-DSA-44", 17, -48, 1312, 2420},
	{"ML-DSA-65", 18, -49, 1952, 3309},
	{"ML-DSA-87", 19, -50, 2592, 4627},
}

func latticeOID(arc int) asn1.ObjectIdentifier { return oid(2, 16, 840, 1, 101, 3, 4, 3, arc) }

// latticeSPKI is a key with the AlgorithmIdentifier given.
func latticeSPKI(id, raw []byte) []byte {
	return seq(id, der(asn1.BitString{Bytes: raw, BitLength: 8 * len(raw)}))
}

//go:embed testdata/mldsa.json
var openSSL []byte

// Another implementation made the message, its three certificates and the key: testdata/mldsa.py.
func TestMLDSAAsOpenSSLMakesIt(t *testing.T) {
	var made struct{ Claim, COSE, Root, Key []byte }
	if err := json.Unmarshal(openSSL, &made); err != nil {
		t.Fatal(err)
	}
	in := signing.Input{
		COSE: made.COSE, Payload: made.Claim, URL: url, Now: forge.Clock,
		Trust: &signing.Trust{Claim: []signing.List{list(t, "OpenSSL", made.Root)}},
	}
	r := signing.Verify(in)
	expect(t, r, []string{"claimSignature.validated", "signingCredential.trusted", "claimSignature.insideValidity"}, nil)
	if r.Algorithm != "ML-DSA-44" || len(r.Chain) != 3 {
		t.Fatalf("%q, %d certificates", r.Algorithm, len(r.Chain))
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: made.Key})
	s, err := signing.NewSigner("", key, forge.ChainPEM(r.Chain[:2]...))
	if err != nil {
		t.Fatal(err)
	}
	in.COSE, err = signing.Sign1(t.Context(), made.Claim, s, signing.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, signing.Verify(in), []string{"claimSignature.validated", "signingCredential.trusted"}, nil)
	for i := range in.COSE {
		if i%97 != 0 {
			continue
		}
		broken := in
		broken.COSE = bytes.Clone(in.COSE)
		broken.COSE[i] ^= 1
		if r := signing.Verify(broken); r.Validated && r.Trusted {
			t.Errorf("byte %d was changed, and the message holds", i)
		}
	}
}

// hashed is a signature of HashML-DSA with SHA-512, which COSE and X.509 have other names for. FIPS 204, 5.4.
func hashed(t *testing.T, seed, message []byte) []byte {
	t.Helper()
	key := must(mldsa.NewPrivateKey(mldsa.MLDSA65(), seed))
	sum := sha512.Sum512(message)
	tr := sha3.SumSHAKE256(key.PublicKey().Bytes(), 64)
	mu := sha3.SumSHAKE256(slices.Concat(tr, []byte{1, 0}, der(oid(2, 16, 840, 1, 101, 3, 4, 2, 3)), sum[:]), 64)
	return must(key.Sign(nil, mu, mldsacrypto.MLDSAMu))
}

func TestMLDSASignaturesThatDoNotHold(t *testing.T) {
	const mismatch, unsupported = "claimSignature.mismatch", "algorithm.unsupported"
	alg := func(n int) func(*forge.Map) { return func(m *forge.Map) { m.Set(1, n) } }
	var message []byte // what a signer without an edit signs
	forge.Signer{Alg: "ML-DSA-65", COSE: func(b []byte) []byte {
		protected, _, _, _, _, err := signing.ParsedSign1(b)
		if err != nil {
			t.Fatal(err)
		}
		message = forge.CBOR([]any{"Signature1", protected, []byte{}, claim})
		return b
	}}.Sign(claim)
	key := forge.Key("ML-DSA-65", "Forge Signer").(*forge.Lattice)
	for _, tc := range []struct {
		name   string
		signer forge.Signer
		code   string
		words  string
	}{
		{"one byte short", forge.Signer{Sig: func(b []byte) []byte { return b[:len(b)-1] }}, mismatch, "not one over"},
		{"one byte long", forge.Signer{Sig: func(b []byte) []byte { return append(b, 0) }}, mismatch, "not one over"},
		{"of no bytes", forge.Signer{Sig: func([]byte) []byte { return nil }}, mismatch, "not one over"},
		{"of zeros", forge.Signer{Sig: func(b []byte) []byte { clear(b); return b }}, mismatch, "not one over"},
		{"with a bit changed", forge.Signer{Sig: func(b []byte) []byte { b[99] ^= 1; return b }}, mismatch, "not one over"},
		{"with a bit of its hints changed", forge.Signer{Sig: func(b []byte) []byte { b[len(b)-1] ^= 0x80; return b }}, mismatch, "not one over"},
		{"over another claim", forge.Signer{Signed: []byte("another")}, mismatch, "not one over"},
		{"in a context", forge.Signer{Context: "c2pa"}, mismatch, "not one over"},
		{"with a hash in front", forge.Signer{Sig: func([]byte) []byte { return hashed(t, key.Seed, message) }}, mismatch, "not one over"},
		{"named by a smaller set", forge.Signer{Protected: alg(-48)}, mismatch, "ML-DSA-44 with an ML-DSA-65 key"},
		{"named by a larger set", forge.Signer{Protected: alg(-50)}, mismatch, "ML-DSA-87 with an ML-DSA-65 key"},
		{"named EdDSA", forge.Signer{Protected: alg(-8)}, mismatch, "EdDSA with an ML-DSA-65 key"},
		{"named ES256", forge.Signer{Protected: alg(-7)}, mismatch, "ES256 with an ML-DSA-65 key"},
		{"named by an RSA key", forge.Signer{Key: "RSA-2048", Sig: func([]byte) []byte { return make([]byte, 3309) }}, mismatch, ""},
		{"named by a number beside", forge.Signer{Protected: alg(-54)}, unsupported, "-54"},
	} {
		t.Run("a signature "+tc.name, func(t *testing.T) {
			tc.signer.Alg = "ML-DSA-65"
			if tc.signer.Key != "" {
				tc.signer.Alg = "PS256"
				tc.signer.Protected = alg(-49)
			}
			r := verify(t, tc.signer, nil)
			expect(t, r, []string{tc.code, "signingCredential.trusted"}, []string{"claimSignature.validated"})
			if !says(r, tc.code, tc.words) {
				t.Errorf("%q is not said: %s", tc.words, explain(r))
			}
		})
	}
	// The edits above begin with what holds; so does the hash in front, for who computes it so.
	r := verify(t, forge.Signer{Alg: "ML-DSA-65", Sig: func([]byte) []byte {
		return must(must(mldsa.NewPrivateKey(mldsa.MLDSA65(), key.Seed)).Sign(nil, message, nil))
	}}, nil)
	expect(t, r, []string{"claimSignature.validated"}, nil)
}

// A chain may be of ML-DSA from its root down, in any order of sets, beside other algorithms.
func TestMLDSAChains(t *testing.T) {
	kinds := []string{"P-256", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"}
	algs := map[string]string{"P-256": "ES256"}
	for _, s := range sets {
		algs[s.name] = s.name
	}
	for i, leaf := range kinds {
		above, root := kinds[(i+1)%4], kinds[(i+2)%4]
		anchor := mint{Name: "Lattice Root", Key: forge.Key(root, "lattice root"), CA: true}.make()
		middle := ca("Lattice Issuer", anchor, func(m *mint) { m.Key = forge.Key(above, "lattice issuer") })
		signer := leafUnder(middle, func(m *mint) { m.Key = forge.Key(leaf, "lattice signer") })
		r := judge(t, algs[leaf], signer, anchor, middle)
		expect(t, r, []string{"signingCredential.trusted", "claimSignature.validated", "claimSignature.insideValidity"}, nil)
		if len(r.Chain) != 3 || len(r.Unsupported) != 0 {
			t.Errorf("%s under %s under %s: %d certificates, %v", leaf, above, root, len(r.Chain), r.Unsupported)
		}
	}
}

func TestMLDSACertificatesThatDoNotHold(t *testing.T) {
	const invalid, untrusted = "signingCredential.invalid", "signingCredential.untrusted"
	key := forge.Key("ML-DSA-44", "lattice bad")
	raw := []byte(key.Public().(forge.LatticePublic).Raw)
	id := seq(der(latticeOID(17)))
	null := seq(der(latticeOID(17)), asn1.NullBytes)
	anchor := mint{Name: "Lattice Root", Key: forge.Key("ML-DSA-44", "lattice root"), CA: true}.make()
	for _, tc := range []struct {
		name  string
		edit  func(*mint)
		code  string
		words string
	}{
		{"whose key has NULL for parameters", func(m *mint) { m.SPKI = latticeSPKI(null, raw) }, invalid, "with parameters"},
		{"whose key is a byte short", func(m *mint) { m.SPKI = latticeSPKI(id, raw[1:]) }, invalid, "1311 bytes, where 1312"},
		{"whose key is a byte long", func(m *mint) { m.SPKI = latticeSPKI(id, append([]byte{0}, raw...)) }, invalid, "1313 bytes, where 1312"},
		{"whose key has no bytes", func(m *mint) { m.SPKI = latticeSPKI(id, nil) }, invalid, "0 bytes"},
		{"whose key is of another set", func(m *mint) { m.SPKI = latticeSPKI(seq(der(latticeOID(18))), raw) }, invalid, "where 1952"},
		{"for the agreement on a key", func(m *mint) { m.Usage = []int{0, 4} }, invalid, "an ML-DSA key cannot"},
		{"for the encryption of keys", func(m *mint) { m.Usage = []int{0, 2} }, invalid, "an ML-DSA key cannot"},
		{"for the encryption of data", func(m *mint) { m.Usage = []int{0, 3} }, invalid, "an ML-DSA key cannot"},
		{"for encryption alone", func(m *mint) { m.Usage = []int{0, 7} }, invalid, "an ML-DSA key cannot"},
		{"for decryption alone", func(m *mint) { m.Usage = []int{0, 8} }, invalid, "an ML-DSA key cannot"},
		{"whose signature has NULL for parameters", func(m *mint) { m.Alg = null }, invalid, "ML-DSA-44 with parameters"},
		{"signed with a hash in front", func(m *mint) { m.Alg = seq(der(latticeOID(32))) }, invalid, "not allowed"},
		{"signed by another set than it says", func(m *mint) { m.Alg = seq(der(latticeOID(18))) }, untrusted, ""},
		{"whose signature is a byte short", func(m *mint) { m.Sig = func(b []byte) []byte { return b[1:] } }, untrusted, ""},
		{"whose signature was touched", func(m *mint) { m.Sig = func(b []byte) []byte { b[1] ^= 1; return b } }, untrusted, ""},
	} {
		t.Run("a certificate "+tc.name, func(t *testing.T) {
			leaf := leafUnder(anchor, func(m *mint) { m.Key = key; tc.edit(m) })
			r := judge(t, "ML-DSA-44", leaf, anchor)
			expect(t, r, []string{tc.code}, []string{"signingCredential.trusted"})
			if !says(r, tc.code, tc.words) || r.Trusted {
				t.Errorf("%q is not said, or trusted: %s", tc.words, explain(r))
			}
		})
	}
	for _, tc := range []struct {
		name  string
		edit  func(*mint)
		words string
	}{
		{"that encrypts keys, too", func(m *mint) { m.Usage = []int{2, 5} }, "an ML-DSA key cannot"},
		{"whose key has parameters", func(m *mint) { m.SPKI = latticeSPKI(null, raw) }, ""},
		{"whose signature has parameters", func(m *mint) { m.Alg = null }, "unsupported"},
	} {
		t.Run("an issuer "+tc.name, func(t *testing.T) {
			middle := ca("Lattice Issuer", anchor, func(m *mint) { m.Key = key; tc.edit(m) })
			r := judge(t, "ES256", leafUnder(middle, nil), anchor, middle)
			expect(t, r, []string{untrusted, "claimSignature.validated"}, []string{"signingCredential.trusted"})
			if !says(r, untrusted, tc.words) {
				t.Errorf("%q is not said: %s", tc.words, explain(r))
			}
		})
	}
}

// latticeKeyPEM is a PKCS #8 key of the algorithm with what its OCTET STRING holds.
func latticeKeyPEM(id, content []byte, more ...[]byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: seq(append([][]byte{der(0), id, tlv(4, content)}, more...)...)})
}

func TestNewSignerReadsEveryFormOfAnMLDSAKey(t *testing.T) {
	for _, set := range sets {
		key := forge.Key(set.name, "pem lattice").(*forge.Lattice)
		chain := forge.ChainPEM(forge.CA().Issue("PEM lattice", key, forge.ClaimSigning, nil).Cert)
		other := forge.Key(set.name, "pem other").(*forge.Lattice)
		id := seq(der(latticeOID(set.arc)))
		both := func(seed, expanded []byte) []byte { return seq(tlv(4, seed), tlv(4, expanded)) }
		for _, tc := range []struct {
			name string
			pem  []byte
			want string // of the error; empty: none
		}{
			{"its seed", forge.KeyPEM(key), ""},
			{"seed and expanded key", latticeKeyPEM(id, both(key.Seed, key.Expanded())), ""},
			{"its seed, with attributes behind it", latticeKeyPEM(id, tlv(0x80, key.Seed), tlv(0xa0)), ""},
			{"the expanded key alone", latticeKeyPEM(id, tlv(4, key.Expanded())), "without its seed"},
			{"seed and the expanded key of another", latticeKeyPEM(id, both(key.Seed, other.Expanded())), "two keys"},
			{"seed and an expanded key that is short", latticeKeyPEM(id, both(key.Seed, key.Expanded()[1:])), "two keys"},
			{"seed and an empty expanded key", latticeKeyPEM(id, both(key.Seed, nil)), "seed cannot be read"},
			{"a seed of 31 bytes", latticeKeyPEM(id, tlv(0x80, key.Seed[1:])), "seed cannot be read"},
			{"a seed of 33 bytes", latticeKeyPEM(id, tlv(0x80, key.Seed, []byte{0})), "seed cannot be read"},
			{"a seed with something behind it", latticeKeyPEM(id, slices.Concat(tlv(0x80, key.Seed), []byte{0})), "seed cannot be read"},
			{"nothing", latticeKeyPEM(id, nil), "seed cannot be read"},
			{"parameters", latticeKeyPEM(seq(der(latticeOID(set.arc)), asn1.NullBytes), tlv(0x80, key.Seed)), "with parameters"},
			{"another seed", forge.KeyPEM(other), "another key"},
			{"a seed of another set", latticeKeyPEM(seq(der(latticeOID(17+(set.arc-16)%3))), tlv(0x80, key.Seed)), "another key"},
		} {
			s, err := signing.NewSigner("", tc.pem, chain)
			if tc.want == "" && (err != nil || s.Algorithm() != set.name) || tc.want != "" && (err == nil || !contains(err.Error(), tc.want)) {
				t.Errorf("%s, %s: %v", set.name, tc.name, err)
			}
		}
		if _, err := signing.NewSigner("ES256", forge.KeyPEM(key), chain); err == nil || !contains(err.Error(), "ES256 with an "+set.name) {
			t.Errorf("ES256 with a key of %s: %v", set.name, err)
		}
	}
}

func TestSessionKeysOfMLDSA(t *testing.T) {
	key := func(alg any, raw []byte, more ...forge.Map) []byte {
		m := forge.Map{{K: 1, V: 7}, {K: 2, V: []byte("session")}, {K: -1, V: raw}}
		if alg != nil {
			m.Set(3, alg)
		}
		for _, x := range more {
			m = append(m, x...)
		}
		return forge.CBOR(m)
	}
	for _, set := range sets {
		raw := []byte(forge.Key(set.name, "session").Public().(forge.LatticePublic).Raw)
		if len(raw) != set.key {
			t.Fatalf("%s: %d bytes", set.name, len(raw))
		}
		for _, tc := range []struct {
			name  string
			key   []byte
			words string // of the error; empty: none
		}{
			{"sound", key(set.cose, raw), ""},
			{"without alg", key(nil, raw), "without its alg"},
			{"with alg as text", key(set.name, raw), "without its alg"},
			{"with the alg of another type", key(-7, raw), "algorithm -7"},
			{"with the alg of another set", key(-48-(set.arc-16)%3, raw), "where"},
			{"a byte short", key(set.cose, raw[1:]), "where"},
			{"a byte long", key(set.cose, append(raw[:len(raw):len(raw)], 0)), "where"},
			{"with its private key", key(set.cose, raw, forge.Map{{K: -2, V: make([]byte, 32)}}), "private key"},
			{"whose key is no byte string", forge.CBOR(forge.Map{{K: 1, V: 7}, {K: 2, V: []byte("x")}, {K: 3, V: set.cose}, {K: -1, V: 1}}), "no byte string"},
		} {
			k, err := signing.ParseSessionKey(tc.key)
			var syntax *signing.SyntaxError
			switch {
			case tc.words == "" && (err != nil || string(k.ID) != "session"):
				t.Errorf("%s, %s: %v", set.name, tc.name, err)
			case tc.words != "" && (!errors.As(err, &syntax) || k != nil || !contains(err.Error(), tc.words)):
				t.Errorf("%s, %s: %v", set.name, tc.name, err)
			}
		}
	}
}

// FuzzSessionKey: a key with an identifier, or a *SyntaxError with nothing beside it.
func FuzzSessionKey(f *testing.F) {
	for _, set := range sets {
		raw := []byte(forge.Key(set.name, "session").Public().(forge.LatticePublic).Raw)
		f.Add(forge.CBOR(forge.Map{{K: 1, V: 7}, {K: 2, V: []byte("session")}, {K: 3, V: set.cose}, {K: -1, V: raw}}))
	}
	f.Add(forge.CBOR(forge.Map{{K: 1, V: 1}, {K: 2, V: []byte{1}}, {K: -1, V: 6}, {K: -2, V: make([]byte, 32)}}))
	f.Add(forge.CBOR(forge.Map{{K: 1, V: 2}, {K: 2, V: []byte{1}}, {K: -1, V: 1}, {K: -2, V: make([]byte, 32)}, {K: -3, V: make([]byte, 32)}}))
	f.Add([]byte{0xa1, 1, 7})
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := signing.ParseSessionKey(data)
		if err != nil {
			var syntax *signing.SyntaxError
			if !errors.As(err, &syntax) || k != nil {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if len(k.ID) == 0 || !bytes.Contains(data, k.ID) {
			t.Fatal("a key without an identifier, or with one that is not in the bytes")
		}
	})
}

// FuzzMLDSAKey: a key whose seed is in the bytes, or an error with nothing beside it.
func FuzzMLDSAKey(f *testing.F) {
	for _, set := range sets {
		key := forge.Key(set.name, "fuzz").(*forge.Lattice)
		id := seq(der(latticeOID(set.arc)))
		f.Add(seq(der(0), id, tlv(4, tlv(0x80, key.Seed))))
		f.Add(seq(der(0), id, tlv(4, seq(tlv(4, key.Seed), tlv(4, key.Expanded())))))
	}
	f.Add(seq(der(0), ed25519Alg, tlv(4, tlv(4, make([]byte, 32)))))
	f.Add([]byte{0x30, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		seed, err := signing.MLDSASeed(data)
		if (seed == nil) == (err == nil) || err == nil && (len(seed) != 32 || !bytes.Contains(data, seed)) {
			t.Fatalf("%d bytes, %v", len(seed), err)
		}
	})
}
