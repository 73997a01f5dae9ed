package signing_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// leafKey is the signer's key in the tests of certificates.
func leafKey() *mint {
	return &mint{Name: "Mint Signer", Key: forge.Key("P-256", "mint signer"), By: root()}
}

// judge verifies a claim signed by a minted certificate under the minted root.
func judge(t *testing.T, alg string, leaf *minted, anchor *minted, chain ...*minted) *signing.Result {
	t.Helper()
	return signing.Verify(signing.Input{
		COSE: signMint(alg, leaf, chain...).Sign(claim), Payload: claim, URL: url, Now: forge.Clock,
		Trust: &signing.Trust{Claim: []signing.List{list(t, "mint", anchor.DER)}},
	})
}

func with(edit func(*mint)) *minted {
	m := leafKey()
	edit(m)
	return m.make()
}

// Every rule of the certificate profile with a certificate that breaks it. C2PA 2.5, 13.5.1.1.
func TestCertificateProfile(t *testing.T) {
	rsaRoot := rootRSA()
	underRSA := func(alg []byte) func(*mint) { return func(m *mint) { m.By, m.Alg = rsaRoot, alg } }
	secp256k1 := seq(seq(der(oid(1, 2, 840, 10045, 2, 1)), der(oid(1, 3, 132, 0, 10))), der(asn1.BitString{Bytes: append([]byte{4}, make([]byte, 64)...), BitLength: 520}))
	explicit := seq(seq(der(oid(1, 2, 840, 10045, 2, 1)), seq(der(1))), der(asn1.BitString{Bytes: []byte{4, 0}, BitLength: 16}))
	p224 := must(x509.MarshalPKIXPublicKey(forge.Key("P-224", "mint p224").Public()))
	off := append([]byte{4}, make([]byte, 64)...)
	off[64] = 9
	offCurve := seq(seq(der(oid(1, 2, 840, 10045, 2, 1)), der(oid(1, 2, 840, 10045, 3, 1, 7))), der(asn1.BitString{Bytes: off, BitLength: 520}))

	for _, tc := range []struct {
		name  string
		edit  func(*mint)
		words string
	}{
		{"signed by ECDSA with SHA-1", func(m *mint) { m.Alg = ecdsaSHA1 }, "not allowed"},
		{"signed by RSA with SHA-1", underRSA(seq(der(oid(1, 2, 840, 113549, 1, 1, 5)), asn1.NullBytes)), "not allowed"},
		{"signed by RSASSA-PSS without parameters", underRSA(pss()), "without parameters"},
		{"signed by RSASSA-PSS with the default hash", underRSA(pss(seq())), "SHA-1"},
		{"signed by RSASSA-PSS with SHA-1", underRSA(pss(pssParams(seq(der(oid(1, 3, 14, 3, 2, 26)), asn1.NullBytes), mgfOf(hashSHA256), 32))), "hash"},
		{"signed by RSASSA-PSS without a mask generator", underRSA(pss(pssParams(hashSHA256, nil, 32))), "mask generator"},
		{"signed by RSASSA-PSS with another hash in the mask generator", underRSA(pss(pssParams(hashSHA256, mgfOf(hashSHA384), 32))), "mask generator has another hash"},
		{"signed by RSASSA-PSS with SHA-1 in the mask generator", underRSA(pss(pssParams(hashSHA256, mgfOf(seq(der(oid(1, 3, 14, 3, 2, 26)), asn1.NullBytes)), 32))), "mask generator has another hash"},
		{"signed by ML-DSA with parameters", func(m *mint) { m.Alg = seq(der(oid(2, 16, 840, 1, 101, 3, 4, 3, 17)), asn1.NullBytes) }, "ML-DSA-44 with parameters"},
		{"with an ML-DSA key with parameters", func(m *mint) {
			m.SPKI = seq(seq(der(oid(2, 16, 840, 1, 101, 3, 4, 3, 17)), asn1.NullBytes), der(asn1.BitString{Bytes: make([]byte, 1312), BitLength: 1312 * 8}))
		}, "with parameters"},
		{"on the curve secp256k1", func(m *mint) { m.SPKI = secp256k1 }, "P-256, P-384 or P-521"},
		{"on the curve P-224", func(m *mint) { m.SPKI = p224 }, "P-256, P-384 or P-521"},
		{"on explicit curve parameters", func(m *mint) { m.SPKI = explicit }, "P-256, P-384 or P-521"},
		{"with a point off its curve", func(m *mint) { m.SPKI = offCurve }, "not on its curve"},
		{"with an Ed25519 key of 31 bytes", func(m *mint) { m.SPKI = seq(ed25519Alg, der(asn1.BitString{Bytes: make([]byte, 31), BitLength: 248})) }, "Ed25519"},
		{"with an Ed25519 key with parameters", func(m *mint) {
			m.SPKI = seq(seq(der(oid(1, 3, 101, 112)), asn1.NullBytes), der(asn1.BitString{Bytes: make([]byte, 32), BitLength: 256}))
		}, "Ed25519"},
		{"with an RSA key of an even exponent", func(m *mint) { m.SPKI = rsaNumbers(der(2)) }, "make no sense"},
		{"with an RSA key of exponent 1", func(m *mint) { m.SPKI = rsaNumbers(der(1)) }, "make no sense"},
		{"with an RSA key of a huge exponent", func(m *mint) { m.SPKI = rsaNumbers(tlv(2, []byte{1, 0, 0, 0, 0, 1})) }, "make no sense"},
		{"with an RSA key that cannot be read", func(m *mint) { m.SPKI = rsaNumbers(asn1.NullBytes) }, "cannot be read"},
		{"with an RSA key of 2047 bits", func(m *mint) { m.SPKI = rsaSPKI(2047) }, "2047 bits"},
		{"with an RSASSA-PSS key of 2047 bits", func(m *mint) { m.SPKI = seq(pss(), rsaBits(2047)) }, "2047 bits"},
		{"of version 1", func(m *mint) { m.V1 = true }, "v1"},
		{"of version 2", func(m *mint) { m.Version = 1 }, "v2"},
		{"with a unique identifier", func(m *mint) { m.Unique = []byte{1, 2, 3} }, "unique identifier"},
		{"with an extension twice", func(m *mint) { m.Extra = [][]byte{ext(true, bits(0), 2, 5, 29, 15)} }, "twice"},
		{"with a broken extension", func(m *mint) { m.Without = []string{"basic"}; m.Extra = [][]byte{ext(true, []byte{1}, 2, 5, 29, 19)} }, "cannot be read"},
		{"that is a CA", func(m *mint) { m.CA = true; m.Usage = []int{0, 5} }, "it is a CA"},
		{"with keyCertSign and no CA", func(m *mint) { m.Usage = []int{0, 5} }, "keyCertSign"},
		{"without authority key identifier", func(m *mint) { m.Without = []string{"aki"} }, "authority key identifier"},
		{"without key usage", func(m *mint) { m.Without = []string{"usage"} }, "no key usage"},
		{"without digitalSignature", func(m *mint) { m.Usage = []int{1} }, "digitalSignature"},
		{"without extended key usage", func(m *mint) { m.Without = []string{"eku"} }, "no extended key usage"},
		{"with an empty extended key usage", func(m *mint) { m.EKUs = []asn1.ObjectIdentifier{} }, "no extended key usage"},
		{"with anyExtendedKeyUsage", func(m *mint) { m.EKUs = append(purposeClaim, forge.AnyEKU) }, "anyExtendedKeyUsage"},
		{"with timeStamping beside claimSigning", func(m *mint) { m.EKUs = append(purposeClaim, forge.TimeStamping) }, "beside another"},
		{"with OCSPSigning beside claimSigning", func(m *mint) { m.EKUs = append(purposeClaim, forge.OCSPSigning) }, "beside another"},
		{"with timeStamping and OCSPSigning", func(m *mint) { m.EKUs = []asn1.ObjectIdentifier{forge.TimeStamping, forge.OCSPSigning} }, "together"},
	} {
		t.Run("a certificate "+tc.name, func(t *testing.T) {
			leaf := with(tc.edit)
			anchor := root()
			if m := leafKey(); tc.edit != nil {
				if tc.edit(m); m.By.Key == rsaRoot.Key {
					anchor = rsaRoot
				}
			}
			r := judge(t, "ES256", leaf, anchor)
			expect(t, r, []string{"signingCredential.invalid"}, []string{"signingCredential.trusted"})
			if !says(r, "signingCredential.invalid", tc.words) {
				t.Errorf("%q is not said: %s", tc.words, explain(r))
			}
			if r.Trusted {
				t.Error("trusted")
			}
		})
	}
}

