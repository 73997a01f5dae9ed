package signing_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/signing"
)

// pemSigner is a signer of the package from forge's keys and certificates.
func pemSigner(t testing.TB, alg, kind string) *signing.Signer {
	t.Helper()
	key := forge.Key(kind, "pem "+kind)
	leaf := forge.CA().Issue("PEM "+kind, key, forge.ClaimSigning, nil)
	s, err := signing.NewSigner(alg, forge.KeyPEM(key), forge.ChainPEM(leaf.Cert, forge.CA().Issuer.Cert))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// authority is a Stamper that asks forge's authority as a POST would.
type authority struct{ answer func(token []byte) []byte }

func (a authority) Stamp(_ context.Context, message []byte) ([]byte, error) {
	nonce := big.NewInt(424242)
	request, err := signing.NewTimestampRequest(message, nonce)
	if err != nil {
		return nil, err
	}
	var q struct {
		Version int
		Imprint struct {
			Hash   struct{ OID, Null asn1.RawValue }
			Digest []byte
		}
		Nonce    *big.Int
		CertsReq bool
	}
	if rest, err := asn1.Unmarshal(request, &q); err != nil || len(rest) != 0 || q.Version != 1 || !q.CertsReq || q.Nonce.Cmp(nonce) != 0 {
		return nil, errors.New("the request is not one of RFC 3161")
	}
	token := cms{TSA: tsaLeaf(nil), Extra: [][]byte{der(nonce)}}.over(message)
	if a.answer != nil {
		token = a.answer(token)
	}
	return signing.ParseTimestampResponse(seq(seq(der(0)), token), message, nonce)
}

func TestSign1IsAccepted(t *testing.T) {
	for _, tc := range []struct{ alg, kind, want string }{
		{"", "P-256", "ES256"},
		{"", "P-384", "ES384"},
		{"", "P-521", "ES512"},
		{"", "RSA-2048", "PS256"},
		{"PS384", "RSA-2048", "PS384"},
		{"PS512", "RSA-2048", "PS512"},
		{"Ed25519", "Ed25519", "EdDSA"},
		{"", "Ed25519", "EdDSA"},
		{"", "ML-DSA-44", "ML-DSA-44"},
		{"ML-DSA-65", "ML-DSA-65", "ML-DSA-65"},
		{"", "ML-DSA-87", "ML-DSA-87"},
	} {
		t.Run(tc.want+" from "+tc.kind, func(t *testing.T) {
			s := pemSigner(t, tc.alg, tc.kind)
			if s.Algorithm() != tc.want || s.Certificate().Subject.CommonName != "PEM "+tc.kind {
				t.Errorf("%s, %s", s.Algorithm(), s.Certificate().Subject)
			}
			out, err := signing.Sign1(t.Context(), claim, s, signing.SignOptions{Stamp: authority{}})
			if err != nil {
				t.Fatal(err)
			}
			trust := trustForge(t)
			trust.TSA = []signing.List{list(t, "times", tsaRoot().DER)}
			r := signing.Verify(signing.Input{COSE: out, Payload: claim, URL: url, Now: forge.Clock, Trust: trust})
			expect(t, r, []string{"claimSignature.validated", "claimSignature.insideValidity", "signingCredential.trusted", "timeStamp.validated", "timeStamp.trusted"},
				[]string{"algorithm.unsupported"})
			if says(r, "claimSignature.validated", "not protected") {
				t.Error("the chain is not protected")
			}
			other := signing.Verify(signing.Input{COSE: out, Payload: []byte("another"), URL: url, Now: forge.Clock, Trust: trust})
			expect(t, other, []string{"claimSignature.mismatch"}, nil)
		})
	}
}

func TestSign1IsDeterministic(t *testing.T) {
	for _, kind := range []string{"P-256", "P-384", "P-521", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"} {
		s := pemSigner(t, "", kind)
		a, err := signing.Sign1(t.Context(), claim, s, signing.SignOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := signing.Sign1(t.Context(), claim, s, signing.SignOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s: two signatures over one claim differ", kind)
		}
	}
}

func TestSign1PadsToEverySize(t *testing.T) {
	s := pemSigner(t, "", "P-256")
	bare, err := signing.Sign1(t.Context(), claim, s, signing.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for delta := range 700 {
		out, err := signing.Sign1(t.Context(), claim, s, signing.SignOptions{Size: len(bare) + delta})
		if delta > 0 && delta < 5 {
			if err == nil {
				t.Errorf("%d bytes of padding: no error, yet no header is that small", delta)
			}
			continue
		}
		if err != nil || len(out) != len(bare)+delta {
			t.Fatalf("%d bytes of padding: %d bytes, %v", delta, len(out)-len(bare), err)
		}
	}
	for _, size := range []int{len(bare) + 65535, len(bare) + 65540, len(bare) + 65541, len(bare) + 65542, len(bare) + 65543, len(bare) + 65544, len(bare) + 65545, len(bare) + 70000} {
		out, err := signing.Sign1(t.Context(), claim, s, signing.SignOptions{Size: size})
		if err != nil || len(out) != size {
			t.Errorf("size %d: %d bytes, %v", size, len(out), err)
			continue
		}
		r := signing.Verify(signing.Input{COSE: out, Payload: claim, URL: url, Now: forge.Clock, Trust: trustForge(t)})
		expect(t, r, []string{"claimSignature.validated"}, nil)
	}
	if _, err := signing.Sign1(t.Context(), claim, s, signing.SignOptions{Size: len(bare) - 1}); err == nil {
		t.Error("a signature that does not fit was padded")
	}
}

func TestNewSignerRefuses(t *testing.T) {
	key := forge.Key("P-256", "pem refused")
	leaf := forge.CA().Issue("PEM refused", key, forge.ClaimSigning, nil)
	keyPEM, chain := forge.KeyPEM(key), forge.ChainPEM(leaf.Cert)
	mail := forge.CA().Issue("PEM any", key, forge.ClaimSigning, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement })
	p224 := forge.Key("P-224", "pem p224")
	for _, tc := range []struct {
		name       string
		alg        string
		key, chain []byte
		words      string
	}{
		{"no key", "", nil, chain, "no private key"},
		{"a certificate as key", "", chain, chain, "no private key in PEM form: what was given as the key holds certificates"},
		{"an algorithm that is none", "MLDSA65", keyPEM, chain, "is none that C2PA allows: ES256, "},
		{"an encrypted key", "", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}}), chain, "encrypted"},
		{"a key that is none", "", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}), chain, "private key"},
		{"no certificate", "", keyPEM, nil, "certificates"},
		{"a certificate that is none", "", keyPEM, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: seq(der(1))}), "certificates"},
		{"a certificate for another key", "", forge.KeyPEM(forge.Key("P-256", "pem other")), chain, "another key"},
		{"an algorithm for another key", "PS256", keyPEM, chain, "PS256"},
		{"an algorithm for another curve", "ES384", keyPEM, chain, "ES384"},
		{"an algorithm that is not allowed", "RS256", keyPEM, chain, "RS256"},
		{"a curve that is not allowed", "", forge.KeyPEM(p224), forge.ChainPEM(forge.CA().Issue("P224", p224, forge.ClaimSigning, nil).Cert), "no algorithm"},
		{"a certificate that breaks the profile", "", keyPEM, forge.ChainPEM(mail.Cert), "digitalSignature"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, err := signing.NewSigner(tc.alg, tc.key, tc.chain)
			if err == nil || s != nil || !contains(err.Error(), tc.words) {
				t.Errorf("signer %v, error %v, want one about %q", s != nil, err, tc.words)
			}
		})
	}
}

