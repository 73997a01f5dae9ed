package signing_test

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/signing"
)

// stampWith puts what make returns into sigTst2 of a good signature over the claim.
func stampWith(t *testing.T, make func(message []byte) []byte, edit func(*signing.Input)) *signing.Result {
	t.Helper()
	s := forge.Signer{Stamp2: true, Stamps: []forge.Stamp{{Token: func([]byte) []byte { return nil }}}}
	// The message that a token is over: only the signer knows it, so it is signed twice.
	var message []byte
	first := forge.Signer{}.Sign(claim)
	message = counterSigned(first)
	s.Stamps[0].Token = func([]byte) []byte { return make(message) }
	return verify(t, s, func(in *signing.Input) {
		in.Trust.TSA = []signing.List{list(t, "mint times", tsaRoot().DER)}
		if edit != nil {
			edit(in)
		}
	})
}

// counterSigned takes a COSE_Sign1 of forge apart and builds what a time-stamp of version 2 is over.
func counterSigned(cose []byte) []byte {
	protected, rest := bstrOf(cose[2:])
	rest = rest[1:] // the empty unprotected map
	rest = rest[1:] // nil
	return forge.CBOR([]any{"CounterSignature", protected, []byte{}, rest})
}

// bstrOf reads a byte string with a head of 1 to 3 bytes.
func bstrOf(b []byte) (content, rest []byte) {
	n, head := int(b[0]&0x1f), 1
	switch n {
	case 24:
		n, head = int(b[1]), 2
	case 25:
		n, head = int(b[1])<<8|int(b[2]), 3
	}
	return b[head : head+n], b[head+n:]
}

