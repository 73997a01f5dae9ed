package forge

import (
	"crypto/x509"
	"encoding/asn1"
	"time"
)

func signatureCorruptions() []Case {
	sig := func(name, code string, s Signer) Case {
		return Case{Name: name, Code: code, Recipe: stamped(s)}
	}
	const mismatch, invalid = "claimSignature.mismatch", "signingCredential.invalid"
	list := []Case{
		sig("a bit of the signature", mismatch, Signer{Sig: flip(3)}),
		sig("a signature in DER", mismatch, Signer{Sig: inDER}),
		sig("a signature cut short", mismatch, Signer{Sig: cut(1)}),
		sig("no signature bytes", mismatch, Signer{Sig: func([]byte) []byte { return nil }}),
		sig("the signature of other bytes", mismatch, Signer{Signed: []byte("other bytes")}),
		sig("an attached payload that was signed in place of the claim", mismatch, Signer{Signed: []byte("other"), Payload: []byte("other")}),
		sig("a payload of no bytes", mismatch, Signer{Payload: []byte{}}),
		sig("a critical header that nobody knows", mismatch, Signer{Protected: func(m *Map) { m.Set(2, []any{"com.example"}); m.Set("com.example", 1) }}),
		sig("RSA with PKCS #1 padding", "algorithm.unsupported", Signer{Alg: "PS256", Protected: func(m *Map) { m.Set(1, -257) }}),
		sig("an algorithm outside the list", "algorithm.unsupported", Signer{Protected: func(m *Map) { m.Set(1, -47) }}),
		sig("no algorithm", "algorithm.unsupported", Signer{Protected: func(m *Map) { m.Del(1) }}),
		sig("an algorithm in the unprotected header alone", "algorithm.unsupported", Signer{Protected: func(m *Map) { m.Del(1) }, Unprotected: func(m *Map) { m.Set(1, -7) }}),
		sig("the algorithm of another kind of key", mismatch, Signer{Protected: func(m *Map) { m.Set(1, -8) }}),
		sig("no certificate", invalid, Signer{Placement: X5None}),
		sig("an empty chain", invalid, Signer{Placement: X5Empty}),
		sig("a chain in both headers", invalid, Signer{Placement: X5BothBuckets}),
		sig("a certificate that is none", invalid, Signer{RawChain: [][]byte{random("no certificate", 300)}}),
		sig("a signer on no list", "signingCredential.untrusted", Signer{Authority: NewAuthority("Forge Stranger CA")}),
		sig("a chain without its intermediate", "signingCredential.untrusted", Signer{LeafOnly: true}),
		sig("a certificate that has expired", "claimSignature.outsideValidity", Signer{Cert: validity(Clock.AddDate(-2, 0, 0), Clock.AddDate(0, 0, -1))}),
		sig("a certificate of tomorrow", "claimSignature.outsideValidity", Signer{Cert: validity(Clock.AddDate(0, 0, 1), Clock.AddDate(1, 0, 0))}),
		sig("a claimed signing time before the certificate", "timeOfSigning.outsideValidity", Signer{IAT: Clock.AddDate(-3, 0, 0).Unix()}),
		sig("a certificate without usage", invalid, Signer{Cert: func(c *x509.Certificate) { c.UnknownExtKeyUsage = nil }}),
		sig("a certificate for any usage", invalid, Signer{Cert: func(c *x509.Certificate) { c.UnknownExtKeyUsage = append(c.UnknownExtKeyUsage, AnyEKU) }}),
		sig("a certificate for time-stamps as well", invalid, Signer{Cert: func(c *x509.Certificate) { c.UnknownExtKeyUsage = append(c.UnknownExtKeyUsage, TimeStamping) }}),
		sig("a certificate without digitalSignature", invalid, Signer{Cert: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }}),
		sig("a certificate that is an authority", invalid, Signer{Cert: func(c *x509.Certificate) { c.IsCA = true; c.KeyUsage |= x509.KeyUsageCertSign }}),
		sig("a certificate for e-mail alone", "signingCredential.untrusted", Signer{Cert: func(c *x509.Certificate) { c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{EmailProtection} }}),
		sig("a message without a tag", mismatch, Signer{NoTag: true}),
		sig("a message that is no COSE", mismatch, Signer{COSE: garbage}),
	}
	short := sig("an RSA key of 1024 bits", invalid, Signer{Alg: "PS256", Key: "RSA-1024"})
	short.Also = []string{mismatch}
	list = append(list, short)
	self := SelfSigned("Forge Self", Key("P-256", "Forge Self"), nil)
	list = append(list, sig("a certificate that signed itself", "signingCredential.untrusted", Signer{Pair: &self, LeafOnly: true}))
	list = append(list,
		Case{Name: "a good signer and no list", Code: "signingCredential.untrusted", List: "none"},
		Case{Name: "a signer on a frozen list", Code: "trust.legacyList", List: "legacy"},
		Case{Name: "a signer on a list past its renewal", Code: "trust.stale", List: "stale"},
	)
	return list
}

