package signing_test

import (
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/signing"
)

func TestVerifyAcceptsEveryAlgorithm(t *testing.T) {
	for _, alg := range forge.Algorithms {
		t.Run(alg, func(t *testing.T) {
			r := verify(t, forge.Signer{Alg: alg}, nil)
			expect(t, r, []string{"claimSignature.validated", "claimSignature.insideValidity", "signingCredential.trusted"},
				[]string{"claimSignature.mismatch", "signingCredential.invalid", "algorithm.unsupported"})
			want := alg
			if alg == "Ed25519" {
				want = "EdDSA"
			}
			if r.Algorithm != want || r.List == nil || r.List.Name != "claims" || len(r.Chain) != 3 {
				t.Errorf("algorithm %q, list %v, %d certificates", r.Algorithm, r.List, len(r.Chain))
			}
			if r.Subject == "" || r.Issuer == "" || r.Revocation.State != "not-checked" || r.Revocation.Reason == "" {
				t.Errorf("subject %q, issuer %q, revocation %+v", r.Subject, r.Issuer, r.Revocation)
			}
		})
	}
}

func TestVerifyAcceptsFullySpecifiedECDSA(t *testing.T) {
	for alg, number := range map[string]int{"ES256": -9, "ES384": -51, "ES512": -52} {
		r := verify(t, forge.Signer{Alg: alg, Protected: func(m *forge.Map) { m.Set(1, number) }}, nil)
		expect(t, r, []string{"claimSignature.validated", "signingCredential.trusted"}, nil)
		if r.Algorithm != "ESP"+alg[2:] {
			t.Errorf("algorithm %q", r.Algorithm)
		}
	}
}

func TestVerifyAcceptsTheChainWhereRealFilesHaveIt(t *testing.T) {
	for _, place := range []string{forge.X5Protected, forge.X5Unprotected, forge.X5String, forge.X5StringUnprotected, forge.X5BothLabels} {
		t.Run("x5chain "+place, func(t *testing.T) {
			r := verify(t, forge.Signer{Placement: place}, nil)
			expect(t, r, []string{"claimSignature.validated", "signingCredential.trusted"}, nil)
			loose := place == forge.X5Unprotected || place == forge.X5StringUnprotected
			if says(r, "claimSignature.validated", "not protected") != loose {
				t.Errorf("the explanation does not tell whether the chain is protected: %s", explain(r))
			}
		})
	}
	t.Run("x5chain as one byte string", func(t *testing.T) {
		r := verify(t, forge.Signer{LeafOnly: true}, func(in *signing.Input) {
			in.Trust.Claim = []signing.List{list(t, "issuer", forge.CA().Issuer.Cert.Raw)}
		})
		expect(t, r, []string{"claimSignature.validated", "signingCredential.trusted"}, nil)
	})
	t.Run("both labels: 33 counts", func(t *testing.T) {
		other := forge.NewAuthority("Mint Stranger").Issue("Stranger", forge.Key("P-256", "stranger"), forge.ClaimSigning, nil)
		r := verify(t, forge.Signer{Unprotected: func(m *forge.Map) { m.Set("x5chain", other.Cert.Raw) }}, nil)
		expect(t, r, []string{"claimSignature.validated", "signingCredential.trusted"}, nil)
	})
}