// Every rule about time-stamps with a token that breaks it. A token that fails never rejects the claim: the time of
// validation counts. One table with a row a rule, hence its length. C2PA 2.5, 14.8.2; RFC 3161; RFC 5652; RFC 5816.
func TestTimestampRules(t *testing.T) {
	const malformed, mismatch, untrusted = "timeStamp.malformed", "timeStamp.mismatch", "timeStamp.untrusted"
	const invalid, outside = "timeStamp.credentialInvalid", "timeStamp.outsideValidity"
	gen := func(s string) []byte { return tlv(0x18, []byte(s)) }
	attr := func(id []int, values ...[]byte) []byte { return seq(der(oid(id...)), tlv(0x31, values...)) }
	rsaLeaf := func(alg []byte) cms {
		return cms{TSA: tsaLeaf(func(m *mint) { m.Key = forge.Key("RSA-2048", "mint rsa time") }), Alg: alg}
	}
	for _, tc := range []struct {
		name  string
		token cms
		want  string
		words string
	}{
		{"of another content", cms{Content: oid(1, 2, 840, 113549, 1, 7, 1)}, malformed, "no TSTInfo"},
		{"without a signer", cms{Signers: -1}, malformed, "no signer"},
		{"with two signers", cms{Signers: 2}, malformed, "more than one signer"},
		{"without signed attributes", cms{Without: []string{"attributes"}}, malformed, "no signed attributes"},
		{"without content type", cms{Without: []string{"type"}}, malformed, "content type"},
		{"with another content type", cms{Inner: oid(1, 2, 840, 113549, 1, 7, 1)}, malformed, "content type"},
		{"with the content type twice", cms{Twice: "type"}, malformed, "twice"},
		{"without message digest", cms{Without: []string{"digest"}}, malformed, "messageDigest"},
		{"without a signing certificate", cms{Without: []string{"cert"}}, malformed, "signing certificate"},
		{"with another signing certificate", cms{CertHash: make([]byte, 32)}, mismatch, "another certificate"},
		{"with another message digest", cms{MD: make([]byte, 32)}, mismatch, "messageDigest"},
		{"with two message digests in one attribute", cms{Without: []string{"digest"}, Attrs: [][]byte{attr([]int{1, 2, 840, 113549, 1, 9, 4}, der(make([]byte, 32)), der(make([]byte, 32)))}}, malformed, "messageDigest"},
		{"with a number as message digest", cms{Without: []string{"digest"}, Attrs: [][]byte{attr([]int{1, 2, 840, 113549, 1, 9, 4}, der(1))}}, malformed, "messageDigest"},
		{"with a number as content type", cms{Without: []string{"type"}, Attrs: [][]byte{attr([]int{1, 2, 840, 113549, 1, 9, 3}, der(1))}}, malformed, "content type"},
		{"with an attribute without values", cms{Attrs: [][]byte{attr([]int{1, 2, 3})}}, malformed, "attributes"},
		{"with something behind the values of an attribute", cms{Attrs: [][]byte{seq(der(oid(1, 2, 3)), tlv(0x31, der(1)), der(1))}}, malformed, "attributes"},
		{"of version 2", cms{Version: 2}, malformed, "TSTInfo"},
		{"without an imprint", cms{NoImprint: true}, malformed, "messageImprint"},
		{"with an empty imprint", cms{Imprint: []byte{}}, malformed, "empty"},
		{"with an imprint of other bytes", cms{Imprint: make([]byte, 32)}, mismatch, "other bytes"},
		{"with an imprint by SHA-1", cms{Hash: seq(der(oid(1, 3, 14, 3, 2, 26)), asn1.NullBytes)}, untrusted, "not allowed"},
		{"with an imprint by MD5", cms{Hash: seq(der(oid(1, 2, 840, 113549, 2, 5)), asn1.NullBytes)}, untrusted, "not allowed"},
		{"whose time has no Z", cms{Gen: gen("20260601120000")}, malformed, "genTime"},
		{"whose time has an offset", cms{Gen: gen("20260601120000+0000")}, malformed, "genTime"},
		{"whose time has no seconds", cms{Gen: gen("202606011200Z")}, malformed, "genTime"},
		{"whose time has an empty fraction", cms{Gen: gen("20260601120000.Z")}, malformed, "genTime"},
		{"whose time has a letter", cms{Gen: gen("20260601120000.2aZ")}, malformed, "genTime"},
		{"whose time has a fraction without end", cms{Gen: gen("20260601120000." + strings.Repeat("1", 20) + "Z")}, malformed, "genTime"},
		{"whose time has a comma", cms{Gen: gen("20260601120000,5Z")}, malformed, "genTime"},
		{"whose time has a sign in its fraction", cms{Gen: gen("20260601120000.-5Z")}, malformed, "genTime"},
		{"whose time is no date", cms{Gen: gen("20261301120000Z")}, malformed, "genTime"},
		{"with a critical extension", cms{Extra: [][]byte{tlv(0xa1, ext(true, []byte{5, 0}, 1, 2, 3))}}, untrusted, "critical"},
		{"with something after the TSTInfo's fields", cms{Extra: [][]byte{tlv(0xa5, der(1))}}, malformed, "TSTInfo"},
		{"with a digest by SHA-1", cms{Digest: seq(der(oid(1, 3, 14, 3, 2, 26)), asn1.NullBytes)}, untrusted, "digest algorithm"},
		{"signed by ECDSA with SHA-1", cms{Alg: ecdsaSHA1}, untrusted, "signature algorithm"},
		{"signed by ML-DSA with an EC key", cms{Alg: mlDSA44}, mismatch, "ML-DSA"},
		{"signed by ML-DSA with parameters", cms{TSA: tsaLeaf(latticeTime), Alg: seq(der(oid(2, 16, 840, 1, 101, 3, 4, 3, 17)), asn1.NullBytes)}, untrusted, "with parameters"},
		{"signed by ML-DSA whose signature was touched", cms{TSA: tsaLeaf(latticeTime), Sig: func(b []byte) []byte { b[9] ^= 1; return b }}, mismatch, ""},
		{"signed by RSASSA-PSS without parameters", rsaLeaf(pss()), untrusted, "PSS"},
		{"signed by RSA with an EC key", cms{Alg: rsaSHA256}, mismatch, ""},
		{"whose signature was touched", cms{Sig: func(b []byte) []byte { b[len(b)-1] ^= 1; return b }}, mismatch, "ECDSA"},
		{"without the authority's certificate", cms{Certs: [][]byte{}}, untrusted, "does not hold"},
		{"with another certificate alone", cms{Certs: [][]byte{root2().DER}}, untrusted, "does not hold"},
		{"with a certificate of another number alone", cms{Certs: [][]byte{tsaLeaf(func(m *mint) { m.Serial = 2 }).DER}}, untrusted, "does not hold"},
		{"whose signer is named by a key, with another certificate alone", cms{SKI: true, Certs: [][]byte{root2().DER}}, untrusted, "does not hold"},
		{"with a certificate that is none", cms{Certs: [][]byte{seq(der(1))}}, malformed, "certificate 0"},
		{"of an authority on no list", cms{TSA: func() *minted {
			m := tsaLeaf(func(m *mint) { m.By = root2() })
			m.By = nameOf("Mint Other")
			return m
		}()}, untrusted, "no path"},
		{"of an authority that signed itself", cms{TSA: func() *minted {
			m := tsaLeaf(func(m *mint) { m.By = nil })
			m.By = m.Name
			return m
		}()}, untrusted, "signed its own"},
		{"of an authority whose purpose is not critical", cms{TSA: tsaLeaf(func(m *mint) { m.EKUCrit = false })}, invalid, "not critical"},
		{"of an authority with another purpose as well", cms{TSA: tsaLeaf(func(m *mint) { m.EKUs = append(m.EKUs, forge.EmailProtection) })}, invalid, "beside another"},
		{"of an authority for something else", cms{TSA: tsaLeaf(func(m *mint) { m.EKUs = purposeClaim })}, invalid, "lacks timeStamping"},
		{"of an authority without purpose", cms{TSA: tsaLeaf(func(m *mint) { m.Without = []string{"eku"} })}, invalid, "no extended key usage"},
		{"of an authority that is a CA", cms{TSA: tsaLeaf(func(m *mint) {
			m.CA = true
			m.Usage = []int{0, 5}
			m.Extra = [][]byte{ext(true, der([]asn1.ObjectIdentifier{forge.TimeStamping}), 2, 5, 29, 37)}
		})}, invalid, "it is a CA"},
		{"of an authority without key usage", cms{TSA: tsaLeaf(func(m *mint) { m.Without = []string{"usage"} })}, invalid, "no key usage"},
		{"of an authority without authority key identifier", cms{TSA: tsaLeaf(func(m *mint) { m.Without = []string{"aki"} })}, invalid, "authority key identifier"},
		{"of an authority that had expired", cms{TSA: tsaLeaf(func(m *mint) { m.To = forge.Clock.Add(-time.Second) })}, outside, "outside the validity"},
		{"of an authority of tomorrow", cms{TSA: tsaLeaf(func(m *mint) { m.From = forge.Clock.Add(time.Second) })}, outside, "outside the validity"},
	} {
		t.Run("a token "+tc.name, func(t *testing.T) {
			r := stampWith(t, tc.token.over, nil)
			expect(t, r, []string{tc.want, "claimSignature.validated", "claimSignature.insideValidity", "signingCredential.trusted"},
				[]string{"timeStamp.validated", "timeStamp.trusted"})
			if !says(r, tc.want, tc.words) {
				t.Errorf("%q is not said: %s", tc.words, explain(r))
			}
			if r.Stamp == nil || r.Stamp.Trusted || !r.At.Equal(forge.Clock) {
				t.Errorf("stamp %+v, held against %v", r.Stamp, r.At)
			}
			if tc.want == invalid {
				expect(t, r, []string{untrusted}, nil)
			}
			// It keeps no other token from being looked at.
			r = stampWith(t, tc.token.over, func(in *signing.Input) {
				in.Stamps = [][]byte{cms{}.over(counterSigned(forge.Signer{}.Sign(claim)))}
			})
			expect(t, r, []string{tc.want, "timeStamp.validated"}, nil)
		})
	}
}