// rsaBits is the key itself in a public key of a number of that many bits.
func rsaBits(n int) []byte { return after(content(rsaSPKI(n))) }

// What the profile allows, next to what it forbids.
func TestCertificateProfileAllows(t *testing.T) {
	rsaRoot := rootRSA()
	for _, tc := range []struct {
		name   string
		anchor *minted
		edit   func(*mint)
	}{
		{"as it should be", root(), func(*mint) {}},
		{"signed by RSASSA-PKCS1-v1_5", rsaRoot, func(m *mint) { m.By = rsaRoot }},
		{"signed by RSASSA-PSS", rsaRoot, func(m *mint) { m.By, m.Alg = rsaRoot, pss(pssParams(hashSHA256, mgfOf(hashSHA256), 32)) }},
		{"with claimSigning alone", root(), func(m *mint) { m.EKUs = []asn1.ObjectIdentifier{forge.ClaimSigning} }},
		{"with purposes that nobody knows", root(), func(m *mint) { m.EKUs = append(purposeClaim, oid(1, 2, 3, 4)) }},
		{"without subject key identifier", root(), func(m *mint) { m.Without = []string{"ski"} }},
		{"without basic constraints", root(), func(m *mint) { m.Without = []string{"basic"} }},
		{"with an extension that nobody knows", root(), func(m *mint) { m.Extra = [][]byte{ext(false, []byte{5, 0}, 1, 2, 3)} }},
		{"with nonRepudiation beside digitalSignature", root(), func(m *mint) { m.Usage = []int{0, 1} }},
	} {
		t.Run("a certificate "+tc.name, func(t *testing.T) {
			r := judge(t, "ES256", with(tc.edit), tc.anchor)
			expect(t, r, []string{"signingCredential.trusted", "claimSignature.validated", "claimSignature.insideValidity"}, []string{"signingCredential.invalid"})
		})
	}
}

