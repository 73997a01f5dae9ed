package signing_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
	"github.com/consentry/consentry/signing"
)

// seedMessages are COSE messages, good and bad.
func seedMessages() [][]byte {
	out := [][]byte{{}, {0xd2, 0x84, 0x40, 0xa0, 0xf6, 0x40}, {0xd2, 0x9f, 0x40, 0xa0, 0xf6, 0x40, 0xff}}
	for _, s := range []forge.Signer{
		{},
		{Alg: "Ed25519", Placement: forge.X5Unprotected},
		{Alg: "PS256", LeafOnly: true},
		{Alg: "ML-DSA-44"},
		{NoTag: true},
		{Stamps: []forge.Stamp{{}}},
		{Stamps: []forge.Stamp{{}}, Stamp2: true, IAT: forge.Clock.Unix()},
		{Placement: forge.X5BothLabels, Payload: claim},
	} {
		out = append(out, s.Sign(claim))
	}
	return out
}

// FuzzVerify holds whatever the bytes are: no panic, findings of the table, and nobody trusted without trust.
func FuzzVerify(f *testing.F) {
	seeds := seedMessages()
	if len(seeds) < 5 {
		f.Fatal("seeds are missing")
	}
	for _, s := range seeds {
		f.Add(s, []byte{})
	}
	f.Add(seeds[3], forge.Stamp{}.Over([]byte("x")))
	trust := trustForge(f)
	f.Fuzz(func(t *testing.T, cose, stamp []byte) {
		in := signing.Input{COSE: cose, Payload: claim, URL: url, Now: forge.Clock, Stamps: [][]byte{stamp}, Trust: trust}
		before := bytes.Clone(cose)
		r := signing.Verify(in)
		if !bytes.Equal(cose, before) {
			t.Fatal("the input was changed")
		}
		if len(r.Findings) == 0 {
			t.Fatal("no finding")
		}
		if r.Validated == report.Has(r.Findings, "claimSignature.mismatch") && r.Validated {
			t.Fatal("validated and mismatch")
		}
		if r.Trusted && (r.List == nil || len(r.Chain) < 2 || report.Has(r.Findings, "signingCredential.invalid")) {
			t.Fatalf("trusted by nothing: %v", codes(r))
		}
		if r.Validated && r.Algorithm == "" {
			t.Fatal("validated by no algorithm")
		}
		in.Trust = nil
		if r := signing.Verify(in); r.Trusted || r.Stamp != nil && r.Stamp.Trusted {
			t.Fatal("trusted by nobody")
		}
	})
}

// FuzzSign1: an error is a *SyntaxError with nothing beside it; what was read is part of what was given.
func FuzzSign1(f *testing.F) {
	for _, s := range seedMessages() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		protected, labels, unprotected, _, signature, err := signing.ParsedSign1(data)
		if err != nil {
			var syntax *signing.SyntaxError
			if !errors.As(err, &syntax) || protected != nil || signature != nil {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if len(protected)+len(signature) > len(data) || labels+unprotected > len(data) {
			t.Fatal("more was read than was there")
		}
		// The members in a message of our own read the same again.
		again := forge.CBOR(forge.Tag{N: 18, V: []any{protected, forge.Map{}, nil, signature}})
		p, l, _, detached, s, err := signing.ParsedSign1(again)
		if err != nil || !bytes.Equal(p, protected) || !bytes.Equal(s, signature) || l != labels || !detached {
			t.Fatalf("not the same again: %v", err)
		}
	})
}

// seedTokens are time-stamp tokens, good and bad.
func seedTokens() [][]byte {
	token := forge.Stamp{}.Over([]byte("x"))
	long := cms{V1: true, SKI: true, Extra: [][]byte{seq(der(1)), der(5)}}.over([]byte("y"))
	return [][]byte{
		{},
		{0x30, 0x80, 0, 0},
		token, long, indefinite(token, 3), token[:len(token)/2],
		seq(seq(der(0)), token), cms{Signers: 2}.over([]byte("z")),
		{0x24, 0x80, 4, 1, 0, 0, 0},
	}
}

// FuzzToken: BER becomes DER once and for all, bounded by what was given; an error is a *SyntaxError with nothing
// beside it; the content is part of the token.
func FuzzToken(f *testing.F) {
	for _, s := range seedTokens() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var syntax *signing.SyntaxError
		out, err := signing.DER(data)
		if err != nil {
			if !errors.As(err, &syntax) || out != nil {
				t.Fatalf("%T: %v", err, err)
			}
		} else {
			// A definite form is longer than an indefinite one by at most the bytes of its length.
			if len(out) > 2*len(data)+8 {
				t.Fatalf("%d bytes became %d", len(data), len(out))
			}
			again, err := signing.DER(out)
			if err != nil || !bytes.Equal(again, out) {
				t.Fatalf("DER is not its own DER: %v", err)
			}
		}
		content, certificates, err := signing.ParsedToken(data)
		if err != nil {
			if !errors.As(err, &syntax) || content != nil {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if !bytes.Contains(out, content) || certificates > signing.MaxTokenCertificates {
			t.Fatal("content that is not in the token")
		}
		if _, err := signing.ResponseToken(data); err == nil {
			t.Fatal("a token was taken for a response")
		}
	})
}

// FuzzCertificate: no panic, and one of a certificate and an error.
func FuzzCertificate(f *testing.F) {
	for _, m := range []*minted{
		root(), rootRSA(), tsaLeaf(nil), with(func(m *mint) { m.V1 = true }), with(func(m *mint) { m.Unique = []byte{1} }),
		with(func(m *mint) { m.Alg = pss(pssParams(hashSHA256, mgfOf(hashSHA256), 32)) }),
	} {
		f.Add(m.DER)
	}
	for _, s := range sets {
		f.Add(mint{Name: "x", Key: forge.Key(s.name, "fuzz")}.make().DER)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		err := signing.ParsedCertificate(data)
		if err == nil && (len(data) > signing.MaxCertificate || data[0] != 0x30) {
			t.Fatal("no certificate was read as one")
		}
	})
}