// Every rule about the COSE message, with the code of the message that breaks it. C2PA 2.5, 12.3; RFC 9052.
func TestVerifyRefusesCOSE(t *testing.T) {
	const mismatch, unsupported, invalid = "claimSignature.mismatch", "algorithm.unsupported", "signingCredential.invalid"
	set := func(key, value any) func(*forge.Map) { return func(m *forge.Map) { m.Set(key, value) } }
	raw := func(f func([]byte) []byte) forge.Signer { return forge.Signer{COSE: f} }
	other := []byte("another claim")
	for _, tc := range []struct {
		name   string
		signer forge.Signer
		want   string
		words  string
	}{
		{"without tag 18", forge.Signer{NoTag: true}, mismatch, "tag 18"},
		{"with another tag", raw(func(b []byte) []byte { return append([]byte{0xd1}, b[1:]...) }), mismatch, "tag 17"},
		{"of three members", raw(func(b []byte) []byte { return []byte{0xd2, 0x83, 0x40, 0xa0, 0xf6} }), mismatch, "array of 3"},
		{"of five members", raw(func(b []byte) []byte { return []byte{0xd2, 0x85, 0x40, 0xa0, 0xf6, 0x40, 0x40} }), mismatch, "array of 5"},
		{"that is a map", raw(func(b []byte) []byte { return []byte{0xd2, 0xa0} }), mismatch, "not an array"},
		{"with bytes after it", raw(func(b []byte) []byte { return append(b, 0) }), mismatch, "extraneous"},
		{"cut short", raw(func(b []byte) []byte { return b[:len(b)-1] }), mismatch, ""},
		{"of no bytes", raw(func(b []byte) []byte { return nil }), mismatch, "tag 18"},
		{"whose protected header is a map", raw(func(b []byte) []byte { return []byte{0xd2, 0x84, 0xa0, 0xa0, 0xf6, 0x41, 0} }), mismatch, "protected"},
		{"whose protected header is text", raw(func(b []byte) []byte { return []byte{0xd2, 0x84, 0x60, 0xa0, 0xf6, 0x41, 0} }), mismatch, "protected"},
		{"whose protected header is an array of numbers", raw(func(b []byte) []byte { return []byte{0xd2, 0x84, 0x81, 1, 0xa0, 0xf6, 0x41, 0} }), mismatch, "protected"},
		{"whose unprotected header is nil", raw(func(b []byte) []byte { return []byte{0xd2, 0x84, 0x40, 0xf6, 0xf6, 0x41, 0} }), mismatch, "unprotected"},
		{"whose signature is text", raw(func(b []byte) []byte { return []byte{0xd2, 0x84, 0x40, 0xa0, 0xf6, 0x61, 'a'} }), mismatch, "signature"},
		{"whose payload is undefined", raw(func(b []byte) []byte { return []byte{0xd2, 0x84, 0x40, 0xa0, 0xf7, 0x41, 0} }), mismatch, "payload"},
		{"with a label twice", raw(func(b []byte) []byte { return []byte{0xd2, 0x84, 0x45, 0xa2, 1, 0x26, 1, 0x26, 0xa0, 0xf6, 0x41, 0} }), mismatch, "protected"},
		{"with a label twice in two encodings", raw(func(b []byte) []byte {
			return []byte{0xd2, 0x84, 0x46, 0xa2, 1, 0x26, 0x18, 1, 0x26, 0xa0, 0xf6, 0x41, 0}
		}), mismatch, "protected"},
		{"with an unprotected label twice", raw(func(b []byte) []byte { return []byte{0xd2, 0x84, 0x40, 0xa2, 4, 0x40, 4, 0x40, 0xf6, 0x41, 0} }), mismatch, "unprotected"},
		{"with a label beyond 64 bits", raw(func(b []byte) []byte {
			return []byte{0xd2, 0x84, 0x40, 0xa1, 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0xf6, 0x41, 0}
		}), mismatch, "64 bits"},
		{"with a label that is a byte string", raw(func(b []byte) []byte { return []byte{0xd2, 0x84, 0x40, 0xa1, 0x41, 0, 0, 0xf6, 0x41, 0} }), mismatch, "unprotected"},
		{"with an attached payload of no bytes", forge.Signer{Payload: []byte{}}, mismatch, "attached"},
		{"with another payload attached, which was signed", forge.Signer{Payload: other, Signed: other}, mismatch, "attached"},
		{"over another claim", forge.Signer{Signed: other}, mismatch, ""},
		{"with a flipped bit in the signature", forge.Signer{Sig: func(b []byte) []byte { b[5] ^= 1; return b }}, mismatch, ""},
		{"with an ECDSA value in DER", forge.Signer{Sig: func(b []byte) []byte { return seq(tlv(2, []byte{0}, b[:32]), tlv(2, []byte{0}, b[32:])) }}, mismatch, ""},
		{"with a signature of no bytes", forge.Signer{Sig: func([]byte) []byte { return nil }}, mismatch, ""},
		{"with a zero r and s", forge.Signer{Sig: func(b []byte) []byte { clear(b); return b }}, mismatch, ""},
		{"with a critical header that is not understood", forge.Signer{Protected: func(m *forge.Map) { m.Set(2, []any{"x.y"}); m.Set("x.y", 1) }}, mismatch, "critical"},
		{"with a critical header that is not there", forge.Signer{Protected: set(2, []any{15})}, mismatch, "crit"},
		{"with a critical header that is unprotected", forge.Signer{Protected: set(2, []any{"x.y"}), Unprotected: set("x.y", 1)}, mismatch, "crit"},
		{"with an empty crit", forge.Signer{Protected: set(2, []any{})}, mismatch, "empty"},
		{"with a crit that is no array", forge.Signer{Protected: set(2, 1)}, mismatch, "crit"},
		{"with crit unprotected", forge.Signer{Unprotected: set(2, []any{1})}, mismatch, "not protected"},
		{"without alg", forge.Signer{Protected: func(m *forge.Map) { m.Del(1) }}, unsupported, "no alg"},
		{"with alg unprotected only", forge.Signer{Protected: func(m *forge.Map) { m.Del(1) }, Unprotected: set(1, -7)}, unsupported, "unprotected header only"},
		{"with alg as text", forge.Signer{Protected: set(1, "ES256")}, unsupported, "not a number"},
		{"by RS256", forge.Signer{Alg: "PS256", Protected: set(1, -257)}, unsupported, "PKCS1"},
		{"by ES256K", forge.Signer{Protected: set(1, -47)}, unsupported, "ES256K"},
		{"by Ed448", forge.Signer{Protected: set(1, -53)}, unsupported, "Ed448"},
		{"by HMAC", forge.Signer{Protected: set(1, 5)}, unsupported, "5"},
		{"by PS256 with an EC key", forge.Signer{Protected: set(1, -37)}, mismatch, "PS256"},
		{"by ES256 with an RSA key", forge.Signer{Alg: "PS256", Protected: set(1, -7)}, mismatch, "ES256"},
		{"by ES384 with a key on P-256", forge.Signer{Protected: set(1, -35)}, mismatch, "P-256"},
		{"by ES256 with a key on P-384", forge.Signer{Alg: "ES384", Protected: set(1, -7)}, mismatch, "P-384"},
		{"by ML-DSA-65 with an EC key", forge.Signer{Protected: set(1, -49)}, mismatch, "ML-DSA-65"},
		{"by EdDSA with an EC key", forge.Signer{Protected: set(1, -8)}, mismatch, "EdDSA"},
		{"without x5chain", forge.Signer{Placement: forge.X5None}, invalid, "no x5chain"},
		{"with an empty x5chain", forge.Signer{Placement: forge.X5Empty}, invalid, "empty"},
		{"with 33 in both headers", forge.Signer{Placement: forge.X5BothBuckets}, invalid, "two credentials"},
		{"with the text label in both headers", forge.Signer{Placement: forge.X5String, Unprotected: set("x5chain", forge.CA().Root.Cert.Raw)}, invalid, "two credentials"},
		{"with a number as x5chain", forge.Signer{Placement: forge.X5None, Protected: set(33, 1)}, invalid, "neither"},
		{"with text in x5chain", forge.Signer{Placement: forge.X5None, Protected: set(33, []any{"a"})}, invalid, "x5chain[0]"},
		{"with a certificate that is none", forge.Signer{RawChain: [][]byte{[]byte("no certificate")}}, invalid, "DER"},
		{"with the CA first", forge.Signer{RawChain: [][]byte{forge.CA().Issuer.Cert.Raw, forge.CA().Root.Cert.Raw}}, invalid, "it is a CA"},
	} {
		t.Run("a message "+tc.name, func(t *testing.T) {
			r := verify(t, tc.signer, nil)
			expect(t, r, []string{tc.want}, []string{"claimSignature.validated"})
			if !says(r, tc.want, tc.words) {
				t.Errorf("%q is not said: %s", tc.words, explain(r))
			}
		})
	}
}