// latticeTime gives an authority a key of ML-DSA. RFC 9882.
func latticeTime(m *mint) { m.Key = forge.Key("ML-DSA-44", "mint lattice time") }

// What authorities in the field send.
func TestTimestampsThatAreAccepted(t *testing.T) {
	mid := mint{Name: "Mint Time Middle", Key: forge.Key("P-256", "time middle"), By: tsaRoot(), CA: true}.make()
	below := tsaLeaf(func(m *mint) { m.By = mid })
	below.By = mid.Name
	rsaKey := func(m *mint) { m.Key = forge.Key("RSA-2048", "mint rsa time") }
	for _, tc := range []struct {
		name  string
		token cms
	}{
		{"as it should be", cms{}},
		{"with the signing certificate named by SHA-1", cms{V1: true}},
		{"whose signer is named by its key", cms{SKI: true}},
		{"whose attributes are not sorted", cms{Unsorted: true}},
		{"under an intermediate", cms{TSA: below, Chain: []*minted{mid}}},
		{"by RSA, named with its hash", cms{TSA: tsaLeaf(rsaKey), Alg: rsaSHA256}},
		{"by RSA, named without a hash", cms{TSA: tsaLeaf(rsaKey), Alg: seq(der(oid(1, 2, 840, 113549, 1, 1, 1)), asn1.NullBytes)}},
		{"by ML-DSA", cms{TSA: tsaLeaf(latticeTime)}},
		{"by RSASSA-PSS", cms{TSA: tsaLeaf(rsaKey), Alg: pss(pssParams(hashSHA256, mgfOf(hashSHA256), 32))}},
		{"by Ed25519", cms{TSA: tsaLeaf(func(m *mint) { m.Key = forge.Key("Ed25519", "mint time") })}},
		{"with accuracy, ordering, nonce and name", cms{Extra: [][]byte{seq(der(1)), {1, 1, 0xff}, der(12345), tlv(0xa0, tlv(0xa4, nameOf("Mint Time")))}}},
		{"with an extension that is not critical", cms{Extra: [][]byte{tlv(0xa1, ext(false, []byte{5, 0}, 1, 2, 3))}}},
		{"with an attribute certificate among the others", cms{Certs: [][]byte{tlv(0xa2, der(1)), tsaLeaf(nil).DER}}},
	} {
		t.Run("a token "+tc.name, func(t *testing.T) {
			r := stampWith(t, tc.token.over, nil)
			expect(t, r, []string{"timeStamp.validated", "timeStamp.trusted", "claimSignature.insideValidity"}, []string{"timeStamp.malformed", "timeStamp.mismatch", "timeStamp.untrusted"})
			if s := r.Stamp; s == nil || !s.Trusted || s.Source != "sigTst2" || s.List == nil || s.List.Name != "mint times" || s.Authority == "" {
				t.Errorf("stamp %+v", s)
			}
		})
	}
	t.Run("a token with a fraction of a second", func(t *testing.T) {
		r := stampWith(t, cms{Gen: tlv(0x18, []byte("20260601115959.25Z"))}.over, nil)
		want := time.Date(2026, 6, 1, 11, 59, 59, 250e6, time.UTC)
		if r.Stamp == nil || !r.Stamp.Time.Equal(want) || !r.At.Equal(want) {
			t.Errorf("stamp %+v, held against %v", r.Stamp, r.At)
		}
	})
	t.Run("a token of an authority whose certificate is the anchor", func(t *testing.T) {
		self := tsaLeaf(func(m *mint) { m.By = nil })
		self.By = self.Name
		r := stampWith(t, cms{TSA: self}.over, func(in *signing.Input) { in.Trust.TSA = []signing.List{list(t, "itself", self.DER)} })
		expect(t, r, []string{"timeStamp.trusted"}, nil)
	})
	t.Run("a token in BER with indefinite lengths", func(t *testing.T) {
		r := stampWith(t, func(m []byte) []byte { return indefinite(cms{}.over(m), 3) }, nil)
		expect(t, r, []string{"timeStamp.validated"}, nil)
	})
	t.Run("a token whose content is an octet string in parts", func(t *testing.T) {
		r := stampWith(t, func(m []byte) []byte {
			token := cms{}.over(m)
			return inParts(t, token)
		}, nil)
		expect(t, r, []string{"timeStamp.validated"}, nil)
	})
	t.Run("an anchor that expired after the time-stamp", func(t *testing.T) {
		r := stampWith(t, cms{}.over, func(in *signing.Input) { in.Now = forge.Clock.AddDate(20, 0, 0) })
		expect(t, r, []string{"timeStamp.trusted", "claimSignature.insideValidity", "signingCredential.trusted"}, []string{"claimSignature.outsideValidity"})
	})
}

