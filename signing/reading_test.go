package signing_test

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/signing"
)

// Names in whatever string type a certificate has them; the report shows them, nothing rests on them.
func TestNamesAreReadInEveryStringType(t *testing.T) {
	rdn := func(tag byte, text []byte, id ...int) []byte { return tlv(0x31, seq(der(oid(id...)), tlv(tag, text))) }
	cn := func(tag byte, text string) []byte { return seq(rdn(tag, []byte(text), 2, 5, 4, 3)) }
	for _, tc := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"UTF8String", cn(0x0c, "Zoë"), "Zoë"},
		{"PrintableString with what it must not have", cn(0x13, "a@b"), "a@b"},
		{"BMPString", cn(0x1e, "\x00Z\x00o\x00\xeb"), "Zoë"},
		{"BMPString of an odd length", cn(0x1e, "\x00Z\x00"), "Z"},
		{"no UTF-8", cn(0x0c, "a\xff"), "a\uFFFD"},
		{"common name and organisation", seq(rdn(0x0c, []byte("Org"), 2, 5, 4, 10), rdn(0x0c, []byte("Name"), 2, 5, 4, 3)), "Name, Org"},
		{"organisation alone", seq(rdn(0x0c, []byte("Org"), 2, 5, 4, 10)), "Org"},
		{"neither", seq(), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := judge(t, "ES256", with(func(m *mint) { m.Subject = tc.raw }), root())
			if expect(t, r, []string{"signingCredential.trusted"}, nil); r.Subject != tc.want {
				t.Errorf("subject %q, want %q", r.Subject, tc.want)
			}
		})
	}
}

func TestCertificatesOfTheFarFuture(t *testing.T) {
	leaf := with(func(m *mint) { m.To = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) })
	expect(t, judge(t, "ES256", leaf, root()), []string{"claimSignature.insideValidity"}, nil)
}

// What has the frame of a certificate and is none.
func TestBrokenCertificates(t *testing.T) {
	good := leafKey().make()
	cut := content(good.DER)
	tbs := cut[:len(cut)-len(after(cut))]
	for name, bad := range map[string][]byte{
		"of no bytes":               {},
		"with bytes after it":       append(good.DER[:len(good.DER):len(good.DER)], 0),
		"cut short":                 good.DER[:len(good.DER)-1],
		"without a signature":       seq(tbs, ecdsaSHA256),
		"without an algorithm":      seq(tbs),
		"with an empty content":     seq(seq(), ecdsaSHA256, der(asn1.BitString{Bytes: []byte{1}, BitLength: 8})),
		"with a half-bit signature": seq(tbs, ecdsaSHA256, der(asn1.BitString{Bytes: []byte{0x80}, BitLength: 1})),
	} {
		s := signMint("ES256", good)
		s.RawChain = [][]byte{bad}
		r := signing.Verify(signing.Input{
			COSE: s.Sign(claim), Payload: claim, URL: url, Now: forge.Clock,
			Trust: &signing.Trust{Claim: []signing.List{list(t, "mint", root().DER)}},
		})
		expect(t, r, []string{"signingCredential.invalid"}, []string{"claimSignature.validated", "signingCredential.trusted"})
		if !says(r, "signingCredential.invalid", "DER") {
			t.Errorf("%s: %s", name, explain(r))
		}
	}
	t.Run("further up the chain is no fault of the signer", func(t *testing.T) {
		r := judge(t, "ES256", good, root(), &minted{DER: []byte("no certificate")})
		if expect(t, r, []string{"signingCredential.trusted", "claimSignature.validated"}, nil); len(r.Unsupported) == 0 {
			t.Error("not said")
		}
	})
}

func TestClaimedTimeWithAFraction(t *testing.T) {
	at := float64(forge.Clock.Unix()) - 0.5
	raw := forge.Raw(append([]byte{0xfb}, bigEndian(math.Float64bits(at))...))
	r := verify(t, forge.Signer{Protected: func(m *forge.Map) { m.Set("iat", raw) }}, nil)
	if r.Claimed == nil || !r.Claimed.Equal(forge.Clock.Add(-500*time.Millisecond)) {
		t.Errorf("claimed %v", r.Claimed)
	}
	for name, bad := range map[string]uint64{"NaN": math.Float64bits(math.NaN()), "infinity": math.Float64bits(math.Inf(1)), "minus one": math.Float64bits(-1)} {
		raw := forge.Raw(append([]byte{0xfb}, bigEndian(bad)...))
		if r := verify(t, forge.Signer{Protected: func(m *forge.Map) { m.Set("iat", raw) }}, nil); r.Claimed != nil {
			t.Errorf("%s was read as %v", name, r.Claimed)
		}
	}
}

func bigEndian(n uint64) []byte {
	var b []byte
	for i := 56; i >= 0; i -= 8 {
		b = append(b, byte(n>>i))
	}
	return b
}

// ESSCertIDv2 with the hash that it names. RFC 5816, 2.2.1.
func TestSigningCertificateNamedByAnotherHash(t *testing.T) {
	sum := sha512.Sum384(tsaLeaf(nil).DER)
	r := stampWith(t, cms{CertAlg: hashSHA384, CertHash: sum[:]}.over, nil)
	expect(t, r, []string{"timeStamp.validated"}, nil)
	r = stampWith(t, cms{CertAlg: seq(der(oid(1, 3, 14, 3, 2, 26)), asn1.NullBytes), CertHash: make([]byte, 20)}.over, nil)
	expect(t, r, []string{"timeStamp.mismatch"}, []string{"timeStamp.validated"})
	r = stampWith(t, cms{CertAlg: hashSHA384, CertHash: make([]byte, 48)}.over, nil)
	expect(t, r, []string{"timeStamp.mismatch"}, []string{"timeStamp.validated"})
}

func TestNewSignerReadsEveryFormOfKey(t *testing.T) {
	ec := forge.Key("P-256", "pem P-256").(*ecdsa.PrivateKey)
	rs := forge.Key("RSA-2048", "pem RSA-2048").(*rsa.PrivateKey)
	params := pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 0}})
	for name, tc := range map[string]struct {
		key  []byte
		kind string
	}{
		"PKCS #8": {forge.KeyPEM(ec), "P-256"},
		"SEC 1":   {append(params, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: must(x509.MarshalECPrivateKey(ec))})...), "P-256"},
		"PKCS #1": {pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rs)}), "RSA-2048"},
	} {
		leaf := forge.CA().Issue("PEM "+tc.kind, forge.Key(tc.kind, "pem "+tc.kind), forge.ClaimSigning, nil)
		if _, err := signing.NewSigner("", tc.key, forge.ChainPEM(leaf.Cert)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