func TestVerifyToleratesTheClaimAttached(t *testing.T) {
	r := verify(t, forge.Signer{Payload: claim}, nil)
	expect(t, r, []string{"claimSignature.validated"}, nil)
	if !says(r, "claimSignature.validated", "detached") {
		t.Error("the attached claim is not said")
	}
}

func TestVerifyToleratesIndefiniteLengths(t *testing.T) {
	r := verify(t, forge.Signer{COSE: func(b []byte) []byte {
		b[1] = 0x9f // the array
		return append(b, 0xff)
	}}, nil)
	expect(t, r, []string{"claimSignature.validated", "signingCredential.trusted"}, nil)
}

func TestVerifyHonoursCriticalHeadersThatItUnderstands(t *testing.T) {
	r := verify(t, forge.Signer{Protected: func(m *forge.Map) { m.Set(2, []any{33}) }}, nil)
	expect(t, r, []string{"claimSignature.validated"}, []string{"claimSignature.mismatch"})
}

// The answers about the signature and about the signer hide nothing from each other.
func TestVerifySaysBothThatTheSignatureHoldsAndThatNobodyTrustsIt(t *testing.T) {
	r := verify(t, forge.Signer{}, func(in *signing.Input) { in.Trust = nil })
	expect(t, r, []string{"signingCredential.untrusted", "claimSignature.validated", "claimSignature.insideValidity"}, nil)
	r = verify(t, forge.Signer{Sig: func(b []byte) []byte { b[0] ^= 1; return b }}, nil)
	expect(t, r, []string{"signingCredential.trusted", "claimSignature.mismatch"}, nil)
}

