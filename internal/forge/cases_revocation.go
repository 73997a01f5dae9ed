package forge

import (
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

const (
	notRevoked  = "signingCredential.ocsp.notRevoked"
	ocspRevoked = "signingCredential.ocsp.revoked"
	ocspSkipped = "signingCredential.ocsp.skipped"
	ocspUnknown = "signingCredential.ocsp.unknown"
)

// asked is a signer whose certificate names a responder.
func asked(s Signer) Signer {
	s.Cert = ocspPointer
	return s
}

func stapledCase(name, code string, list ...OCSP) Case {
	return Case{Name: "revocation: " + name, Code: code, Recipe: stamped(asked(Signer{OCSP: list}))}
}

// stampedAt is a signer with a time-stamp.
func stampedAt(t time.Time, list ...OCSP) Recipe {
	return stamped(asked(Signer{OCSP: list, Stamps: []Stamp{{Time: t}}, Stamp2: true}))
}

// updated is an update manifest that brings evidence about the manifest below it.
func updated(base Signer, evidence ...Assertion) Recipe {
	return Recipe{Manifest: Manifest{Update: true, Assertions: evidence, Ingredients: []Ingredient{{Manifest: &Manifest{Signer: base}}}}}
}

func goodRevocation() []Case {
	day := 24 * time.Hour
	late := asked(Signer{Stamps: []Stamp{{Time: Clock.Add(-30 * day)}}, Stamp2: true})
	list := []Case{
		stapledCase("good", notRevoked, OCSP{}),
		stapledCase("good, by the issuer itself", notRevoked, OCSP{ByIssuer: true}),
		stapledCase("good, by a responder named by its key", notRevoked, OCSP{ByKey: true}),
		stapledCase("good, with a nonce that nobody sent", notRevoked, OCSP{Nonce: []byte("sixteen bytes ok")}),
		stapledCase("good, without nextUpdate and made today", notRevoked, OCSP{NoNext: true}),
		stapledCase("good, behind an entry about another certificate", notRevoked, OCSP{OfIssuer: false, Of: other(), More: []OCSP{{}}}),
		stapledCase("good, behind a response that cannot be read", notRevoked, OCSP{DER: garbage}, OCSP{}),
		stapledCase("good, and one that knows nothing", notRevoked, OCSP{Status: "unknown"}, OCSP{}),
		stapledCase("a hold that was lifted", notRevoked, OCSP{Status: "revoked", Revoked: Clock.Add(-day), Reason: 8}),
		{Name: "revocation: good until after the time-stamp", Code: notRevoked, Recipe: stampedAt(Clock.Add(-20*day), OCSP{This: Clock.Add(-22 * day)})},
		{Name: "revocation: good since after the time-stamp", Code: notRevoked, Recipe: stampedAt(Clock.Add(-20*day), OCSP{})},
		{Name: "revocation: good, and the certificate names no responder", Code: notRevoked, Recipe: stamped(Signer{OCSP: []OCSP{{}}})},
		{Name: "revocation: good, in an assertion of its own", Code: notRevoked, Recipe: Recipe{Manifest: Manifest{
			Signer: asked(Signer{}), Assertions: []Assertion{CertificateStatus(OCSP{}.About(asked(Signer{})))},
		}}},
		{Name: "revocation: good, in an update manifest", Code: notRevoked, Recipe: updated(late, CertificateStatus(OCSP{}.About(late)))},
		{Name: "revocation: good, in an update manifest, and an answer that cannot be read", Code: notRevoked, Recipe: updated(late, CertificateStatus(random("answer", 50), OCSP{}.About(late)))},
	}
	for _, h := range []string{"sha256", "sha384", "sha512"} {
		list = append(list, stapledCase("good, named by "+h, notRevoked, OCSP{Hash: h}))
	}
	return append(list, goodStamps()...)
}

// expired is a signer whose certificate was good for a year that ended a month ago, with the middle of that year.
func expired() (Signer, time.Time) {
	return Signer{Cert: validity(Clock.AddDate(-1, -1, 0), Clock.AddDate(0, -1, 0))}, Clock.AddDate(0, -6, 0)
}

// stampedLater is an update manifest with time-stamps of the manifest below it, and that manifest's signer.
func stampedLater(s Signer, edit func(below *Manifest) []StampOf) Recipe {
	below := &Manifest{Signer: s, Label: "urn:c2pa:F9168C5E-CEB2-4FAA-B6BF-329BF39FA1E4:forge:2_1"}
	return Recipe{Manifest: Manifest{Update: true, Ingredients: []Ingredient{{Manifest: below}}, Assertions: []Assertion{{Label: StampLabel, Stamps: edit(below)}}}}
}

// goodStamps are time-stamps that an update manifest brings. C2PA 2.5, 16.7.2.
func goodStamps() []Case {
	const inside = "claimSignature.insideValidity"
	signer, then := expired()
	good := func(edit func(*StampOf)) func(*Manifest) []StampOf {
		return func(m *Manifest) []StampOf {
			s := StampOf{Manifest: m, Stamp: Stamp{Time: then}}
			edit(&s)
			return []StampOf{s}
		}
	}
	failed := signer
	failed.Stamps, failed.Stamp2 = []Stamp{{Time: then, Token: garbage}}, true
	first := stampedLater(signer, good(func(s *StampOf) { s.Stamp.Sig = flip(-1) })).Manifest
	again := first.Ingredients[0].Manifest
	second := Recipe{Manifest: Manifest{Update: true, Ingredients: []Ingredient{{Manifest: &first}}, Assertions: []Assertion{{Label: StampLabel, Stamps: []StampOf{{Manifest: again, Stamp: Stamp{Time: then}}}}}}}
	return []Case{
		{Name: "time-stamp assertion: of a certificate that has expired since", Code: inside, Recipe: stampedLater(signer, good(func(*StampOf) {}))},
		{Name: "time-stamp assertion: named without vendor and version", Code: inside, Recipe: stampedLater(signer, good(func(s *StampOf) { s.Key = func(l string) string { return l[:45] } }))},
		{Name: "time-stamp assertion: where that of the signature failed", Code: inside, Recipe: stampedLater(failed, good(func(*StampOf) {}))},
		{Name: "time-stamp assertion: a later one, where an earlier one failed", Code: inside, Recipe: second},
	}
}

// badStamps are time-stamps of update manifests that save nothing: the certificate below has expired.
func badStamps() []Case {
	const outside = "claimSignature.outsideValidity"
	signer, then := expired()
	one := func(name, code string, edit func(*StampOf), also ...string) Case {
		return Case{Name: "time-stamp assertion: " + name, Code: code, Also: append(also, outside), Ingredient: true, Recipe: stampedLater(signer, func(m *Manifest) []StampOf {
			s := StampOf{Manifest: m, Stamp: Stamp{Time: then}}
			edit(&s)
			return []StampOf{s}
		})}
	}
	return []Case{
		one("of another manifest", outside, func(s *StampOf) { s.Key = func(string) string { return defaultLabel(40) } }),
		one("imprint without the head of the byte string", "timeStamp.mismatch", func(s *StampOf) { s.Stamp.Unwrapped = true }),
		one("of other bytes", "timeStamp.mismatch", func(s *StampOf) { s.Stamp.Imprint = random("imprint", 32) }),
		one("an authority on no list", "timeStamp.untrusted", func(s *StampOf) { s.Stamp.Authority = NewAuthority("Forge Stranger Time CA") }),
		one("in a response", "timeStamp.malformed", func(s *StampOf) { s.Stamp.Swap = true }),
		one("after the certificate had expired", outside, func(s *StampOf) { s.Stamp.Time = Clock.AddDate(0, 0, -1) }),
	}
}

// other is a certificate of the same authority that signed nothing here.
func other() *Pair {
	p := CA().Issue("Forge Other", Key("P-256", "Forge Other"), ClaimSigning, nil)
	return &p
}

// unsigned is a response with 17 entries about the certificate, whose signature is broken.
func unsigned() OCSP { return OCSP{More: make([]OCSP, 16), Sig: flip(-1)} }

func revocationCorruptions() []Case {
	day := 24 * time.Hour
	gone := OCSP{Status: "revoked", Revoked: Clock.Add(-10 * day), Reason: 1}
	late := gone
	late.Revoked = Clock.Add(-2 * time.Hour)
	junk := unsigned()
	hold := OCSP{Status: "revoked", Revoked: Clock.Add(-30 * day), Reason: 6, This: Clock.Add(-30 * day)}
	stranger := NewAuthority("Forge Stranger CA")
	below := asked(Signer{Stamps: []Stamp{{Time: Clock.Add(-day)}}, Stamp2: true})
	list := []Case{
		stapledCase("revoked", ocspRevoked, gone),
		stapledCase("revoked, without a reason", ocspRevoked, OCSP{Status: "revoked", Revoked: Clock.Add(-day)}),
		stapledCase("revoked, in one answer of two", ocspRevoked, OCSP{}, gone),
		stapledCase("revoked, and then an answer that is good", ocspRevoked, gone, OCSP{}),
		stapledCase("revoked, in an answer of last month", ocspRevoked, OCSP{Status: "revoked", Revoked: Clock.Add(-31 * day), This: Clock.Add(-30 * day)}),
		stapledCase("revoked, behind a response of 17 entries that nobody signed", ocspRevoked, junk, gone),
		stapledCase("the issuer revoked, behind a response of 17 entries that nobody signed", "signingCredential.untrusted", junk, OCSP{OfIssuer: true, Status: "revoked", Revoked: Clock.Add(-day)}),
		{Name: "revocation: revoked, in an assertion, beside a stapled response of 17 entries that nobody signed", Code: ocspRevoked, Recipe: Recipe{Manifest: Manifest{
			Signer: asked(Signer{OCSP: []OCSP{junk}}), Assertions: []Assertion{CertificateStatus(gone.About(asked(Signer{})))},
		}}},
		{Name: "revocation: more responses than are looked at", Code: "trust.revocationUnsettled", Also: []string{ocspSkipped}, Recipe: Recipe{Manifest: Manifest{
			Signer: asked(Signer{}), Assertions: []Assertion{CertificateStatus(append(slices.Repeat([][]byte{junk.About(asked(Signer{}))}, 16), gone.About(asked(Signer{})))...)},
		}}},
		stapledCase("on hold", ocspRevoked, OCSP{Status: "revoked", Revoked: Clock.Add(-day), Reason: 6}),
		{Name: "revocation: revoked after the time-stamp", Code: ocspRevoked, Recipe: stampedAt(Clock.Add(-day), late)},
		{Name: "revocation: revoked, and the certificate names no responder", Code: ocspRevoked, Recipe: stamped(Signer{OCSP: []OCSP{gone}})},
		{Name: "revocation: revoked, says an update manifest", Code: ocspRevoked, Ingredient: true, Recipe: updated(below, CertificateStatus(late.About(below)))},
		stapledCase("the issuer revoked", "signingCredential.untrusted", OCSP{OfIssuer: true, Status: "revoked", Revoked: Clock.Add(-day), Cert: nil}),
		stapledCase("unknown to the responder", ocspUnknown, OCSP{Status: "unknown"}),
		stapledCase("about the issuer alone", ocspSkipped, OCSP{OfIssuer: true}),
		stapledCase("about another certificate", ocspSkipped, OCSP{Of: other()}),
		stapledCase("about the same serial number of another issuer", ocspSkipped, OCSP{Name: flip(0)}),
		stapledCase("about the same serial number of another key", ocspSkipped, OCSP{Key: flip(0)}),
		stapledCase("named by MD5", ocspSkipped, OCSP{Hash: "md5"}),
		stapledCase("an answer of last month", ocspSkipped, OCSP{This: Clock.Add(-30 * day)}),
		stapledCase("an answer of last month without nextUpdate", ocspSkipped, OCSP{This: Clock.Add(-30 * day), NoNext: true}),
		stapledCase("a hold of last month", ocspSkipped, hold),
		stapledCase("an answer of tomorrow", ocspSkipped, OCSP{This: Clock.Add(day), Produced: Clock.Add(-time.Hour)}),
		stapledCase("revoked, in an answer of tomorrow", ocspSkipped, OCSP{Status: "revoked", Revoked: Clock.Add(-day), This: Clock.Add(day), Produced: Clock.Add(-time.Hour)}),
		stapledCase("a bit of the signature", ocspSkipped, OCSP{Sig: flip(-1)}),
		stapledCase("a responder of another authority", ocspSkipped, OCSP{Authority: stranger}),
		stapledCase("a responder of another authority that says revoked", ocspSkipped, OCSP{Authority: stranger, Status: "revoked", Revoked: Clock.Add(-day)}),
		stapledCase("a responder without the usage", ocspSkipped, OCSP{EKU: ClaimSigning}),
		stapledCase("a responder that is an authority", ocspSkipped, OCSP{Cert: func(c *x509.Certificate) { c.IsCA = true; c.KeyUsage |= x509.KeyUsageCertSign }}),
		stapledCase("a responder that had expired", ocspSkipped, OCSP{Cert: validity(Clock.AddDate(-2, 0, 0), Clock.AddDate(-1, 0, 0))}),
		stapledCase("a responder without its certificate", ocspSkipped, OCSP{NoCert: true}),
		stapledCase("a critical extension that nobody knows", ocspSkipped, OCSP{Critical: true}),
		stapledCase("try later", ocspSkipped, OCSP{Answer: 3}),
		stapledCase("random bytes", ocspSkipped, OCSP{DER: garbage}),
		stapledCase("cut short", ocspSkipped, OCSP{DER: cut(7)}),
		{Name: "revocation: the header with no response", Code: ocspSkipped, Recipe: stamped(Signer{OCSP: []OCSP{}})},
		{Name: "revocation: the header is a text", Code: ocspSkipped, Recipe: stamped(Signer{Unprotected: func(m *Map) { m.Set("rVals", "none") }})},
		{Name: "revocation: good before the time-stamp alone", Code: ocspSkipped, Recipe: stampedAt(Clock.Add(-day), OCSP{This: Clock.Add(-30 * day)})},
		{Name: "revocation: no response in the assertion", Code: ocspSkipped, Recipe: Recipe{Manifest: Manifest{Signer: asked(Signer{}), Assertions: []Assertion{CertificateStatus()}}}},
		{Name: "revocation: the assertion is no CBOR", Code: "assertion.cbor.invalid", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{{Label: StatusLabel, JSON: []byte(`{"ocspVals":[]}`)}}}}},
	}
	return append(list, badStamps()...)
}