// indefinite rewrites the outermost constructed elements with indefinite lengths.
func indefinite(b []byte, depth int) []byte {
	if depth == 0 || len(b) < 2 || b[0]&0x20 == 0 {
		return b
	}
	body := content(b)
	out := []byte{b[0], 0x80}
	for len(body) > 0 {
		n := len(body) - len(after(body))
		out = append(out, indefinite(body[:n], depth-1)...)
		body = body[n:]
	}
	return append(out, 0, 0)
}

// content and after split a DER element.
func content(b []byte) []byte {
	var v asn1.RawValue
	must(asn1.Unmarshal(b, &v))
	return v.Bytes
}

func after(b []byte) []byte {
	var v asn1.RawValue
	return must(asn1.Unmarshal(b, &v))
}

// inParts rewrites the eContent of a token as a constructed octet string, in BER.
func inParts(t *testing.T, token []byte) []byte {
	t.Helper()
	info := content(token)
	typ := info[:len(info)-len(after(info))]
	data := content(content(after(info)))
	var fields [][]byte
	for len(data) > 0 {
		rest := after(data)
		fields = append(fields, data[:len(data)-len(rest)])
		data = rest
	}
	encap := content(fields[2])
	oidPart := encap[:len(encap)-len(after(encap))]
	octets := content(content(after(encap)))
	half := len(octets) / 2
	parts := append([]byte{0x24, 0x80}, slices.Concat(tlv(4, octets[:half]), tlv(4, octets[half:]), []byte{0, 0})...)
	fields[2] = seq(oidPart, tlv(0xa0, parts))
	return seq(typ, tlv(0xa0, seq(fields...)))
}