func TestClaimedTime(t *testing.T) {
	at := forge.Clock.AddDate(0, 0, -1).Unix()
	for _, tc := range []struct {
		name   string
		signer forge.Signer
		want   string
	}{
		{"iat as text label", forge.Signer{IAT: at}, "timeOfSigning.insideValidity"},
		{"iat in the CWT claims", forge.Signer{Protected: func(m *forge.Map) { m.Set(15, forge.Map{{K: 6, V: at}}) }}, "timeOfSigning.insideValidity"},
		{"iat as bare 6", forge.Signer{Protected: func(m *forge.Map) { m.Set(6, at) }}, "timeOfSigning.insideValidity"},
		{"iat before the certificate", forge.Signer{IAT: forge.Clock.AddDate(-3, 0, 0).Unix()}, "timeOfSigning.outsideValidity"},
		{"iat after the time-stamp", forge.Signer{IAT: at + 2*86400, Stamp2: true, Stamps: []forge.Stamp{{}}}, "timeOfSigning.outsideValidity"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := verify(t, tc.signer, nil)
			expect(t, r, []string{tc.want, "claimSignature.insideValidity"}, nil)
			if r.Claimed == nil {
				t.Error("no claimed time")
			}
		})
	}
	for name, value := range map[string]any{"a text": "2026", "no map": 6, "a map without it": forge.Map{{K: 1, V: at}}, "a map with a text": forge.Map{{K: 6, V: "2026"}}} {
		r := verify(t, forge.Signer{Protected: func(m *forge.Map) { m.Set(15, value) }}, nil)
		if expect(t, r, []string{"claimSignature.validated"}, nil); r.Claimed != nil {
			t.Errorf("CWT claims that are %s were read as the time %v", name, r.Claimed)
		}
	}
	for name, value := range map[string]any{"a Partial IV": []byte{1, 2}, "a negative number": -1, "a text": "2026", "a number beyond the year 9999": int64(1) << 50} {
		r := verify(t, forge.Signer{Protected: func(m *forge.Map) { m.Set(6, value) }}, nil)
		if expect(t, r, []string{"claimSignature.validated"}, nil); r.Claimed != nil {
			t.Errorf("%s was read as the time %v", name, r.Claimed)
		}
	}
}