func TestSign1RefusesAnAnswerForSomethingElse(t *testing.T) {
	s := pemSigner(t, "", "P-256")
	for name, a := range map[string]authority{
		"a token for other bytes":   {func([]byte) []byte { return cms{Extra: [][]byte{der(424242)}}.over([]byte("other")) }},
		"a token for another nonce": {func(token []byte) []byte { return bytes.Replace(token, der(424242), der(424243), 1) }},
		"no token":                  {func([]byte) []byte { return nil }},
	} {
		if out, err := signing.Sign1(t.Context(), claim, s, signing.SignOptions{Stamp: a}); err == nil || out != nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := signing.ParseTimestampResponse(seq(seq(der(2))), claim, big.NewInt(1)); err == nil || !contains(err.Error(), "refused") {
		t.Errorf("a refusal: %v", err)
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, alg := range forge.Algorithms {
		cose := forge.Signer{Alg: alg, Stamps: []forge.Stamp{{}}, Stamp2: true}.Sign(claim)
		in := signing.Input{COSE: cose, Payload: claim, URL: url, Now: forge.Clock, Trust: trustForge(b)}
		b.Run(alg, func(b *testing.B) {
			for b.Loop() {
				if r := signing.Verify(in); !r.Trusted || !r.Validated || !r.Stamp.Trusted {
					b.Fatal(r.Findings)
				}
			}
		})
	}
}