// inDER writes r and s as a certificate's signature has them, which COSE does not allow. RFC 9053, 2.1.
func inDER(b []byte) []byte {
	n := len(b) / 2
	return seq(tlv(2, append([]byte{0}, b[:n]...)), tlv(2, append([]byte{0}, b[n:]...)))
}

func ocspPointer(c *x509.Certificate) { c.OCSPServer = []string{"http://ocsp.invalid/"} }

func stampCorruptions() []Case {
	ts := func(name, code string, stamps ...Stamp) Case {
		return Case{Name: "time-stamp: " + name, Code: code, Recipe: stamped(Signer{Stamps: stamps, Stamp2: true})}
	}
	first := func(name, code string, s Stamp) Case {
		return Case{Name: "time-stamp of version 1: " + name, Code: code, Recipe: stamped(Signer{Stamps: []Stamp{s}})}
	}
	const malformed, mismatch, untrusted = "timeStamp.malformed", "timeStamp.mismatch", "timeStamp.untrusted"
	return []Case{
		ts("two of them", malformed, Stamp{}, Stamp{Time: Clock.Add(time.Hour)}),
		ts("random bytes", malformed, Stamp{Token: garbage}),
		ts("cut short", malformed, Stamp{Token: cut(10)}),
		ts("of other bytes", mismatch, Stamp{Imprint: random("imprint", 32)}),
		ts("a bit of the signature", mismatch, Stamp{Sig: flip(-1)}),
		ts("another digest in its attributes", mismatch, Stamp{Digest: flip(0)}),
		ts("imprint by SHA-1", untrusted, Stamp{Hash: OIDSHA1, Imprint: random("sha1", 20)}),
		ts("an authority on no list", untrusted, Stamp{Authority: NewAuthority("Forge Stranger Time CA")}),
		ts("no certificate", untrusted, Stamp{NoCert: true}),
		ts("an authority of claim signers", untrusted, Stamp{Authority: CA()}),
		ts("a certificate that is not for time-stamps", "timeStamp.credentialInvalid", Stamp{EKU: EmailProtection}),
		ts("before its authority's certificate", "timeStamp.outsideValidity", Stamp{Time: Clock.AddDate(-4, -6, 0)}),
		ts("a certificate of the authority that had expired", "timeStamp.outsideValidity", Stamp{Cert: validity(Clock.AddDate(-2, 0, 0), Clock.AddDate(-1, 0, 0))}),
		first("of other bytes", mismatch, Stamp{Imprint: random("imprint", 32)}),
		first("refused by the authority", malformed, Stamp{Status: 2}),
		first("random bytes", malformed, Stamp{Token: garbage}),
		{Name: "time-stamp: outside the signer's validity", Code: "claimSignature.outsideValidity", Recipe: stamped(Signer{
			Cert: validity(Clock.AddDate(0, 0, -2), Clock.AddDate(0, 9, 0)), Stamps: []Stamp{{Time: Clock.AddDate(0, 0, -10)}}, Stamp2: true,
		})},
	}
}