// What a stamp says of the signer. C2PA 2.5, 14.8.2.
func TestSigningTimeByTimestamp(t *testing.T) {
	from, until := forge.Clock.AddDate(-2, 0, 0), forge.Clock.AddDate(-1, 0, 0)
	signer := func(at time.Time, second bool) forge.Signer {
		return forge.Signer{Cert: func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, until }, Stamp2: second, Stamps: []forge.Stamp{{Time: at}}}
	}
	for _, second := range []bool{true, false} {
		r := verify(t, signer(from.AddDate(0, 6, 0), second), nil)
		expect(t, r, []string{"timeStamp.validated", "claimSignature.insideValidity", "signingCredential.trusted"}, []string{"claimSignature.outsideValidity"})
		r = verify(t, signer(until.AddDate(0, 1, 0), second), nil)
		expect(t, r, []string{"timeStamp.validated", "claimSignature.outsideValidity"}, []string{"claimSignature.insideValidity"})
		if !says(r, "claimSignature.outsideValidity", "the time-stamp") {
			t.Errorf("not said which time counts: %s", explain(r))
		}
		r = verify(t, signer(from.AddDate(0, 6, 0), second), func(in *signing.Input) { in.Trust.TSA = nil })
		expect(t, r, []string{"timeStamp.untrusted", "claimSignature.outsideValidity"}, []string{"claimSignature.insideValidity"})
	}
}