// Nonce is what the requests to the responders of [Online] carry.
var Nonce = []byte("forge nonce, 16 b")

// Online are files whose certificates' responder is asked.
func Online() []Case {
	day := 24 * time.Hour
	const inaccessible = "signingCredential.ocsp.inaccessible"
	answer := func(name, code string, s Signer, o OCSP) Case {
		return Case{Name: name, Code: code, Recipe: stamped(asked(s)), Ask: func(string, []byte) ([]byte, error) { return o.About(asked(s)), nil }}
	}
	gone := OCSP{Status: "revoked", Revoked: Clock.Add(-day)}
	saved := Signer{Stamps: []Stamp{{Time: Clock.Add(-2 * day)}}, Stamp2: true}
	ahead := OCSP{Status: "revoked", Revoked: Clock.Add(-day), This: Clock.Add(-3 * day)}
	identity := Case{Name: "an identity whose responder is silent", Code: "cawg.x509.ocsp.inaccessible", Recipe: Recipe{Manifest: Manifest{Assertions: []Assertion{
		{Label: "cawg.identity", Identity: &Identity{Signer: Signer{Cert: ocspPointer}}},
	}}}}
	silent := answer("a responder that is silent", inaccessible, Signer{}, OCSP{})
	silent.Ask = func(string, []byte) ([]byte, error) { return nil, errors.New("nobody there") }
	identity.Ask = silent.Ask
	return []Case{
		answer("good", notRevoked, Signer{}, OCSP{}),
		answer("good, with the nonce", notRevoked, Signer{}, OCSP{Nonce: Nonce}),
		answer("good, where the stapled answer is old", notRevoked, Signer{OCSP: []OCSP{{This: Clock.Add(-30 * day)}}}, OCSP{}),
		answer("good, since after a time-stamp", notRevoked, saved, OCSP{}),
		answer("a hold that was lifted", notRevoked, Signer{}, OCSP{Status: "revoked", Revoked: Clock.Add(-day), Reason: 8}),
		answer("revoked between the time-stamp and the end of the answer", notRevoked, saved, ahead),
		answer("revoked", ocspRevoked, Signer{}, gone),
		answer("revoked, where the stapled answer knows nothing", ocspRevoked, Signer{OCSP: []OCSP{{Status: "unknown"}}}, gone),
		answer("revoked, where a response of 17 entries is stapled that nobody signed", ocspRevoked, Signer{OCSP: []OCSP{unsigned()}}, gone),
		answer("unknown", ocspUnknown, Signer{}, OCSP{Status: "unknown"}),
		answer("another nonce", inaccessible, Signer{}, OCSP{Nonce: []byte("another nonce 16")}),
		answer("an old answer", inaccessible, Signer{}, OCSP{This: Clock.Add(-30 * day)}),
		answer("an old answer that would cover the time-stamp", inaccessible, Signer{Stamps: []Stamp{{Time: Clock.Add(-29 * day)}}, Stamp2: true}, OCSP{This: Clock.Add(-30 * day)}),
		answer("about another certificate", inaccessible, Signer{}, OCSP{Of: other()}),
		answer("a bit of the signature", inaccessible, Signer{}, OCSP{Sig: flip(-1)}),
		answer("random bytes", inaccessible, Signer{}, OCSP{DER: garbage}),
		silent,
		identity,
	}
}
