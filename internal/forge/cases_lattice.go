package forge

import (
	"crypto/x509"
	"slices"
)

// lattice65 is the authority of claim signers with an issuer whose key is of ML-DSA.
func lattice65() *Authority { return CA().with("ML-DSA-65", nil) }

// goodLattice are files with ML-DSA beside the signature of the claim: in an issuer, a time-stamp and a responder.
func goodLattice() []Case {
	return []Case{
		{Name: "ML-DSA: an issuer", Code: "signingCredential.trusted", Recipe: stamped(Signer{Authority: lattice65()})},
		{Name: "ML-DSA: an issuer and its signer", Code: "signingCredential.trusted", Recipe: stamped(Signer{Alg: "ML-DSA-87", Authority: lattice65()})},
		{Name: "ML-DSA: a time-stamp", Code: "timeStamp.trusted", Recipe: stamped(Signer{Stamps: []Stamp{{Key: "ML-DSA-44"}}, Stamp2: true})},
		{Name: "ML-DSA: a responder", Code: "signingCredential.ocsp.notRevoked", Recipe: stamped(Signer{
			Cert: ocspPointer, OCSP: []OCSP{{Kind: "ML-DSA-44"}}, Stamps: []Stamp{{}}, Stamp2: true,
		})},
		{Name: "ML-DSA: a responder that is the issuer", Code: "signingCredential.ocsp.notRevoked", Recipe: stamped(Signer{
			Authority: lattice65(), Cert: ocspPointer, OCSP: []OCSP{{ByIssuer: true}}, Stamps: []Stamp{{}}, Stamp2: true,
		})},
	}
}

// latticeCorruptions are files that are wrong in what ML-DSA alone has. FIPS 204; RFC 9881, RFC 9964.
func latticeCorruptions() []Case {
	const mismatch, invalid, untrusted = "claimSignature.mismatch", "signingCredential.invalid", "signingCredential.untrusted"
	one := func(name, code string, s Signer, also ...string) Case {
		if s.Alg == "" {
			s.Alg = "ML-DSA-44"
		}
		return Case{Name: "ML-DSA: " + name, Code: code, Also: also, Recipe: stamped(s)}
	}
	parts := func(edit func(*Parts)) Signer { return Signer{Parts: edit} }
	list := []Case{
		one("a bit of the signature", mismatch, Signer{Sig: flip(3)}),
		one("a signature cut short", mismatch, Signer{Sig: cut(1)}),
		one("a byte behind the signature", mismatch, Signer{Sig: func(b []byte) []byte { return append(slices.Clone(b), 0) }}),
		one("the signature of other bytes", mismatch, Signer{Signed: []byte("other bytes")}),
		one("a signature in a context", mismatch, Signer{Context: "c2pa"}),
		one("the algorithm of a larger set", mismatch, Signer{Protected: func(m *Map) { m.Set(1, -49) }}),
		one("the algorithm of a smaller set", mismatch, Signer{Alg: "ML-DSA-87", Protected: func(m *Map) { m.Set(1, -49) }}),
		one("the algorithm of another kind of key", mismatch, Signer{Alg: "ES256", Protected: func(m *Map) { m.Set(1, -48) }}),
		one("the key of another kind of algorithm", mismatch, Signer{Protected: func(m *Map) { m.Set(1, -8) }}),
		one("a key with parameters", invalid, parts(func(p *Parts) { p.SPKI = seq(withNull("ML-DSA-44"), keyBits(p.SPKI)) }), mismatch),
		one("a key that is too short", invalid, parts(func(p *Parts) { p.SPKI = seq(latticeID("ML-DSA-44"), tlv(3, []byte{0}, random("short", 1311))) }), mismatch),
		one("a key of another set", invalid, parts(func(p *Parts) { p.SPKI = seq(latticeID("ML-DSA-65"), keyBits(p.SPKI)) }), mismatch),
		one("a certificate signed with a hash in front", invalid, parts(func(p *Parts) { p.Alg = seq(der(hashML44)) })),
		one("a certificate for the agreement on a key", invalid, Signer{Cert: func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyAgreement }}),
	}
	under := func(name, code string, a *Authority, edit func(*Parts)) Case {
		return one(name, code, Signer{Alg: "ES256", Authority: a, Parts: edit})
	}
	return append(list,
		under("an issuer's signature with parameters", invalid, lattice65(), func(p *Parts) { p.Alg = withNull("ML-DSA-65") }),
		under("an issuer's signature by another set than it says", untrusted, lattice65(), func(p *Parts) { p.Alg = latticeID("ML-DSA-44") }),
		under("a bit of an issuer's signature", untrusted, lattice65(), func(p *Parts) { p.Sig = flip(7) }),
		under("an issuer that encrypts keys", untrusted, CA().with("ML-DSA-65", func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }), func(*Parts) {}),
		one("a bit of a time-stamp", "timeStamp.mismatch", Signer{Alg: "ES256", Stamps: []Stamp{{Key: "ML-DSA-44", Sig: flip(-1)}}, Stamp2: true}),
		one("a time-stamp with parameters", "timeStamp.untrusted", Signer{Alg: "ES256", Stamps: []Stamp{{Key: "ML-DSA-44", Alg: withNull("ML-DSA-44")}}, Stamp2: true}),
	)
}