// Keys and signature algorithms are prescribed to those who sign claims alone: an authority and an issuer may have others.
// C2PA 2.5, 13.5.1.1.
func TestAlgorithmRulesAreOfClaimSigners(t *testing.T) {
	short := forge.Key("RSA-1024", "mint short")
	ca := mint{Name: "Mint Short CA", Key: short, By: root(), CA: true}.make()
	leaf := mint{Name: "Mint Signer", Key: forge.Key("P-256", "mint signer"), By: ca}.make()
	expect(t, judge(t, "ES256", leaf, root(), ca), []string{"signingCredential.trusted", "claimSignature.validated"}, []string{"signingCredential.invalid"})
	r := stampWith(t, cms{TSA: tsaLeaf(func(m *mint) { m.Key = short }), Alg: rsaSHA256}.over, nil)
	expect(t, r, []string{"timeStamp.trusted", "timeStamp.validated"}, []string{"timeStamp.credentialInvalid"})
}

// An RSASSA-PSS key, which crypto/x509 does not read: as a signer's and as an issuer's.
func TestRSASSAPSSKeys(t *testing.T) {
	params := pssParams(hashSHA256, mgfOf(hashSHA256), 32)
	spki := func(key string, params ...[]byte) []byte {
		pub := forge.Key("RSA-2048", key).Public().(*rsa.PublicKey)
		return seq(pss(params...), der(asn1.BitString{Bytes: x509.MarshalPKCS1PublicKey(pub), BitLength: 8 * len(x509.MarshalPKCS1PublicKey(pub))}))
	}
	alg := pss(params)
	ca := mint{Name: "Mint PSS Root", Key: forge.Key("RSA-2048", "mint pss root"), SPKI: spki("mint pss root", params), Alg: alg, CA: true}.make()
	signer := func(spki []byte) *minted {
		return mint{Name: "Mint PSS Signer", Key: forge.Key("RSA-2048", "mint pss signer"), SPKI: spki, By: ca, Alg: alg}.make()
	}
	t.Run("sign where their parameters allow it", func(t *testing.T) {
		for _, leaf := range []*minted{signer(spki("mint pss signer", params)), signer(spki("mint pss signer"))} {
			r := judge(t, "PS256", leaf, ca)
			expect(t, r, []string{"signingCredential.trusted", "claimSignature.validated"}, []string{"signingCredential.invalid"})
		}
	})
	t.Run("do not sign by another hash than theirs", func(t *testing.T) {
		r := judge(t, "PS384", signer(spki("mint pss signer", params)), ca)
		expect(t, r, []string{"claimSignature.mismatch"}, []string{"claimSignature.validated"})
	})
	t.Run("issue by their own parameters alone", func(t *testing.T) {
		leaf := func(salt int) *minted {
			return mint{Name: "x", Key: forge.Key("RSA-2048", "mint pss signer"), By: ca, Alg: pss(pssParams(hashSHA256, mgfOf(hashSHA256), salt))}.make()
		}
		expect(t, judge(t, "PS256", leaf(32), ca), []string{"signingCredential.trusted"}, nil)
		long := mint{Name: "Mint PSS Root", Key: ca.Key, SPKI: spki("mint pss root", pssParams(hashSHA256, mgfOf(hashSHA256), 33)), CA: true, Alg: alg}.make()
		expect(t, judge(t, "PS256", leaf(32), long), []string{"signingCredential.untrusted"}, []string{"signingCredential.trusted"})
		hash := mint{Name: "Mint PSS Root", Key: ca.Key, SPKI: spki("mint pss root", pssParams(hashSHA384, mgfOf(hashSHA384), 32)), CA: true, Alg: alg}.make()
		expect(t, judge(t, "PS256", leaf(32), hash), []string{"signingCredential.untrusted"}, []string{"signingCredential.trusted"})
	})
	t.Run("do not issue by PKCS1-v1_5", func(t *testing.T) {
		leaf := mint{Name: "x", Key: forge.Key("RSA-2048", "mint pss signer"), By: ca, Alg: rsaSHA256}.make()
		expect(t, judge(t, "PS256", leaf, ca), []string{"signingCredential.untrusted"}, []string{"signingCredential.trusted"})
	})
}