// The containers: a response in sigTst, a bare token in sigTst2, one of them, and the imprint over what each stamps.
func TestTimestampContainers(t *testing.T) {
	good := forge.Stamp{}
	const validated, malformed, mismatch = "timeStamp.validated", "timeStamp.malformed", "timeStamp.mismatch"
	header := func(key string, v any) forge.Signer {
		return forge.Signer{Unprotected: func(m *forge.Map) { m.Set(key, v) }}
	}
	list := func(tokens ...any) forge.Map { return forge.Map{{K: "tstTokens", V: tokens}} }
	for _, tc := range []struct {
		name   string
		signer forge.Signer
		want   string
		words  string
	}{
		{"sigTst with a response over the claim", forge.Signer{Stamps: []forge.Stamp{good}}, validated, "sigTst"},
		{"sigTst2 with a token over the signature", forge.Signer{Stamps: []forge.Stamp{good}, Stamp2: true}, validated, "sigTst2"},
		{"sigTst with a bare token", forge.Signer{Stamps: []forge.Stamp{{Swap: true}}}, malformed, "sigTst"},
		{"sigTst2 with a response", forge.Signer{Stamps: []forge.Stamp{{Swap: true}}, Stamp2: true}, malformed, "sigTst2"},
		{"sigTst that the authority refused", forge.Signer{Stamps: []forge.Stamp{{Status: 2}}}, malformed, "status 2"},
		{"sigTst2 over the signature without its head", forge.Signer{Stamps: []forge.Stamp{{Unwrapped: true}}, Stamp2: true}, mismatch, "other bytes"},
		{"sigTst2 with a stamp over the claim", forge.Signer{Stamps: []forge.Stamp{{Swap: true}}, StampKey: "sigTst2"}, mismatch, "other bytes"},
		{"sigTst2 with two tokens", forge.Signer{Stamps: []forge.Stamp{good, good}, Stamp2: true}, malformed, "sigTst2 holds 2 tokens"},
		{"sigTst with two responses", forge.Signer{Stamps: []forge.Stamp{good, good}}, malformed, "sigTst holds 2 tokens"},
		{"sigTst2 with an empty array", header("sigTst2", list()), malformed, "sigTst2 holds 0 tokens"},
		{"sigTst with an empty array", header("sigTst", list()), malformed, "sigTst holds 0 tokens"},
		{"sigTst2 without an array", header("sigTst2", forge.Map{}), malformed, "no array tstTokens"},
		{"sigTst2 with a number of tokens", header("sigTst2", forge.Map{{K: "tstTokens", V: 1}}), malformed, "no array tstTokens"},
		{"sigTst2 that is a number", header("sigTst2", 1), malformed, "sigTst2: no map"},
		{"sigTst that is a number", header("sigTst", 1), malformed, "sigTst: no map"},
		{"sigTst2 with a number in place of a token", header("sigTst2", list(1)), malformed, "sigTst2: no map"},
		{"sigTst2 whose token has no val", header("sigTst2", list(forge.Map{})), malformed, "val: "},
		{"sigTst2 whose val is text", header("sigTst2", list(forge.Map{{K: "val", V: "x"}})), malformed, "val: no byte string"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := verify(t, tc.signer, nil)
			var not []string
			if tc.want != validated {
				not = []string{validated, "timeStamp.trusted"}
			}
			expect(t, r, []string{tc.want, "claimSignature.validated", "claimSignature.insideValidity", "signingCredential.trusted"}, not)
			if !says(r, tc.want, tc.words) {
				t.Errorf("%q is not said: %s", tc.words, explain(r))
			}
		})
	}
	t.Run("no time-stamp at all", func(t *testing.T) {
		r := verify(t, forge.Signer{}, nil)
		if r.Stamp != nil {
			t.Errorf("stamp %+v", r.Stamp)
		}
	})
}