// An allowed certificate is trusted as it is: no profile, no anchor. C2PA 2.5, 13.4.
func TestAllowedCertificateBypassesTheProfile(t *testing.T) {
	leaf := mint{Name: "Mint Self", Key: forge.Key("P-256", "mint self"), Without: []string{"eku", "usage", "aki"}}.make()
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.DER})
	allowed, err := signing.ParseAllowed("mine.pem", data)
	if err != nil {
		t.Fatal(err)
	}
	in := signing.Input{COSE: signMint("ES256", leaf).Sign(claim), Payload: claim, URL: url, Now: forge.Clock}
	in.Trust = &signing.Trust{Claim: []signing.List{list(t, "mint", root().DER), allowed}}
	r := signing.Verify(in)
	expect(t, r, []string{"signingCredential.trusted", "claimSignature.validated"}, []string{"signingCredential.invalid"})
	if !r.Allowed || r.List == nil || r.List.Name != "mine.pem" {
		t.Errorf("allowed %v, list %+v", r.Allowed, r.List)
	}
	t.Run("but not outside its validity", func(t *testing.T) {
		late := in
		late.Now = forge.Clock.AddDate(5, 0, 0)
		expect(t, signing.Verify(late), []string{"claimSignature.outsideValidity", "signingCredential.trusted"}, nil)
	})
	t.Run("and it anchors nothing", func(t *testing.T) {
		below := mint{Name: "Below", Key: forge.Key("P-256", "mint below"), By: leaf}.make()
		out := in
		out.COSE = signMint("ES256", below, leaf).Sign(claim)
		expect(t, signing.Verify(out), []string{"signingCredential.untrusted"}, []string{"signingCredential.trusted"})
	})
	t.Run("and another with its key is not allowed", func(t *testing.T) {
		twin := mint{Name: "Mint Self", Key: leaf.Key, Serial: 7}.make()
		out := in
		out.COSE = signMint("ES256", twin).Sign(claim)
		r := signing.Verify(out)
		if r.Trusted || !report.Has(r.Findings, "signingCredential.untrusted") {
			t.Errorf("a twin was taken for the allowed certificate: %v", codes(r))
		}
	})
	t.Run("and an anchor list does not allow it", func(t *testing.T) {
		out := in
		out.Trust = &signing.Trust{Claim: []signing.List{list(t, "self", leaf.DER)}}
		expect(t, signing.Verify(out), nil, []string{"signingCredential.trusted"})
	})
}