// Tokens of c2pa.time-stamp assertions count where the header has none that holds. C2PA 2.5, 16.7.2.
func TestTimestampAssertions(t *testing.T) {
	message := counterSigned(forge.Signer{}.Sign(claim))
	token := func(at time.Time) []byte { return forge.Stamp{Time: at}.Over(message) }
	earlier := forge.Clock.AddDate(0, 0, -3)
	t.Run("without a header", func(t *testing.T) {
		r := verify(t, forge.Signer{}, func(in *signing.Input) { in.Stamps = [][]byte{token(earlier)} })
		expect(t, r, []string{"timeStamp.validated"}, nil)
		if r.Stamp.Source != "c2pa.time-stamp" || !r.At.Equal(earlier) {
			t.Errorf("stamp %+v", r.Stamp)
		}
	})
	t.Run("after a header that fails", func(t *testing.T) {
		s := forge.Signer{Stamp2: true, Stamps: []forge.Stamp{{Imprint: make([]byte, 32)}}}
		r := verify(t, s, func(in *signing.Input) { in.Stamps = [][]byte{token(earlier)} })
		expect(t, r, []string{"timeStamp.mismatch", "timeStamp.validated"}, nil)
	})
	t.Run("each is tried", func(t *testing.T) {
		r := verify(t, forge.Signer{}, func(in *signing.Input) { in.Stamps = [][]byte{{0x30, 0}, token(earlier)} })
		expect(t, r, []string{"timeStamp.malformed", "timeStamp.validated"}, nil)
	})
	t.Run("not beside a header that holds", func(t *testing.T) {
		s := forge.Signer{Stamp2: true, Stamps: []forge.Stamp{{}}}
		r := verify(t, s, func(in *signing.Input) { in.Stamps = [][]byte{token(earlier)} })
		if r.Stamp.Source != "sigTst2" || !r.At.Equal(forge.Clock) {
			t.Errorf("stamp %+v", r.Stamp)
		}
	})
	t.Run("the first that holds counts", func(t *testing.T) {
		r := verify(t, forge.Signer{}, func(in *signing.Input) { in.Stamps = [][]byte{token(earlier), token(forge.Clock)} })
		if !r.Stamp.Trusted || !r.At.Equal(earlier) {
			t.Errorf("stamp %+v", r.Stamp)
		}
	})
	t.Run("after a header of version 1 that fails", func(t *testing.T) {
		s := forge.Signer{Stamps: []forge.Stamp{{Imprint: make([]byte, 32)}}}
		r := verify(t, s, func(in *signing.Input) { in.Stamps = [][]byte{token(earlier)} })
		if expect(t, r, []string{"timeStamp.mismatch", "timeStamp.validated"}, nil); r.Stamp.Source != "c2pa.time-stamp" {
			t.Errorf("stamp %+v", r.Stamp)
		}
	})
	t.Run("not beside a header of version 1 that holds", func(t *testing.T) {
		s := forge.Signer{Stamps: []forge.Stamp{{}}}
		r := verify(t, s, func(in *signing.Input) { in.Stamps = [][]byte{token(earlier)} })
		if r.Stamp.Source != "sigTst" || !r.At.Equal(forge.Clock) {
			t.Errorf("stamp %+v", r.Stamp)
		}
	})
	t.Run("not for another signature", func(t *testing.T) {
		other := forge.Stamp{}.Over(counterSigned(forge.Signer{Alg: "ES384"}.Sign(claim)))
		r := verify(t, forge.Signer{}, func(in *signing.Input) { in.Stamps = [][]byte{other} })
		expect(t, r, []string{"timeStamp.mismatch"}, []string{"timeStamp.validated"})
	})
}

// The anchor of an authority serves from when and to when its list says, held against the time that the token asserts.
// C2PA 2.5, 13.4 and 14.8.2.
func TestAnchorOfAnAuthorityServesWithinItsBounds(t *testing.T) {
	for _, tc := range []struct {
		name     string
		from, to time.Time
		ok       bool
	}{
		{"from the asserted time on", forge.Clock, time.Time{}, true},
		{"from a second later on", forge.Clock.Add(time.Second), time.Time{}, false},
		{"until the asserted time", time.Time{}, forge.Clock, true},
		{"until a second before", time.Time{}, forge.Clock.Add(-time.Second), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := stampWith(t, cms{}.over, func(in *signing.Input) {
				a := &in.Trust.TSA[0].Anchors[0]
				a.NotBefore, a.NotAfter = tc.from, tc.to
				in.Now = forge.Clock.AddDate(0, 1, 0) // it is not the time of validation that counts
			})
			if tc.ok {
				expect(t, r, []string{"timeStamp.trusted", "timeStamp.validated"}, nil)
				return
			}
			expect(t, r, []string{"timeStamp.untrusted", "claimSignature.validated"}, []string{"timeStamp.trusted", "timeStamp.validated"})
			if !says(r, "timeStamp.untrusted", "does not serve") || r.Stamp.Trusted {
				t.Errorf("the bound is not said: %s", explain(r))
			}
		})
	}
}

// Of an identity assertion only time-stamps of version 2 count. CAWG identity 1.3, 8.2.
func TestIdentitiesHaveNoTimestampsOfVersion1(t *testing.T) {
	for second, want := range map[bool]string{false: "cawg.x509.time_stamp.malformed", true: "cawg.x509.time_stamp.validated"} {
		s := forge.Signer{Stamps: []forge.Stamp{{}}, Stamp2: second}
		r := signing.VerifyIdentity(signing.Input{COSE: s.Sign(claim), Payload: claim, URL: url, Now: forge.Clock, Trust: trustForge(t)})
		if !says(r, want, map[bool]string{false: "version 1 does not count", true: "sigTst2"}[second]) || r.Stamp != nil && r.Stamp.Trusted != second {
			t.Errorf("version 2: %v: %s", second, explain(r))
		}
	}
}
